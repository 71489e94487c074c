"""Files of any kind give the same columns; what is wrong is named with file, line, column and value, or counted."""

import csv
import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from contracts.errors import DataRefused
from contracts.transaction import Transaction
from features.column_events import ColumnEventBuilder
from features.events import EventBuilder
from features.plan import DAY
from riskstream_client.errors import FileError
from riskstream_client.input_file import InputFile
from riskstream_client.mapping import HANDBOOK as HANDBOOK_FORMAT
from riskstream_client.mapping import Mapping, mapping_of
from riskstream_client.times import zone_of
from training.columns import Columns, joined
from training.loaders import tables
from training.loaders.load import Loader
from training.loaders.options import LoadOptions, OnBadRow

HEADER = "transaction_id,timestamp,account_id,amount,merchant_id,currency,kind,latitude,longitude,ip_address,fraud"
ROWS = [
    "t1,2026-01-05T10:00:00Z,a,5.25,m,EUR,,-1.28,36.82,10.0.0.1,0",
    "t2,2026-01-05T10:00:00.250Z,b,7,,,declined,,,::ffff:10.0.0.1,1",
    'ümlaut,2026-01-05T11:30:00+01:00,"a, b",1e3,m,JPY,payment,,,,true',
]
DROP = LoadOptions(on_bad_row=OnBadRow.DROP)


