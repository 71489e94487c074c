"""Alerts: stored with the client's next sequence numbers, read by page and by sequence."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections import Counter
from collections.abc import Sequence
from itertools import count
from uuid import UUID

import asyncpg
import msgspec

from contracts.decision import Alert, Decision, Reason, Recommendation, RiskLevel, alert_id_of
from storage import case_building
from storage.case_building import NewAlert
from storage.case_join import Raised
from storage.database import Connection, Pool, session
from storage.entry_rows import Counted
from storage.search_words import lexemes

PAGE_MAX = 1_000  # alerts a query

COLUMNS = """
a.alert_id, a.client_id, a.sequence, a.transaction_id, a.account, a.event_time_ms, a.created_at_ms, a.amount,
a.currency, a.severity, a.recommendation, a.risk_score, a.signals, a.reasons, a.merchant_id, a.device_id, a.location,
a.status, a.case_id
"""
# Rows are updated in the order given: sorted by client, so that two batches cannot wait for each other.
_COUNT = """
INSERT INTO alert_sequences AS s (client_id, last_sequence)
SELECT n.client_id, n.alerts FROM unnest($1::integer[], $2::bigint[]) AS n (client_id, alerts)
ON CONFLICT (client_id) DO UPDATE SET last_sequence = s.last_sequence + excluded.last_sequence
RETURNING client_id, last_sequence
"""
_INSERT = f"""
INSERT INTO alerts AS a (
    alert_id, client_id, sequence, transaction_id, account, event_time_ms, created_at_ms, amount, currency, severity,
    recommendation, risk_score, signals, reasons, merchant_id, device_id, location, case_id, words
)
SELECT r.alert_id, r.client_id, r.sequence, r.transaction_id, r.account, r.event_time_ms,
    floor(extract(epoch FROM now()) * 1000)::bigint, r.amount, r.currency, r.severity, r.recommendation, r.risk_score,
    r.signals, r.reasons, r.merchant_id, r.device_id, r.location, r.case_id,
    array_to_tsvector(string_to_array(r.words, ' '))
FROM unnest(
    $1::uuid[], $2::integer[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::double precision[],
    $8::text[], $9::text[], $10::text[], $11::double precision[], $12::jsonb[], $13::jsonb[], $14::text[],
    $15::text[], $16::text[], $17::uuid[], $18::text[]
) AS r (
    alert_id, client_id, sequence, transaction_id, account, event_time_ms, amount, currency, severity, recommendation,
    risk_score, signals, reasons, merchant_id, device_id, location, case_id, words
)
RETURNING {COLUMNS}
"""
_OF_TRANSACTIONS = f"""
SELECT {COLUMNS} FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (client_id, transaction_id, place)
JOIN alerts AS a ON a.client_id = k.client_id AND a.transaction_id = k.transaction_id
ORDER BY k.place
"""
_GET = f"SELECT {COLUMNS} FROM alerts AS a WHERE a.client_id = $1 AND a.alert_id = $2"
_PAGE = f"""
SELECT {COLUMNS} FROM alerts AS a WHERE a.client_id = $1 AND ($2::bigint IS NULL OR a.sequence < $2)
ORDER BY a.sequence DESC LIMIT $3
"""
_SINCE = f"""
SELECT {COLUMNS} FROM alerts AS a WHERE a.client_id = $1 AND a.sequence > $2 ORDER BY a.sequence LIMIT $3
"""
_LAST_SEQUENCE = "SELECT last_sequence FROM alert_sequences WHERE client_id = $1"
_FIRST_SEQUENCE = "SELECT min(sequence) FROM alerts WHERE client_id = $1"

_encode = msgspec.json.Encoder().encode
_signals = msgspec.json.Decoder(dict[str, float])
_reasons = msgspec.json.Decoder(tuple[Reason, ...])


class AlertRepository:
    """A client's alerts. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, client_id: int, alert_id: str) -> Alert | None:
        """None also for another client's alert, and for a text that is no id."""
        try:
            identity = UUID(alert_id)
        except ValueError:
            return None
        async with session(self._pool) as connection:
            record = await connection.fetchrow(_GET, client_id, identity)
        return alert_of(record) if record else None

    async def page(self, client_id: int, *, before_sequence: int | None = None, limit: int = 50) -> list[Alert]:
        """Newest first, those before a sequence number; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_PAGE, client_id, before_sequence, min(limit, PAGE_MAX))
        return [alert_of(record) for record in records]

    async def since(self, client_id: int, sequence: int, limit: int = PAGE_MAX) -> list[Alert]:
        """Oldest first, those behind a sequence number; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_SINCE, client_id, sequence, min(limit, PAGE_MAX))
        return [alert_of(record) for record in records]

    async def last_sequence(self, client_id: int) -> int:
        """The newest sequence number given, 0 before the first alert."""
        async with session(self._pool) as connection:
            return await connection.fetchval(_LAST_SEQUENCE, client_id) or 0

    async def first_sequence(self, client_id: int) -> int | None:
        """The oldest sequence number that retention has left, None without alerts."""
        async with session(self._pool) as connection:
            number: int | None = await connection.fetchval(_FIRST_SEQUENCE, client_id)
            return number


