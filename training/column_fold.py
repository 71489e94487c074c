"""Columns through the kernel: the vectors that the stream would have computed, chunk by chunk."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from contracts.errors import DataRefused
from features.column_events import ColumnEventBuilder
from features.events import EventBatch
from features.fold import OfflineFold
from features.layout import EVENT, KIND_LABEL, NEVER, TABLES, Tables
from features.money import Money
from features.plan import Entity
from scoring.model import Vectors
from training.columns import Columns

CHUNK_ROWS = 125_000  # that loaders make at once: 113 MB of vectors; more would be fresh memory again and again (0020)


def _utc(_client: int) -> str:
    return "UTC"


class _Waiting(NamedTuple):
    """Label events that have not become known yet, in any order; one row each."""

    known_ms: npt.NDArray[np.int64]
    events: npt.NDArray[np.void]  # EVENT
    account: list[bytes]  # state keys
    merchant: list[bytes | None]


@dataclass
class _Log:
    """Puts labels between transactions: each after its own, and before the first one later than it was known."""

    waiting: _Waiting
    newest_ms: int = NEVER

    def merged(self, columns: Columns, batch: EventBatch) -> tuple[EventBatch, npt.NDArray[np.intp]]:
        """The chunk's events with the labels that fall into it, and where its transactions are among them."""
        latest = np.maximum.accumulate(np.append(self.newest_ms, columns.time_ms))[1:]
        self.newest_ms = int(latest[-1])
        own = np.append(np.zeros(len(self.waiting.known_ms), np.int64), columns.labels["row"] + 1)
        waiting = _added(self.waiting, columns, batch)
        position = np.maximum(np.searchsorted(latest, waiting.known_ms, side="right"), own)
        due = np.flatnonzero(position < len(latest))
        due = due[np.lexsort((waiting.known_ms[due], position[due]))]
        self.waiting = _chosen(waiting, np.flatnonzero(position == len(latest)))
        return _inserted(batch, _chosen(waiting, due), position[due])


def fold_columns(
    chunks: Iterable[Columns],
    money: Money | None = None,
    zone_of: Callable[[int], str] = _utc,
    tables: Tables = TABLES,
) -> Iterator[tuple[Columns, Vectors]]:
    """Each chunk with its vectors, float32 (rows, features), bit-equal to folding the records one by one.

    Chunks follow each other in log order; labels count when they were known, also those of earlier chunks. Memory:
    one chunk and the packed states. Raises DataRefused for a currency without a rate.
    """
    money = money or Money()
    builder = ColumnEventBuilder(money, zone_of)
    fold = OfflineFold(tables=tables)
    log = _Log(_Waiting(np.zeros(0, np.int64), np.zeros(0, EVENT), [], []))
    for columns in chunks:
        if not len(columns):
            continue
        check_currencies(columns, money)
        batch, rows = log.merged(columns, builder.batch(columns.transactions))
        vectors = fold.fold_events(batch).vectors
        yield columns, _kept(vectors, rows)


@nb.njit(cache=True)
def _moved(vectors, rows):  # type: ignore[no-untyped-def]
    for to in range(rows.shape[0]):
        if rows[to] != to:
            for column in range(vectors.shape[1]):
                vectors[to, column] = vectors[rows[to], column]


def _kept(vectors: Vectors, rows: npt.NDArray[np.intp]) -> Vectors:
    """`vectors[rows]` for rising rows, in place: another array of this size costs as much time as the fold."""
    _moved(vectors, rows)
    return vectors[: len(rows)]


def check_currencies(columns: Columns, money: Money) -> None:
    """Raises DataRefused for a currency without a rate."""
    texts = columns.transactions.currency
    used = {texts.values()[code] if code >= 0 else money.default for code in np.unique(texts.codes).tolist()}
    unknown = sorted(currency for currency in used if not money.knows(currency))
    if unknown:
        raise DataRefused(f"there is no exchange rate for {', '.join(unknown)}; add it to CURRENCY_RATES")


def _added(waiting: _Waiting, columns: Columns, batch: EventBatch) -> _Waiting:
    """With the labels of this chunk's own transactions."""
    labels = columns.labels
    rows = labels["row"]
    events = np.zeros(len(labels), EVENT)
    events["time"], events["id"] = batch.events["time"][rows], batch.events["id"][rows]
    events["effective"], events["change"], events["kind"] = labels["effective_ms"], labels["change"], KIND_LABEL
    account = batch.entity_of[rows, Entity.ACCOUNT].tolist()
    merchant = batch.entity_of[rows, Entity.MERCHANT].tolist()
    return _Waiting(
        np.concatenate([waiting.known_ms, labels["known_ms"]]),
        np.concatenate([waiting.events, events]),
        waiting.account + [batch.keys[e] for e in account],
        waiting.merchant + [batch.keys[e] if e >= 0 else None for e in merchant],
    )


def _chosen(waiting: _Waiting, numbers: npt.NDArray[np.intp]) -> _Waiting:
    listed = numbers.tolist()
    return _Waiting(
        waiting.known_ms[numbers],
        waiting.events[numbers],
        [waiting.account[i] for i in listed],
        [waiting.merchant[i] for i in listed],
    )


def _inserted(
    batch: EventBatch, labels: _Waiting, position: npt.NDArray[np.intp]
) -> tuple[EventBatch, npt.NDArray[np.intp]]:
    """`labels` before the transactions at `position` (rising)."""
    n, more = len(batch.events), len(labels.events)
    rows = np.arange(n) + np.searchsorted(position, np.arange(n), side="right")
    if not more:
        return batch, rows
    at = position + np.arange(more)
    events = np.empty(n + more, EVENT)
    events[rows], events[at] = batch.events, labels.events
    index = {key: e for e, key in enumerate(batch.keys)}
    entity_of = np.full((n + more, len(Entity)), -1, np.int32)
    entity_of[rows] = batch.entity_of
    entity_of[at, Entity.ACCOUNT] = [index.setdefault(key, len(index)) for key in labels.account]
    entity_of[at, Entity.MERCHANT] = [
        -1 if key is None else index.setdefault(key, len(index)) for key in labels.merchant
    ]
    return EventBatch(events, entity_of, list(index), np.array([key[0] for key in index], np.int64)), rows
