"""Files that are made to hurt: each is refused with a sentence, or its bad rows are listed; and it costs little."""

import io
import random
import re
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import openpyxl
import psutil
import pytest

from analysis.extract.excel_reader import CELLS_MAX
from analysis.extract.parts import FileRefused
from analysis.extract.rejects import EXCERPT_MAX
from analysis.safe_cell import safe_cell
from tests.analysis.extract.samples import BANK_CSV, CAMT, SIE, read

MEMORY_MAX = 400 * 1024**2  # above what there was before
SECONDS_MAX = 60  # on a shared machine; each takes a second or two


@pytest.fixture(autouse=True)
def _costs_little() -> object:
    process = psutil.Process()
    before, began = process.memory_info().rss, time.perf_counter()
    yield
    assert process.memory_info().rss - before < MEMORY_MAX
    assert time.perf_counter() - began < SECONDS_MAX


def workbook(sheet: bytes) -> bytes:
    """A workbook with this as its sheet."""
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    plain = io.BytesIO()
    book.save(plain)
    written = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, sheet if part == "xl/worksheets/sheet1.xml" else old.read(part))
    return written.getvalue()


HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
CELL = b'<row r="%d"><c r="%s"><v>1</v></c></row>'


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("bomb.xlsx", workbook(HEAD + b" " * 200_000_000), "unpacks to far more"),
        ("far.xlsx", workbook(HEAD + CELL % (1, b"A1") + CELL % (1_048_576, b"XFD1048576")), f"{CELLS_MAX} cells"),
        (
            "unnamed.xlsx",
            workbook(HEAD + b"<row>" + b"<c/>" * 16_000 + b"</row>" + b"<row/>" * 200_000),
            f"{CELLS_MAX} cells",
        ),
        ("wide.xlsx", workbook(HEAD + CELL % (1, b"ZZZ1")), "columns"),
        ("cut.xlsx", workbook(HEAD)[:2000], "damaged"),
        ("zeros.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000, "cannot be read|damaged"),
        ("archive.xlsx", b"PK\x03\x04" + b"\0" * 100, "ZIP archive"),
        ("entities.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a><r><x>&b;</x></r></a>', "document type"),
        ("outside.xml", b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        ("utf16.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"), "document type"),
        ("deep.xml", b"<a>" * 100_000, "nested"),
        ("wide.xml", b"<a><r><x/></r><r><x>" + b"y" * 2_000_000 + b"</x></r></a>", "bytes"),
        ("many.xml", b"<a><r>" + b"<x/>" * 50_000 + b"</r><r><x/></r></a>", "elements"),
        ("deep.json", b"[" * 5_000_000, "nested more"),
        ("deeper.json", b'{"a":' * 2_000_000, "nested more"),
        ("string.json", b'"' + b"a" * 9_000_000, "name says JSON|no list"),
        ("page.xls", b"<html><table><tr><td>1</td></tr></table></html>", "web page"),
        ("ledger.csv", b"%PDF-1.7 ...", "PDF"),
        ("ledger.csv", b"\0" * 1_000_000, "empty"),
        ("ledger.xlsx", b"amount,text\n1,a\n", "its name says an Excel workbook"),
        ("ledger.json", b"amount,text\n1,a\n", "its name says JSON"),
        ("ledger.csv", b"," * 100_000 + b"\n" + b"," * 100_000, "columns"),
        ("kind1.se", b"#FLAGGA 0\n#SIETYP 1\n", "kind 1"),
        ("ledger.csv", b"   \n \n", "empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused_with_a_sentence(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, name, content)
    assert re.search(why, str(refused.value)), refused.value
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_huge_lines_and_cells_cost_themselves(tmp_path: Path) -> None:
    content = b"amount,text\n1,a\n2," + b"b" * 20_000_000 + b"\n3,c\n4," + b"d" * 50_000 + b"\n5,e\n"
    _, rows, rejects = read(tmp_path, "a.csv", content)
    assert [row["row"] for row in rows] == [2, 4, 6]
    assert sorted(each["line"] for each in rejects) == [3, 5]
    assert max(len(each["excerpt"]) for each in rejects) <= EXCERPT_MAX


def test_zeros_and_control_characters_cost_their_row(tmp_path: Path) -> None:
    _, rows, rejects = read(tmp_path, "a.csv", b"amount,text\n1,a\x00b\n2,c\n3,\x1b[31m\n")
    assert [row["row"] for row in rows] == [3]
    assert [(each["line"], each["excerpt"]) for each in rejects] == [(2, "a\ufffdb"), (4, "\ufffd[31m")]
    _, rows, rejects = read(
        tmp_path, "a.jsonl", b'{"amount": 1, "text": "a\\u0000b"}\n{"amount": 2}\x00\n{"amount": 3}\n'
    )
    assert [row["row"] for row in rows] == [3]
    assert len(rejects) == 2


def test_many_names_do_not_make_many_columns(tmp_path: Path) -> None:
    content = "".join(f'{{"amount": {n}, "field {n}": "x"}}\n' for n in range(30_000))
    found, rows, _ = read(tmp_path, "a.jsonl", content)
    assert len(found.reading.columns) == 500
    assert rows[29_999]["extra"] == '{"field 29999":"x"}'


def test_noise_with_a_good_name(tmp_path: Path) -> None:
    """Any bytes: rows, rejects or a refusal, and nothing else."""
    noise = random.Random(1)
    starts = {
        "a.csv": b"", "a.json": b"[{", "a.jsonl": b'{"a":1}\n{', "a.se": b"#FLAGGA 0\n#VER ",
        "a.xlsx": b"PK\x03\x04xl/", "a.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xml": b"<a><b>",
    }  # fmt: skip
    for name, start in starts.items():
        for size in (10, 1_000, 50_000):
            content = start + noise.randbytes(size)
            with suppress(FileRefused):
                read(tmp_path, name, content)


def test_good_files_cut_and_changed_anywhere(tmp_path: Path) -> None:
    chance = random.Random(2)
    book = workbook(HEAD + b"".join(CELL % (n, b"A%d" % n) for n in range(1, 50)) + b"</sheetData></worksheet>")
    files = {"a.csv": BANK_CSV.encode(), "a.xml": CAMT.encode(), "a.se": SIE.encode("cp437"), "a.xlsx": book}
    for name, whole in files.items():
        for _ in range(40):
            content = bytearray(whole[: chance.randrange(len(whole))])
            for _ in range(chance.randrange(4)):
                if content:
                    content[chance.randrange(len(content))] = chance.randrange(256)
            with suppress(FileRefused):
                read(tmp_path, name, bytes(content))


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "\t=1", " =1", "\r=1", "＝1", "-A1", "|x"])
def test_what_a_spreadsheet_would_run_becomes_text(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "-12.50", "+3", "-1,5", "plain", "'=1"])
def test_what_is_harmless_stays(text: str) -> None:
    assert safe_cell(text) == text
