"""The project's own decisions in Postgres as columns, with the labels that came later."""

from collections.abc import AsyncIterator, Sequence

import msgspec
import numpy as np

from contracts.errors import DataRefused
from contracts.transaction import Transaction, decode_transaction
from features.columns import Texts, columns_of
from features.plan import PLAN
from storage.backtest_rows import KnownLabel, StoredPeriod, StoredRow
from storage.database import Pool
from training.column_fold import CHUNK_ROWS
from training.columns import LABEL, Columns

_LABELS_FROM_MS = 0  # labels that become known in the period may belong to transactions before it


async def stored_columns(
    pool: Pool, start_ms: int, stop_ms: int, client_id: int | None = None, delay_ms: int = PLAN.label_delay
) -> AsyncIterator[Columns]:
    """Decided transactions with event times in [start, stop) in chunks, in order of event time, with the labels told
    before `stop_ms` and no later ones: what was known at that moment.

    Degraded decisions are counted in the features and left out of training. Raises StoreUnavailable, and DataRefused
    if a stored message can no longer be read.
    """
    period = StoredPeriod(pool, start_ms, stop_ms, client_id)
    told: dict[tuple[int, str], list[KnownLabel]] = {}
    for label in await StoredPeriod(pool, _LABELS_FROM_MS, stop_ms, client_id).labels():
        told.setdefault((label.client_id, label.transaction_id), []).append(label)
    gathered: list[StoredRow] = []
    async for rows in period.rows():
        gathered += (row._replace(vector=b"") for row in rows)  # recomputed, and most of a page's bytes
        if len(gathered) >= CHUNK_ROWS:
            yield _columns(gathered, told, delay_ms)
            gathered = []
    if gathered:
        yield _columns(gathered, told, delay_ms)


def _columns(rows: Sequence[StoredRow], told: dict[tuple[int, str], list[KnownLabel]], delay_ms: int) -> Columns:
    transactions = [_read(row) for row in rows]
    made = columns_of(transactions)
    changes = []
    label_known_ms = made.time_ms + delay_ms
    fraud = np.zeros(len(rows), bool)
    for number, row in enumerate(rows):
        for label in told.get((row.client_id, row.transaction_id), ()):
            changes.append((number, label.known_at_ms, label.effective_ms, label.change))
            label_known_ms[number] = max(label_known_ms[number], label.effective_ms)
            fraud[number] = label.change > 0
    return Columns(
        transactions=made,
        fraud=fraud,
        labels=np.array(changes, LABEL) if changes else np.zeros(0, LABEL),
        label_known_ms=label_known_ms,
        typology=Texts.nothing(len(rows)),
        channel=Texts.of(t.channel for t in transactions),
        category=Texts.of(t.merchant_category for t in transactions),
        left_out=np.array([row.degraded for row in rows], bool),
    )


def _read(row: StoredRow) -> Transaction:
    value = decode_transaction(row.body)
    if not isinstance(value, Transaction):
        raise DataRefused(f"the stored transaction {row.transaction_id!r} can no longer be read: {value.detail}")
    # Over HTTP the client comes from the credential, so the decision's client is the one that counts.
    return value if value.client_id == row.client_id else msgspec.structs.replace(value, client_id=row.client_id)
