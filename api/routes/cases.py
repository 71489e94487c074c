"""Cases: the alerts of one account within a day, as one piece of work."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.auth import Reader
from api.cases import desk
from api.cases.act import ActOf
from api.cases.paging import next_cursor, number_of, resumed
from api.cases.queries import CaseQuery, Order
from api.cases.schemas import CaseOut, CasePage
from api.cases.versions import tag
from api.json_bodies import JsonRoute
from api.listing import listed
from api.openapi import errors
from api.parts import PartsOf
from api.problems import NOT_FOUND, Problem
from api.routes.alerts import NOTHING_WAITS
from storage.cases import CaseRepository

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=JsonRoute)


@router.get("", summary="Cases by filter, the newest first")
async def list_cases(caller: Reader, parts: PartsOf, query: Annotated[CaseQuery, Query()]) -> CasePage:
    """All filters given must hold. A case's alerts are at `GET /v1/alerts?case=<id>`."""
    asked, page = resumed(query)
    now = datetime.now(UTC)
    async with parts.database.client(caller.client_id) as pool:
        found = await CaseRepository(pool).page(
            caller.client_id,
            asked.filter(caller.actor, now),
            descending=asked.order is Order.DESC,
            after_sequence=number_of(page) if page else None,
            limit=asked.limit + 1,
        )
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    return CasePage(
        **listed(shown, lambda case: CaseOut.of(case, now), "case_id"),
        next_cursor=next_cursor(asked, [shown[-1].first_sequence]) if more else None,
    )


@router.post("/next", response_model=CaseOut, summary="Claim the next case", responses=errors(409) | NOTHING_WAITS)
async def claim_next_case(act: ActOf, response: Response) -> CaseOut | Response:
    """The severest that is not closed and that nobody works on, for 30 minutes; of two who ask, each gets another one.

    Severity, then score, then age. Answers 204 if nothing waits.
    """
    case = await desk.claim_next(act)
    if case is None:
        return Response(status_code=204)
    response.headers["ETag"] = tag(case.version)
    return CaseOut.of(case, act.now)


@router.get("/{case_id}", summary="One case", responses=errors(404))
async def get_case(caller: Reader, parts: PartsOf, case_id: UUID, response: Response) -> CaseOut:
    """The case. Its ETag changes with every alert that joins it, and with everything that is done to it."""
    async with parts.database.client(caller.client_id) as pool:
        case = await CaseRepository(pool).get(caller.client_id, case_id)
    if case is None:
        raise Problem(NOT_FOUND, desk.NO_CASE)
    response.headers["ETag"] = tag(case.version)
    return CaseOut.of(case, datetime.now(UTC))


@router.post("/{case_id}/claim", summary="Claim a case", responses=errors(404, 409))
async def claim_case(act: ActOf, case_id: UUID) -> CaseOut:
    """For 30 minutes; claiming again extends it."""
    return CaseOut.of(await desk.claim(act, case_id), act.now)


@router.post("/{case_id}/release", summary="Put a case back", responses=errors(404, 409))
async def release_case(act: ActOf, case_id: UUID) -> CaseOut:
    """Ends the claim before its time. An administrator may end anybody's."""
    return CaseOut.of(await desk.release(act, case_id), act.now)
