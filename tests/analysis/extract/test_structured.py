"""Account reports, SIE, JSON and cells of Excel: what becomes of every record, and what is said of it."""

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from analysis.extract.excel_reader import text_of_cell
from analysis.extract.extract import Extracted
from analysis.extract.parts import RECORD_BYTES_MAX, FileRefused
from analysis.extract.sie_reader import _words
from tests.analysis.extract.samples import read

HEAD = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{}"><BkToCstmrStmt><Stmt><Acct><Id><IBAN>CH1</IBAN>'
    "</Id></Acct>{}</Stmt></BkToCstmrStmt></Document>"
)


def report(*parts: str, version: str = "08") -> str:
    return HEAD.format(version, "".join(parts))


def entry(amount: str, inner: str = "", *, side: str = "CRDT", status: str = "BOOK", currency: str = "CHF") -> str:
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        f"<Sts>{status}</Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt><AcctSvcrRef>R</AcctSvcrRef>{inner}</Ntry>"
    )


def details(*amounts: str, currency: str = "CHF", side: str = "", path: str = "Amt") -> str:
    tags = path.split("/")
    opening = "".join(f"<{tag}>" for tag in tags[:-1])
    closing = "".join(f"</{tag}>" for tag in reversed(tags[:-1]))
    inner = "".join(
        f'<TxDtls><Refs><EndToEndId>E{n}</EndToEndId></Refs>{opening}<Amt Ccy="{currency}">{amount}</Amt>{closing}'
        f"{f'<CdtDbtInd>{side}</CdtDbtInd>' if side else ''}</TxDtls>"
        for n, amount in enumerate(amounts)
    )
    return f"<NtryDtls>{inner}</NtryDtls>"


def balance(kind: str, amount: str, side: str = "CRDT") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="CHF">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd></Bal>'
    )


def adds_up(found: Extracted) -> bool:
    counts = found.accounting.model_dump()
    return bool(counts.pop("lines") == sum(counts.values()))


def money(rows: list[dict[str, Any]]) -> list[tuple[float, str]]:
    return [(row["amount_minor"] / 10_000, row.get("currency", "")) for row in rows]


@pytest.mark.parametrize(
    ("given", "right", "differs"),
    [
        (entry("1000", details("100", "50")), [(1000, "CHF")], "150 CHF"),  # a short batch
        (entry("100", details("100", "50")), [(100, "CHF")], "150 CHF"),
        (entry("190", details("100", "100", currency="EUR"), side="DBIT"), [(-190, "CHF")], "-200 EUR"),
        (entry("98", details("100")), [(98, "CHF")], "1 transaction of 100 CHF"),  # charges
        (entry("50", details("100", "50", side="DBIT")), [(50, "CHF")], "-150 CHF"),
        (entry("150", details("100", "50")), [(100, "CHF"), (50, "CHF")], ""),
        (entry("150", details("100.0", "50.00", path="AmtDtls/TxAmt/Amt")), [(100, "CHF"), (50, "CHF")], ""),
        (entry("150", "<NtryDtls><TxDtls/><TxDtls/></NtryDtls>"), [(150, "CHF")], ""),
        (entry("95", details("100", currency="USD", path="AmtDtls/InstdAmt/Amt")), [(95, "CHF")], ""),
        (entry("3", details("1", "2").replace("NtryDtls>", "X>").replace("<X>", "").replace("</X>", "")),
         [(1, "CHF"), (2, "CHF")], ""),  # version 1 has no NtryDtls
    ],
)  # fmt: skip
def test_an_entry_counts_where_its_details_differ(
    tmp_path: Path, given: str, right: list[tuple[float, str]], differs: str
) -> None:
    found, rows, rejects = read(tmp_path, "a.xml", report(given))
    assert (money(rows), rejects) == (right, [])
    said = json.loads(rows[0]["extra"]).get("details differ", "")
    assert (differs in said) if differs else not said
    assert any(each.subject == "details" for each in found.reading.findings) == bool(differs)
    assert adds_up(found)


