"""Real exports of banks that the product has no entry for: read right, asked about or refused, never silently wrong."""

import pytest

from tests.analysis.extract.generated.judge import judged
from tests.analysis.extract.generated.real_formats import REAL_FORMATS, RealFormat


@pytest.mark.parametrize("real", REAL_FORMATS, ids=lambda real: real.bank)
def test_an_export_of_an_unknown_bank_is_read_right_or_asked_about_or_refused(real: RealFormat) -> None:
    verdict = judged(real.file)
    assert verdict.outcome != "wrong", str(verdict)
