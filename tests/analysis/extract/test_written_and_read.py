"""Property tests: whatever rows there are, written in each format and read back they are the same."""

import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import xlwt
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analysis.extract.extract import Defaults
from analysis.extract.reading import Layout, Mapping, Wanted
from analysis.extract.sie_reader import SieReader
from contracts.look_alikes import one_spelling
from tests.analysis.extract.samples import read

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
UTC = Defaults()
NAMES = ["id", "account", "date", "amount", "text"]
MAPPING = Mapping(
    columns={"transaction_id": "id", "account": "account", "time": "date", "amount": "amount", "text": "text"}
)

# What may stand in a cell: anything printable and the line ends within quotes; trimmed as the reader does.
_PRINTABLE = st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp", "Zs"), exclude_characters="\ufeff\ufffd")
WORDS = st.text(_PRINTABLE, max_size=12)
TEXTS = st.lists(WORDS, max_size=3).map(lambda words: "\n".join(words).strip())
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(0, 10**9).map(str),
            "account": WORDS.map(one_spelling).filter(bool),  # look-alikes are one account
            "date": st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)),
            "amount": st.integers(-(10**17), 10**17),
            "text": TEXTS,
        }
    ),
    min_size=1,
    max_size=20,
)  # fmt: skip


def decimal(minor: int) -> str:
    return f"{Decimal(minor).scaleb(-4):f}"


