"""What analysts do with alerts and cases before they decide: take them, put them back, move their status."""

from uuid import UUID

from api.cases.act import Act
from api.cases.claims import CLAIMS_MAX, claim_end, holder, is_free_for
from api.cases.status import legal_moves, status_of_case
from api.cases.versions import check_version
from api.problems import CONFLICT, NOT_FOUND, Problem
from contracts.case import AlertStatus
from storage import alert_list, audit, cases
from storage.alert_list import WorkedAlert
from storage.cases import Case
from storage.database import Connection

NO_ALERT = "you have no alert with this id"
NO_CASE = "you have no case with this id"


async def change_status(
    act: Act, alert_id: UUID, status: AlertStatus, if_match: str | None, reason: str | None
) -> WorkedAlert:
    """Move an alert's status. Raises problems: 404, 409 (an illegal move, somebody else's case), 412."""
    async with act.transaction() as connection:
        case = await locked_case_of_alert(act, connection, alert_id)
        found = await worked(act, connection, alert_id)
        check_version(if_match, found.version)
        refuse_others(act, case)
        before = AlertStatus(found.alert.status)
        if before == status:
            return found
        if status not in legal_moves(before):
            legal = [str(move) for move in legal_moves(before)]
            detail = f"an alert that is {before} can become {' or '.join(legal)}"
            raise Problem(CONFLICT, detail, current=str(before), legal=legal)
        await cases.set_alert_status(connection, act.client_id, alert_id, status)
        await follow(act, connection, case)
        detail_of = {"from": before, "to": status, "case_id": str(case.case_id), "reason": reason}
        await audit.record(connection, act.entry("alert.status", f"alert:{alert_id}", **detail_of))
        return await worked(act, connection, alert_id)


async def claim(act: Act, case_id: UUID) -> Case:
    """Take a case, or keep it longer. Raises problems: 404, 409 (somebody else holds it, or too many are held)."""
    async with act.transaction() as connection:
        return await _claim(act, connection, await locked_case(act, connection, case_id))


async def claim_of_alert(act: Act, alert_id: UUID) -> WorkedAlert:
    """As `claim`, for the case of an alert."""
    async with act.transaction() as connection:
        await _claim(act, connection, await locked_case_of_alert(act, connection, alert_id))
        return await worked(act, connection, alert_id)


async def claim_next(act: Act) -> Case | None:
    """Take the case that should be looked at next; None if all are closed or taken. Raises a 409 problem."""
    async with act.transaction() as connection:
        case = await cases.lock_next(connection, act.client_id, act.now)
        return await _claim(act, connection, case) if case else None


async def claim_next_alert(act: Act) -> WorkedAlert | None:
    """As `claim_next`; returns the alert to begin with."""
    async with act.transaction() as connection:
        case = await cases.lock_next(connection, act.client_id, act.now)
        if case is None:
            return None
        await _claim(act, connection, case)
        return await worked(act, connection, await cases.ripest_alert(connection, case))


async def release(act: Act, case_id: UUID) -> Case:
    """Put a case back. Raises problems: 404, 409 (somebody else holds it; an administrator may take it away)."""
    async with act.transaction() as connection:
        return await _release(act, connection, await locked_case(act, connection, case_id))


async def release_of_alert(act: Act, alert_id: UUID) -> WorkedAlert:
    """As `release`, for the case of an alert."""
    async with act.transaction() as connection:
        await _release(act, connection, await locked_case_of_alert(act, connection, alert_id))
        return await worked(act, connection, alert_id)


async def follow(act: Act, connection: Connection, case: Case, *, done: bool = False) -> None:
    """Give a locked case the status that follows from its alerts'; when the work is `done`, its claim ends."""
    status = status_of_case(await cases.statuses(connection, case))
    await cases.set_status(connection, case, status, act.now, release=done)


def refuse_others(act: Act, case: Case) -> None:
    """Raises a 409 problem if somebody else works on the case; an administrator may step in."""
    if not act.is_administrator and not is_free_for(case, act.actor, act.now):
        raise _held(case)


async def locked_case(act: Act, connection: Connection, case_id: UUID) -> Case:
    """The case, locked until the transaction ends. Raises a 404 problem."""
    case = await cases.lock(connection, act.client_id, case_id)
    if case is None:
        raise Problem(NOT_FOUND, NO_CASE)
    return case


async def locked_case_of_alert(act: Act, connection: Connection, alert_id: UUID) -> Case:
    """The case of an alert, locked until the transaction ends. Raises a 404 problem."""
    case_id = await cases.case_of_alert(connection, act.client_id, alert_id)
    case = await cases.lock(connection, act.client_id, case_id) if case_id else None
    if case is None:
        raise Problem(NOT_FOUND, NO_ALERT)
    return case


async def worked(act: Act, connection: Connection, alert_id: UUID) -> WorkedAlert:
    """An alert of a locked case, as it is now."""
    found = await alert_list.get(connection, act.client_id, alert_id)
    if found is None:
        raise Problem(NOT_FOUND, NO_ALERT)
    return found


async def _claim(act: Act, connection: Connection, case: Case) -> Case:
    if not is_free_for(case, act.actor, act.now):
        raise _held(case)
    extends = holder(case, act.now) == act.actor
    if not extends and await cases.claims(connection, act.client_id, act.actor, act.now) >= CLAIMS_MAX:
        raise Problem(CONFLICT, f"you hold {CLAIMS_MAX} cases; decide or release some first")
    until = claim_end(act.now)
    await cases.claim(connection, case, act.actor, until, act.now)
    action = "case.claim_extended" if extends else "case.claimed"
    await audit.record(connection, act.entry(action, f"case:{case.case_id}", until=until))
    return await locked_case(act, connection, case.case_id)


async def _release(act: Act, connection: Connection, case: Case) -> Case:
    held_by = holder(case, act.now)
    if held_by is None:
        return case
    refuse_others(act, case)
    await cases.claim(connection, case, None, None, act.now)
    await audit.record(connection, act.entry("case.released", f"case:{case.case_id}", held_by=held_by))
    return await locked_case(act, connection, case.case_id)


def _held(case: Case) -> Problem:
    until = case.claimed_until.isoformat() if case.claimed_until else None
    return Problem(CONFLICT, f"{case.assignee} works on this case", assignee=case.assignee, claimed_until=until)
