"""A stored period as it was decided, with the labels so far: what backtests and retraining read, page by page."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import AsyncIterator
from typing import NamedTuple

from storage.database import Pool, session
from storage.decisions import WITH_DECISION, WITH_TRANSACTION

CHUNK = 5_000  # rows a page; some ten megabytes with vectors and messages

# By event time, so that a period is one range of one index; ids make the order whole.
_PAGE = f"""
SELECT g.client_id, g.transaction_id, g.event_time_ms, g.source, t.body, d.vector, d.recommendation, d.risk_score,
    d.probability, d.degraded, c.model_version, c.catalogue_hash, l.fraud
FROM (
    SELECT * FROM decided
    WHERE event_time_ms >= $1 AND event_time_ms < $2 AND (event_time_ms, client_id, transaction_id) > ($1, $3, $4)
        AND ($5::integer IS NULL OR client_id = $5)
    ORDER BY event_time_ms, client_id, transaction_id LIMIT $6
) AS g
{WITH_TRANSACTION} {WITH_DECISION}
LEFT JOIN labelled_decisions AS l ON l.client_id = g.client_id AND l.transaction_id = g.transaction_id
ORDER BY g.event_time_ms, g.client_id, g.transaction_id
"""
_LABELS = """
SELECT known_at_ms, client_id, transaction_id, revision, account, merchant_id, event_time_ms, effective_ms, change
FROM labels
WHERE known_at_ms >= $1 AND known_at_ms < $2 AND state IN ('ready', 'forwarded') AND change <> 0
    AND ($3::integer IS NULL OR client_id = $3)
ORDER BY known_at_ms, client_id, transaction_id, revision
"""
_COUNT = """
SELECT count(*) FROM decided
WHERE event_time_ms >= $1 AND event_time_ms < $2 AND ($3::integer IS NULL OR client_id = $3)
"""
_BOUNDS = "SELECT min(event_time_ms), max(event_time_ms) FROM decided"
_NEWEST_FROM = """
SELECT event_time_ms FROM decided WHERE event_time_ms < $1 ORDER BY event_time_ms DESC OFFSET $2 LIMIT 1
"""
_CATALOGUES = "SELECT context_id FROM decision_contexts WHERE catalogue_hash <> $1"
_OF_CONTEXTS = """
SELECT EXISTS (
    SELECT FROM decisions WHERE event_time_ms >= $1 AND event_time_ms < $2 AND context_id = ANY ($3) AND NOT degraded
)
"""


class StoredRow(NamedTuple):
    """One decided transaction. `fraud` is its last label, None while there is none; `vector` may be empty."""

    client_id: int
    transaction_id: str
    event_time_ms: int
    source: int
    body: bytes
    vector: bytes
    recommendation: str
    risk_score: float
    probability: float
    degraded: bool
    model_version: str
    catalogue_hash: str
    fraud: bool | None


class KnownLabel(NamedTuple):
    """One label that changes a count, joined with its transaction, and when it became known."""

    known_at_ms: int
    client_id: int
    transaction_id: str
    revision: int
    account: str
    merchant_id: str | None
    event_time_ms: int
    effective_ms: int
    change: int


class StoredPeriod:
    """Event times in [start, stop) of one client, or of all (None). Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool, start_ms: int, stop_ms: int, client_id: int | None = None) -> None:
        self._pool = pool
        self._start_ms = start_ms
        self._stop_ms = stop_ms
        self._client_id = client_id

    async def count(self) -> int:
        """How many transactions were decided."""
        async with session(self._pool) as connection:
            number: int = await connection.fetchval(_COUNT, self._start_ms, self._stop_ms, self._client_id)
            return number

    async def rows(self) -> AsyncIterator[list[StoredRow]]:
        """In order of event time, client and id, in pages of at most CHUNK."""
        start_ms, client_id, transaction_id = self._start_ms, 0, ""
        while True:
            async with session(self._pool) as connection:
                records = await connection.fetch(
                    _PAGE, start_ms, self._stop_ms, client_id, transaction_id, self._client_id, CHUNK
                )
            if not records:
                return
            rows = [StoredRow(*record) for record in records]
            start_ms, client_id, transaction_id = rows[-1].event_time_ms, rows[-1].client_id, rows[-1].transaction_id
            yield rows

    async def labels(self) -> list[KnownLabel]:
        """The labels that became known in [start, stop), in that order."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_LABELS, self._start_ms, self._stop_ms, self._client_id)
        return [KnownLabel(*record) for record in records]

    async def holds_other_catalogues(self, catalogue_hash: str) -> bool:
        """Whether vectors of another catalogue than this are stored in the period."""
        async with session(self._pool) as connection:
            contexts = [record["context_id"] for record in await connection.fetch(_CATALOGUES, catalogue_hash)]
            if not contexts:
                return False
            found: bool = await connection.fetchval(_OF_CONTEXTS, self._start_ms, self._stop_ms, contexts)
            return found


async def stored_bounds_ms(pool: Pool) -> tuple[int, int] | None:
    """The oldest and the newest event time, None if nothing is stored. Raises StoreUnavailable."""
    async with session(pool) as connection:
        oldest, newest = await connection.fetchrow(_BOUNDS)  # type: ignore[misc]
        return None if newest is None else (oldest, newest)


async def newest_from_ms(pool: Pool, stop_ms: int, rows: int) -> int:
    """From where on at most `rows` transactions lie before `stop`; 0: all do. Raises StoreUnavailable."""
    async with session(pool) as connection:
        outside: int | None = await connection.fetchval(_NEWEST_FROM, stop_ms, rows)
        return 0 if outside is None else outside + 1
