"""Cases: read, listed, and changed by analysts. What builds them is in `storage.case_building`.

Whoever changes a case or one of its alerts locks the case first (`lock`, `lock_next`), so that two analysts, and an
analyst and a worker that adds an alert, change it one after the other.
"""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from contracts.case import AlertStatus, Verdict
from contracts.decision import RiskLevel
from storage.case_building import SEVERITY_RANKS
from storage.conditions import Conditions
from storage.database import Connection, Pool, session
from storage.rows import rows_of

PAGE_MAX = 1_000  # cases a query
_SEVERITIES = {rank: level for level, rank in SEVERITY_RANKS.items()}

_COLUMNS = """
c.case_id, c.client_id, c.account, c.first_event_time_ms, c.last_event_time_ms, c.first_sequence, c.last_sequence,
c.alert_count, c.risk_score, c.severity_rank, c.status, c.version, c.assignee, c.claimed_until, c.opened_at,
c.changed_at
"""
_VERDICT = """
LEFT JOIN LATERAL (
    SELECT x.verdict FROM case_decisions AS x WHERE x.case_id = c.case_id AND x.undone_at IS NULL
    ORDER BY x.decision_id DESC LIMIT 1
) AS d ON true
"""
_GET = f"SELECT {_COLUMNS}, d.verdict FROM cases AS c {_VERDICT} WHERE c.client_id = $1 AND c.case_id = $2"
_CASE_OF_ALERT = "SELECT case_id FROM alerts WHERE client_id = $1 AND alert_id = $2"
_LOCK = "SELECT FROM cases WHERE client_id = $1 AND case_id = $2 FOR UPDATE"
# What another analyst is about to take is passed over, not waited for.
_LOCK_NEXT = """
SELECT case_id FROM cases
WHERE client_id = $1 AND status IN ('OPEN', 'IN_REVIEW') AND (assignee IS NULL OR claimed_until <= $2)
ORDER BY severity_rank DESC, risk_score DESC, first_sequence LIMIT 1
FOR UPDATE SKIP LOCKED
"""
_CLAIM = """
UPDATE cases SET assignee = $3, claimed_until = $4, version = version + 1, changed_at = $5
WHERE client_id = $1 AND case_id = $2
"""
_CLAIMS = "SELECT count(*) FROM cases WHERE client_id = $1 AND assignee = $2 AND claimed_until > $3"
_RIPEST_ALERT = """
SELECT alert_id FROM alerts WHERE client_id = $1 AND case_id = $2
ORDER BY status IN ('RESOLVED', 'DISMISSED'), risk_score DESC, sequence LIMIT 1
"""
_SET_ALERT = """
UPDATE alerts SET status = $3, version = version + 1 WHERE client_id = $1 AND alert_id = $2
"""
_STATUSES = "SELECT DISTINCT status FROM alerts WHERE client_id = $1 AND case_id = $2"
_SET_CASE = """
UPDATE cases SET status = $3, version = version + 1, changed_at = $4,
    assignee = CASE WHEN $5 THEN NULL ELSE assignee END,
    claimed_until = CASE WHEN $5 THEN NULL ELSE claimed_until END
WHERE client_id = $1 AND case_id = $2
"""
_EARLIER = f"""
SELECT {_COLUMNS}, d.verdict FROM cases AS c {_VERDICT}
WHERE c.client_id = $1 AND c.account = $2 AND c.case_id <> $3 ORDER BY c.last_event_time_ms DESC LIMIT $4
"""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The alerts of one account within a day. `verdict` is that of the newest decision that stands."""

    case_id: UUID
    client_id: int
    account: str
    first_event_time_ms: int
    last_event_time_ms: int
    first_sequence: int
    last_sequence: int
    alert_count: int
    risk_score: float
    severity: RiskLevel
    status: AlertStatus
    version: int
    assignee: str | None
    claimed_until: datetime | None
    opened_at: datetime
    changed_at: datetime
    verdict: Verdict | None


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to list; None is everything. `assignee`: who holds it at `now`; "" is nobody."""

    now: datetime
    status: Sequence[AlertStatus] | None = None
    account: str | None = None
    severity: Sequence[RiskLevel] | None = None
    assignee: str | None = None


