"""Erasing and exporting what is stored about one account of a client.

Postgres first, in one transaction with the audit entry. What lies elsewhere is noted in the erasure's row until it is
done: keys of the state (digests, no values) and the topics, whose records up to that moment are still to be deleted.
"""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from storage.audit import AuditEntry, record
from storage.database import Connection, Pool, session

PSEUDONYM = "erased-"  # the beginning of what stands for an account that was erased
EXPORTED_MAX = 20_000  # rows a table

_ERASE = "SELECT erase_account($1, $2)"
_INSERT = """
INSERT INTO erasures (erasure_id, client_id, pseudonym, actor, counts, state_keys) VALUES ($1, $2, $3, $4, $5, $6)
"""
_PENDING = """
SELECT erasure_id, client_id, requested_at, state_keys, state_done_at IS NOT NULL AS state_done,
    topics_done_at IS NOT NULL AS topics_done
FROM erasures WHERE state_done_at IS NULL OR topics_done_at IS NULL ORDER BY requested_at
"""
_STATE_DONE = "UPDATE erasures SET state_done_at = now(), state_keys = '{}' WHERE erasure_id = $1"
_TOPICS_DONE = "UPDATE erasures SET topics_done_at = now() WHERE erasure_id = $1"
_OF_CASES = "SELECT case_id FROM cases WHERE client_id = $1 AND account = $2"
_EXPORTS = {
    "transactions": """
        SELECT to_jsonb(t) - 'body' || jsonb_build_object('received', convert_from(t.body, 'UTF8'))
            || jsonb_build_object('decision', (
                SELECT to_jsonb(d) - 'vector' FROM decisions AS d WHERE d.client_id = t.client_id
                AND d.event_time_ms = t.event_time_ms AND d.source = t.source AND d.source_offset = t.source_offset
                AND d.transaction_id = t.transaction_id LIMIT 1))
        FROM transactions AS t WHERE t.client_id = $1 AND t.account = $2 ORDER BY t.event_time_ms LIMIT $3
    """,
    "alerts": """
        SELECT to_jsonb(a) - 'words' FROM alerts AS a WHERE a.client_id = $1 AND a.account = $2
        ORDER BY a.sequence LIMIT $3
    """,
    "cases": "SELECT to_jsonb(c) FROM cases AS c WHERE c.client_id = $1 AND c.account = $2 LIMIT $3",
    "case_notes": f"""
        SELECT to_jsonb(n) FROM case_notes AS n WHERE n.client_id = $1 AND n.case_id IN ({_OF_CASES}) LIMIT $3
    """,
    "case_decisions": f"""
        SELECT to_jsonb(n) FROM case_decisions AS n WHERE n.client_id = $1 AND n.case_id IN ({_OF_CASES}) LIMIT $3
    """,
    "labels": "SELECT to_jsonb(x) FROM labels AS x WHERE x.client_id = $1 AND x.account = $2 LIMIT $3",
    "anomalies": """
        SELECT to_jsonb(n) FROM anomalies AS n WHERE n.client_id = $1 AND (n.account = $2 OR n.subject = $2)
        ORDER BY n.found_at LIMIT $3
    """,
    "audit": f"""
        SELECT to_jsonb(x) FROM audit_log AS x WHERE x.client_id = $1
            AND x.subject IN (SELECT 'case:' || o.case_id FROM ({_OF_CASES}) AS o) ORDER BY x.audit_id LIMIT $3
    """,
}

_decode = msgspec.json.Decoder().decode


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased in Postgres: rows by kind, and identifiers that nobody else uses (never stored)."""

    erasure_id: UUID
    pseudonym: str
    counts: dict[str, int]
    devices: tuple[str, ...]
    addresses: tuple[str, ...]
    payees: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was stored about the account."""
        return not any(self.counts.values())


class PendingErasure(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure of which something outside Postgres is not done yet."""

    erasure_id: UUID
    client_id: int
    requested_at: datetime
    state_keys: tuple[bytes, ...]
    state_done: bool
    topics_done: bool


async def erase(connection: Connection, account: str) -> Erased:
    """Take the person out of every row of the session's client, inside the caller's transaction."""
    erasure_id = uuid4()
    pseudonym = f"{PSEUDONYM}{erasure_id.hex}"
    found = _decode(await connection.fetchval(_ERASE, account, pseudonym))
    return Erased(
        erasure_id=erasure_id,
        pseudonym=pseudonym,
        counts=found["counts"],
        devices=tuple(found["devices"]),
        addresses=tuple(found["addresses"]),
        payees=tuple(found["payees"]),
    )


async def note(
    connection: Connection, erased: Erased, state_keys: Sequence[bytes], counts: dict[str, int], entry: AuditEntry
) -> None:
    """Keep that it happened, and what is still to be done elsewhere; in the same transaction."""
    await connection.execute(
        _INSERT, erased.erasure_id, entry.client_id, erased.pseudonym, entry.actor,
        msgspec.json.encode(counts), list(state_keys),
    )  # fmt: skip
    await record(connection, entry)


async def export(connection: Connection, client_id: int, account: str) -> dict[str, list[Any]]:
    """Every row about one account, by table; at most EXPORTED_MAX of each, and one more where there are more."""
    return {
        table: [_decode(row[0]) for row in await connection.fetch(query, client_id, account, EXPORTED_MAX + 1)]
        for table, query in _EXPORTS.items()
    }


async def state_done(pool: Pool, erasure_id: UUID) -> None:
    """The state has forgotten the erasure's keys. Raises StoreUnavailable."""
    async with session(pool) as connection:
        await connection.execute(_STATE_DONE, erasure_id)


class ErasureRepository:
    """Erasures of all clients, for the pipeline's role. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def pending(self) -> list[PendingErasure]:
        async with session(self._pool) as connection:
            return [
                PendingErasure(**dict(row) | {"state_keys": tuple(row["state_keys"])})
                for row in await connection.fetch(_PENDING)
            ]

    async def topics_done(self, erasure_id: UUID) -> None:
        async with session(self._pool) as connection:
            await connection.execute(_TOPICS_DONE, erasure_id)
