import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import DataRefused
from contracts.field_names import EPOCH_WITHOUT_FORMAT, REPEATED_HEADER, ZERO_AMOUNT
from riskstream_client.csv_rows import CsvRows
from riskstream_client.errors import FileError
from riskstream_client.mapping import HANDBOOK, Mapping, mapping_of
from riskstream_client.messages import Message, MessageBuilder, MessageOptions
from riskstream_client.rows import Refused, Row
from training.loaders.load import Loader
from training.loaders.options import LoadOptions

PLAIN = Mapping({}, {})
HEAD = "transaction_id,amount,timestamp,account_id"
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1).filter(lambda t: t == t.strip())


def read(text: str, mapping: Mapping = PLAIN, **how: Any) -> list[Row | Refused]:
    return list(CsvRows(io.BytesIO(text.encode(how.get("encoding", "utf-8"))), "f.csv", mapping, **how))


@given(
    st.lists(st.tuples(TEXT, st.floats(0.01, 1e9), TEXT), min_size=1, max_size=20),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_what_is_written_is_read(rows: list[tuple[str, float, str]], delimiter: str, encoding: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["id", "WHO", "AMT", "timestamp", "other"])
    writer.writerows([identity, who, amount, "2026-01-01", ""] for identity, amount, who in rows)
    mapping = mapping_of(["transaction_id=id", "account_id=WHO", "amount=AMT"], [], None)
    got = read(out.getvalue(), mapping, encoding=encoding)
    assert [row.fields for row in got if isinstance(row, Row)] == [
        {"transaction_id": identity, "account_id": who, "amount": amount, "timestamp": "2026-01-01"}
        for identity, amount, who in rows
    ]


def test_lines_are_counted_through_quoted_line_ends_and_short_rows_are_refused() -> None:
    got = read(f'{HEAD}\n"a\nb",1,t,x\nc,1\n\nd,1,t,x,y\ne,2,t,x\n')
    assert [(item.line, type(item).__name__) for item in got] == [
        (3, "Row"),
        (4, "Refused"),
        (6, "Refused"),
        (7, "Row"),
    ]
    assert isinstance(got[1], Refused)
    assert got[1].reason == "has 2 columns; the header has 4"


def test_a_refused_row_can_be_written_again() -> None:
    rows = CsvRows(io.BytesIO(f'{HEAD}\n"a,""b",1,t,x\n'.encode()), "f.csv", PLAIN)
    (row,) = rows
    assert rows.raw_header + rows.raw_of(row.source) == f'{HEAD}\n"a,""b",1,t,x\n'.encode()


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1,5", "12 EUR", "", "0x10"])
def test_a_number_that_is_none_stays_text_for_validation_to_name(number: str) -> None:
    (row,) = read(f'{HEAD}\na,"{number}",t,x\n')
    assert isinstance(row, Row)
    assert row.fields is not None
    assert row.fields.get("amount", "") == number


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "f.csv is empty"),
        ("\n", "f.csv is empty"),
        ("id,AMT\n1,2\n", "no column transaction_id, amount, timestamp, account_id .or phone_number.; it has: id, AMT"),
        (f"{HEAD},amount\n", "more than one column named amount"),
        (f'{HEAD}\n"never closed,{"x" * 1_100_000}\n', "line 2: not CSV"),
    ],
)
def test_a_file_that_is_not_what_it_should_be(text: str, complaint: str) -> None:
    with pytest.raises(FileError, match=complaint):
        read(text)


def test_a_mapped_column_that_is_not_there() -> None:
    with pytest.raises(FileError, match="no column AMT; it has: transaction_id"):
        read(f"{HEAD}\n", mapping_of(["amount=AMT"], [], None))


def test_another_encoding_than_was_said() -> None:
    body = f"{HEAD}\nKöln,1,t,x\n".encode("latin-1")
    with pytest.raises(FileError, match=r"not utf-8 .near line 1.*--encoding latin-1"):
        list(CsvRows(io.BytesIO(body), "f.csv", PLAIN))
    (row,) = CsvRows(io.BytesIO(body), "f.csv", PLAIN, encoding="latin-1")
    assert isinstance(row, Row)
    assert row.fields == {"transaction_id": "Köln", "amount": 1.0, "timestamp": "t", "account_id": "x"}