@pytest.mark.parametrize("status", ["PDNG", "<Cd>PDNG</Cd>", "INFO", "<Cd>FUTR</Cd>", "<Prtry>HELD</Prtry>"])
def test_what_is_not_booked_does_not_land(tmp_path: Path, status: str) -> None:
    content = report(entry("10"), entry("20", status=status, side="DBIT"), entry("5.50", status=status))
    found, rows, rejects = read(tmp_path, "a.xml", content)
    assert money(rows) == [(10, "CHF")]
    assert ["-20 CHF" in rejects[0]["reason"], "5.50 CHF" in rejects[1]["reason"]] == [True, True]
    said = next(each for each in found.reading.findings if each.subject == "not booked")
    assert said.value.startswith("2 entries")
    assert said.value.endswith("-14.50 CHF")
    assert adds_up(found)


@pytest.mark.parametrize("version", [f"{n:02}" for n in range(1, 14)])
def test_references_and_reversal_are_kept(tmp_path: Path, version: str) -> None:
    inner = (
        "<RvslInd>true</RvslInd><NtryDtls><TxDtls><Refs><EndToEndId>E</EndToEndId><InstrId>I</InstrId>"
        "<MndtId>M</MndtId></Refs><RmtInf><Ustrd>rent</Ustrd><Strd><CdtrRefInf><Ref>2100</Ref></CdtrRefInf></Strd>"
        "</RmtInf></TxDtls></NtryDtls>"
    )
    _, rows, _ = read(tmp_path, "a.xml", report(entry("7", inner, side="DBIT"), version=version))
    extra = json.loads(rows[0]["extra"])
    assert (money(rows), rows[0]["text"], extra["reversal"]) == ([(-7, "CHF")], "rent", "true")
    kept = [extra[name] for name in ("end to end id", "instruction id", "mandate id", "structured reference")]
    assert kept == ["E", "I", "M", "2100"]


@pytest.mark.parametrize(
    ("closing", "side", "check"),
    [("105", "CRDT", (2, 2)), ("106", "CRDT", (0, 2)), ("105", "DBIT", (0, 2))],
)
def test_balances_confirm_the_entries(tmp_path: Path, closing: str, side: str, check: tuple[int, int]) -> None:
    content = report(balance("OPBD", "100"), balance("CLBD", closing, side), entry("10"), entry("5", side="DBIT"))
    found, _, _ = read(tmp_path, "a.xml", content)
    assert found.balance is not None
    assert (found.balance.confirmed, found.balance.checked) == check
    assert bool(found.balance.breaks) == (check[0] == 0)


def test_dates_and_currencies_of_reports(tmp_path: Path) -> None:
    dates = ("2026-03-02+01:00", "2026-03-02Z", "2026-03-02-05:00", "2026-03-02+14:00")
    entries = [
        entry("1", currency=code).replace("2026-03-02", day)
        for day, code in zip(dates, ("XXX", "HRK", "BGN", "DEM"), strict=True)
    ]
    _, rows, rejects = read(tmp_path, "a.xml", report(*entries))
    assert rejects == []
    assert [row["currency"] for row in rows] == ["XXX", "HRK", "BGN", "DEM"]
    assert len({row["time_ms"] for row in rows}) == 1


def test_a_report_without_a_statement(tmp_path: Path) -> None:
    content = HEAD.format("02", "").replace("Stmt>", "GrpHdr>")
    with pytest.raises(FileRefused, match="holds no statement"):
        read(tmp_path, "a.xml", content)


def sie(*verifications: str, kind: str = "4", rows: str = "#TRANS 1910 {} 5.00\n#TRANS 3000 {} -5.00\n") -> str:
    return f"#FLAGGA 0\n#SIETYP {kind}\n" + "".join(f"#VER {each} 20260302\n{{\n{rows}}}\n" for each in verifications)


