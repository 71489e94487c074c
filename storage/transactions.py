"""One stored transaction with all that was decided about it."""

# ruff: noqa: S608 - the statement is put together from constants only; every value is bound

from collections.abc import Sequence

import asyncpg
import msgspec

from contracts.decision import Decision
from contracts.journal import Position
from storage import decisions
from storage.database import Connection, Pool, session

_GET = f"""
SELECT {decisions.COLUMNS}, d.vector, d.decided_at, t.body, t.source, t.source_offset, a.alert_id
FROM (SELECT * FROM decided WHERE client_id = $1 AND transaction_id = $2) AS g
{decisions.WITH_TRANSACTION} {decisions.WITH_DECISION}
LEFT JOIN alerts AS a ON a.client_id = g.client_id AND a.transaction_id = g.transaction_id
"""
_OF_KEYS = f"""
SELECT {decisions.COLUMNS}, d.vector, d.decided_at, t.body, t.source, t.source_offset, a.alert_id
FROM unnest($1::integer[], $2::text[]) AS k (client_id, transaction_id)
CROSS JOIN LATERAL (
    SELECT * FROM decided AS x WHERE x.client_id = k.client_id AND x.transaction_id = k.transaction_id LIMIT 1
) AS g
{decisions.WITH_TRANSACTION} {decisions.WITH_DECISION}
LEFT JOIN alerts AS a ON a.client_id = g.client_id AND a.transaction_id = g.transaction_id
"""
_EPOCH_MS = 1000


class StoredTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """`body` is the original message; `decision` has its vector; `decided_at_ms` is when it was stored."""

    body: bytes
    position: Position
    decision: Decision
    decided_at_ms: int
    alert_id: str | None


class TransactionRepository:
    """A client's transactions. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, client_id: int, transaction_id: str) -> StoredTransaction | None:
        """None also for another client's transaction, and for one that retention has removed."""
        async with session(self._pool) as connection:
            record = await connection.fetchrow(_GET, client_id, transaction_id)
        return _stored_of(record) if record else None


async def of_keys(connection: Connection, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], StoredTransaction]:
    """Those of these transactions (client id, transaction id) that are stored."""
    if not keys:
        return {}
    records = await connection.fetch(_OF_KEYS, *zip(*keys, strict=True))
    return {(record["client_id"], record["transaction_id"]): _stored_of(record) for record in records}


def _stored_of(record: asyncpg.Record) -> StoredTransaction:
    alert_id = record["alert_id"]
    return StoredTransaction(
        body=record["body"],
        position=Position(record["source"], record["source_offset"]),
        decision=decisions.decision_of(record, record["vector"]),
        decided_at_ms=int(record["decided_at"].timestamp() * _EPOCH_MS),
        alert_id=str(alert_id) if alert_id else None,
    )
