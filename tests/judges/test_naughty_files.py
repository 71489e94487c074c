"""Naughty strings in messages, files and exports: each comes back as it went in, or is refused with its field named.

Of a cell of a file, white space at both ends is no part of the value.
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from openpyxl.utils.escape import unescape

from analysis.results_file import Format, ResultsFile
from contracts.log import LogRecord
from contracts.transaction import Transaction
from riskstream_client.csv_rows import CsvRows
from riskstream_client.jsonl_rows import JsonRows
from riskstream_client.mapping import Mapping
from riskstream_client.messages import MessageBuilder, MessageOptions
from riskstream_client.rows import Refused
from tests.analysis.extract.samples import read
from tests.judges.json_places import GATE, NOW_MS
from tests.judges.naughty import Naughty, own, suite
from tests.judges.suites import Verdicts

PAYMENT = {"transaction_id": "t", "amount": 5.0, "timestamp": "2026-01-05T10:00:00Z", "account_id": "a"}
FIELDS = (
    "transaction_id", "account_id", "phone_number", "device_id", "ip_address", "merchant_id", "merchant_category",
    "beneficiary_id", "channel", "location", "country", "currency", "kind",
)  # fmt: skip
Outcome = dict[str, str]  # name of a string that did not come back → what came


def logged(strings: Sequence[Naughty], _folder: Path) -> Outcome:
    """In every text of a transaction, as a worker takes it from its log."""
    wrong: Outcome = {}
    for name, text in strings:
        for field_name in FIELDS:
            value = msgspec.json.encode(PAYMENT | {field_name: text})
            intake = GATE.admit([LogRecord(0, 0, NOW_MS, None, value)])
            if intake.rejected:
                detail = intake.rejected[0].rejection.detail
                right = f"`$.{field_name}`" in detail
                found: object = detail
            else:
                taken = intake.usable[0].value
                assert isinstance(taken, Transaction)
                found = getattr(taken, field_name)
                right = found == text and intake.usable[0].body == value
            if not right:
                wrong[name] = f"{field_name}: {found}"
    return wrong


def published_jsonl(strings: Sequence[Naughty], _folder: Path) -> Outcome:
    lines = b"".join(msgspec.json.encode(PAYMENT | {"merchant_id": text}) + b"\n" for _, text in strings)
    mapping = Mapping({"merchant_id": "merchant_id"}, {"channel": "app"})
    rows = JsonRows(io.BytesIO(lines), "f.jsonl", mapping, as_is=False)
    return _sent(strings, list(rows), mapping.columns)


def published_csv(strings: Sequence[Naughty], _folder: Path) -> Outcome:
    rows = CsvRows(io.BytesIO(_csv(strings, [*PAYMENT, "merchant_id"], PAYMENT)), "f.csv", Mapping({}, {}))
    return _sent(strings, list(rows), rows.columns)


def _sent(strings: Sequence[Naughty], rows: list[Any], columns: dict[str, str]) -> Outcome:
    builder, wrong = MessageBuilder(MessageOptions(), columns), {}
    assert len(rows) == len(strings)
    for (name, text), row in zip(strings, rows, strict=True):
        message = row if isinstance(row, Refused) else builder.build(row)
        if isinstance(message, Refused):
            if message.column != "merchant_id":
                wrong[name] = f"{message.column}: {message.reason}"
        elif (came := json.loads(message.value).get("merchant_id")) not in (text, text.strip() or None):
            wrong[name] = repr(came)
    return wrong


def _csv(strings: Sequence[Naughty], header: list[str], row: dict[str, Any]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    for number, (_, text) in enumerate(strings):
        known = row | ({"transaction_id": f"t{number}"} if "transaction_id" in row else {})
        writer.writerow([*known.values(), text])
    return out.getvalue().encode()


BOOKED = {"date": "2026-03-01", "amount": 1.5}


def uploaded_csv(strings: Sequence[Naughty], folder: Path) -> Outcome:
    return _landed(strings, folder, "f.csv", _csv(strings, [*BOOKED, "text"], BOOKED))


def uploaded_json(strings: Sequence[Naughty], folder: Path) -> Outcome:
    content = msgspec.json.encode([BOOKED | {"text": text} for _, text in strings])
    return _landed(strings, folder, "f.json", content)


def uploaded_excel(strings: Sequence[Naughty], folder: Path) -> Outcome:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [*BOOKED, "text"])
        for number, (_, text) in enumerate(strings, 1):
            sheet.write_row(number, 0, list(BOOKED.values()))
            sheet.write_string(number, 2, text)
    return _landed(strings, folder, "f.xlsx", made.getvalue())


def _landed(strings: Sequence[Naughty], folder: Path, name: str, content: bytes) -> Outcome:
    """Rows are told apart by their order: those that landed and those that were refused together are all."""
    _, rows, rejects = read(folder, name, content)
    assert len(rows) + len(rejects) == len(strings), (len(rows), rejects[:3])
    refused = {each["line"]: each for each in rejects}
    places = sorted([*(row["row"] for row in rows), *refused])
    landed = {row["row"]: row.get("text", "") for row in rows}
    wrong: Outcome = {}
    for (case, text), place in zip(strings, places, strict=True):
        if place in refused:
            if refused[place]["column"] != "text":
                wrong[case] = f"{refused[place]['column']}: {refused[place]['reason']}"
        elif landed[place] not in (text, text.strip()):
            wrong[case] = repr(landed[place])
    return wrong


@dataclass
class One:
    rank: int = 1
    score: float = 91.5
    row: int = 2
    shares: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)


def exported(form: Format) -> Callable[[Sequence[Naughty], Path], Outcome]:
    def written(strings: Sequence[Naughty], folder: Path) -> Outcome:
        path = folder / f"out.{form}"
        with ResultsFile(path, form) as file:
            file.write(One(record={"text": text}) for _, text in strings)
        return {
            name: repr(came)
            for (name, text), came in zip(strings, _texts_of(path, form), strict=True)
            if came not in (text, f"'{text}")  # the quote keeps a spreadsheet from carrying it out
        }

    return written


def _texts_of(path: Path, form: Format) -> list[str]:
    if form is Format.PARQUET:
        return [row["text"] for row in pq.read_table(path).to_pylist()]
    if form is Format.CSV:
        with path.open(encoding="utf-8", newline="") as file:
            return [row["text"] for row in csv.DictReader(file)]
    rows = list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))
    place = rows[0].index("text")
    return [unescape(str(row[place])) for row in rows[1:]]  # _x0001_ is how Excel writes it


PLACES: dict[str, Callable[[Sequence[Naughty], Path], Outcome]] = {
    "every text of a transaction of the log": logged,
    "`publish`, JSON lines": published_jsonl,
    "`publish`, CSV": published_csv,
    "upload, CSV cell": uploaded_csv,
    "upload, JSON value": uploaded_json,
    "upload, Excel cell": uploaded_excel,
    "export, CSV": exported(Format.CSV),
    "export, Excel": exported(Format.XLSX),
    "export, Parquet": exported(Format.PARQUET),
}
EACH = pytest.mark.parametrize("place", PLACES)


@EACH
def test_our_own_come_back_or_are_refused(tmp_path: Path, place: str) -> None:
    assert PLACES[place](own(), tmp_path) == {}


@EACH
def test_the_list(tmp_path: Path, place: str) -> None:
    verdicts = Verdicts("Naughty strings", place)
    strings = suite()
    wrong = PLACES[place](strings, tmp_path)
    for name, _ in strings:
        verdicts.judge(name, name not in wrong, wrong.get(name))
    verdicts.check()
