"""Each format's sample, from bytes to rows and rejects."""

import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt

from analysis.extract.parts import FileRefused
from analysis.extract.reading import Layout, Mapping, Wanted
from tests.analysis.extract.samples import BANK_CSV, CAMT, MOBILE_CSV, SIE, read


def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_banks_csv(tmp_path: Path, encoding: str, newline: str) -> None:
    content = BANK_CSV.replace("\n", newline).encode(encoding)
    found, rows, rejects = read(tmp_path, "bank.csv", content)
    layout = found.reading.layout
    assert (layout.delimiter, layout.skip, layout.header) == (";", 3, True)
    assert [row["amount_minor"] for row in rows] == [-12_345_000, 120_000_000, -890_000]
    assert [row["row"] for row in rows] == [5, 6, 7]
    assert rows[0]["time_ms"] == ms(2026, 3, 1, 23)  # midnight in Stockholm
    assert [row["counterparty"] for row in rows] == ["Fastighets AB Söder", "Öbergs Måleri", "Café Ängel"]
    assert rows[1]["text"] == "Faktura 17; delbetalning"
    assert rows[2]["text"].splitlines() == ["Två", "rader"]
    assert rows[2]["balance_minor"] == 1_106_765_000
    assert [(each["line"], each["column"]) for each in rejects] == [(9, "Belopp"), (10, "")]
    assert rejects[1]["reason"] == "the row has 3 cells, the header 5"


def test_a_mobile_statement_has_two_columns_of_money(tmp_path: Path) -> None:
    found, rows, rejects = read(tmp_path, "statement.csv", MOBILE_CSV)
    assert found.reading.mapping.decimal_sign == "."
    assert [row["amount_minor"] for row in rows] == [-12_000_000, 30_000_000]
    assert [row["transaction_id"] for row in rows] == ["RC1", "RC2"]
    assert rejects == []


def test_a_stray_quote_costs_nothing_around_it(tmp_path: Path) -> None:
    content = (
        'amount,text,date\n1,6" pipe,2026-03-01\n2,"two\nlines",2026-03-02\n3,"a ""b""",2026-03-03\n4,x,2026-03-04\n'
    )
    _, rows, rejects = read(tmp_path, "a.csv", content)
    assert [row["text"] for row in rows] == ['6" pipe', "two\nlines", 'a "b"', "x"]
    assert [row["row"] for row in rows] == [2, 3, 5, 6]
    assert rejects == []


def test_a_quote_that_stays_open_costs_one_row(tmp_path: Path) -> None:
    rows_before = "".join(f"{n},x,2026-03-01\n" for n in range(50))
    content = f'amount,text,date\n{rows_before}7,"open,2026-03-01\n{rows_before}'
    _, rows, rejects = read(tmp_path, "a.csv", content)
    assert len(rows) == 100
    assert [(each["line"], each["reason"]) for each in rejects] == [(52, 'a quote (") is opened and not closed')]


def test_lines_of_an_old_macintosh(tmp_path: Path) -> None:
    _, rows, _ = read(tmp_path, "a.csv", "amount,text\r1,a\r2,b\r")
    assert [(row["amount_minor"], row["row"]) for row in rows] == [(10_000, 2), (20_000, 3)]


def test_csv_without_a_header(tmp_path: Path) -> None:
    found, rows, _ = read(tmp_path, "a.csv", "2026-03-01,12.50,abc\n2026-03-02,13.75,def\n")
    assert [column.name for column in found.reading.columns] == ["column 1", "column 2", "column 3"]
    assert [row["amount_minor"] for row in rows] == [125_000, 137_500]


def test_what_means_nothing_to_us_is_kept_with_its_row(tmp_path: Path) -> None:
    _, rows, _ = read(tmp_path, "a.csv", 'amount,Färg,x\n1,"r""ö\nd\\",\n2,,\n')
    assert json.loads(rows[0]["extra"]) == {"Färg": 'r"ö\nd\\'}
    assert "extra" not in rows[1]


JSON_ROWS: list[dict[str, Any]] = [
    {"id": 1, "amount": {"value": 12.5, "currency": "SEK"}, "timestamp": "2026-03-01T10:00:00Z", "account_id": "a"},
    {"id": 2, "amount": {"value": "x", "currency": "SEK"}, "timestamp": "2026-03-01T10:00:00Z", "tags": ["[", '"']},
    {"id": 3, "amount": {"value": -3, "currency": "ZZZ"}},
    {"id": 4, "amount": {"value": 0.0001, "currency": "SEK"}, "timestamp": "2026-03-01T12:00:00+02:00"},
]