def check(rows: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
    """In the order of the file, every row, every field."""
    found = sorted(found, key=lambda row: row["row"])
    assert [row["amount_minor"] for row in found] == [row["amount"] for row in rows]
    assert [row.get("text", "") for row in found] == [row["text"] for row in rows]
    assert [row["account"] for row in found] == [row["account"] for row in rows]
    assert [row["transaction_id"] for row in found] == [row["id"] for row in rows]
    assert [row["time_ms"] // 86_400_000 for row in found] == [row["date"].toordinal() - 719_163 for row in rows]


def texts_of(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{**row, "date": row["date"].isoformat(), "amount": decimal(row["amount"])} for row in rows]


@FEW
@given(
    ROWS, st.sampled_from(",;\t|"), st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
def test_csv(
    tmp_path: Path, rows: list[dict[str, Any]], delimiter: str, encoding: str, quoting: Any, newline: str
) -> None:
    written = io.StringIO()
    writer = csv.DictWriter(written, NAMES, delimiter=delimiter, quoting=quoting, lineterminator=newline)
    writer.writeheader()
    writer.writerows(texts_of(rows))
    layout = Layout(encoding=encoding, delimiter=delimiter, quote='"', skip=0, header=True)
    wanted = Wanted(mapping=MAPPING, layout=layout)
    _, found, rejects = read(tmp_path, "a.csv", written.getvalue().encode(encoding), wanted, UTC)
    assert rejects == []
    check(rows, found)


@FEW
@given(ROWS, st.booleans(), st.sampled_from([None, 1]))
def test_json_in_both_forms(tmp_path: Path, rows: list[dict[str, Any]], by_line: bool, indent: int | None) -> None:
    texts = texts_of(rows)
    if by_line:
        # A file of one line is a document of one row.
        content = "\n".join(json.dumps(row, ensure_ascii=False) for row in texts)
    else:
        content = json.dumps({"rows": texts}, indent=indent)  # a row's number is the object's
    _, found, rejects = read(tmp_path, "a.jsonl" if by_line else "a.json", content, Wanted(mapping=MAPPING), UTC)
    assert rejects == []
    check(rows, found)


@FEW
@given(ROWS)
def test_xml(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    elements = "\n".join(
        f"<row id={quoteattr(row['id'])}><account>{escape(row['account'])}</account><date>{row['date']}</date>"
        f"<amount>{row['amount']}</amount><text>{escape(row['text'])}</text></row>"
        for row in texts_of(rows)
    )
    mapping = MAPPING.model_copy(update={"columns": {**MAPPING.columns, "transaction_id": "@id"}})
    wanted = Wanted(layout=Layout(record="rows/row"), mapping=mapping)
    _, found, rejects = read(tmp_path, "a.xml", f"<rows>{elements}</rows>", wanted, UTC)
    assert rejects == []
    check(rows, found)


@FEW
@given(ROWS)
def test_camt(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """One statement an account; a debit is money out. Rows are numbered by line, so each entry has its own."""
    sides = ["DBIT" if row["amount"] < 0 else "CRDT" for row in rows]
    statements = "\n".join(
        f"<Stmt><Acct><Id><Othr><Id>{escape(row['account'])}</Id></Othr></Id></Acct><Ntry>"
        f'<Amt Ccy="EUR">{decimal(abs(row["amount"]))}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        f"<BookgDt><Dt>{row['date'].isoformat()}</Dt></BookgDt><AcctSvcrRef>{row['id']}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><RmtInf><Ustrd>{escape(row['text'])}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Stmt>"
        for row, side in zip(rows, sides, strict=True)
    )
    document = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
    content = f'<Document xmlns="{document}"><BkToCstmrStmt>\n{statements}\n</BkToCstmrStmt></Document>'
    _, found, rejects = read(tmp_path, "a.xml", content, None, UTC)
    assert rejects == []
    check(rows, found)


def check_book(tmp_path: Path, name: str, book: Any, rows: list[dict[str, Any]]) -> None:
    """Save a workbook and read it back."""
    written = io.BytesIO()
    book.save(written)
    wanted = Wanted(mapping=MAPPING, layout=Layout(skip=0, header=True))
    _, found, rejects = read(tmp_path, name, written.getvalue(), wanted, UTC)
    assert rejects == []
    check(rows, found)


@settings(FEW, max_examples=10)
@given(ROWS)
def test_excel(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Rows")
    sheet.append(NAMES)
    for row in texts_of(rows):
        # As text: a number in a workbook has fifteen digits, and a formula is none of ours.
        sheet.append([f"{row[name]}" if not row[name].startswith("=") else f" {row[name]}" for name in NAMES])
    check_book(tmp_path, "a.xlsx", book, rows)


@settings(FEW, max_examples=10)
@given(ROWS)
def test_excel_of_before_2007(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Rows")
    for place, row in enumerate([dict(zip(NAMES, NAMES, strict=True)), *texts_of(rows)]):
        for column, name in enumerate(NAMES):
            sheet.write(place, column, row[name])
    check_book(tmp_path, "a.xls", book, rows)


_SIE_LETTERS = st.characters(codec="cp437", exclude_categories=("Cc",))
_SIE_WORDS = st.text(_SIE_LETTERS, max_size=12).map(lambda text: " ".join(text.split()))


@FEW
@example([("{", [0])])  # a text that looks like the bracket behind a verification's head
@given(st.lists(st.tuples(_SIE_WORDS, st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=5)), min_size=1))
def test_sie(tmp_path: Path, verifications: list[tuple[str, list[int]]]) -> None:
    """Every verification gets a last row that balances it."""
    lines, expected = ["#FLAGGA 0", "#SIETYP 4"], []
    for number, (text, amounts) in enumerate(verifications, 1):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        lines += [f'#VER A {number} 20260301 "{quoted}"', "{"]
        for row, amount in enumerate([*amounts, -sum(amounts)], 1):
            lines.append(f"#TRANS {1000 + row} {{}} {decimal(amount)}")
            expected.append((f"A{number}-{row}", str(1000 + row), amount, text))
        lines.append("}")
    content = "\r\n".join(lines).encode("cp437")
    wanted = Wanted(layout=Layout(encoding="cp437"), mapping=SieReader.mapping)
    _, found, rejects = read(tmp_path, "a.se", content, wanted, UTC)
    assert rejects == []
    assert [(r["transaction_id"], r["account"], r["amount_minor"], r.get("text", "")) for r in found] == expected
