"""Alerts: stored with the client's next sequence numbers, read by page and by sequence."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections import Counter
from collections.abc import Sequence
from itertools import count
from uuid import UUID

import asyncpg
import msgspec

from contracts.decision import Alert, Reason, Recommendation, RiskLevel, alert_id_of
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
    recommendation, risk_score, signals, reasons, merchant_id, device_id, location, case_id, words, run_id
)
SELECT r.alert_id, r.client_id, r.sequence, r.transaction_id, r.account, r.event_time_ms,
    floor(extract(epoch FROM now()) * 1000)::bigint, r.amount, r.currency, r.severity, r.recommendation, r.risk_score,
    r.signals, r.reasons, r.merchant_id, r.device_id, r.location, r.case_id,
    array_to_tsvector(string_to_array(r.words, ' ')), r.run_id
FROM unnest(
    $1::uuid[], $2::integer[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::double precision[],
    $8::text[], $9::text[], $10::text[], $11::double precision[], $12::jsonb[], $13::jsonb[], $14::text[],
    $15::text[], $16::text[], $17::uuid[], $18::text[], $19::uuid[]
) AS r (
    alert_id, client_id, sequence, transaction_id, account, event_time_ms, amount, currency, severity, recommendation,
    risk_score, signals, reasons, merchant_id, device_id, location, case_id, words, run_id
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


class AlertDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert says, before it has its number and its case. `run_id`: the analysis that found it, if one did."""

    client_id: int
    transaction_id: str
    account: str
    event_time_ms: int
    amount: float
    currency: str
    severity: RiskLevel
    recommendation: Recommendation
    risk_score: float
    signals: dict[str, float]
    reasons: tuple[Reason, ...]
    merchant_id: str | None = None
    device_id: str | None = None
    location: str | None = None
    run_id: UUID | None = None

    @property
    def alert_id(self) -> UUID:
        return UUID(alert_id_of(self.client_id, self.transaction_id))


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
    """Insert the alerts of those that raise one, in the order given. Must be the transaction's last step."""
    raised = [each for each in counted if each.outcome.decision.raises_alert]
    return await insert_drafts(connection, [_draft_of(each, currency_default) for each in raised])


async def insert_drafts(connection: Connection, drafts: Sequence[AlertDraft]) -> list[Alert]:
    """Insert alerts with their clients' next numbers, in the order given. Must be the transaction's last step.

    From the first statement to the commit the clients' counters are locked: numbers are committed in their order, and
    a client's cases are built by one store at a time.
    """
    if not drafts:
        return []
    numbers = await _numbers(connection, [draft.client_id for draft in drafts])
    new = [_new_alert(draft, number) for draft, number in zip(drafts, numbers, strict=True)]
    case_ids = await case_building.build(connection, new)
    rows = [_row(draft, number, case_id) for draft, number, case_id in zip(drafts, numbers, case_ids, strict=True)]
    records = await connection.fetch(_INSERT, *zip(*rows, strict=True))
    stored = {record["alert_id"]: record for record in records}
    return [alert_of(stored[draft.alert_id]) for draft in drafts]


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


def _draft_of(counted: Counted, currency_default: str) -> AlertDraft:
    decision, transaction = counted.outcome.decision, counted.transaction
    return AlertDraft(
        client_id=decision.client_id,
        transaction_id=decision.transaction_id,
        account=decision.account,
        event_time_ms=decision.event_time_ms,
        amount=transaction.amount,
        currency=transaction.currency or currency_default,
        severity=decision.risk_level,
        recommendation=decision.recommendation,
        risk_score=decision.risk_score,
        signals=decision.signals,
        reasons=decision.reasons,
        merchant_id=transaction.merchant_id,
        device_id=transaction.device_id,
        location=transaction.location,
    )


def _new_alert(draft: AlertDraft, sequence: int) -> NewAlert:
    raised = Raised(draft.client_id, draft.account, draft.alert_id, draft.event_time_ms)
    return NewAlert(raised, sequence, draft.risk_score, draft.severity)


def _row(draft: AlertDraft, sequence: int, case_id: UUID) -> tuple[object, ...]:
    ids = (draft.transaction_id, draft.account, draft.merchant_id, draft.device_id)
    words = lexemes(draft.client_id, (*ids, draft.location, *(reason.text for reason in draft.reasons)))
    return (
        draft.alert_id,
        draft.client_id,
        sequence,
        draft.transaction_id,
        draft.account,
        draft.event_time_ms,
        draft.amount,
        draft.currency,
        draft.severity,
        draft.recommendation,
        draft.risk_score,
        _encode(draft.signals),
        _encode(draft.reasons),
        draft.merchant_id,
        draft.device_id,
        draft.location,
        case_id,
        " ".join(words),
        draft.run_id,
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