@pytest.mark.parametrize(
    "pair",
    [
        ('K ""', 'K ""'), ("1 11", "11 1"), ("A 1", "A 1"), ('"" 11', "1 1"), ("A B1", "AB 1"), ("A: B", 'A ":B"'),
        ('" A" 1', "A 1"), ('"" ""', '"" ""'), ("A 1-1", "A 1"), ("A@3 1", "A 1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["si", "sie", "se"])
def test_ids_of_sie_are_unique(tmp_path: Path, pair: tuple[str, str], ending: str) -> None:
    found, rows, _ = read(tmp_path, f"a.{ending}", sie(*pair))
    assert len({row["transaction_id"] for row in rows}) == len(rows) == 4
    assert adds_up(found)


@pytest.mark.parametrize("kind", ["1", "2", "3"])
def test_kinds_of_sie_are_told(tmp_path: Path, kind: str) -> None:
    found, rows, _ = read(tmp_path, "a.se", sie("A 1", kind=kind))
    assert len(rows) == 2
    assert any(each.value.startswith(f"SIE {kind} with verifications") for each in found.reading.findings)
    with pytest.raises(FileRefused, match=f"kind {kind}: balances .* without transactions"):
        read(tmp_path, "b.se", sie(kind=kind))


@pytest.mark.parametrize(
    ("rows", "landed", "listed"),
    [
        ("#TRANS 1 {} 5\n#RTRANS 2 {} -5\n#TRANS 2 {} -5\n", [5, -5], 0),  # repeated, by the standard
        ("#TRANS 1 {} 5\n#RTRANS 2 {} -5\n", [5, -5], 0),  # not repeated
        ("#TRANS 1 {} 5\n#BTRANS 2 {} -5\n", [], 1),
        ("#TRANS 1 {} 5\n#TRANS 2 {} -5\n#BTRANS 2 {} -5\n", [5, -5], 0),
        ("#RTRANS 1 {} 5\n", [], 1),
        ("#TRANS 1 {} 5\n#TRANS 2 {} x\n", [], 2),
    ],
)  # fmt: skip
def test_what_was_added_and_struck_out(tmp_path: Path, rows: str, landed: list[int], listed: int) -> None:
    found, kept, rejects = read(tmp_path, "a.se", sie("A 1", rows=rows))
    assert [row["amount_minor"] // 10_000 for row in kept] == landed
    assert len(rejects) == listed
    assert adds_up(found)


@pytest.mark.parametrize("ending", ["sie", "se", "xml"])
@pytest.mark.parametrize("root", ['<Sie xmlns="http://www.sie.se/sie5">', "<SieEntry>", '<s:Sie xmlns:s="x">'])
def test_sie_5_is_named(tmp_path: Path, ending: str, root: str) -> None:
    with pytest.raises(FileRefused, match="SIE 5"):
        read(tmp_path, f"a.{ending}", f'<?xml version="1.0"?>\n{root}<a/>')


@pytest.mark.parametrize("piece", ["{", '\\"', " ", '{"', '"{', "}{", "a{", '"a'])
def test_words_take_time_by_the_length_of_the_line(piece: str) -> None:
    """A line as long as may be: a search that begins again at each of its characters would not end today."""
    assert _words(f"#VER {piece * (RECORD_BYTES_MAX // len(piece))}")[0] == "#VER"


BOOKED = [{"date": "2026-03-01", "amount": -1}, {"date": "2026-03-02", "amount": -2}]
WAITING = [{"date": "2026-03-03", "amount": -9}]


@pytest.mark.parametrize(
    ("document", "landed", "listed", "named"),
    [
        ({"pending": WAITING, "booked": BOOKED}, [-1, -2], 1, "pending"),
        ({"PendingTransactions": WAITING, "PostedTransactions": BOOKED}, [-1, -2], 1, "PendingTransactions"),
        ({"balances": [{"amount": 7, "date": "2026-03-01"}], "entries": BOOKED}, [-1, -2], 0, "balances"),
        ({"accounts": [{"iban": "x"}], "rows": BOOKED, "links": [{"href": "y"}]}, [-1, -2], 0, "accounts"),
        ({"pages": {"a": {"x": 1}}, "data": BOOKED}, [-1, -2], 0, ""),
    ],
)
def test_the_list_of_rows_is_chosen(
    tmp_path: Path, document: object, landed: list[int], listed: int, named: str
) -> None:
    for indent in (None, 2):
        found, rows, rejects = read(tmp_path, "a.json", json.dumps(document, indent=indent))
        assert [row["amount_minor"] // 10_000 for row in rows] == landed
        assert len(rejects) == listed
        assert all("not booked" in each["reason"] for each in rejects)
        left = [each.value for each in found.reading.findings if each.subject == "left out"]
        assert any(repr(named) in each for each in left) if named else not left
        assert adds_up(found)


@pytest.mark.parametrize(
    ("content", "landed"),
    [
        ('{"amount":1,"date":"2026-03-01"}{"amount":2,"date":"2026-03-01"}', [1, 2]),
        ('{"amount":1,\n"date":"2026-03-01"}\n\n{"amount":2,"date":"2026-03-01"}\n', [1, 2]),
        ('{"rows":\n[{"amount":1}]}\n{"rows":[{"amount":2}]}', [1, 2]),
        ('\n\n{"amount":1}\n\n{"amount":2}\n', [1, 2]),
        ('{"amount":1e2}\n{"amount":1.5E1}\n', [100, 15]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_documents_one_after_the_other(tmp_path: Path, content: str, landed: list[int], encoding: str) -> None:
    found, rows, rejects = read(tmp_path, "a.json", content.encode(encoding))
    assert ([row["amount_minor"] // 10_000 for row in rows], rejects) == (landed, [])
    assert found.accounting.landed == len(landed)
    assert adds_up(found)


def test_json_numbers_and_names(tmp_path: Path) -> None:
    content = (
        '[{"id":4814769000000001,"amount":0.1},{"id":123456789012345678901234567890,"amount":10.10},'
        '{"id":1,"amount":1,"amount":2},{"id":2,"amount":NaN},{"id":3,"amount":7,"a:b":"c:d"}]'
    )
    _, rows, rejects = read(tmp_path, "a.json", content)
    assert [(row["transaction_id"], row["amount_minor"]) for row in rows] == [
        ("4814769000000001", 1_000), ("123456789012345678901234567890", 101_000), ("3", 70_000),
    ]  # fmt: skip
    assert "stands twice" in rejects[0]["reason"]
    assert len(rejects) == 2


@pytest.mark.parametrize("names", [("bookingDate", "bookingDateTime"), ("date", "timestamp"), ("Date", "Time stamp")])
def test_a_day_with_its_clock_comes_before_the_day(tmp_path: Path, names: tuple[str, str]) -> None:
    day, moment = names
    rows = [{day: f"2026-03-0{n}", moment: f"2026-03-0{n}T11:13:14.034Z", "amount": -n} for n in (1, 2, 3)]
    _, found, _ = read(tmp_path, "a.json", json.dumps(rows))
    assert [row["time_ms"] % 86_400_000 for row in found] == [40_394_034] * 3


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (4814769000000001.0, "4814769000000001"), (1e15, "1000000000000000"), (1e20, "100000000000000000000"),
        (-9007199254740993.0, "-9007199254740992"), (0.30000000000000004, "0.3"), (1e-7, "0.0000001"), (12.5, "12.5"),
        (1e300, "1e+300"), (True, "true"), ("0012", "0012"), (0.0, "0"), (None, ""),
    ],
)  # fmt: skip
def test_cells_of_excel_keep_their_digits(cell: object, text: str) -> None:
    assert text_of_cell(cell) == text


def test_long_numbers_of_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Id", "Date", "Amount"], [4814769000000001, "2026-03-01", 0.1 + 0.2], ["0017", "2026-03-02", 1e-4]):
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    _, rows, _ = read(tmp_path, "a.xlsx", written.getvalue())
    assert [(row["transaction_id"], row["amount_minor"]) for row in rows] == [("4814769000000001", 3_000), ("0017", 1)]


def test_del_is_a_character_of_a_text_like_others(tmp_path: Path) -> None:
    content = b'[{"date":"2026-03-01","amount":1.5,"text":"a\x7fb"},{"date":"2026-03-02","amount":2.5,"text":"c"}]'
    _, rows, rejects = read(tmp_path, "a.json", content)
    assert ([row["text"] for row in rows], rejects) == (["a\x7fb", "c"], [])
