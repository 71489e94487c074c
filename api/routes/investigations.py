"""Investigations: all that is known around an alert or a case, and what the analyst makes of it."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Response

from api.auth import Reader
from api.cases import deciding
from api.cases.act import ActOf
from api.cases.investigation import investigate
from api.cases.investigation_out import InvestigationOut
from api.cases.schemas import CaseDecisionOut, DecisionIn, NoteIn, NoteOut
from api.cases.versions import tag
from api.json_bodies import JsonRoute
from api.openapi import errors
from api.parts import PartsOf
from api.routes.alerts import IfMatch

router = APIRouter(prefix="/v1/investigations", tags=["investigations"], route_class=JsonRoute)


@router.get("/{subject_id}", summary="All about an alert or a case", responses=errors(404))
async def get_investigation(caller: Reader, parts: PartsOf, subject_id: UUID, response: Response) -> InvestigationOut:
    """By the id of an alert or of a case: the account's payments and norm, what else its device, address and merchant
    did, earlier cases, decisions, notes, and a timeline. Looks 30 days back. The ETag is the case's.
    """
    async with parts.database.client(caller.client_id) as pool:
        found = await investigate(pool, caller.client_id, subject_id)
    response.headers["ETag"] = tag(found.case.version)
    return InvestigationOut.of(found, datetime.now(UTC))


@router.post(
    "/{subject_id}/decision",
    status_code=201,
    summary="Decide an alert, or a case with all its alerts",
    responses=errors(404, 409, 412),
)
async def decide_investigation(
    act: ActOf, subject_id: UUID, body: DecisionIn, if_match: IfMatch = None
) -> CaseDecisionOut:
    """Closes the alerts, ends the claim, and writes each transaction's label to the labels' topic.

    A later decision replaces an earlier one. With If-Match it is refused if the case has changed since it was read: an
    alert may have joined it.
    """
    return CaseDecisionOut.of(await deciding.decide(act, subject_id, body.verdict, body.reason, if_match))


@router.post("/{subject_id}/decision/undo", summary="Undo the decision that stands", responses=errors(404, 409))
async def undo_decision(act: ActOf, subject_id: UUID) -> CaseDecisionOut:
    """Within 15 minutes, by who decided or an administrator: alerts and labels are again what they were before."""
    return CaseDecisionOut.of(await deciding.undo(act, subject_id))


@router.post("/{subject_id}/notes", status_code=201, summary="Write a note", responses=errors(404))
async def write_note(act: ActOf, subject_id: UUID, body: NoteIn) -> NoteOut:
    """To an alert or a case. Notes are not changed or removed."""
    return NoteOut.of(await deciding.write_note(act, subject_id, body.text))