def test_columns_that_are_no_field_are_kept_under_their_own_names() -> None:
    mapping = mapping_of(["amount=VALUE"], [], None)
    (row,) = read(f"{HEAD},VALUE,order no,fraud_note\nt1,7,t,x,5,A-77,\n", mapping)
    assert isinstance(row, Row)
    assert row.fields == {
        "transaction_id": "t1", "amount": 5.0, "timestamp": "t", "account_id": "x", "order no": "A-77",
        "amount_column": "7",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["fraud", "typology", "known_at"])
def test_a_label_never_leaves_with_the_payment(name: str) -> None:
    rows = CsvRows(io.BytesIO(f"{HEAD},{name}\nt1,7,2026-01-05T10:00:00Z,x,1\n".encode()), "f.csv", PLAIN)
    message = MessageBuilder(MessageOptions(), rows.columns).build(next(iter(rows)))  # type: ignore[arg-type]
    assert isinstance(message, Message)
    assert name not in msgspec.json.decode(message.value)


@pytest.mark.parametrize("scenario", [",TX_FRAUD_SCENARIO", ""])
def test_the_handbooks_scenario_is_a_label_and_may_be_missing(scenario: str) -> None:
    head = "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD,TX_TIME_DAYS"
    (row,) = read(f"{head}{scenario}\n1,2018-04-01 00:00:31,5,3,57.16,0,0{',2' if scenario else ''}\n", HANDBOOK)
    assert isinstance(row, Row)
    assert row.fields is not None
    assert row.fields["TX_TIME_DAYS"] == "0"
    assert "TX_FRAUD_SCENARIO" not in row.fields


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.234,56", 1234.56),
        ("-5,25", -5.25),
        ("7", 7.0),
        ("1 234,5", 1234.5),
        ("5.25", "5.25"),
        ("1,234.5", "1,234.5"),
    ],
)
def test_numbers_with_a_decimal_comma(text: str, expected: float | str) -> None:
    (row,) = read(f"{HEAD.replace(',', ';')}\nt1;{text};t;x\n", decimal=",")
    assert isinstance(row, Row)
    assert row.fields is not None
    assert row.fields["amount"] == expected


def test_lines_above_the_header_are_passed_over_and_counted() -> None:
    got = read(f"Statement\n\n{HEAD}\nt1,1,t,x\n{HEAD}\nt2,2,t,x\n", skip_lines=2)
    assert [(item.line, type(item).__name__) for item in got] == [(4, "Row"), (5, "Refused"), (6, "Row")]
    assert isinstance(got[1], Refused)
    assert got[1].reason == REPEATED_HEADER
    with pytest.raises(FileError, match="no header after 9 lines"):
        read(f"{HEAD}\nt1,1,t,x\n", skip_lines=9)


def test_short_names_of_fields_are_the_same_in_every_command() -> None:
    mapping = mapping_of(["account=WHO", "time=WHEN", "id=ID", "amount=AMT"], ["merchant=shop"], None)
    assert mapping.columns == {"account_id": "WHO", "timestamp": "WHEN", "transaction_id": "ID", "amount": "AMT"}
    assert mapping.constants == {"merchant_id": "shop"}


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("amount", "0", ZERO_AMOUNT), ("amount", "0.00", ZERO_AMOUNT), ("currency", "usd", "USD, in capital letters"),
        ("currency", "Kes", "KES, in capital letters"), ("timestamp", "1767600000", EPOCH_WITHOUT_FORMAT),
        ("timestamp", "1767600000000", EPOCH_WITHOUT_FORMAT),
    ],
)  # fmt: skip
def test_publishing_and_training_say_the_same_of_an_odd_value(
    field: str, value: str, hint: str, tmp_path: Path
) -> None:
    values = {"transaction_id": "t1", "amount": "5", "timestamp": "2026-01-05T10:00:00Z", "account_id": "x",
              "currency": "USD", "fraud": "0", field: value}  # fmt: skip
    text = f"{','.join(values)}\n{','.join(values.values())}\n"
    rows = CsvRows(io.BytesIO(text.encode()), "f.csv", PLAIN)
    refused = MessageBuilder(MessageOptions(), rows.columns).build(next(iter(rows)))  # type: ignore[arg-type]
    assert isinstance(refused, Refused)
    assert hint in refused.reason
    (tmp_path / "f.csv").write_text(text)
    with pytest.raises(DataRefused) as error:
        list(Loader(tmp_path / "f.csv", LoadOptions()).chunks())
    assert hint in str(error.value)
