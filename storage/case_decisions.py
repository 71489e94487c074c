"""What analysts decided about cases and single alerts, and the notes that they left.

A decision is one row, and one row for each alert that it decided, with what was there before: so it can be undone
exactly. It stands until it is undone, or until every one of its alerts has been decided again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from contracts.case import AlertStatus, Verdict
from storage.cases import Case
from storage.database import Connection, Pool, session

OF_CASE_MAX = 200  # decisions or notes of one case in one answer, the newest

_COLUMNS = "decision_id, case_id, alert_id, verdict, reason, actor, decided_at, undone_at, undone_by"
# Every alert of the case, or the one.
_TO_DECIDE = """
SELECT alert_id, transaction_id, status, decision_id FROM alerts
WHERE client_id = $1 AND case_id = $2 AND ($3::uuid IS NULL OR alert_id = $3) ORDER BY sequence
"""
_INSERT = """
INSERT INTO case_decisions (client_id, case_id, alert_id, verdict, reason, actor, decided_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING decision_id
"""
_INSERT_ALERTS = """
INSERT INTO decided_alerts (client_id, decision_id, alert_id, status_before, decision_before, revision, fraud_before)
SELECT $1, $2, * FROM unnest($3::uuid[], $4::text[], $5::bigint[], $6::integer[], $7::boolean[])
"""
_DECIDE_ALERTS = """
UPDATE alerts SET status = $4, decision_id = $2, version = version + 1
WHERE client_id = $1 AND alert_id = ANY ($3::uuid[])
"""
_STANDING = f"""
SELECT {_COLUMNS} FROM case_decisions
WHERE client_id = $1 AND case_id = $2 AND undone_at IS NULL
    AND ($3::uuid IS NULL OR decision_id = (SELECT a.decision_id FROM alerts AS a WHERE a.alert_id = $3))
ORDER BY decision_id DESC LIMIT 1
"""  # noqa: S608 - constants
# Those that have been decided again since are left as they are.
_STILL_DECIDED = """
SELECT p.alert_id, a.transaction_id, p.status_before, p.decision_before, p.revision, p.fraud_before
FROM decided_alerts AS p JOIN alerts AS a ON a.alert_id = p.alert_id AND a.decision_id = p.decision_id
WHERE p.client_id = $1 AND p.decision_id = $2 ORDER BY a.sequence
"""
_UNDO = "UPDATE case_decisions SET undone_at = $3, undone_by = $4 WHERE client_id = $1 AND decision_id = $2"
_RESTORE_ALERTS = """
UPDATE alerts AS a SET status = r.status, decision_id = r.decision_id, version = a.version + 1
FROM unnest($2::uuid[], $3::text[], $4::bigint[]) AS r (alert_id, status, decision_id)
WHERE a.client_id = $1 AND a.alert_id = r.alert_id
"""
_OF_CASE = f"""
SELECT {_COLUMNS} FROM case_decisions WHERE client_id = $1 AND case_id = $2 ORDER BY decision_id DESC LIMIT $3
"""  # noqa: S608 - constants
_WRITE_NOTE = """
INSERT INTO case_notes (client_id, case_id, alert_id, actor, body, written_at) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING note_id
"""
_NOTES = """
SELECT note_id, case_id, alert_id, actor, body, written_at FROM case_notes WHERE client_id = $1 AND case_id = $2
ORDER BY note_id DESC LIMIT $3
"""


class CaseDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision; `alert_id` is None where the whole case was decided."""

    decision_id: int
    case_id: UUID
    alert_id: UUID | None
    verdict: Verdict
    reason: str
    actor: str
    decided_at: datetime
    undone_at: datetime | None = None
    undone_by: str | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    note_id: int
    case_id: UUID
    alert_id: UUID | None
    actor: str
    body: str
    written_at: datetime


class ToDecide(msgspec.Struct, frozen=True):
    """An alert as it is before it is decided."""

    alert_id: UUID
    transaction_id: str
    status: AlertStatus
    decision_id: int | None


class Decided(msgspec.Struct, frozen=True):
    """An alert of a decision, with what was there before it; `revision` is that of the label which it wrote."""

    alert_id: UUID
    transaction_id: str
    status_before: AlertStatus
    decision_before: int | None
    revision: int | None
    fraud_before: bool | None


async def to_decide(connection: Connection, case: Case, alert_id: UUID | None) -> list[ToDecide]:
    """The alerts of a locked case that a decision is about: all of them, or the one."""
    records = await connection.fetch(_TO_DECIDE, case.client_id, case.case_id, alert_id)
    return [ToDecide(r["alert_id"], r["transaction_id"], AlertStatus(r["status"]), r["decision_id"]) for r in records]


async def insert(
    connection: Connection, client_id: int, decision: CaseDecision, status: AlertStatus, alerts: Sequence[Decided]
) -> CaseDecision:
    """Store a decision about a locked case's alerts and give these the status; returns it with its number."""
    number: int = await connection.fetchval(
        _INSERT,
        client_id,
        decision.case_id,
        decision.alert_id,
        decision.verdict,
        decision.reason,
        decision.actor,
        decision.decided_at,
    )
    before = [(a.alert_id, a.status_before, a.decision_before, a.revision, a.fraud_before) for a in alerts]
    await connection.execute(_INSERT_ALERTS, client_id, number, *zip(*before, strict=True))
    await connection.execute(_DECIDE_ALERTS, client_id, number, [alert.alert_id for alert in alerts], status)
    return msgspec.structs.replace(decision, decision_id=number)


async def standing(connection: Connection, case: Case, alert_id: UUID | None) -> CaseDecision | None:
    """The newest decision of a locked case that stands; of an alert, the one that stands for it."""
    record = await connection.fetchrow(_STANDING, case.client_id, case.case_id, alert_id)
    return _decision_of(record) if record else None


async def still_decided(connection: Connection, client_id: int, decision_id: int) -> list[Decided]:
    """The alerts for which a decision stands still."""
    records = await connection.fetch(_STILL_DECIDED, client_id, decision_id)
    return [Decided(**dict(r) | {"status_before": AlertStatus(r["status_before"])}) for r in records]


async def undo(
    connection: Connection, client_id: int, decision_id: int, alerts: Sequence[Decided], actor: str, now: datetime
) -> None:
    """Take a decision back: its alerts are again what they were."""
    await connection.execute(_UNDO, client_id, decision_id, now, actor)
    before = [(alert.alert_id, alert.status_before, alert.decision_before) for alert in alerts]
    if before:
        await connection.execute(_RESTORE_ALERTS, client_id, *zip(*before, strict=True))


async def write_note(connection: Connection, case: Case, note: Note) -> Note:
    """Store a note about a case, or about one of its alerts; returns it with its number."""
    number: int = await connection.fetchval(
        _WRITE_NOTE, case.client_id, case.case_id, note.alert_id, note.actor, note.body, note.written_at
    )
    return msgspec.structs.replace(note, note_id=number)


class CaseHistory:
    """Decisions and notes of a case, newest first. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def decisions(self, client_id: int, case_id: UUID) -> list[CaseDecision]:
        """Also those that were undone; at most OF_CASE_MAX."""
        async with session(self._pool) as connection:
            return [_decision_of(r) for r in await connection.fetch(_OF_CASE, client_id, case_id, OF_CASE_MAX)]

    async def notes(self, client_id: int, case_id: UUID) -> list[Note]:
        """At most OF_CASE_MAX."""
        async with session(self._pool) as connection:
            return [Note(**dict(r)) for r in await connection.fetch(_NOTES, client_id, case_id, OF_CASE_MAX)]


def _decision_of(record: asyncpg.Record) -> CaseDecision:
    columns: dict[str, Any] = dict(record)
    return CaseDecision(**columns | {"verdict": Verdict(columns["verdict"])})
