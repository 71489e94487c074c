import io
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.field_names import ZERO_AMOUNT
from contracts.label import Label, decode_label
from contracts.look_alikes import complaint_about_spelling
from contracts.transaction import Transaction, decode_transaction, encode_transaction
from riskstream_client.csv_rows import CsvRows
from riskstream_client.errors import FileError
from riskstream_client.jsonl_rows import JsonRows
from riskstream_client.mapping import HANDBOOK, Mapping
from riskstream_client.messages import Message, MessageBuilder, MessageOptions
from riskstream_client.rows import Refused, Row
from riskstream_client.times import time_reader

PLAIN = Mapping({}, {})
NOTHING = f"Expected `float` > 0.0 (it is '0.0'): {ZERO_AMOUNT}"
HEAD = "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD,TX_FRAUD_SCENARIO\n"
NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=128).filter(
    lambda name: complaint_about_spelling(name) is None
)
TRANSACTIONS = st.builds(
    Transaction,
    transaction_id=NAMES,
    amount=st.floats(0.01, 1e12),
    timestamp=st.datetimes(
        datetime.fromisoformat("2001-01-01"), datetime.fromisoformat("2098-01-01"), timezones=st.just(UTC)
    ),
    account_id=NAMES,
    merchant_id=st.none() | NAMES,
    currency=st.sampled_from([None, "EUR", "JPY"]),
)


def handbook(line: str, **options: Any) -> Message | Refused:
    rows = CsvRows(io.BytesIO((HEAD + line).encode()), "h.csv", HANDBOOK)
    builder = MessageBuilder(MessageOptions(**options), rows.columns)
    (item,) = (builder.build(row) if isinstance(row, Row) else row for row in rows)
    return item


def json_lines(
    body: bytes, *, as_is: bool = False, mapping: Mapping = PLAIN, **options: Any
) -> list[Message | Refused]:
    rows = JsonRows(io.BytesIO(body), "f.jsonl", mapping, as_is=as_is)
    builder = MessageBuilder(MessageOptions(**options), rows.columns)
    return [builder.build(row) if isinstance(row, Row) else row for row in rows]


@given(st.integers(0, 10**9), st.integers(0, 4999), st.integers(0, 9999), st.integers(1, 10**8), st.booleans(),
       st.datetimes(datetime.fromisoformat("2018-01-01"), datetime.fromisoformat("2019-01-01")))  # fmt: skip
def test_a_handbook_row_becomes_a_transaction_and_a_label(
    identity: int, customer: int, terminal: int, cents: int, fraud: bool, moment: datetime
) -> None:
    moment = moment.replace(microsecond=0)
    line = f"{identity},{moment},{customer},{terminal},{cents / 100:.2f},{fraud:d},0\n"
    message = handbook(line, labels=True, label_after=timedelta(days=7), id_prefix="hb-", client_id=7,
                       constants={"currency": "EUR"})  # fmt: skip
    assert isinstance(message, Message)
    at = moment.replace(tzinfo=UTC)
    assert decode_transaction(message.value) == Transaction(
        transaction_id=f"hb-{identity}", amount=cents / 100, timestamp=at, client_id=7, currency="EUR",
        account_id=str(customer), merchant_id=str(terminal),
    )  # fmt: skip
    assert message.key == str(customer).encode()
    assert decode_label(message.label) == Label(
        transaction_id=f"hb-{identity}", fraud=fraud, known_at=at + timedelta(days=7), client_id=7, source="file"
    )


@given(st.lists(TRANSACTIONS, min_size=1, max_size=10))
def test_json_lines_go_out_byte_for_byte_or_changed_as_asked(transactions: list[Transaction]) -> None:
    lines = [encode_transaction(transaction) for transaction in transactions]
    body = b"\xef\xbb\xbf" + b"\r\n".join(lines) + b"\n\n"
    as_is = json_lines(body, as_is=True)
    assert [m.value for m in as_is if isinstance(m, Message)] == lines
    hour = timedelta(hours=1)
    changed = json_lines(body, shift=hour)
    assert [decode_transaction(m.value) for m in changed if isinstance(m, Message)] == [
        msgspec.structs.replace(t, timestamp=t.timestamp + hour) for t in transactions
    ]
    assert [m.key for m in changed if isinstance(m, Message)] == [t.account.encode() for t in transactions]


def test_unknown_fields_are_kept_and_renamed_ones_renamed() -> None:
    body = b'{"id":"a","amount":1,"timestamp":1700000000,"account_id":"x","extra":{"k":[1]}}\n'
    (message,) = json_lines(body, mapping=Mapping({"transaction_id": "id"}, {}), read_time=time_reader("epoch", UTC))
    assert isinstance(message, Message)
    assert msgspec.json.decode(message.value) == {
        "transaction_id": "a", "amount": 1, "timestamp": "2023-11-14T22:13:20Z", "account_id": "x", "extra": {"k": [1]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("1,2018-04-01 00:00:31,5,6,0.00,0,0\n", "TX_AMOUNT", NOTHING),
        ("1,2018-04-01 00:00:31,5,6,nan,0,0\n", "TX_AMOUNT", "Expected `float`, got `str` (it is 'nan')"),
        ("1,yesterday,5,6,1,0,0\n", "TX_DATETIME", "'yesterday' is not a time in ISO 8601; name its format"
         " with --time-format"),
        ("1,1918-04-01 00:00:31,5,6,1,0,0\n", "TX_DATETIME", "the year must lie between 2000 and 2099"),
        (",2018-04-01 00:00:31,5,6,1,0,0\n", "TRANSACTION_ID", "Object missing required field `transaction_id`"),
        ("1,2018-04-01 00:00:31,,6,1,0,0\n", None, "one of `account_id` and `phone_number` is required"),
        ("1,2018-04-01 00:00:31,5,6,1,perhaps,0\n", "TX_FRAUD", "'perhaps' is neither fraud (1) nor legitimate (0)"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_files_own_column(line: str, column: str | None, reason: str) -> None:
    refused = handbook(line, labels=True)
    assert isinstance(refused, Refused)
    assert (refused.line, refused.column) == (2, column)
    assert refused.reason == reason


def test_bad_lines_are_refused_and_the_rest_goes_on() -> None:
    body = b'{"broken\n{"transaction_id":"\xff"}\n[1]\nnull\n'
    for as_is in (True, False):
        assert [item.line for item in json_lines(b"{}\n" + body, as_is=as_is) if isinstance(item, Refused)] == [
            1,
            2,
            3,
            4,
            5,
        ]


def test_without_validation_lines_go_out_as_they_are() -> None:
    items = json_lines(b'{"broken\n\xff\xfe\n', as_is=True, validate=False)
    assert [(m.key, m.value) for m in items if isinstance(m, Message)] == [(None, b'{"broken'), (None, b"\xff\xfe")]
    sent = handbook("1,never,5,6,nan,0,0\n", validate=False)
    assert isinstance(sent, Message)
    assert sent.key == b"5"
    assert msgspec.json.decode(sent.value)["timestamp"] == "never"


def test_a_json_array_is_told_apart() -> None:
    with pytest.raises(FileError, match="one JSON array"):
        json_lines(b'[{"transaction_id":"a"}]\n')
