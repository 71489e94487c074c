"""Verdicts and notes: decided, undone, written down, each in one transaction with its labels and its audit entry."""

from uuid import UUID

from api.cases import verdicts
from api.cases.act import Act
from api.cases.desk import follow, locked_case, locked_case_of_alert, refuse_others
from api.cases.status import AFTER_VERDICT
from api.cases.versions import check_version
from api.problems import CONFLICT, NOT_FOUND, Problem
from contracts.case import Verdict
from storage import audit, case_decisions, cases, label_outbox
from storage.case_decisions import CaseDecision, Note
from storage.cases import Case
from storage.database import Connection

NO_INVESTIGATION = "you have no alert and no case with this id"


async def decide(act: Act, subject_id: UUID, verdict: Verdict, reason: str, if_match: str | None) -> CaseDecision:
    """Decide an alert, or a case with all its alerts. Raises problems: 404, 409 (somebody else's), 412."""
    async with act.transaction() as connection:
        case, alert_id = await locked_subject(act, connection, subject_id)
        check_version(if_match, case.version)
        refuse_others(act, case)
        alerts = await case_decisions.to_decide(connection, case, alert_id)
        last = await label_outbox.last_labels(connection, act.client_id, [alert.transaction_id for alert in alerts])
        decided, labels = verdicts.decide(act.client_id, verdict, alerts, last, act.now)
        decision = await case_decisions.insert(
            connection,
            act.client_id,
            CaseDecision(
                decision_id=0,  # given when stored
                case_id=case.case_id,
                alert_id=alert_id,
                verdict=verdict,
                reason=reason,
                actor=act.actor,
                decided_at=act.now,
            ),
            AFTER_VERDICT[verdict],
            decided,
        )
        await label_outbox.write(connection, labels)
        await follow(act, connection, case, done=True)
        detail = {"decision_id": decision.decision_id, "verdict": verdict, "alerts": len(alerts), "labels": len(labels)}
        await audit.record(connection, act.entry("case.decided", _name(case, alert_id), **detail, reason=reason))
        return decision


async def undo(act: Act, subject_id: UUID) -> CaseDecision:
    """Take back the decision that stands, with all the alerts that it decided.

    Raises problems: 404, 409 (nothing to undo, too late, or somebody else decided; an administrator may, in time).
    """
    async with act.transaction() as connection:
        case, alert_id = await locked_subject(act, connection, subject_id)
        decision = await case_decisions.standing(connection, case, alert_id)
        if decision is None:
            raise Problem(CONFLICT, "there is no decision to undo")
        if decision.actor != act.actor and not act.is_administrator:
            raise Problem(CONFLICT, f"{decision.actor} decided this; an administrator can undo it, too")
        if act.now >= verdicts.undo_until(decision):
            minutes = verdicts.UNDO_S // 60
            raise Problem(CONFLICT, f"a decision can be undone for {minutes} minutes; decide again instead")
        alerts = await case_decisions.still_decided(connection, act.client_id, decision.decision_id)
        last = await label_outbox.last_labels(connection, act.client_id, [alert.transaction_id for alert in alerts])
        labels = verdicts.undo(act.client_id, alerts, last, act.now)
        await case_decisions.undo(connection, act.client_id, decision.decision_id, alerts, act.actor, act.now)
        await label_outbox.write(connection, labels)
        await follow(act, connection, case)
        detail = {"decision_id": decision.decision_id, "alerts": len(alerts), "labels": len(labels)}
        await audit.record(connection, act.entry("case.decision_undone", _name(case, alert_id), **detail))
        return CaseDecision(
            decision_id=decision.decision_id,
            case_id=decision.case_id,
            alert_id=decision.alert_id,
            verdict=decision.verdict,
            reason=decision.reason,
            actor=decision.actor,
            decided_at=decision.decided_at,
            undone_at=act.now,
            undone_by=act.actor,
        )


async def write_note(act: Act, subject_id: UUID, text: str) -> Note:
    """Write a note to an alert or a case. Raises a 404 problem."""
    async with act.transaction() as connection:
        case, alert_id = await locked_subject(act, connection, subject_id)
        note = await case_decisions.write_note(
            connection,
            case,
            Note(
                note_id=0,  # given when stored
                case_id=case.case_id,
                alert_id=alert_id,
                actor=act.actor,
                body=text,
                written_at=act.now,
            ),
        )
        entry = act.entry("case.note", _name(case, alert_id), note_id=note.note_id)
        await audit.record(connection, entry)
        return note


async def locked_subject(act: Act, connection: Connection, subject_id: UUID) -> tuple[Case, UUID | None]:
    """The case that an investigation is about, locked, and the alert, if it is about a single one.

    Raises a 404 problem.
    """
    if await cases.case_of_alert(connection, act.client_id, subject_id) is not None:
        return await locked_case_of_alert(act, connection, subject_id), subject_id
    try:
        return await locked_case(act, connection, subject_id), None
    except Problem as error:
        raise Problem(NOT_FOUND, NO_INVESTIGATION) from error


def _name(case: Case, alert_id: UUID | None) -> str:
    return f"alert:{alert_id}" if alert_id else f"case:{case.case_id}"
