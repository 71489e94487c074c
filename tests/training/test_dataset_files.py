"""Files give the same vectors as the simulation they were written from; what is wrong is named with its line."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from contracts.errors import DataRefused
from contracts.label import encode_label
from contracts.transaction import encode_transaction
from features.money import Money
from tests.training.small_world import small_world
from training.column_fold import fold_columns
from training.columns import Columns, joined
from training.loaders import messages
from training.loaders.message_files import message_columns
from training.vectors import vectors_of

GOOD = b'{"transaction_id": "t1", "amount": 5, "timestamp": "2026-01-01T00:00:00Z", "account_id": "a"}'
LABEL = b'{"transaction_id": "t1", "fraud": true, "known_at": "2026-01-02T00:00:00Z"}'


def files(folder: Path, transactions: bytes, labels: bytes) -> tuple[Path, Path]:
    (folder / "data.jsonl").write_bytes(transactions)
    (folder / "labels.jsonl").write_bytes(labels)
    return folder / "data.jsonl", folder / "labels.jsonl"


def read_files(data: Path, labels: Path) -> Columns:
    return joined(list(message_columns(data, labels)))


def test_a_simulation_through_files_is_the_same_simulation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "CHUNK_ROWS", 700)
    made = small_world(3000)
    data, labels = tmp_path / "data.jsonl.gz", tmp_path / "labels.jsonl"
    data.write_bytes(gzip.compress(b"\n".join(encode_transaction(t) for t in made.transactions) + b"\n"))
    labels.write_bytes(b"\n".join(encode_label(label) for label in reversed(made.labels)))
    chunks = list(message_columns(data, labels))
    assert len(chunks) == 5
    assert joined(chunks).fraud.tolist() == made.fraud.tolist()
    vectors = np.concatenate([vectors for _, vectors in fold_columns(chunks)])
    assert vectors.tobytes() == vectors_of(made).tobytes()


def test_blank_lines_are_skipped_and_a_payment_without_a_label_is_legitimate(tmp_path: Path) -> None:
    other = GOOD.replace(b"t1", b"t2")
    columns = read_files(*files(tmp_path, GOOD + b"\n\n" + other, LABEL + b"\n"))
    assert columns.fraud.tolist() == [True, False]


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
        read_files(*files(tmp_path, transactions, labels))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    data, labels = files(tmp_path, GOOD, LABEL)
    with pytest.raises(DataRefused, match="cannot be read"):
        read_files(tmp_path / "nowhere.jsonl", labels)
    broken = tmp_path / "data.jsonl.gz"
    broken.write_bytes(gzip.compress(data.read_bytes())[:-10])
    with pytest.raises(DataRefused, match="cannot be read"):
        read_files(broken, labels)


def test_a_currency_without_a_rate_is_refused(tmp_path: Path) -> None:
    exotic = GOOD.replace(b'"amount"', b'"currency": "XAF", "amount"')
    chunks = message_columns(*files(tmp_path, exotic, LABEL))
    money = Money()
    if money.knows("XAF"):
        money._factors.pop("XAF")
    with pytest.raises(DataRefused, match="no exchange rate for XAF"):
        list(fold_columns(chunks, money))