async def insert(connection: Connection, counted: Sequence[Counted], currency_default: str) -> list[Alert]:
    """Insert the alerts of those that raise one, in the order given. Must be the transaction's last step.

    From the first statement to the commit the clients' counters are locked: numbers are committed in their order, and
    a client's cases are built by one store at a time.
    """
    raised = [each for each in counted if each.outcome.decision.raises_alert]
    if not raised:
        return []
    numbers = await _numbers(connection, [each.outcome.decision.client_id for each in raised])
    new = [_new_alert(each.outcome.decision, number) for each, number in zip(raised, numbers, strict=True)]
    case_ids = await case_building.build(connection, new)
    rows = [
        _row(each, number, case_id, currency_default)
        for each, number, case_id in zip(raised, numbers, case_ids, strict=True)
    ]
    records = await connection.fetch(_INSERT, *zip(*rows, strict=True))
    stored = {(record["client_id"], record["transaction_id"]): record for record in records}
    keys = [(each.outcome.decision.client_id, each.outcome.decision.transaction_id) for each in raised]
    return [alert_of(stored[key]) for key in keys]


async def of_transactions(connection: Connection, keys: Sequence[tuple[int, str]]) -> list[Alert]:
    """The alerts of these transactions (client id, transaction id), in the order of `keys`."""
    if not keys:
        return []
    records = await connection.fetch(_OF_TRANSACTIONS, *zip(*keys, strict=True))
    return [alert_of(record) for record in records]


async def _numbers(connection: Connection, client_ids: Sequence[int]) -> list[int]:
    """The next sequence number for each alert, given by its client; locks the clients' counters."""
    counts = Counter(client_ids)
    clients = sorted(counts)
    records = await connection.fetch(_COUNT, clients, [counts[client_id] for client_id in clients])
    following = {r["client_id"]: count(r["last_sequence"] - counts[r["client_id"]] + 1) for r in records}
    return [next(following[client_id]) for client_id in client_ids]


def _new_alert(decision: Decision, sequence: int) -> NewAlert:
    alert_id = UUID(alert_id_of(decision.client_id, decision.transaction_id))
    raised = Raised(decision.client_id, decision.account, alert_id, decision.event_time_ms)
    return NewAlert(raised, sequence, decision.risk_score, decision.risk_level)


def _row(counted: Counted, sequence: int, case_id: UUID, currency_default: str) -> tuple[object, ...]:
    decision, transaction = counted.outcome.decision, counted.transaction
    ids = (decision.transaction_id, decision.account, transaction.merchant_id, transaction.device_id)
    words = lexemes(decision.client_id, (*ids, transaction.location, *(reason.text for reason in decision.reasons)))
    return (
        UUID(alert_id_of(decision.client_id, decision.transaction_id)),
        decision.client_id,
        sequence,
        decision.transaction_id,
        decision.account,
        decision.event_time_ms,
        transaction.amount,
        transaction.currency or currency_default,
        decision.risk_level,
        decision.recommendation,
        decision.risk_score,
        _encode(decision.signals),
        _encode(decision.reasons),
        transaction.merchant_id,
        transaction.device_id,
        transaction.location,
        case_id,
        " ".join(words),
    )


def alert_of(record: asyncpg.Record) -> Alert:
    """The alert of a row with COLUMNS."""
    return Alert(
        alert_id=str(record["alert_id"]),
        client_id=record["client_id"],
        sequence=record["sequence"],
        transaction_id=record["transaction_id"],
        account=record["account"],
        event_time_ms=record["event_time_ms"],
        created_at_ms=record["created_at_ms"],
        amount=record["amount"],
        currency=record["currency"],
        severity=RiskLevel(record["severity"]),
        recommendation=Recommendation(record["recommendation"]),
        risk_score=record["risk_score"],
        signals=_signals.decode(record["signals"]),
        reasons=_reasons.decode(record["reasons"]),
        merchant_id=record["merchant_id"],
        device_id=record["device_id"],
        location=record["location"],
        status=record["status"],
        case_id=str(record["case_id"]),
    )
