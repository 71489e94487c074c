"""Files give the same vectors as the simulation they were written from; what is wrong is named with its line."""

import gzip
from pathlib import Path

import pytest

from contracts.errors import DataRefused
from contracts.label import encode_label
from contracts.transaction import encode_transaction
from features.money import Money
from tests.training.small_world import small_world
from training.datasets import from_files
from training.vectors import vectors_of

GOOD = b'{"transaction_id": "t1", "amount": 5, "timestamp": "2026-01-01T00:00:00Z", "account_id": "a"}'
LABEL = b'{"transaction_id": "t1", "fraud": true, "known_at": "2026-01-02T00:00:00Z"}'


def files(folder: Path, transactions: bytes, labels: bytes) -> tuple[Path, Path]:
    (folder / "data.jsonl").write_bytes(transactions)
    (folder / "labels.jsonl").write_bytes(labels)
    return folder / "data.jsonl", folder / "labels.jsonl"


def test_a_simulation_through_files_is_the_same_simulation(tmp_path: Path) -> None:
    made = small_world(3000)
    data, labels = tmp_path / "data.jsonl.gz", tmp_path / "labels.jsonl"
    data.write_bytes(gzip.compress(b"\n".join(encode_transaction(t) for t in made.transactions) + b"\n"))
    labels.write_bytes(b"\n".join(encode_label(label) for label in reversed(made.labels)))
    read = from_files(data, labels)
    assert read.transactions == made.transactions
    assert read.fraud.tolist() == made.fraud.tolist()
    assert vectors_of(read).tobytes() == vectors_of(made).tobytes()


def test_blank_lines_are_skipped_and_a_payment_without_a_label_is_legitimate(tmp_path: Path) -> None:
    other = GOOD.replace(b"t1", b"t2")
    dataset = from_files(*files(tmp_path, GOOD + b"\n\n" + other, LABEL + b"\n"))
    assert dataset.fraud.tolist() == [True, False]


@pytest.mark.parametrize(
    ("transactions", "labels", "match"),
    [
        (b"{", LABEL, "data.jsonl, line 1 is not a transaction"),
        (GOOD + b"\n" + GOOD.replace(b"5", b"-5"), LABEL, "line 2 is not a transaction"),
        (GOOD + b"\n\n" + GOOD, LABEL, "line 3 repeats the transaction of line 1: t1"),
        (GOOD, b"\xff\xfe", "labels.jsonl, line 1 is not a label"),
        (GOOD, LABEL + b"\n{}", "labels.jsonl, line 2 is not a label"),
        (b"x" * 2_000_000, LABEL, "line 1 is longer than"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, transactions: bytes, labels: bytes, match: str) -> None:
    with pytest.raises(DataRefused, match=match):
        from_files(*files(tmp_path, transactions, labels))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    data, labels = files(tmp_path, GOOD, LABEL)
    with pytest.raises(DataRefused, match="cannot be read"):
        from_files(tmp_path / "nowhere.jsonl", labels)
    broken = tmp_path / "data.jsonl.gz"
    broken.write_bytes(gzip.compress(data.read_bytes())[:-10])
    with pytest.raises(DataRefused, match="cannot be read"):
        from_files(broken, labels)


def test_a_currency_without_a_rate_is_refused_before_the_work(tmp_path: Path) -> None:
    exotic = GOOD.replace(b'"amount"', b'"currency": "XAF", "amount"')
    dataset = from_files(*files(tmp_path, exotic, LABEL))
    money = Money()
    if money.knows("XAF"):
        money._factors.pop("XAF")
    with pytest.raises(DataRefused, match="no exchange rate for XAF"):
        vectors_of(dataset, money)
