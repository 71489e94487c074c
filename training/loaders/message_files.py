"""Transactions and labels as they went to the topics, in two JSON lines files."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from contracts.deadletter import Rejection
from contracts.errors import DataRefused
from contracts.label import Label, decode_label
from contracts.look_alikes import complaint_about_ids, complaint_about_label
from contracts.transaction import Transaction, decode_transaction
from training.columns import Columns
from training.loaders.messages import labelled_chunks

LINE_BYTES_MAX = 1_048_576  # as the input topics' default limit


def message_columns(data: Path, labels: Path) -> Iterator[Columns]:
    """Transactions in log order and labels in any order, one JSON object a line (`.gz` is unpacked), in chunks.

    Raises DataRefused, naming the line, for a line that is no transaction or label, and for a transaction id that
    comes twice.
    """
    yield from labelled_chunks(_transactions(data), _labels(labels))


def _transactions(path: Path) -> Iterator[Transaction]:
    seen: dict[tuple[int, str], int] = {}
    for number, line in _lines(path):
        transaction = decode_transaction(line)
        if isinstance(transaction, Rejection):
            raise DataRefused(f"{path}, line {number} is not a transaction: {transaction.detail}")
        if complaint := complaint_about_ids(transaction):
            raise DataRefused(f"{path}, line {number} is not a transaction: {complaint}")
        key = (transaction.client_id, transaction.transaction_id)
        if seen.setdefault(key, number) != number:
            raise DataRefused(f"{path}, line {number} repeats the transaction of line {seen[key]}: {key[1]}")
        yield transaction


def _labels(path: Path) -> Iterator[Label]:
    for number, line in _lines(path):
        label = decode_label(line)
        if isinstance(label, Rejection):
            raise DataRefused(f"{path}, line {number} is not a label: {label.detail}")
        if complaint := complaint_about_label(label):
            raise DataRefused(f"{path}, line {number} is not a label: {complaint}")
        yield label


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with _open(path) as file:
            number = 0
            while line := file.readline(LINE_BYTES_MAX + 1):
                number += 1
                if len(line) > LINE_BYTES_MAX:
                    raise DataRefused(f"{path}, line {number} is longer than {LINE_BYTES_MAX} bytes")
                if line.strip():
                    yield number, line
    except (OSError, EOFError) as error:
        raise DataRefused(f"{path} cannot be read: {error}") from error


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
