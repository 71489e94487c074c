"""Ids that look alike are one account or refused, at every entrance."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.extract.extract import Defaults, extract
from analysis.extract.reading import Wanted
from api.scoring.request import Refusal, Usable, read
from contracts.deadletter import DeadLetterReason
from contracts.errors import DataRefused
from contracts.log import LogRecord
from contracts.look_alikes import ID_FIELDS, complaint_about_spelling, one_spelling
from contracts.transaction import Transaction, decode_transaction
from pipeline.intake import Gate
from riskstream_client.jsonl_rows import JsonRows
from riskstream_client.mapping import Mapping
from riskstream_client.messages import MessageBuilder, MessageOptions
from riskstream_client.rows import Refused
from training.loaders.load import Loader
from training.loaders.message_files import message_columns
from training.loaders.options import LoadOptions, OnBadRow

PLAIN = "café-77"
LOOK_ALIKES = [
    "cafe\u0301-77",  # decomposed
    "ｃafé-77",  # a full-width letter
    "café-７7",  # a full-width digit
    "café\u201177",  # a non-breaking hyphen: another dash is another id, but in one form only
    "café-77 ",
    " café-77",
    "café-77\u00a0",
    "café-77\u3000",
    "\u1680café-77",
    "café-77\u0085",
    *(
        f"ca{invisible}fé-77"
        for invisible in "\u200b\u200c\u200d\u200e\u202e\u2060\u2066\u00ad\u034f\u061c\u180e\ufe0f\ufeff\ufff9"
    ),
    *(f"café-77{blank}" for blank in "\u115f\u1160\u3164\uffa0\u2800\u17b4\U000e0041\U000e0100\U0001d173"),
]
NOW_MS = 1_772_366_400_000
GATE = Gate(lambda _client: True, lambda _currency: True, 10 * 365 * 86_400_000, 10_000)


def message(**fields: object) -> bytes:
    whole = {"transaction_id": "t-1", "amount": 5, "timestamp": "2026-03-01T11:59:00Z", "account_id": PLAIN}
    return msgspec.json.encode(whole | fields)


@pytest.mark.parametrize("look_alike", LOOK_ALIKES)
def test_every_look_alike_is_refused_and_has_the_one_spelling(look_alike: str) -> None:
    assert complaint_about_spelling(look_alike)
    assert one_spelling(look_alike) in (PLAIN, "café\u201077")
    assert complaint_about_spelling(one_spelling(look_alike)) is None


@pytest.mark.parametrize(
    "plain", ["acct-77", "+254700000001", "Åkessons Bygg AB", "магазин-5", "店铺12", "दुकान-4", "٣٤٥", "ab c", "😀-1"]
)
def test_ids_of_every_script_are_taken_as_they_are(plain: str) -> None:
    assert complaint_about_spelling(plain) is None
    assert one_spelling(plain) == plain


@given(st.text(max_size=12))
def test_the_one_spelling_is_always_acceptable_and_stays(text: str) -> None:
    plain = one_spelling("".join(letter for letter in text if letter.isprintable()))
    assert not plain or complaint_about_spelling(plain) is None
    assert one_spelling(plain) == plain


@pytest.mark.parametrize("name", ID_FIELDS)
def test_the_stream_and_a_call_refuse_a_look_alike_in_every_id(name: str) -> None:
    for look_alike in LOOK_ALIKES:
        (rejected,) = GATE.admit([LogRecord(0, 0, NOW_MS, None, message(**{name: look_alike}))]).rejected
        assert rejected.rejection.reason is DeadLetterReason.INVALID_FIELD
        assert rejected.rejection.detail.endswith(f" - at `$.{name}`")
        assert isinstance(read(message(**{name: look_alike}), 1, NOW_MS, GATE), Refusal)
    assert isinstance(read(message(), 1, NOW_MS, GATE), Usable)


def test_an_escaped_look_alike_is_refused_too() -> None:
    body = json.dumps(json.loads(message(account_id="cafe\u0301-77"))).encode()
    assert b"\\u0301" in body
    assert GATE.admit([LogRecord(0, 0, NOW_MS, None, body)]).rejected


def test_what_was_stored_before_can_still_be_read() -> None:
    """Or a repair of the state would leave out accounts that it has to hold."""
    assert isinstance(decode_transaction(message(account_id="acct-77 ")), Transaction)


def test_publishing_refuses_what_the_stream_would() -> None:
    rows = JsonRows(
        io.BytesIO(message(account_id="a\u200bb") + b"\n" + message()), "f.jsonl", Mapping({}, {}), as_is=False
    )
    builder = MessageBuilder(MessageOptions(), rows.columns)
    found = [builder.build(row) for row in rows]
    assert [isinstance(each, Refused) for each in found] == [True, False]


def test_training_marks_rows_that_the_stream_would_refuse(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["transaction_id", "timestamp", "account_id", "amount", "fraud"])
        for number, account in enumerate([PLAIN, f"{PLAIN} ", "cafe\u0301-77", "ca\u200bfé-77"]):
            writer.writerow([f"t{number}", f"2026-01-0{number + 1}T00:00:00Z", account, "5", "0"])
    (columns,) = Loader(path, LoadOptions(on_bad_row=OnBadRow.DROP)).chunks()
    assert columns.transactions.account.texts() == [PLAIN, PLAIN]  # spaces around a cell are never part of it
    with pytest.raises(DataRefused, match="account_id"):
        list(Loader(path, LoadOptions()).chunks())


def test_training_refuses_a_file_of_messages_with_one(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_bytes(message(account_id="acct-77 "))
    (tmp_path / "labels.jsonl").write_bytes(b"")
    with pytest.raises(DataRefused, match="line 1 is not a transaction: spaces"):
        list(message_columns(tmp_path / "data.jsonl", tmp_path / "labels.jsonl"))
    (tmp_path / "data.jsonl").write_bytes(message())
    known = datetime(2026, 3, 8, tzinfo=UTC).isoformat()
    label = {"transaction_id": "t-1\u200b", "fraud": True, "known_at": known}
    (tmp_path / "labels.jsonl").write_bytes(msgspec.json.encode(label))
    with pytest.raises(DataRefused, match="line 1 is not a label: invisible"):
        list(message_columns(tmp_path / "data.jsonl", tmp_path / "labels.jsonl"))


def test_rows_of_a_bank_file_are_one_account(tmp_path: Path) -> None:
    spellings = [PLAIN, *(each for each in LOOK_ALIKES if "\u2011" not in each and "\u0085" not in each)]
    lines = [f"2026-03-02,{account},12.{number:02}" for number, account in enumerate(spellings)]
    source = tmp_path / "bank.csv"
    source.write_text("date,account,amount\n" + "\n".join(lines) + "\n", encoding="utf-8")
    rows, rejects = tmp_path / "rows.parquet", tmp_path / "rejects.jsonl"
    extract(source, "bank.csv", rows, rejects, wanted=Wanted(), defaults=Defaults())
    assert set(parquet.read_table(rows).column("account").to_pylist()) == {PLAIN}
