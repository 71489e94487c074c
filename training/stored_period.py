"""A stored period as arrays: vectors as they were stored, or folded anew from the stored messages.

Stored vectors are what the stream served, so those of this catalogue are taken as they are. Where there are others (the
catalogue changed since, or a decision was made without the state), messages and labels are put through the kernel
again, in order of event time, from WARM_MS before the period on: as a stream would have computed them whose log is in
that order.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.decision import Recommendation
from contracts.errors import DataRefused
from contracts.label import ForwardedLabel
from contracts.transaction import Transaction, decode_transaction
from features.catalogue import CATALOGUE_HASH, FEATURE_NAMES
from features.events import EventBuilder, Record
from features.fold import OfflineFold
from features.layout import AMOUNT_SCALE
from features.money import Money
from features.plan import DAY
from scoring.model import Vectors
from storage.backtest_rows import KnownLabel, StoredPeriod, StoredRow
from storage.database import Pool

WARM_MS = 40 * DAY  # longer than anything that a feature can read, as retention keeps it
VECTOR_BYTES = 4 * len(FEATURE_NAMES)
LEVELS = tuple(Recommendation)  # approve, review, flag, decline
_LEVEL = {recommendation.value: level for level, recommendation in enumerate(LEVELS)}

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Chunk:
    """n decided transactions in order of event time, arrays of shape (n,), vectors float32 (n, features).

    `usable`: the vector is there (the others are NaN). `level` is what was decided, as a number in LEVELS. `amount` is
    in the base currency. `labelled` says that there is a label, `fraud` what the last one said.
    """

    transactions: Sequence[Transaction]
    vectors: Vectors
    usable: Booleans
    client: Integers
    time_ms: Integers
    amount: Floats
    level: Integers
    score: Floats
    degraded: Booleans
    labelled: Booleans
    fraud: Booleans

    def __len__(self) -> int:
        return len(self.transactions)


async def stored_chunks(
    pool: Pool,
    start_ms: int,
    stop_ms: int,
    money: Money,
    *,
    client_id: int | None = None,
    zone_of: Callable[[int], str] = lambda _client: "UTC",
    refold: bool | None = None,
) -> AsyncIterator[Chunk]:
    """Event times in [start, stop) in chunks. `refold`: None where it is needed, because another catalogue was served.

    Raises StoreUnavailable, and DataRefused if a stored message can no longer be read.
    """
    period = StoredPeriod(pool, start_ms, stop_ms, client_id)
    if refold is None:
        refold = await period.holds_other_catalogues(CATALOGUE_HASH)
    if not refold:
        async for rows in period.rows():
            yield _chunk(rows, [_read(row) for row in rows], _stored(rows), money)
        return
    fold = OfflineFold(EventBuilder(money, zone_of))
    async for rows, transactions, vectors in _folded(pool, fold, start_ms - WARM_MS, stop_ms, client_id):
        inside = [i for i, row in enumerate(rows) if row.event_time_ms >= start_ms]
        if inside:
            yield _chunk([rows[i] for i in inside], [transactions[i] for i in inside], vectors[inside], money)


async def _folded(
    pool: Pool, fold: OfflineFold, start_ms: int, stop_ms: int, client_id: int | None
) -> AsyncIterator[tuple[list[StoredRow], list[Transaction], Vectors]]:
    known_from = 0  # labels of older transactions too
    async for rows in StoredPeriod(pool, start_ms, stop_ms, client_id).rows():
        until = rows[-1].event_time_ms
        labels = await StoredPeriod(pool, known_from, until, client_id).labels()
        known_from = until
        told = [(label.known_at_ms, _forwarded(label)) for label in labels]
        transactions = [_read(row) for row in rows]
        records = _merged(transactions, told)
        made = fold.fold(records).vectors
        is_transaction = np.array([type(record) is Transaction for record in records])
        yield rows, transactions, made[is_transaction]


def _forwarded(label: KnownLabel) -> ForwardedLabel:
    return ForwardedLabel(
        client_id=label.client_id,
        transaction_id=label.transaction_id,
        revision=label.revision,
        account=label.account,
        merchant_id=label.merchant_id,
        event_time_ms=label.event_time_ms,
        effective_ms=label.effective_ms,
        change=label.change,
    )


def _merged(transactions: Sequence[Transaction], labels: Sequence[tuple[int, ForwardedLabel]]) -> list[Record]:
    """Each label before the first transaction after it became known."""
    merged: list[Record] = []
    position = 0
    for transaction in transactions:
        while position < len(labels) and labels[position][0] < transaction.event_time_ms:
            merged.append(labels[position][1])
            position += 1
        merged.append(transaction)
    return merged + [label for _, label in labels[position:]]


def _read(row: StoredRow) -> Transaction:
    value = decode_transaction(row.body)
    if not isinstance(value, Transaction):
        raise DataRefused(f"the stored transaction {row.transaction_id!r} can no longer be read: {value.detail}")
    # Over HTTP the client comes from the credential, so the decision's client is the one that counts.
    return value if value.client_id == row.client_id else msgspec.structs.replace(value, client_id=row.client_id)


def _stored(rows: Sequence[StoredRow]) -> Vectors:
    vectors = np.full((len(rows), len(FEATURE_NAMES)), np.nan, np.float32)
    usable = _usable(rows)
    packed = b"".join(row.vector for row, good in zip(rows, usable.tolist(), strict=True) if good)
    vectors[usable] = np.frombuffer(packed, "<f4").reshape(-1, len(FEATURE_NAMES))
    return vectors


def _usable(rows: Sequence[StoredRow]) -> Booleans:
    return np.array(
        [not row.degraded and len(row.vector) == VECTOR_BYTES and row.catalogue_hash == CATALOGUE_HASH for row in rows],
        bool,
    )


def _chunk(rows: Sequence[StoredRow], transactions: Sequence[Transaction], vectors: Vectors, money: Money) -> Chunk:
    n = len(rows)
    amounts = (money.units(t.amount, t.currency)[0] / AMOUNT_SCALE for t in transactions)
    return Chunk(
        transactions=transactions,
        vectors=vectors,
        usable=np.asarray(~np.isnan(vectors).all(axis=1)),
        client=np.fromiter((row.client_id for row in rows), np.int64, n),
        time_ms=np.fromiter((row.event_time_ms for row in rows), np.int64, n),
        amount=np.fromiter(amounts, np.float64, n),
        level=np.fromiter((_LEVEL[row.recommendation] for row in rows), np.int64, n),
        score=np.fromiter((row.risk_score for row in rows), np.float64, n),
        degraded=np.fromiter((row.degraded for row in rows), np.bool_, n),
        labelled=np.fromiter((row.fraud is not None for row in rows), np.bool_, n),
        fraud=np.fromiter((bool(row.fraud) for row in rows), np.bool_, n),
    )
