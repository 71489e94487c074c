"""Removes what is older than the retention: whole months by dropping partitions, the rest in bounded chunks.

Age is event time against the newest event, so that a replayed year of history is not removed while it is loaded, and
nothing younger than DAYS_MIN before the newest event is touched: the state can be rebuilt from what is left.
Order matters. Alerts go from a client's oldest on, so that its sequence has no hole inside; a guard row goes after its
alert, so that an id that could be decided again cannot meet its own old alert.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

import asyncpg
import msgspec

from storage.database import Connection, Pool, session
from storage.locks import RETENTION_LOCK
from storage.partitions import PARTITIONED, month_start_ms, partitions_of

DAYS_MIN = 40  # longest window 30 d + label delay 7 d + slack of the tiles
DAY_MS = 86_400_000
CHUNK = 5_000  # rows a statement
CHUNKS_MAX = 2_000  # statements a table and run; the next run goes on

_TRY_LOCK = "SELECT pg_try_advisory_lock($1)"
_UNLOCK = "SELECT pg_advisory_unlock($1)"
_NEWEST = "SELECT max(event_time_ms) FROM decided"
_DROP = "DROP TABLE {name}"
# The first alert that stays, by client; in one statement, so that none that is stored meanwhile lies before it.
_ALERTS_KEPT_FROM = """
SELECT s.client_id, coalesce(
    (SELECT min(a.sequence) FROM alerts AS a WHERE a.client_id = s.client_id AND a.event_time_ms >= $1),
    s.last_sequence + 1
) AS kept_from
FROM alert_sequences AS s ORDER BY s.client_id
"""
_DELETE_ALERTS = """
DELETE FROM alerts WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM alerts WHERE client_id = $1 AND sequence < $2 LIMIT $3
))
"""
# By table, in this order; each takes the cutoff in milliseconds and the chunk.
_DELETES = {
    "transactions_default": """
        DELETE FROM transactions_default WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM transactions_default WHERE event_time_ms < $1 LIMIT $2))
    """,
    "decisions_default": """
        DELETE FROM decisions_default WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM decisions_default WHERE event_time_ms < $1 LIMIT $2))
    """,
    "decided": """
        DELETE FROM decided WHERE ctid = ANY (ARRAY(
            SELECT g.ctid FROM decided AS g WHERE g.event_time_ms < $1 AND NOT EXISTS (
                SELECT FROM alerts AS a WHERE a.client_id = g.client_id AND a.transaction_id = g.transaction_id
            ) LIMIT $2))
    """,
    # With their notes and decisions, by the foreign keys; a case goes after the last of its alerts.
    "cases": """
        DELETE FROM cases WHERE ctid = ANY (ARRAY(
            SELECT c.ctid FROM cases AS c WHERE c.last_event_time_ms < $1 AND NOT EXISTS (
                SELECT FROM alerts AS a WHERE a.case_id = c.case_id
            ) LIMIT $2))
    """,
    "counted_labels": """
        DELETE FROM counted_labels WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM counted_labels WHERE event_time_ms < $1 AND effective_ms < $1 LIMIT $2))
    """,
    "shadow_scores": """
        DELETE FROM shadow_scores WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM shadow_scores WHERE event_time_ms < $1 LIMIT $2))
    """,
    "replay_states": """
        DELETE FROM replay_states WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM replay_states WHERE event_time_ms < $1 LIMIT $2))
    """,
    "feature_mismatches": """
        DELETE FROM feature_mismatches WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM feature_mismatches WHERE event_time_ms < $1 LIMIT $2))
    """,
    "labels": """
        DELETE FROM labels WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM labels WHERE known_at_ms < $1 AND coalesce(effective_ms, known_at_ms) < $1 LIMIT $2))
    """,
    "labelled_decisions": """
        DELETE FROM labelled_decisions WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM labelled_decisions WHERE event_time_ms < $1 LIMIT $2))
    """,
    "decision_rollups": """
        DELETE FROM decision_rollups WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM decision_rollups WHERE period_ms < $1::bigint - $1::bigint % 86400000 LIMIT $2))
    """,
    "score_rollups": """
        DELETE FROM score_rollups WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM score_rollups WHERE period_ms < $1::bigint - $1::bigint % 86400000 LIMIT $2))
    """,
    "feature_histograms": """
        DELETE FROM feature_histograms WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM feature_histograms WHERE day_ms < $1::bigint - $1::bigint % 86400000 LIMIT $2))
    """,
    "dead_letters": """
        DELETE FROM dead_letters WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM dead_letters WHERE received_at < to_timestamp($1::bigint / 1000.0) LIMIT $2))
    """,
    "sign_in_links": """
        DELETE FROM sign_in_links WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM sign_in_links WHERE expires_at < to_timestamp($1::bigint / 1000.0) LIMIT $2))
    """,
    "anomalies": """
        DELETE FROM anomalies WHERE ctid = ANY (ARRAY(
            SELECT n.ctid FROM anomalies AS n JOIN analysis_runs AS r ON r.run_id = n.run_id
            WHERE r.created_at < to_timestamp($1::bigint / 1000.0) LIMIT $2))
    """,
    # After its anomalies, and a job after its run.
    "analysis_runs": """
        DELETE FROM analysis_runs WHERE ctid = ANY (ARRAY(
            SELECT r.ctid FROM analysis_runs AS r WHERE r.created_at < to_timestamp($1::bigint / 1000.0)
                AND NOT EXISTS (SELECT FROM anomalies AS n WHERE n.run_id = r.run_id) LIMIT $2))
    """,
    "jobs": """
        DELETE FROM jobs WHERE ctid = ANY (ARRAY(
            SELECT j.ctid FROM jobs AS j WHERE j.finished_at < to_timestamp($1::bigint / 1000.0) AND NOT EXISTS (
                SELECT FROM analysis_runs AS r WHERE r.job_id = j.job_id
            ) LIMIT $2))
    """,
    "audit_log": """
        DELETE FROM audit_log WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM audit_log WHERE recorded_at < to_timestamp($1::bigint / 1000.0) LIMIT $2))
    """,
    "worker_status": """
        DELETE FROM worker_status WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM worker_status WHERE reported_at < to_timestamp($1::bigint / 1000.0) LIMIT $2))
    """,
}


# Which kind of data a table holds, where it is not `decisions`.
_KINDS = {
    "alerts": "alerts",
    "cases": "alerts",
    "replay_states": "state",
    "feature_mismatches": "state",
    "shadow_scores": "state",
    "anomalies": "uploads",
    "analysis_runs": "uploads",
    "jobs": "uploads",
    "audit_log": "audit",
}
AUDIT_DAYS_MIN = 365  # the log itself refuses to lose a younger entry


class RetentionReport(msgspec.Struct, frozen=True):
    """What one run removed: `partitions` by name, `deleted` rows by table. `busy` ones could not be locked now."""

    cutoff_ms: int
    partitions: tuple[str, ...]
    busy: tuple[str, ...]
    deleted: dict[str, int]


def cutoff_of(now_ms: int, newest_ms: int, retention_days: int) -> int:
    """The event time before which rows are removed: `retention_days`, at least DAYS_MIN, before the newest event."""
    return min(now_ms, newest_ms) - max(retention_days, DAYS_MIN) * DAY_MS


async def retain(
    pool: Pool, retention_days: int, now_ms: int, by_kind: Mapping[str, int] = MappingProxyType({})
) -> RetentionReport | None:
    """Remove what is too old; None if there is nothing stored or another process is at it. Raises StoreUnavailable.

    `by_kind`: days of `alerts`, `uploads`, `state`, `audit`, where they differ from `retention_days`. The audit log is
    only looked at where its days are given.
    """
    async with session(pool) as connection, _alone(connection) as alone:
        newest_ms = await connection.fetchval(_NEWEST) if alone else None
        if newest_ms is None:
            return None
        cutoff_ms = cutoff_of(now_ms, newest_ms, retention_days)
        dropped, busy = await _drop_partitions(connection, cutoff_ms)

        def cutoff(table: str) -> int:
            kind = _KINDS.get(table, "decisions")
            days = by_kind.get(kind, retention_days)
            if kind == "uploads":  # by the clock, and nothing that the state is made of
                return now_ms - days * DAY_MS
            return cutoff_of(now_ms, newest_ms, max(days, AUDIT_DAYS_MIN) if kind == "audit" else days)

        deleted = {"alerts": await _delete_alerts(connection, cutoff("alerts"))}
        for table, statement in _DELETES.items():
            if table != "audit_log" or "audit" in by_kind:
                deleted[table] = await _delete(connection, statement, cutoff(table))
        return RetentionReport(cutoff_ms, tuple(dropped), tuple(busy), deleted)


@asynccontextmanager
async def _alone(connection: Connection) -> AsyncIterator[bool]:
    alone = await connection.fetchval(_TRY_LOCK, RETENTION_LOCK)
    try:
        yield alone
    finally:
        if alone and not connection.is_closed():
            await connection.execute(_UNLOCK, RETENTION_LOCK)


async def _drop_partitions(connection: Connection, cutoff_ms: int) -> tuple[list[str], list[str]]:
    dropped, busy = [], []
    for table in PARTITIONED:
        for month, name in await partitions_of(connection, table):
            if month_start_ms(month + 1) > cutoff_ms:
                continue
            try:
                await connection.execute(_DROP.format(name=name))
                dropped.append(name)
            except asyncpg.LockNotAvailableError:
                busy.append(name)  # a long reader; the next run takes it
    return dropped, busy


async def _delete_alerts(connection: Connection, cutoff_ms: int) -> int:
    total = 0
    for client_id, kept_from in await connection.fetch(_ALERTS_KEPT_FROM, cutoff_ms):
        total += await _delete(connection, _DELETE_ALERTS, client_id, kept_from)
    return total


async def _delete(connection: Connection, statement: str, *values: int) -> int:
    total = 0
    for _ in range(CHUNKS_MAX):
        status = await connection.execute(statement, *values, CHUNK)
        count = int(status.rpartition(" ")[2])
        total += count
        if count < CHUNK:
            break
    return total