@pytest.mark.parametrize("form", ["lines", "list", "wrapped", "pretty"])
def test_json(tmp_path: Path, form: str) -> None:
    contents = {
        "lines": ("a.jsonl", "\n".join(map(json.dumps, JSON_ROWS))),
        "list": ("a.json", json.dumps(JSON_ROWS)),
        "wrapped": ("a.json", json.dumps({"meta": {"pages": [1, 2]}, "data": {"rows": JSON_ROWS}, "end": []})),
        "pretty": ("a.json", json.dumps(JSON_ROWS, indent=2)),
    }
    _, rows, rejects = read(tmp_path, *contents[form])
    assert [(row["transaction_id"], row["amount_minor"]) for row in rows] == [("1", 125_000), ("4", 1)]
    assert [row["time_ms"] for row in rows] == [ms(2026, 3, 1, 10)] * 2
    assert [(each["column"], each["excerpt"]) for each in rejects] == [
        ("amount.value", "x"), ("amount.currency", "ZZZ")
    ]  # fmt: skip


def test_json_that_is_broken_in_places(tmp_path: Path) -> None:
    content = '[{"amount": 1},\n{"amount" 2},\n7, {"amount": 3, "note": "a{b"},\n{"amount": "4'
    _, rows, rejects = read(tmp_path, "a.json", content)
    assert [row["amount_minor"] for row in rows] == [10_000, 30_000]
    assert [each["line"] for each in rejects] == [2, 3, 4]


def test_json_lines_that_are_broken_in_places(tmp_path: Path) -> None:
    _, rows, rejects = read(tmp_path, "a.jsonl", '{"amount": 1}\n{"amount"\n\n[1]\n{"amount": 2}')
    assert [row["row"] for row in rows] == [1, 5]
    assert [each["line"] for each in rejects] == [2, 4]


def test_camt(tmp_path: Path) -> None:
    found, rows, rejects = read(tmp_path, "statement.xml", CAMT)
    assert found.reading.layout.record == "Document/BkToCstmrStmt/Stmt/Ntry"
    assert rejects == []
    assert [(row["transaction_id"], row["amount_minor"], row["counterparty"]) for row in rows] == [
        ("REF-1", -2_507_500, "DE02120300000000202051"), ("REF-2-1", 1_000_000, "Bo"), ("REF-2-2", 2_000_000, "Cy"),
    ]  # fmt: skip
    assert {row["account"] for row in rows} == {"SE3550000000054910000003"}
    assert (rows[0]["category"], rows[0]["text"], rows[0]["currency"]) == ("PMNT-ICDT-DMCT", "Invoice 17", "SEK")
    assert [row["time_ms"] for row in rows] == [ms(2026, 3, 1, 23), ms(2026, 3, 3, 9), ms(2026, 3, 3, 9)]
    assert json.loads(rows[0]["extra"])["end to end id"] == "E1"


def test_plain_xml_that_breaks_off(tmp_path: Path) -> None:
    content = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<ledger><info><bank>B</bank></info>\n'
        '<payment id="p1"><amount currency="EUR">1.50</amount><payee>Åsa</payee><date>2026-03-01</date></payment>\n'
        '<payment id="p2"><amount currency="EUR">?</amount></payment>\n<payment id="p3"><amount currency="EUR">3</amo'
    ).encode("latin-1")
    _, rows, rejects = read(tmp_path, "a.xml", content)
    assert [(row["transaction_id"], row["amount_minor"], row["currency"], row["counterparty"]) for row in rows] == [
        ("p1", 15_000, "EUR", "Åsa")
    ]
    assert [each["line"] for each in rejects] == [4, 5]
    assert "broken" in rejects[1]["reason"]


@pytest.mark.parametrize("encoding", ["cp437", "cp1252", "utf-8"])
def test_sie(tmp_path: Path, encoding: str) -> None:
    content = SIE.encode(encoding)
    found, rows, rejects = read(tmp_path, "bok.se", content)
    assert found.reading.layout.encoding in (encoding, encoding.replace("-", "_"))
    assert [(row["account"], row["amount_minor"], row["transaction_id"]) for row in rows] == [
        ("5010", 12_345_000, "A1-1"), ("1930", -12_345_000, "A1-2"),
    ]  # fmt: skip
    assert [row["text"] for row in rows] == ['Hyra "mars"', "Banken"]
    assert json.loads(rows[0]["extra"])["Kostnadsställe"] == "10 Södra"
    assert [each["line"] for each in rejects] == [19, 20, 24]
    assert rejects[0]["reason"] == "verification A2 does not balance: +1.00"
    assert rejects[2]["reason"] == "the file ends within its verification"


