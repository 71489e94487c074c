"""The examiner is examined: each fault is seen, and the truth stands in the files that are made with it."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from tests.analysis.extract.generated.bank_file import BankFile, TruthRow
from tests.analysis.extract.generated.judge import compared, judged
from tests.analysis.extract.generated.make import numbered

FILE = BankFile(
    name="statement.csv",
    data=b"",
    rows=(
        TruthRow(2, 3, -125_000, (date(2026, 3, 5),), "EUR", "DE1", text="Miete\nMai"),
        TruthRow(4, 4, 400_000, (date(2026, 3, 14),), "EUR", "DE1"),
    ),
    lines=4,
    characters=frozenset("Mieteaä\n"),
    needs_currency=True,
)
MARCH_5_MS, MARCH_14_MS = 1_772_668_800_000, 1_773_446_400_000


def landed(line: int, amount: int, time_ms: int | None, **changes: Any) -> dict[str, Any]:
    row = {"row": line, "amount_minor": amount, "time_ms": time_ms, "currency": "EUR", "account": None}
    return row | {"text": "Miete", "counterparty": None} | changes


RIGHT = [landed(2, -125_000, MARCH_5_MS), landed(4, 400_000, MARCH_14_MS)]


def reading(*assumed: str, **more: Any) -> Any:
    findings = [SimpleNamespace(subject=subject, certainty="assumed") for subject in assumed]
    return SimpleNamespace(reading=SimpleNamespace(findings=findings), **more)


def kinds(file: BankFile, rows: list[dict[str, Any]], rejected: tuple[int, ...] = (), *assumed: str) -> set[str]:
    return set(compared(file, reading(*assumed), rows, [{"line": line} for line in rejected]).kinds)


def test_a_right_reading_is_right() -> None:
    assert compared(FILE, reading(), RIGHT, []).outcome == "right"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (landed(4, -400_000, MARCH_14_MS), "sign"),
        (landed(4, 4_000, MARCH_14_MS), "scale"),
        (landed(4, 123_400, MARCH_14_MS), "column"),
        (landed(4, 400_000, MARCH_5_MS), "wrong day"),
        (landed(4, 400_000, None), "no day"),
        (landed(4, 400_000, MARCH_14_MS, currency="CZK"), "wrong currency"),
        (landed(4, 400_000, MARCH_14_MS, currency=None), "wrong currency"),
        (landed(4, 400_000, MARCH_14_MS, account="NL9"), "wrong account"),
        (landed(4, 400_000, MARCH_14_MS, text="Ã¤"), "garbled text"),
    ],
)
def test_a_fault_in_a_row_is_seen(row: dict[str, Any], kind: str) -> None:
    assert kinds(FILE, [RIGHT[0], row]) == {kind}


def test_rows_that_are_gone_or_too_many_are_seen() -> None:
    assert kinds(FILE, [RIGHT[0]]) == {"missing row not listed"}
    assert kinds(FILE, [RIGHT[1]], (3,)) == set()  # listed by any of its lines
    assert kinds(FILE, [*RIGHT, landed(1, 1, None)]) == {"extra row"}
    assert kinds(FILE, [*RIGHT, RIGHT[1]]) == {"extra row"}


def test_what_the_file_does_not_tell_has_to_be_said_as_assumed() -> None:
    file = replace(FILE, undecidable=frozenset({"direction"}))
    turned = [RIGHT[0] | {"amount_minor": 125_000}, RIGHT[1]]
    assert kinds(file, turned) == {"sign not said as assumed"}
    assert kinds(file, turned, (), "direction") == set()
    file = replace(FILE, undecidable=frozenset({"date order"}))
    may = RIGHT[0] | {"time_ms": 1_777_766_400_000}  # 3 May
    assert kinds(file, [may, RIGHT[1]]) == {"date order not said as assumed"}
    assert kinds(file, [may, RIGHT[1]], (), "date order") == set()


def test_the_lines_have_to_add_up() -> None:
    def told(lines: int, **parts: int) -> Any:
        return reading(accounting=SimpleNamespace(model_dump=lambda: {"lines": lines, **parts}))

    assert not compared(FILE, told(4, landed=2, header=1, continuation=1), RIGHT, []).faults
    assert compared(FILE, told(4, landed=2, header=1), RIGHT, []).kinds["accounting does not add up"]
    assert compared(FILE, told(3, landed=2, header=1), RIGHT, []).kinds["accounting of other lines"]


def test_a_plain_file_is_read_right() -> None:
    data = b"Date,Description,Amount,Currency\n2026-03-05,Rent,-12.50,EUR\n2026-03-14,Wages,40.00,EUR\n"
    rows = (replace(FILE.rows[0], last_line=2), replace(FILE.rows[1], line=3, last_line=3))
    assert judged(replace(FILE, data=data, rows=rows, lines=3)).outcome == "right"
    assert judged(replace(FILE, data=b"", rows=rows, lines=0)).outcome == "refuses"


def test_the_truth_stands_in_the_file() -> None:
    for number in range(200):
        file = numbered(5, number)
        assert len(file.rows) >= 3
        assert {row.amount > 0 for row in file.rows} == {True, False}
        if file.name.endswith("xlsx"):
            continue
        text = file.data.decode(file.dimensions["encoding"]).removeprefix("\ufeff")
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert len(lines) == file.lines + 1  # every line has its end
        for row in file.rows:
            digits = f"{abs(row.amount) // 100:03d}".rstrip("0")
            written = "".join(lines[row.line - 1 : row.last_line])
            assert digits in "".join(sign for sign in written if sign.isdigit())
