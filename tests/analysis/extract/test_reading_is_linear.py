"""No reader is worse than linear: a hostile file of four times the size costs four times the steps, and no more.

Steps are counted, not timed: each call, of Python and of C, and the memory that is filled, so that what numpy, pyarrow
and the copying of texts do counts as well. Regular expressions fill none: their worst inputs are tried by size alone.
"""

import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from analysis.extract.excel_reader import check_workbook
from analysis.extract.parts import FileRefused
from tests.analysis.extract.samples import read
from tests.analysis.extract.test_hostile import HEAD, workbook

SMALL = 3_000  # bytes
LARGER = {"verifications that never end": 24_000, "lists after a key": 20_000}  # bytes; what is done once costs much
GROWTH = 4
RATIO_MAX = 5.0
STEP_BYTES = 16  # of memory that count as much as a call
CSV = b"date,amount,text\n"
SIE = b"#FLAGGA 0\n#SIETYP 4\n"
CAMT = (
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>'
    b"<Acct><Id><IBAN>DE1</IBAN></Id></Acct>"
)
ENTRY = b'<Ntry><Amt Ccy="EUR">1</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>'
CAMT_END = b"</Stmt></BkToCstmrStmt></Document>"


def again(unit: bytes) -> Callable[[int], bytes]:
    return lambda size: unit * (size // len(unit))


def around(before: bytes, unit: bytes, after: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: before + unit * (size // len(unit)) + after


def twice(before: bytes, first: bytes, between: bytes, second: bytes, after: bytes = b"") -> Callable[[int], bytes]:
    """Half of it something long that is said once, half of it what it is said of."""
    return lambda size: around(before, first, between)(size // 2) + around(b"", second, after)(size // 2)


def batch(size: int) -> bytes:
    """An entry whose transactions stand in it themselves, before its reference."""
    detail = b'<TxDtls><Amt Ccy="EUR">1</Amt></TxDtls>'
    count = size // len(detail)
    entry = ENTRY.replace(b">1<", b">%d<" % count)
    return CAMT + entry + detail * count + b"<AcctSvcrRef>a</AcctSvcrRef></Ntry>" + CAMT_END


FILES: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "verifications that never end": ("a.se", around(SIE, b"#VER {{{\n")),
    "brackets in one line": ("a.se", around(SIE + b"#VER ", b"{")),
    "brackets and quotes": ("a.se", around(SIE + b"#VER ", b'{"\\"')),
    "brackets in lines": ("a.se", around(SIE + b"#VER A 1 20260101\n", b"{\n")),
    "objects that never end": ("a.se", around(SIE + b"#VER A 1 20260101\n{\n#TRANS 1 ", b"{1 ")),
    "transactions of nothing": ("a.se", around(SIE + b"#VER A 1 20260101\n}\n", b"#TRANS 1 {} 1.00\n")),
    "a long verification": ("a.se", around(SIE + b"#VER A 1 20260101\n{\n", b"#TRANS 1 {} 1.00\n")),
    "a long number of a verification": (
        "a.se", twice(SIE + b"#VER A ", b"1", b" 20260101\n{\n", b"#TRANS 1 {} 1\n", b"}\n"),
    ),
    "a long text of a verification": (
        "a.se", twice(SIE + b'#VER A 1 20260101 "', b"1", b'"\n{\n', b"#TRANS 1 {} 0\n", b"}\n"),
    ),
    "a long name of an account": (
        "a.se", twice(SIE + b'#KONTO 1 "', b"1", b'"\n#VER A 1 20260101\n{\n', b"#TRANS 1 {} 0\n", b"}\n"),
    ),
    "a quote that stays open": ("a.csv", around(CSV + b'2026-01-01,1.00,"open\n', b"2026-01-02,2.00,x\n")),
    "a quote in each line": ("a.csv", around(CSV + b'2026-01-01,1.00,"open\n', b'"\n')),
    "quotes in each row": ("a.csv", around(CSV, b'2026-01-01,1.00,"x\n')),
    "quotes in words": ("a.csv", around(CSV, b'2026-01-01,1.00,a"b"c\n')),
    "a quoted cell of empty lines": ("a.csv", around(CSV + b'2026-01-01,1.00,"', b"\n")),
    "rows of too few cells": ("a.csv", around(CSV, b"1\n")),
    "rows of too many cells": ("a.csv", around(CSV + b"2026-01-01,1.00,x\n" * 200, b"2026-01-01,1.00,x,y,z\n")),
    "amounts that are none": ("a.csv", around(CSV + b"2026-01-01,1.00,x\n" * 600, b"2026-01-01,?,x\n")),
    "times that are none": ("a.csv", around(CSV + b"2026-01-01,1.00,x\n" * 600, b"2026-13-01,1.00,x\n")),
    "long numbers": ("a.csv", around(CSV + b"2026-01-01,", b"1", b",x\n")),
    "long dates": ("a.csv", around(CSV, b"2026-01-01", b",1.00,x\n")),
    "a long name of words": ("a.csv", around(b"date,amount,", b"rate kurs ", b"\n2026-01-01,1.00,x\n")),
    "a long name of brackets": ("a.csv", around(b"date,amount,", b"(", b"\n2026-01-01,1.00,x\n")),
    "one row of many columns": ("a.csv", around(CSV + b"2026-01-01,1.00,x\n" * 60, b",", b"\n")),
    "a header of many columns": ("a.csv", around(b"date,amount", b",x", b"\n2026-01-01,1.00\n")),
    "all delimiters": ("a.csv", again(b"1,2;3\t4|5\n")),
    "pieces of lines": ("a.csv", around(CSV, b"1,2,x\r")),
    "each row another account": (
        "a.csv", lambda size: b"account,amount,balance\n" + b"".join(b"%d,1.00,1.00\n" % n for n in range(size // 14)),
    ),
    "lists after a key": ("a.json", around(b'{"a" ', b"[]")),
    "lists deep within": ("a.json", twice(b'[{"', b"k", b'":[', b"[],")),
    "names that add up": ("a.json", lambda size: (b'{"%s":[' % (b"k" * 150)) * (size // 320) + b"[]," * (size // 6))
    ,
    "objects that never end ": ("a.json", around(b"[", b'{"a":1,')),
    "strings that never end": ("a.json", around(b'[{"a":1},', b'"\\"')),
    "words between objects": ("a.json", around(b"[", b'x{"amount":1}')),
    "many lists": (
        "a.json", lambda size: b"{" + b",".join(b'"%d":[{"amount":1}]' % n for n in range(size // 22)) + b"}",
    ),
    "lines that are no objects": ("a.jsonl", around(b'{"amount":1}\n', b"[\n")),
    "a deep value": ("a.jsonl", around(b'{"amount":1}\n{"a":', b"[", b"\n")),
    "many fields": (
        "a.jsonl", lambda size: b'{"amount":1}\n{' + b",".join(b'"%d":1' % n for n in range(size // 7)) + b"}\n",
    ),
    "a text in pieces": ("a.xml", around(b"<a><r><x>1</x></r><r><x>", b"a<!---->", b"</x></r></a>")),
    "long names around": ("a.xml", twice(b"<", b"a", b"><r><x>1</x></r><r>", b"<x/>", b"</r>")),
    "long names within": (
        "a.xml", lambda size: b"<a>" + (b"<" + b"b" * (size // 80) + b">") * 40 + b"<x/>" * (size // 8),
    ),
    "each element of another name": (
        "a.xml", lambda size: b"<a>" + b"".join(b"<r%d><x>1</x></r%d>" % (n, n) for n in range(size // 24)) + b"</a>",
    ),
    "many attributes": (
        "a.xml", lambda size: b'<a><r a="1"/><r ' + b" ".join(b'a%d="1"' % n for n in range(size // 9)) + b"/></a>",
    ),
    "a batch without a frame": ("a.xml", batch),
    "entries without a date": ("a.xml", around(CAMT, ENTRY + b"</Ntry>", CAMT_END)),
    "entries that are not booked": ("a.xml", around(CAMT, ENTRY.replace(b"BOOK", b"PDNG") + b"</Ntry>", CAMT_END)),
    "a long name of the account": (
        "a.xml", twice(CAMT.partition(b"DE1")[0], b"1", CAMT.partition(b"DE1")[2], ENTRY + b"</Ntry>", CAMT_END),
    ),
    "cells in one row of a sheet": ("a.xlsx", lambda size: workbook(HEAD + b"<row>" + b"<c/>" * (size // 40))),
    "rows of a sheet": (
        "a.xlsx",
        lambda size: workbook(HEAD + b"<row><c><v>1</v></c></row>" * (size // 26) + b"</sheetData></worksheet>"),
    ),
}  # fmt: skip


class Steps:
    """Counts what runs within it."""

    def __init__(self) -> None:
        self.count = 0
        self._held = 0

    def __enter__(self) -> "Steps":
        tracemalloc.start()
        self._held = tracemalloc.get_traced_memory()[0]
        sys.setprofile(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        self._look()
        tracemalloc.stop()

    def _trace(self, _frame: FrameType, event: str, _argument: Any) -> None:
        if event in ("call", "c_call"):
            self._look()

    def _look(self) -> None:
        held, peak = tracemalloc.get_traced_memory()
        self.count += 1 + max(peak - self._held, 0) // STEP_BYTES
        self._held = held
        tracemalloc.reset_peak()


def steps(tmp_path: Path, name: str, content: bytes) -> int:
    with Steps() as counted, suppress(FileRefused):
        read(tmp_path, name, content)
    return counted.count


@pytest.mark.parametrize("case", FILES)
def test_four_times_the_size_costs_four_times_the_steps(tmp_path: Path, case: str) -> None:
    name, made = FILES[case]
    least = LARGER.get(case, SMALL)
    with suppress(FileRefused):
        read(tmp_path, name, made(least))  # what is looked up once is known now
    small, large = (steps(tmp_path, name, made(size)) for size in (least, least * GROWTH))
    assert large <= small * RATIO_MAX, f"{small:,} steps became {large:,}: {large / small:.1f} times"


def test_steps_tell_what_is_quadratic() -> None:
    def grown(size: int) -> int:
        text = b""
        with Steps() as counted:
            for _ in range(size):
                text = b"".join((text, b"12345678"))
        return counted.count

    assert grown(4_000) > grown(1_000) * 2 * GROWTH


@pytest.mark.parametrize(
    "sheet",
    [b"<c " * 2_000_000 + b">", b"<row " * 1_000_000 + b">", (b"<c " + b' r="A' * 3) * 500_000 + b">"],
    ids=["cells", "rows", "names"],
)
def test_tags_that_never_end_are_looked_at_once(tmp_path: Path, sheet: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook(HEAD + sheet))
    with suppress(FileRefused):
        check_workbook(path)


@pytest.mark.parametrize("unit", [b"(", b"rate kurs ", b"a b ", b"1,", b"- ", b"2026-"], ids=repr)
def test_long_names_are_looked_at_in_part(tmp_path: Path, unit: bytes) -> None:
    content = b"date;amount;" + unit * (200_000 // len(unit)) + b"\n2026-01-01;1.00;x\n"
    with suppress(FileRefused):
        read(tmp_path, "a.csv", content)
