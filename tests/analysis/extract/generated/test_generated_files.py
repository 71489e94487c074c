"""No generated bank file is silently misread: the reading is right, or asks, or refuses."""

from hypothesis import HealthCheck, given, settings

from tests.analysis.extract.generated.bank_file import BankFile
from tests.analysis.extract.generated.judge import judged
from tests.analysis.extract.generated.make import bank_files, numbered

EXAMPLES = 300  # `python -m bench.bank_files` reads ten thousand


@settings(
    # The same files each time: a gate for changes. `bench.bank_files` goes on to new ones, thousands at a time.
    derandomize=True,
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(bank_files())
def test_a_bank_file_is_read_right_or_asked_about_or_refused(file: BankFile) -> None:
    verdict = judged(file)
    assert verdict.outcome != "wrong", f"{verdict}\n{file.dimensions}\n{file.data[:4000]!r}"


def test_the_same_numbers_make_the_same_file() -> None:
    assert numbered(1, 7) == numbered(1, 7)
    assert numbered(1, 7) != numbered(1, 8)
