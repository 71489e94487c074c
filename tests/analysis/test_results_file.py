"""Results as files: the same in every format, read back, and nothing in them that a spreadsheet would carry out."""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.results_file import COLUMNS, Format, ResultsFile

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class One:
    rank: int = 1
    score: float = 91.5
    row: int = 2
    shares: dict[str, float] = field(default_factory=lambda: {"z_score": 91.5})
    reasons: dict[str, str] = field(default_factory=lambda: {"z_score": "far"})
    record: dict[str, Any] = field(default_factory=dict)


@QUICK
@given(
    st.lists(
        st.fixed_dictionaries(
            {"account": TEXT, "text": TEXT},
            optional={
                "amount_minor": st.integers(-(10**17), 10**17),
                "time_ms": st.integers(-5_000_000_000_000, 5_000_000_000_000),
            },
        ),
        max_size=5,
    )
)
def test_what_is_written_is_read_back(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    found = [One(rank=place + 1, record=record) for place, record in enumerate(records)]
    for form in Format:
        with ResultsFile(tmp_path / form, form) as file:
            file.write(found[:2])
            file.write(found[2:])
    table = pq.read_table(tmp_path / Format.PARQUET).to_pylist()
    lines = list(csv.DictReader((tmp_path / Format.CSV).open(encoding="utf-8", newline="")))
    assert len(table) == len(lines) == len(records)
    for record, row, line in zip(records, table, lines, strict=True):
        assert row["account"] == record["account"]
        assert line["account"].removeprefix("'") == record["account"].removeprefix("'")
        minor = record.get("amount_minor")
        assert (row["amount"] is None) == (line["amount"] == "") == (minor is None)
        if minor is not None:
            assert int(row["amount"].scaleb(4)) == minor
            assert line["amount"] == f"{row['amount'].normalize():f}"


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "\t=1", '=HYPERLINK("http://evil")', "＝1"])
def test_no_formula_gets_into_a_spreadsheet(tmp_path: Path, text: str) -> None:
    one = One(record={"account": text, "text": text, "transaction_id": text}, reasons={"z_score": text})
    for form in (Format.CSV, Format.XLSX):
        with ResultsFile(tmp_path / form, form) as file:
            file.write([one])
    [line] = csv.DictReader((tmp_path / Format.CSV).open(encoding="utf-8", newline=""))
    (tmp_path / Format.XLSX).rename(tmp_path / "x.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0]
    cells = dict(zip(COLUMNS, list(sheet.iter_rows())[1], strict=True))
    for name in ("account", "text", "transaction_id", "reasons"):
        assert line[name] == f"'{text}"
        assert cells[name].data_type == "s"
        assert str(cells[name].value).startswith("'")