def write(folder: Path, text: str, name: str = "data.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def loaded(path: Path, options: LoadOptions | None = None) -> Columns:
    return joined(list(Loader(path, options or LoadOptions()).chunks()))


def csv_text(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


def expected_transactions() -> list[Transaction]:
    at = datetime(2026, 1, 5, 10, tzinfo=UTC)
    return [
        Transaction(
            transaction_id="t1", timestamp=at, account_id="a", amount=5.25, merchant_id="m", currency="EUR",
            latitude=-1.28, longitude=36.82, ip_address="10.0.0.1",
        ),
        Transaction(
            transaction_id="t2", timestamp=at + timedelta(milliseconds=250), account_id="b", amount=7.0,
            kind="declined", ip_address="10.0.0.1",  # type: ignore[arg-type]
        ),
        Transaction(
            transaction_id="ümlaut", timestamp=at + timedelta(minutes=30), account_id="a, b", amount=1000.0,
            merchant_id="m", currency="JPY",
        ),
    ]  # fmt: skip


def as_rows() -> list[dict[str, object]]:
    names = HEADER.split(",")
    rows = [dict(zip(names, cells, strict=True)) for cells in csv.reader(ROWS)]
    return [{name: value for name, value in row.items() if value} for row in rows]


def as_json(folder: Path) -> Path:
    rows = [{**row, "amount": float(str(row["amount"])), "fraud": row["fraud"] in ("1", "true")} for row in as_rows()]
    text = "\n\n".join(json.dumps(row) for row in rows)
    (folder / "data.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    return folder / "data.jsonl.gz"


def as_parquet(folder: Path) -> Path:
    rows = as_rows()
    table = pa.table(
        {
            "transaction_id": [row["transaction_id"] for row in rows],
            "timestamp": pa.array([t.timestamp for t in expected_transactions()], pa.timestamp("us", "UTC")),
            "account_id": pa.array([row["account_id"] for row in rows]).dictionary_encode(),
            "amount": [float(str(row["amount"])) for row in rows],
            "fraud": [False, True, True],
            **{
                name: pa.array([row.get(name) for row in rows])
                for name in ("merchant_id", "currency", "kind", "ip_address")
            },
            "latitude": [-1.28, None, None],
            "longitude": [36.82, None, None],
        }
    )
    parquet.write_table(table, folder / "data.parquet", row_group_size=2)
    return folder / "data.parquet"


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "jsonl", "parquet"])
def test_every_kind_of_file_gives_the_same_columns(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, csv_text(*ROWS))
    if kind == "csv.gz":
        (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / "packed.csv.gz"
    elif kind != "csv":
        path = as_json(tmp_path) if kind == "jsonl" else as_parquet(tmp_path)
    columns = loaded(path)
    one_by_one = EventBuilder().batch(expected_transactions())
    assert ColumnEventBuilder().batch(columns.transactions).events.tobytes() == one_by_one.events.tobytes()
    assert columns.fraud.tolist() == [False, True, True]
    assert columns.labels["effective_ms"].tolist() == (columns.time_ms[1:] + 7 * DAY).tolist()


def test_chunks_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"t{i},2026-01-05T10:{i % 60:02}:00Z,a{i % 7},{i + 1}.5,m{i % 3},,,,,,{i % 5 == 0}" for i in range(60)]
    path = write(tmp_path, csv_text(*rows))
    whole = loaded(path)
    monkeypatch.setattr(tables, "CHUNK_ROWS", 7)
    monkeypatch.setattr(tables, "BLOCK_BYTES", 256)
    chunks = list(Loader(path, LoadOptions()).chunks())
    assert len(chunks) > 5
    again = joined(chunks)
    assert again.transactions.transaction_id.texts() == whole.transactions.transaction_id.texts()
    assert again.transactions.account.texts() == whole.transactions.account.texts()
    assert again.labels.tolist() == whole.labels.tolist()


def test_other_names_and_constants_by_a_yaml_file(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "columns:\n  transaction_id: ID\n  timestamp: When\n  phone_number: Phone\n  amount: Value\n  fraud: Bad\n"
        "  known_at: Told\nconstants:\n  currency: KES\n"
    )
    path = write(
        tmp_path,
        "ID;When;Phone;Value;Bad;Told\n1;05.01.2026 13:00;+254700000001;10;yes;25.01.2026 13:00\n",
    )
    options = LoadOptions(mapping_of([], [], mapping), time_format="%d.%m.%Y %H:%M", zone=zone_of("Africa/Nairobi"))
    columns = loaded(path, options)
    at = int(datetime(2026, 1, 5, 10, tzinfo=UTC).timestamp()) * 1000
    assert columns.time_ms.tolist() == [at]
    assert columns.transactions.account.texts() == ["+254700000001"]
    assert columns.transactions.currency.texts() == ["KES"]
    assert columns.label_known_ms.tolist() == [at + 20 * DAY]


def test_naive_times_are_in_the_given_zone(tmp_path: Path) -> None:
    path = write(tmp_path, csv_text("t1,2026-01-05 10:00:00,a,1,,,,,,,0"))
    utc, nairobi = loaded(path), loaded(path, LoadOptions(zone=zone_of("Africa/Nairobi")))
    assert utc.time_ms[0] - nairobi.time_ms[0] == 3 * 3_600_000


def test_the_handbook_format(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD,TX_FRAUD_SCENARIO\n"
        "0,2018-04-01 00:00:31,596,3156,57.16,0,0\n1,2018-04-01 00:02:10,4961,3412,0.0,0,0\n"
        "2,2018-04-01 00:07:56,2,1365,146.0,1,2\n",
    )
    with pytest.raises(DataRefused, match=r"line 3, column TX_AMOUNT, value '0.0': not above 0"):
        loaded(path, LoadOptions(HANDBOOK_FORMAT))
    columns = loaded(path, LoadOptions(HANDBOOK_FORMAT, keep_zero_amounts=True))
    assert columns.typology.texts() == [None, None, "2"]
    assert columns.transactions.merchant.texts() == ["3156", "3412", "1365"]


GOOD = "t1,2026-01-05T10:00:00Z,a,5,m,EUR,,,,,0"


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ("t2,2026-01-05T10:00:00Z,a,-5,m,EUR,,,,,0", r"line 3, column amount, value '-5': not above 0"),
        ("t2,2026-01-05T10:00:00Z,a,0,m,EUR,,,,,0", r"column amount, value '0': not above 0"),
        ("t2,2026-01-05T10:00:00Z,a,nan,m,EUR,,,,,0", r"column amount, value 'nan': not a number"),
        ("t2,2026-01-05T10:00:00Z,a,ten,m,EUR,,,,,0", r"column amount, value 'ten': not a number"),
        ("t2,2026-01-05T10:00:00Z,a,,m,EUR,,,,,0", r"column amount, value '': not a number"),
        ("t2,2026-01-05T10:00:00Z,a,1e13,m,EUR,,,,,0", r"column amount, value '1e13': above"),
        ("t2,yesterday,a,5,m,EUR,,,,,0", r"column timestamp, value 'yesterday': cannot be read as a time"),
        ("t2,1926-01-05T10:00:00Z,a,5,m,EUR,,,,,0", r"column timestamp, .* outside the years 2000 to 2099"),
        ("t2,2026-01-05T09:00:00Z,a,5,m,EUR,,,,,0", r"line 3, column timestamp, .* is older than the row before it"),
        ("t1,2026-01-05T10:00:00Z,a,5,m,EUR,,,,,0", r"line 3, column transaction_id, value 't1': came before"),
        (",2026-01-05T10:00:00Z,a,5,m,EUR,,,,,0", r"column transaction_id, value '': missing"),
        ("t2,2026-01-05T10:00:00Z,,5,m,EUR,,,,,0", r"column account_id, value '': missing"),
        ("t2,2026-01-05T10:00:00Z,a,5,m,EURO,,,,,0", r"column currency, value 'EURO'"),
        ("t2,2026-01-05T10:00:00Z,a,5,m,XXQ,,,,,0", r"column currency, value 'XXQ': no ISO 4217"),
        ("t2,2026-01-05T10:00:00Z,a,5,m,EUR,gift,,,,0", r"column kind, value 'gift': none of payment"),
        ("t2,2026-01-05T10:00:00Z,a,5,m,EUR,,91,3,,0", r"column latitude, value '91': not a number between"),
        ("t2,2026-01-05T10:00:00Z,a,5,m,EUR,,9,,,0", r"latitude and longitude come together"),
        ("t2,2026-01-05T10:00:00Z,a,5,m,EUR,,,,1.2.3,0", r"column ip_address, value '1.2.3': not an IPv4"),
        ("t2,2026-01-05T10:00:00Z,a,5,m,EUR,,,,,maybe", r"column fraud, value 'maybe': neither fraud"),
        ("t2,2026-01-05T10:00:00Z,a,5,m\x01,EUR,,,,,0", r"column merchant_id, .* control characters"),
        ("t2,2026-01-05T10:00:00Z," + "a" * 129 + ",5,m,EUR,,,,,0", r"column account_id, .* longer than 128"),
        ("t2,2026-01-05T10:00:00Z,a", r"line 3 has 3 columns; the header has 11"),
    ],
)
def test_a_bad_row_is_refused_by_name(tmp_path: Path, row: str, match: str) -> None:
    path = write(tmp_path, csv_text(GOOD, row))
    with pytest.raises(DataRefused, match=match) as refused:
        loaded(path)
    assert str(path) in str(refused.value)


