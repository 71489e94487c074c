"""Anomalies: the rows that runs flagged, ranked, each with its shares, its reasons and the row as it was."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from storage.conditions import Conditions
from storage.database import Connection, Pool, session
from storage.rows import rows_of

PAGE_MAX = 10_000  # anomalies a query; an export reads that many at once
CHUNK = 2_000  # rows an insert; some 2 MB

COLUMNS = """
n.run_id, n.place, n.rank, n.row, n.score, n.shares, n.reasons, n.stored, n.subject, n.transaction_id, n.account,
n.event_time_ms, n.amount_minor, n.currency, n.record
"""
# An alert of it, and its verdict, whoever raised it: the stream may have found the same payment.
_WITH_ALERT = """
LEFT JOIN alerts AS a ON a.client_id = n.client_id AND a.transaction_id = n.subject
LEFT JOIN case_decisions AS d ON d.decision_id = a.decision_id
"""
_SHOWN = f"{COLUMNS}, a.alert_id, d.verdict"
_INSERT = """
INSERT INTO anomalies (client_id, run_id, place, rank, row, score, shares, reasons, detectors, stored, subject,
    transaction_id, account, event_time_ms, amount_minor, currency, record)
SELECT $1, $2, r.place, r.rank, r.row, r.score, r.shares, r.reasons, string_to_array(r.detectors, ' '), $3, r.subject,
    r.transaction_id, r.account, r.event_time_ms, r.amount_minor, r.currency, r.record
FROM unnest(
    $4::bigint[], $5::integer[], $6::bigint[], $7::double precision[], $8::jsonb[], $9::jsonb[], $10::text[],
    $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::text[], $17::jsonb[]
) AS r (place, rank, row, score, shares, reasons, detectors, subject, transaction_id, account, event_time_ms,
    amount_minor, currency, record)
"""
_GET = f"SELECT {_SHOWN} FROM anomalies AS n {_WITH_ALERT} WHERE n.client_id = $1 AND n.run_id = $2 AND n.place = $3"
_KNOWN = "SELECT EXISTS (SELECT FROM anomalies WHERE client_id = $1 AND subject = $2)"


class FoundAnomaly(msgspec.Struct, frozen=True, kw_only=True):
    """An anomaly as it is found. `subject` names it in alerts and feedback; `record` is the row, without its nulls."""

    place: int
    rank: int
    row: int
    score: float
    shares: dict[str, float]
    reasons: dict[str, str]
    subject: str
    record: dict[str, Any]


class StoredAnomaly(msgspec.Struct, frozen=True, kw_only=True):
    """An anomaly of a run, with the alert that was raised about it, if one was, and the verdict on that."""

    run_id: UUID
    place: int
    rank: int
    row: int
    score: float
    shares: dict[str, float]
    reasons: dict[str, str]
    stored: bool
    subject: str
    transaction_id: str | None
    account: str | None
    event_time_ms: int | None
    amount_minor: int | None
    currency: str | None
    record: dict[str, Any]
    alert_id: UUID | None
    verdict: str | None


class AnomalyFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to list; None is everything. Times and amounts are from, and before resp. up to; amounts are absolute."""

    score_min: float | None = None
    score_max: float | None = None
    detector: str | None = None
    account: str | None = None
    currency: str | None = None
    amount_minor_min: int | None = None
    amount_minor_max: int | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    alerted: bool | None = None


_encode = msgspec.json.Encoder().encode
_shares = msgspec.json.Decoder(dict[str, float]).decode
_reasons = msgspec.json.Decoder(dict[str, str]).decode
_record = msgspec.json.Decoder(dict[str, Any]).decode

StoredKey = tuple[int, str]  # (event time, transaction id)


async def insert(
    connection: Connection, client_id: int, run_id: UUID, found: Iterable[FoundAnomaly], *, stored: bool
) -> None:
    """Store what a run found, in the transaction that ends its job. `stored`: its rows are stored transactions."""
    rows = (_row(each) for each in found)
    while chunk := list(islice(rows, CHUNK)):
        await connection.execute(_INSERT, client_id, run_id, stored, *zip(*chunk, strict=True))


