"""Transactions with what is known about them: from the simulator, or from JSON lines files."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt

from contracts.deadletter import Rejection
from contracts.errors import DataRefused
from contracts.label import Label, decode_label
from contracts.transaction import Kind, Transaction, decode_transaction
from training.labels import verdicts
from training.progress import SILENT, Progress
from training.simulator.history import training_transactions
from training.simulator.labels import labels_of
from training.simulator.rows import SimulatedTransaction

LINE_BYTES_MAX = 1_048_576  # as the input topics' default limit
_MONEY_BACK = (Kind.REFUND, Kind.REVERSAL)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Transactions in log order; `fraud` and `typology` are the truth as known at the end, `labels` when it came."""

    transactions: list[Transaction]
    labels: list[Label]
    fraud: npt.NDArray[np.bool_]
    typology: list[str | None]
    description: dict[str, str | int | float] = field(default_factory=dict)

    @property
    def time_ms(self) -> npt.NDArray[np.int64]:
        return np.fromiter((t.event_time_ms for t in self.transactions), np.int64, len(self.transactions))

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Rows to learn from: money that comes back is counted in the features, but nobody steals by a refund here."""
        kept = (t.kind not in _MONEY_BACK for t in self.transactions)
        return np.fromiter(kept, np.bool_, len(self.transactions))


def simulated(transactions: int, seed: int, progress: Progress = SILENT) -> Dataset:
    """The simulator's history of `seed` for a first model, with labels as late as they come there."""
    told = []
    with progress.stage("simulate", transactions) as advance:
        for one in training_transactions(transactions, seed=seed):
            told.append(one)
            if len(told) % 1000 == 0:
                advance(len(told))
    return told_by_simulator(told, {"source": "simulator", "simulator_seed": seed})


def told_by_simulator(told: list[SimulatedTransaction], description: dict[str, str | int | float]) -> Dataset:
    """Simulated transactions in event-time order with the truth about them and the labels that come of it."""
    return Dataset(
        transactions=[one.transaction for one in told],
        labels=list(labels_of(told)),
        fraud=np.array([one.fraud for one in told], bool),
        typology=[one.typology for one in told],
        description=description,
    )


def from_files(data: Path, labels: Path, progress: Progress = SILENT) -> Dataset:
    """Transactions in log order and labels in any order, one JSON object a line (`.gz` is unpacked).

    A transaction without a label counts as legitimate. Raises DataRefused, naming the line, for a line that is no
    transaction or label, and for a transaction id that comes twice.
    """
    with progress.stage("read", 2) as advance:
        transactions = list(_transactions(data))
        advance(1)
        known = list(_labels(labels))
    return Dataset(
        transactions=transactions,
        labels=known,
        fraud=np.array(verdicts(transactions, known), bool),
        typology=[None] * len(transactions),
        description={"source": "files", "data": data.name, "labels": labels.name},
    )


def _transactions(path: Path) -> Iterator[Transaction]:
    seen: dict[tuple[int, str], int] = {}
    for number, line in _lines(path):
        transaction = decode_transaction(line)
        if isinstance(transaction, Rejection):
            raise DataRefused(f"{path}, line {number} is not a transaction: {transaction.detail}")
        key = (transaction.client_id, transaction.transaction_id)
        if seen.setdefault(key, number) != number:
            raise DataRefused(f"{path}, line {number} repeats the transaction of line {seen[key]}: {key[1]}")
        yield transaction


def _labels(path: Path) -> Iterator[Label]:
    for number, line in _lines(path):
        label = decode_label(line)
        if isinstance(label, Rejection):
            raise DataRefused(f"{path}, line {number} is not a label: {label.detail}")
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