class CaseRepository:
    """A client's cases. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, client_id: int, case_id: UUID) -> Case | None:
        """None also for another client's case."""
        async with session(self._pool) as connection:
            return await get(connection, client_id, case_id)

    async def page(
        self,
        client_id: int,
        wanted: CaseFilter,
        *,
        descending: bool = True,
        after_sequence: int | None = None,
        limit: int = 50,
    ) -> list[Case]:
        """By the sequence number of the alert that opened each; at most PAGE_MAX."""
        where = Conditions("c.client_id = {}", client_id)
        where.add_if("c.status = ANY ({}::text[])", wanted.status)
        where.add_if("c.account = {}", wanted.account)
        if wanted.severity is not None:
            where.add("c.severity_rank = ANY ({}::smallint[])", [SEVERITY_RANKS[level] for level in wanted.severity])
        if wanted.assignee:
            where.add("c.assignee = {} AND c.claimed_until > {}", wanted.assignee, wanted.now)
        elif wanted.assignee is not None:
            where.add("(c.assignee IS NULL OR c.claimed_until <= {})", wanted.now)
        where.add_if(f"c.first_sequence {'<' if descending else '>'} {{}}", after_sequence)
        order = f"ORDER BY c.first_sequence {'DESC' if descending else 'ASC'}"
        limited = where.bind(min(limit, PAGE_MAX))
        statement = f"SELECT {_COLUMNS}, d.verdict FROM cases AS c {_VERDICT} WHERE {where} {order} LIMIT {limited}"
        async with session(self._pool) as connection:
            records = await connection.fetch(statement, *where.values)
        return rows_of(records, _case_of)

    async def others_of_account(self, client_id: int, account: str, but: UUID, limit: int) -> list[Case]:
        """The account's other cases, the latest first."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_EARLIER, client_id, account, but, limit)
        return [_case_of(record) for record in records]


async def get(connection: Connection, client_id: int, case_id: UUID) -> Case | None:
    """As CaseRepository.get, inside a transaction."""
    record = await connection.fetchrow(_GET, client_id, case_id)
    return _case_of(record) if record else None


async def case_of_alert(connection: Connection, client_id: int, alert_id: UUID) -> UUID | None:
    """The case of an alert; None if the client has no such alert."""
    case_id: UUID | None = await connection.fetchval(_CASE_OF_ALERT, client_id, alert_id)
    return case_id


async def lock(connection: Connection, client_id: int, case_id: UUID) -> Case | None:
    """Lock a case until the transaction ends, then read it; None if the client has no such case."""
    if await connection.fetchrow(_LOCK, client_id, case_id) is None:
        return None
    return await get(connection, client_id, case_id)


async def lock_next(connection: Connection, client_id: int, now: datetime) -> Case | None:
    """Lock the case that should be looked at next: severest, riskiest, oldest; None if all are taken or closed."""
    case_id = await connection.fetchval(_LOCK_NEXT, client_id, now)
    return await get(connection, client_id, case_id) if case_id else None


async def claim(connection: Connection, case: Case, actor: str | None, until: datetime | None, now: datetime) -> None:
    """Give a locked case to `actor` until then; None takes it from whoever has it."""
    await connection.execute(_CLAIM, case.client_id, case.case_id, actor, until, now)


async def claims(connection: Connection, client_id: int, actor: str, now: datetime) -> int:
    """How many cases somebody holds."""
    number: int = await connection.fetchval(_CLAIMS, client_id, actor, now)
    return number


async def ripest_alert(connection: Connection, case: Case) -> UUID:
    """The alert to begin with: the riskiest that is not closed."""
    alert_id: UUID = await connection.fetchval(_RIPEST_ALERT, case.client_id, case.case_id)
    return alert_id


async def set_alert_status(connection: Connection, client_id: int, alert_id: UUID, status: AlertStatus) -> None:
    """Change the status of one alert of a locked case; `set_status` follows."""
    await connection.execute(_SET_ALERT, client_id, alert_id, status)


async def statuses(connection: Connection, case: Case) -> set[AlertStatus]:
    """The distinct statuses of a case's alerts."""
    records = await connection.fetch(_STATUSES, case.client_id, case.case_id)
    return {AlertStatus(record["status"]) for record in records}


async def set_status(
    connection: Connection, case: Case, status: AlertStatus, now: datetime, *, release: bool = False
) -> None:
    """Set the status of a locked case, and `release` its claim."""
    await connection.execute(_SET_CASE, case.client_id, case.case_id, status, now, release)


def _case_of(record: asyncpg.Record) -> Case:
    columns: dict[str, Any] = dict(record)
    verdict = columns.pop("verdict")
    return Case(
        **columns
        | {
            "severity": _SEVERITIES[columns.pop("severity_rank")],
            "status": AlertStatus(columns["status"]),
            "verdict": Verdict(verdict) if verdict else None,
        }
    )
