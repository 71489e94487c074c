"""What alerts, cases, decisions, notes, labels and audit entries look like over HTTP.

Times are milliseconds since 1970 UTC and end in `_ms`.
"""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from api.cases import verdicts
from api.cases.claims import holder
from api.cases.queries import milliseconds
from api.cases.texts import Line, ShortLine, Text
from api.listing import Listed, listed
from api.moments import Moment
from api.schemas import AlertOut, Answer
from contracts.case import AlertStatus, Verdict
from contracts.decision import RiskLevel
from storage.alert_list import WorkedAlert
from storage.audit import AuditRecord
from storage.case_decisions import CaseDecision, Note
from storage.cases import Case
from storage.feedback import KnownLabel


class Request(BaseModel):
    """Base of the bodies that callers send."""

    model_config = ConfigDict(extra="forbid")


class StatusIn(Request):
    """Where an alert shall go."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"status": "IN_REVIEW", "reason": "called the customer"}]}
    )

    status: AlertStatus
    reason: Annotated[Text | None, Field(description="For the audit log")] = None


class DecisionIn(Request):
    """A verdict, with its reason."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"verdict": "confirmed_fraud", "reason": "The customer did not make these payments."}]
        },
    )

    verdict: Verdict
    reason: Text


class NoteIn(Request):
    """A note to an alert or a case."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "Waiting for a call back."}]})

    text: Text


class LabelIn(Request):
    """What an institution found out about a transaction: a chargeback, a complaint, an all-clear."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"transaction_id": "pay-17", "fraud": True, "source": "chargeback"}]},
    )

    transaction_id: Line
    fraud: StrictBool
    source: ShortLine = "chargeback"
    known_at: Annotated[Moment | None, Field(description="Since when it is known; now, if absent")] = None


class WorkedAlertOut(AlertOut):
    """An alert with the work on it. `version` is that of its status, and its ETag."""

    case_id: UUID
    status: AlertStatus
    version: int
    assignee: Annotated[str | None, Field(description="Who holds its case now")]
    claimed_until_ms: int | None
    verdict: Annotated[Verdict | None, Field(description="The decision that stands")]

    @classmethod
    def of(cls, found: WorkedAlert, now: datetime) -> Self:
        held = found.claimed_until is not None and found.claimed_until > now
        return cls(
            **AlertOut.model_validate(found.alert).model_dump(exclude={"status", "case_id"}),
            case_id=UUID(found.alert.case_id),
            status=AlertStatus(found.alert.status),
            version=found.version,
            assignee=found.assignee if held else None,
            claimed_until_ms=milliseconds(found.claimed_until) if held else None,
            verdict=found.verdict,
        )


class WorkedAlertPage(Listed):
    """In the order asked for. `next_cursor` is null on the last page."""

    items: list[WorkedAlertOut]
    next_cursor: str | None


class CaseOut(Answer):
    """The alerts of one account within a day: one piece of work. `version` is its ETag.

    Score and severity are the highest among its alerts; sequences are those of its first and last one.
    """

    case_id: UUID
    account: str
    status: AlertStatus
    severity: RiskLevel
    risk_score: float
    alert_count: int
    first_event_time_ms: int
    last_event_time_ms: int
    first_sequence: int
    last_sequence: int
    opened_at_ms: int
    changed_at_ms: int
    version: int
    assignee: Annotated[str | None, Field(description="Who holds it now")]
    claimed_until_ms: int | None
    verdict: Annotated[Verdict | None, Field(description="The newest decision that stands")]

    @classmethod
    def of(cls, case: Case, now: datetime) -> Self:
        assignee = holder(case, now)
        return cls(
            case_id=case.case_id,
            account=case.account,
            status=case.status,
            severity=case.severity,
            risk_score=case.risk_score,
            alert_count=case.alert_count,
            first_event_time_ms=case.first_event_time_ms,
            last_event_time_ms=case.last_event_time_ms,
            first_sequence=case.first_sequence,
            last_sequence=case.last_sequence,
            opened_at_ms=_ms(case.opened_at),
            changed_at_ms=_ms(case.changed_at),
            version=case.version,
            assignee=assignee,
            claimed_until_ms=milliseconds(case.claimed_until) if assignee else None,
            verdict=case.verdict,
        )


class CasePage(Listed):
    """By the alert that opened each. `next_cursor` is null on the last page."""

    items: list[CaseOut]
    next_cursor: str | None


class CaseDecisionOut(Answer):
    """A verdict. `alert_id` is null where the whole case was decided. It can be undone before `undo_until_ms`."""

    decision_id: int
    case_id: UUID
    alert_id: UUID | None
    verdict: Verdict
    reason: str
    actor: str
    decided_at_ms: int
    undo_until_ms: int
    undone_at_ms: int | None
    undone_by: str | None

    @classmethod
    def of(cls, decision: CaseDecision) -> Self:
        return cls(
            decision_id=decision.decision_id,
            case_id=decision.case_id,
            alert_id=decision.alert_id,
            verdict=decision.verdict,
            reason=decision.reason,
            actor=decision.actor,
            decided_at_ms=_ms(decision.decided_at),
            undo_until_ms=_ms(verdicts.undo_until(decision)),
            undone_at_ms=milliseconds(decision.undone_at),
            undone_by=decision.undone_by,
        )


class NoteOut(Answer):
    """A note; `alert_id` is null where it is about the whole case."""

    note_id: int
    case_id: UUID
    alert_id: UUID | None
    actor: str
    text: str
    written_at_ms: int

    @classmethod
    def of(cls, note: Note) -> Self:
        return cls(
            note_id=note.note_id,
            case_id=note.case_id,
            alert_id=note.alert_id,
            actor=note.actor,
            text=note.body,
            written_at_ms=_ms(note.written_at),
        )


class LabelOut(Answer):
    """One revision of what is known about a transaction; the highest revision counts.

    `state`: accepted and published on its way to the labels' topic; waiting for its transaction; ready and forwarded
    to the stream; unchanged, because it says what was known; stale, because a higher revision came first.
    """

    transaction_id: str
    revision: int
    fraud: bool
    source: str
    known_at_ms: int
    state: str


class LabelPage(Listed):
    """The one known last first. `next_cursor` is null on the last page."""

    items: list[LabelOut]
    next_cursor: str | None

    @classmethod
    def of(cls, labels: list[KnownLabel], next_cursor: str | None) -> Self:
        return cls(**listed(labels, LabelOut.model_validate, "transaction_id"), next_cursor=next_cursor)


class AuditEntryOut(Answer):
    """Who did what to what, when, and in which request."""

    audit_id: int
    recorded_at_ms: int
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    request_id: str

    @classmethod
    def of(cls, record: AuditRecord) -> Self:
        return cls(
            audit_id=record.audit_id,
            recorded_at_ms=_ms(record.recorded_at),
            actor=record.actor,
            action=record.action,
            subject=record.subject,
            detail=record.detail,
            request_id=record.request_id,
        )


class AuditPage(Listed):
    """The newest first. `next_cursor` is null on the last page."""

    items: list[AuditEntryOut]
    next_cursor: str | None


def _ms(at: datetime) -> int:
    number = milliseconds(at)
    assert number is not None
    return number