def test_bad_rows_can_be_left_out_and_are_counted(tmp_path: Path) -> None:
    rows = [
        GOOD,
        "t2,x,a,5,m,,,,,,1",
        "",
        "t3,2026-01-05T10:00:00Z,a,0,m,,,,,,1",
        "t1,2026-01-05T10:00:01Z,a,5,m,,,,,,1",
    ]
    rows += ["short", "t4,2026-01-05T10:00:02Z,a,5,m,,,,,,1", "t5,nonsense,a,5,m,,,,,,0"]
    loader = Loader(write(tmp_path, csv_text(*rows)), DROP)
    columns = joined(list(loader.chunks()))
    assert columns.transactions.transaction_id.texts() == ["t1", "t4"]
    assert columns.labels["row"].tolist() == [1]
    assert loader.dropped.total() == 5
    assert (
        sum(n for reason, n in loader.dropped.items() if reason.startswith("timestamp: cannot be read as a time")) == 2
    )
    assert "line 5" in loader.first_dropped["amount: not above 0: the stream refuses it"]
    assert "line 6" in loader.first_dropped["transaction_id: came before in the file"]


def test_a_repeat_in_a_later_chunk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"t{i % 40},2026-01-05T10:00:{i:02}Z,a,5,m,,,,,,0" for i in range(41)]
    monkeypatch.setattr(tables, "CHUNK_ROWS", 5)
    monkeypatch.setattr(tables, "BLOCK_BYTES", 256)
    with pytest.raises(DataRefused, match="line 42, column transaction_id, value 't0': came before"):
        loaded(write(tmp_path, csv_text(*rows)))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (
            "a,b\n1,2\n",
            r"has no column transaction_id, amount, timestamp, account_id \(or phone_number\); it has: a, b",
        ),
        ("", "has no column"),
        (HEADER + "\n", "holds no transactions"),
        ("a,a\n1,2\n", "more than one column named a"),
    ],
)
def test_a_file_without_what_is_needed_is_refused(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(DataRefused, match=match):
        loaded(write(tmp_path, text))


def test_a_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(csv_text(*[GOOD.replace("t1", f"t{i}") for i in range(5000)]).encode())
    (tmp_path / "data.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataRefused, match="cannot be read"):
        loaded(tmp_path / "data.csv.gz")
    with pytest.raises(DataRefused, match="cannot be read"):
        loaded(tmp_path / "nowhere.csv")


def test_a_line_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, '{"transaction_id": "t"}\n\n[1]\n', "data.jsonl")
    with pytest.raises(DataRefused, match=r"line 3 is not a JSON object|line 1"):
        loaded(path)


def test_a_mapping_may_name_columns_of_a_json_file(tmp_path: Path) -> None:
    line = {"id": 7, "timestamp": 1_767_607_200_000, "account_id": "a", "amount": 3, "client_id": 4}
    path = write(tmp_path, json.dumps(line) + "\n", "data.jsonl")
    columns = loaded(path, LoadOptions(Mapping({"transaction_id": "id"}, {}), time_format="epoch-ms"))
    assert columns.time_ms.tolist() == [1_767_607_200_000]
    assert columns.transactions.client.tolist() == [4]
    assert np.isnan(columns.transactions.latitude).all()


def test_numbers_with_a_decimal_comma(tmp_path: Path) -> None:
    rows = [f"t{n};2026-01-05T10:00:0{n}Z;a;{amount};0" for n, amount in enumerate(["1.234,56", "7", "0,5"])]
    head = "transaction_id;timestamp;account_id;amount;fraud"
    options = LoadOptions(decimal_comma=True)
    columns = loaded(write(tmp_path, "\n".join([head, *rows]) + "\n"), options)
    assert columns.amount.tolist() == [1234.56, 7.0, 0.5]
    for amount in ("5.25", "1.23,4", "1,2,3"):
        bad = write(tmp_path, "\n".join([head, f"t;2026-01-05T10:00:00Z;a;{amount};0"]) + "\n")
        with pytest.raises(DataRefused, match="not a number"):
            loaded(bad, options)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("f.xlsx", b"PK\x03\x04\x14\x00\x06\x00\x93", "an Excel workbook"),
        ("f.csv", b"PK\x03\x04\x14\x00\x06\x00\x93", "an Excel workbook"),
        ("f.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "an old Excel workbook"),
        ("f.pdf", b"%PDF-1.7\n\xe2\xe3\xcf\xd3", "a PDF document"),
        ("f.jsonl", b"SQLite format 3\x00", "a database"),
    ],
)
def test_a_file_that_is_no_text_is_named(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataRefused, match=f"is {kind}"):
        loaded(path)
    with pytest.raises(FileError, match=f"is {kind}"):
        InputFile(str(path))


def test_another_encoding_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes("Zeit;Betrag;Empf\xe4nger\n".encode("latin-1"))
    with pytest.raises(DataRefused, match="name its encoding"):
        loaded(path)


def test_a_preamble_and_a_header_that_comes_again(tmp_path: Path) -> None:
    head = "transaction_id;amount;timestamp;account_id;fraud"
    rows = "t1;1,50;05.01.2026 10:00;a;0\n", "t2;2,50;05.01.2026 11:00;a;1\n"
    path = tmp_path / "f.csv"
    path.write_text(f"Statement 7\n\n{head}\n{rows[0]}{head}\n{rows[1]}", "latin-1")
    options = LoadOptions(skip_lines=2, decimal_comma=True, time_format="dmy", encoding="latin-1")
    with pytest.raises(DataRefused, match="line 5 repeats the header"):
        loaded(path, options)
    columns = loaded(path, replace(options, on_bad_row=OnBadRow.DROP))
    assert columns.transactions.amount.tolist() == [1.5, 2.5]
    with pytest.raises(DataRefused, match="no header after 20 lines"):
        loaded(path, LoadOptions(skip_lines=20))