def test_excel(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Ledger of March"], [], ["Date", "Account", "Amount", "Text"],
        [datetime(2026, 3, 1, 8, 30), "A-1", 12.5, "rent"], [date(2026, 3, 2), 1930, -3, None],  # noqa: DTZ001
        [None, None, None, None], [date(2026, 3, 3), "A-3", "n/a", None], [date(2026, 3, 3), "A-3", 1e-4, True],
    ):  # fmt: skip
        sheet.append(row)
    book.create_sheet("Empty")
    written = io.BytesIO()
    book.save(written)
    found, rows, rejects = read(tmp_path, "a.xlsx", written.getvalue())
    assert (found.reading.layout.sheet, found.reading.layout.skip) == ("Sheet", 2)
    assert [(row["row"], row["account"], row["amount_minor"]) for row in rows] == [
        (4, "A-1", 125_000), (5, "1930", -30_000), (8, "A-3", 1)
    ]  # fmt: skip
    assert rows[0]["time_ms"] == ms(2026, 3, 1, 7, 30)
    assert [(each["line"], each["column"]) for each in rejects] == [(7, "Amount")]
    with pytest.raises(FileRefused, match="no sheet 'Other'"):
        read(tmp_path, "a.xlsx", written.getvalue(), Wanted(layout=Layout(sheet="Other")))


def test_excel_of_before_2007(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("März")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM")
    for place, row in enumerate(
        (
            ["Ledger of March"], [], ["Date", "Account", "Amount", "Text"],
            [datetime(2026, 3, 1, 8, 30), "A-1", 12.5, "Miete"], [datetime(2026, 3, 2), 1930, -3, None],  # noqa: DTZ001
            [], [datetime(2026, 3, 3), "A-3", "n/a", None],  # noqa: DTZ001
        )
    ):  # fmt: skip
        for column, value in enumerate(row):
            sheet.write(place, column, value, *([day] if isinstance(value, datetime) else []))
    written = io.BytesIO()
    book.save(written)
    found, rows, rejects = read(tmp_path, "a.xls", written.getvalue())
    assert (found.reading.layout.sheet, found.reading.layout.skip) == ("März", 2)
    assert [(row["row"], row["account"], row["amount_minor"], row.get("text")) for row in rows] == [
        (4, "A-1", 125_000, "Miete"), (5, "1930", -30_000, None)
    ]  # fmt: skip
    assert rows[0]["time_ms"] == ms(2026, 3, 1, 7, 30)
    assert [(each["line"], each["column"]) for each in rejects] == [(7, "Amount")]
    with pytest.raises(FileRefused):
        read(tmp_path, "cut.xls", written.getvalue()[:-2000])


def test_what_is_given_is_not_guessed(tmp_path: Path) -> None:
    mapping = Mapping(columns={"time": "d", "amount": "b"}, date_order="mdy", decimal_sign=",", currency="EUR")
    wanted = Wanted(layout=Layout(encoding="latin-1", delimiter="|"), mapping=mapping)
    found, rows, _ = read(tmp_path, "a.csv", "d|a|b\n03/04/2026|1,5|2,5\n", wanted)
    assert rows[0]["time_ms"] == ms(2026, 3, 4)
    assert (rows[0]["amount_minor"], rows[0]["currency"]) == (25_000, "EUR")
    assert found.reading.origin == "given"


def test_times_are_in_the_clients_zone_also_when_clocks_change(tmp_path: Path) -> None:
    content = "amount,time\n1,2026-03-29 01:59:59\n2,2026-03-29 03:00:00\n3,2026-10-25 02:30:00\n4,2026-01-01\n"
    _, rows, _ = read(tmp_path, "a.csv", content)
    assert {row["amount_minor"] // 10_000: row["time_ms"] for row in rows} == {
        1: ms(2026, 3, 29, 0, 59, 59), 2: ms(2026, 3, 29, 1), 3: ms(2026, 10, 25, 0, 30), 4: ms(2025, 12, 31, 23),
    }  # fmt: skip