async def is_known(connection: Connection, client_id: int, subject: str) -> bool:
    """Whether a run found something under this name."""
    known: bool = await connection.fetchval(_KNOWN, client_id, subject)
    return known


async def get(connection: Connection, client_id: int, run_id: UUID, place: int) -> StoredAnomaly | None:
    """None also for another client's."""
    record = await connection.fetchrow(_GET, client_id, run_id, place)
    return _anomaly_of(record) if record else None


class AnomalyRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self, client_id: int, run_id: UUID, wanted: AnomalyFilter, *, after_rank: int = 0, limit: int = 50
    ) -> list[StoredAnomaly]:
        """By rank, the highest score first, those behind a rank; at most PAGE_MAX."""
        where = _conditions(client_id, wanted)
        where.add("n.run_id = {}", run_id)
        where.add("n.rank > {}", after_rank)
        return await self._listed(where, "n.rank", limit)

    async def of_transactions(
        self, client_id: int, wanted: AnomalyFilter, *, after: StoredKey | None = None, limit: int = 50
    ) -> list[StoredAnomaly]:
        """What runs found among the stored transactions, the newest transactions first, by the last run of each."""
        where = _conditions(client_id, wanted)
        where.add(
            "n.stored AND NOT EXISTS (SELECT FROM anomalies AS later WHERE later.client_id = n.client_id"
            " AND later.subject = n.subject AND (later.found_at, later.run_id) > (n.found_at, n.run_id))"
        )
        if after is not None:
            where.add("(n.event_time_ms, n.transaction_id) < ({}, {})", *after)
        return await self._listed(where, "n.event_time_ms DESC, n.transaction_id DESC", limit)

    async def _listed(self, where: Conditions, order: str, limit: int) -> list[StoredAnomaly]:
        limited = where.bind(min(limit, PAGE_MAX))
        statement = f"SELECT {_SHOWN} FROM anomalies AS n {_WITH_ALERT} WHERE {where} ORDER BY {order} LIMIT {limited}"
        async with session(self._pool) as connection:
            return rows_of(await connection.fetch(statement, *where.values), _anomaly_of)


def _conditions(client_id: int, wanted: AnomalyFilter) -> Conditions:
    where = Conditions("n.client_id = {}", client_id)
    where.add_if("n.score >= {}", wanted.score_min)
    where.add_if("n.score <= {}", wanted.score_max)
    where.add_if("{} = ANY (n.detectors)", wanted.detector)
    where.add_if("n.account = {}", wanted.account)
    where.add_if("n.currency = {}", wanted.currency)
    where.add_if("abs(n.amount_minor) >= {}", wanted.amount_minor_min)
    where.add_if("abs(n.amount_minor) <= {}", wanted.amount_minor_max)
    where.add_if("n.event_time_ms >= {}", wanted.from_ms)
    where.add_if("n.event_time_ms < {}", wanted.to_ms)
    where.add_if("(a.alert_id IS NOT NULL) = {}", wanted.alerted)
    return where


def _row(found: FoundAnomaly) -> Sequence[object]:
    record = {name: _storable(value) for name, value in found.record.items()}
    return (
        found.place,
        found.rank,
        found.row,
        found.score,
        _encode(found.shares),
        _encode({name: _storable(reason) for name, reason in found.reasons.items()}),
        " ".join(found.shares),
        _storable(found.subject),
        record.get("transaction_id"),
        record.get("account"),
        record.get("time_ms"),
        record.get("amount_minor"),
        record.get("currency"),
        _encode(record),
    )


def _storable(value: Any) -> Any:
    """Postgres has no text with a NUL in it; a file may."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value


def _anomaly_of(record: asyncpg.Record) -> StoredAnomaly:
    found = dict(record)
    decoded = {
        "shares": _shares(found["shares"]),
        "reasons": _reasons(found["reasons"]),
        "record": _record(found["record"]),
    }
    return StoredAnomaly(**found | decoded)
