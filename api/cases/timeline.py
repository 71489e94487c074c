"""The story of a case in the order in which it happened: payments, alerts, what analysts did. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from contracts.transaction import EPOCH
from storage.alert_list import WorkedAlert
from storage.audit import AuditRecord
from storage.case_decisions import CaseDecision, Note
from storage.related import Activity

EVENTS_MAX = 500  # of one timeline, the newest
_AUDITED = {  # what decisions and notes do not tell themselves
    "alert.status": "status {from} → {to}",
    "case.claimed": "claimed",
    "case.claim_extended": "claim extended",
    "case.released": "released",
}

Kind = Literal["transaction", "alert", "decision", "undo", "note", "work"]


class Event(NamedTuple):
    """One thing that happened; `subject` is the id of what it is about, `actor` who did it, if anybody."""

    at_ms: int
    kind: Kind
    text: str
    subject: str
    actor: str | None = None


def timeline(
    activities: Iterable[Activity],
    alerts: Iterable[WorkedAlert],
    decisions: Iterable[CaseDecision],
    notes: Iterable[Note],
    audited: Iterable[AuditRecord],
) -> list[Event]:
    """Everything by time, the oldest first; at most EVENTS_MAX, the newest."""
    events = [
        *(_of_activity(activity) for activity in activities if activity.alert_id is None),
        *(_of_alert(alert) for alert in alerts),
        *(event for decision in decisions for event in _of_decision(decision)),
        *(Event(_ms(note.written_at), "note", note.body, str(note.note_id), note.actor) for note in notes),
        *(_of_audited(record) for record in audited if record.action in _AUDITED),
    ]
    return sorted(events, key=lambda event: event.at_ms)[-EVENTS_MAX:]


def _of_activity(activity: Activity) -> Event:
    money = f"{activity.amount:g} {activity.currency or ''}".strip()
    return Event(activity.event_time_ms, "transaction", f"{activity.kind} of {money}", activity.transaction_id)


def _of_alert(found: WorkedAlert) -> Event:
    alert = found.alert
    text = f"{alert.severity} alert, score {alert.risk_score:g}: {alert.amount:g} {alert.currency}"
    return Event(alert.event_time_ms, "alert", text, alert.alert_id)


def _of_decision(decision: CaseDecision) -> list[Event]:
    number = str(decision.decision_id)
    made = Event(_ms(decision.decided_at), "decision", f"{decision.verdict}: {decision.reason}", number, decision.actor)
    if decision.undone_at is None:
        return [made]
    return [made, Event(_ms(decision.undone_at), "undo", f"{decision.verdict} undone", number, decision.undone_by)]


def _of_audited(record: AuditRecord) -> Event:
    text = _AUDITED[record.action].format_map(record.detail)
    return Event(_ms(record.recorded_at), "work", text, record.subject, record.actor)


def _ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)
