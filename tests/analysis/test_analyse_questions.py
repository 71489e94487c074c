"""Every option that an alternative names, given to the command, settles its question, with the sums that it told."""

import csv
import shlex
from decimal import Decimal
from pathlib import Path

import pytest

from analysis.extract.extract import Defaults, understand
from tests.analysis.test_analyse_command import run

DAYS = [f"2026-03-{day:02d}" for day in range(2, 8)]
WORDS = "Date;Dr Cr;Amount\n" + "".join(
    f"{day};{word};{10 * n}.50\n" for n, (day, word) in enumerate(zip(DAYS, ["P", "Q"] * 3, strict=True), 1)
)
FILES = {
    "unknown words": WORDS,
    "a word with a slash": WORDS.replace("Dr Cr", "Debit/Credit").replace(";P;", ";A/B, C;").replace(";Q;", ";x=1;"),
    "one known word": WORDS.replace(";P;", ";Debit;").replace("Dr Cr", "Debit or Credit"),
    "a minus against a word": "Date;Type DC;Amount\n" + "".join(
        f"{day};{'C' if n % 3 else 'D'};{'-' if n % 2 else ''}{n}.25\n" for n, day in enumerate(DAYS, 1)
    ),
    "a balance of debt": "Date;Amount;Balance\n" + "".join(
        f"{day};{n}.25;{1000 - sum(range(1, n + 1)) - n * 0.25:.2f}\n" for n, day in enumerate(DAYS, 1)
    ),
    "two columns": "Date;a;b\n" + "".join(f"{day};{n}.25;{n * n}.75\n" for n, day in enumerate(DAYS, 1)),
    "two halves": "Date;a;b\n" + "".join(
        f"{day};{f'{n}.25' if n % 2 else ''};{'' if n % 2 else f'{n}.50'}\n" for n, day in enumerate(DAYS, 1)
    ),
    "thousands or decimals": "Date;Amount\n" + "".join(f"{day};{n}.125\n" for n, day in enumerate(DAYS, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_each_alternatives_option_decides(name: str, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text(FILES[name])
    _, reading = understand(file, file.name, None, Defaults())
    (question,) = reading.questions
    assert len(question.alternatives) > 1
    for alternative in question.alternatives:
        rows = tmp_path / "rows.csv"
        result = run(file, "--rows", rows, *shlex.split(alternative.option))
        assert result.exit_code == 0, (alternative.option, result.output)
        with rows.open(newline="") as opened:
            amounts = [Decimal(row["amount"]) for row in csv.DictReader(opened)]
        assert (len(amounts), sum(amounts)) == (alternative.rows, sum(map(Decimal, alternative.sums.values())))
