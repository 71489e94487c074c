"""Transactions with what is known about them, as columns: loaders make them; fold, training, evaluation read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from contracts.label import Label
from contracts.transaction import Kind, Transaction
from features.columns import KIND_CODE, Rows, Texts, TransactionColumns, columns_of, joined_texts, joined_transactions
from features.plan import PLAN
from training.labels import forwarded, verdicts

_MONEY_BACK = tuple(KIND_CODE[kind] for kind in (Kind.REFUND, Kind.REVERSAL))
LABEL = np.dtype(  # one change of a verdict
    [
        ("row", "<i8"),  # of its transaction
        ("known_ms", "<i8"),  # when it was told
        ("effective_ms", "<i8"),  # from when it counts: not before the transaction's time + the label delay
        ("change", "i1"),  # +1 becomes fraud, -1 is fraud no longer
    ]
)


@dataclass(frozen=True, slots=True)
class Columns:
    """n transactions in log order, or a chunk of them, with their labels.

    `fraud` is the last verdict (none: legitimate). `labels` are the changes that led there; a chunk holds those of its
    own rows. `label_known_ms` is from when a row's verdict may be learned from: the later of its time + the label
    delay and the time at which its last change was told. `training.column_fold` makes vectors of columns.
    """

    transactions: TransactionColumns
    fraud: npt.NDArray[np.bool_]
    labels: npt.NDArray[np.void]  # LABEL
    label_known_ms: npt.NDArray[np.int64]
    typology: Texts  # of fraud, where the source knows it
    channel: Texts
    category: Texts
    left_out: npt.NDArray[np.bool_] | None = None  # rows that nothing is to be learned from, None: all may

    def __len__(self) -> int:
        return len(self.fraud)

    @property
    def time_ms(self) -> npt.NDArray[np.int64]:
        return self.transactions.time_ms

    @property
    def amount(self) -> npt.NDArray[np.float64]:
        """In major units of each row's own currency."""
        return self.transactions.amount

    @property
    def account(self) -> npt.NDArray[np.int64]:
        """A number for each (client, account)."""
        codes = self.transactions.account.codes.astype(np.int64)
        return self.transactions.client.astype(np.int64) * 2**32 + codes

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Rows to learn from: money that comes back is counted in the features, but nobody steals by a refund here."""
        kept = ~np.isin(self.transactions.kind, _MONEY_BACK)
        return kept if self.left_out is None else kept & ~self.left_out

    def take(self, rows: Rows) -> Self:
        """These rows, in this order, without their labels: to evaluate, not to fold."""
        return type(self)(
            transactions=self.transactions.take(rows),
            fraud=self.fraud[rows],
            labels=np.zeros(0, LABEL),
            label_known_ms=self.label_known_ms[rows],
            typology=self.typology.take(rows),
            channel=self.channel.take(rows),
            category=self.category.take(rows),
            left_out=None if self.left_out is None else self.left_out[rows],
        )


def simple_labels(
    time_ms: npt.NDArray[np.int64],
    fraud: npt.NDArray[np.bool_],
    known_ms: npt.NDArray[np.int64] | None = None,
    delay_ms: int = PLAN.label_delay,
) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int64]]:
    """(`labels`, `label_known_ms`) of rows with one verdict each, told at `known_ms` (nothing said: at their time)."""
    told = time_ms if known_ms is None else known_ms
    effective = np.maximum(told, time_ms + delay_ms)
    rows = np.flatnonzero(fraud)
    labels = np.zeros(len(rows), LABEL)
    labels["row"], labels["known_ms"], labels["effective_ms"], labels["change"] = rows, told[rows], effective[rows], 1
    return labels, effective


def columns_with_labels(
    transactions: Sequence[Transaction],
    labels: Iterable[Label],
    typology: Sequence[str | None] | None = None,
    delay_ms: int = PLAN.label_delay,
) -> Columns:
    """Columns of validated transactions, in log order, and whatever revisions of their labels there are."""
    known = list(labels)
    made = columns_of(transactions)
    row_of = {(t.client_id, t.transaction_id): row for row, t in enumerate(transactions)}
    changes = forwarded(transactions, known, delay_ms)
    table = np.zeros(len(changes), LABEL)
    label_known_ms = made.time_ms + delay_ms
    for number, (known_ms, record) in enumerate(changes):
        row = row_of[record.client_id, record.transaction_id]
        table[number] = (row, known_ms, record.effective_ms, record.change)
        label_known_ms[row] = max(label_known_ms[row], record.effective_ms)
    return Columns(
        transactions=made,
        fraud=np.array(verdicts(transactions, known), bool),
        labels=table,
        label_known_ms=label_known_ms,
        typology=Texts.of(typology or [None] * len(transactions)),
        channel=Texts.of(t.channel for t in transactions),
        category=Texts.of(t.merchant_category for t in transactions),
    )


def joined(chunks: Sequence[Columns]) -> Columns:
    """Chunks, one behind the other, as one."""
    starts = np.cumsum([0, *(len(chunk) for chunk in chunks)])
    labels = np.concatenate([np.zeros(0, LABEL), *(chunk.labels for chunk in chunks)])
    labels["row"] += np.repeat(starts[:-1], [len(chunk.labels) for chunk in chunks])
    return Columns(
        transactions=joined_transactions([chunk.transactions for chunk in chunks]),
        fraud=np.concatenate([chunk.fraud for chunk in chunks]),
        labels=labels,
        label_known_ms=np.concatenate([chunk.label_known_ms for chunk in chunks]),
        typology=joined_texts([chunk.typology for chunk in chunks]),
        channel=joined_texts([chunk.channel for chunk in chunks]),
        category=joined_texts([chunk.category for chunk in chunks]),
        left_out=np.concatenate([np.zeros(len(c), bool) if c.left_out is None else c.left_out for c in chunks]),
    )
