"""Alerts with the work on them, listed by filter and order. Every filter and every order has its index."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg
import msgspec

from contracts.case import AlertStatus, Verdict
from contracts.decision import Alert, RiskLevel
from storage import alerts
from storage.conditions import Conditions
from storage.database import Connection, Pool, session
from storage.rows import rows_of
from storage.search_words import question

COLUMNS = f"{alerts.COLUMNS}, a.version, c.assignee, c.claimed_until, d.verdict"
_WORK = """
JOIN cases AS c ON c.case_id = a.case_id
LEFT JOIN case_decisions AS d ON d.decision_id = a.decision_id
"""
_GET = f"SELECT {COLUMNS} FROM alerts AS a {_WORK} WHERE a.client_id = $1 AND a.alert_id = $2"
_OF_CASE = f"""
SELECT {COLUMNS} FROM (
    SELECT * FROM alerts AS x WHERE x.client_id = $1 AND x.case_id = $2 ORDER BY x.sequence DESC LIMIT $3
) AS a {_WORK} ORDER BY a.sequence DESC
"""
_CLAIMED_BY = """a.case_id IN (
    SELECT x.case_id FROM cases AS x WHERE x.client_id = {} AND x.assignee = {} AND x.claimed_until > {}
)"""
_UNCLAIMED = """NOT EXISTS (
    SELECT FROM cases AS x WHERE x.case_id = a.case_id AND x.assignee IS NOT NULL AND x.claimed_until > {}
)"""


class AlertSort(StrEnum):
    """What a list is ordered by. None of these ever changes, so a page stays what it is."""

    SEQUENCE = "sequence"
    SCORE = "score"
    TIME = "time"
    AMOUNT = "amount"


_SORT_COLUMNS = {AlertSort.SCORE: "risk_score", AlertSort.TIME: "event_time_ms", AlertSort.AMOUNT: "amount"}


class AlertFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to list; None is everything. Event times are from `from_ms`, before `to_ms`.

    `assignee`: who holds the alert's case at `now`; "" is nobody. `text`: words, each the beginning of one of the
    alert's, see `storage.search_words`; words that many alerts hold are looked for among the newest 20,000.
    """

    now: datetime
    status: Sequence[AlertStatus] | None = None
    severity: Sequence[RiskLevel] | None = None
    score_min: float | None = None
    score_max: float | None = None
    account: str | None = None
    merchant: str | None = None
    device: str | None = None
    case_id: UUID | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    assignee: str | None = None
    text: str | None = None


class WorkedAlert(msgspec.Struct, frozen=True):
    """An alert, the version of its status, who holds its case until when, and the verdict that stands."""

    alert: Alert
    version: int
    assignee: str | None
    claimed_until: datetime | None
    verdict: Verdict | None


Key = tuple[float | None, int]  # (value of the order's column, sequence); None where the sequence itself is the order


class AlertListRepository:
    """A client's alerts with the work on them. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, client_id: int, alert_id: UUID) -> WorkedAlert | None:
        """None also for another client's alert."""
        async with session(self._pool) as connection:
            return await get(connection, client_id, alert_id)

    async def page(
        self,
        client_id: int,
        wanted: AlertFilter,
        *,
        sort: AlertSort = AlertSort.SEQUENCE,
        descending: bool = True,
        after: Key | None = None,
        limit: int = 50,
    ) -> list[WorkedAlert]:
        """Those behind `after` in the order asked for; at most alerts.PAGE_MAX.

        Ties are broken by the sequence, so an alert stands on one page only, however many arrive meanwhile.
        """
        where = _conditions(client_id, wanted)
        column = _SORT_COLUMNS.get(sort)
        if after is not None:
            compared = "<" if descending else ">"
            if column is None:
                where.add(f"a.sequence {compared} {{}}", after[1])
            else:
                where.add(f"(a.{column}, a.sequence) {compared} ({{}}, {{}})", *after)
        direction = "DESC" if descending else "ASC"
        order = f"a.sequence {direction}" if column is None else f"a.{column} {direction}, a.sequence {direction}"
        limited = where.bind(min(limit, alerts.PAGE_MAX))
        statement = f"""
        SELECT {COLUMNS} FROM (SELECT * FROM alerts AS a WHERE {where} ORDER BY {order} LIMIT {limited}) AS a {_WORK}
        ORDER BY {order}
        """
        async with session(self._pool) as connection:
            records = await connection.fetch(statement, *where.values)
        return rows_of(records, _worked_of, alert=lambda row: row)

    async def of_case(self, client_id: int, case_id: UUID, limit: int) -> list[WorkedAlert]:
        """The newest alerts of a case."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_OF_CASE, client_id, case_id, limit)
        return [_worked_of(record) for record in records]


async def get(connection: Connection, client_id: int, alert_id: UUID) -> WorkedAlert | None:
    """As AlertListRepository.get, inside a transaction."""
    record = await connection.fetchrow(_GET, client_id, alert_id)
    return _worked_of(record) if record else None


def sort_key(found: WorkedAlert, sort: AlertSort) -> Key:
    """What a page that ends with this alert goes on behind."""
    values: dict[AlertSort, float | None] = {
        AlertSort.SEQUENCE: None,
        AlertSort.SCORE: found.alert.risk_score,
        AlertSort.TIME: found.alert.event_time_ms,
        AlertSort.AMOUNT: found.alert.amount,
    }
    return values[sort], found.alert.sequence


def _conditions(client_id: int, wanted: AlertFilter) -> Conditions:
    where = Conditions("a.client_id = {}", client_id)
    where.add_if("a.status = ANY ({}::text[])", wanted.status)
    where.add_if("a.severity = ANY ({}::text[])", wanted.severity)
    where.add_if("a.risk_score >= {}", wanted.score_min)
    where.add_if("a.risk_score <= {}", wanted.score_max)
    where.add_if("a.account = {}", wanted.account)
    where.add_if("a.merchant_id = {}", wanted.merchant)
    where.add_if("a.device_id = {}", wanted.device)
    where.add_if("a.case_id = {}", wanted.case_id)
    where.add_if("a.event_time_ms >= {}", wanted.from_ms)
    where.add_if("a.event_time_ms < {}", wanted.to_ms)
    if wanted.assignee:
        where.add(_CLAIMED_BY, client_id, wanted.assignee, wanted.now)
    elif wanted.assignee is not None:
        where.add(_UNCLAIMED, wanted.now)
    if wanted.text is not None:
        asked = question(client_id, wanted.text)
        if asked is None:
            where.add("false")
        else:
            where.add("a.sequence IN (SELECT alerts_with_words({}::text::tsquery))", asked)
    return where


def _worked_of(record: asyncpg.Record) -> WorkedAlert:
    return WorkedAlert(
        alert=alerts.alert_of(record),
        version=record["version"],
        assignee=record["assignee"],
        claimed_until=record["claimed_until"],
        verdict=Verdict(record["verdict"]) if record["verdict"] else None,
    )
