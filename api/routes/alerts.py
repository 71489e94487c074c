"""A client's alerts: listed, one by one, claimed, their status moved."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from api.auth import Reader
from api.cases import desk
from api.cases.act import ActOf
from api.cases.paging import bad_cursor, next_cursor, resumed
from api.cases.queries import AlertQuery, Order
from api.cases.schemas import StatusIn, WorkedAlertOut, WorkedAlertPage
from api.cases.versions import IF_MATCH_LENGTH_MAX, tag
from api.cursors import SEQUENCE_MAX, PageCursor
from api.json_bodies import JsonRoute
from api.listing import listed
from api.openapi import errors
from api.parts import PartsOf
from api.problems import NOT_FOUND, Problem
from storage.alert_list import AlertListRepository, AlertSort, Key, sort_key

KEY_MAX = 1e15  # beyond every score, amount and time in milliseconds
IfMatch = Annotated[
    str | None,
    Header(max_length=IF_MATCH_LENGTH_MAX, description="The ETag that was read: 412 if it has changed since"),
]
NOTHING_WAITS: dict[int | str, dict[str, Any]] = {204: {"description": "Every case is closed, or somebody works on it"}}

router = APIRouter(prefix="/v1/alerts", tags=["alerts"], route_class=JsonRoute)


@router.get("", summary="Alerts by filter, newest first or in another order")
async def list_alerts(caller: Reader, parts: PartsOf, query: Annotated[AlertQuery, Query()]) -> WorkedAlertPage:
    """All filters given must hold. An alert stands on one page only, however many arrive between two pages."""
    asked, page = resumed(query)
    now = datetime.now(UTC)
    async with parts.database.client(caller.client_id) as pool:
        found = await AlertListRepository(pool).page(
            caller.client_id,
            asked.filter(caller.actor, now),
            sort=asked.sort,
            descending=asked.order is Order.DESC,
            after=_key_of(page, asked.sort) if page else None,
            limit=asked.limit + 1,
        )
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    return WorkedAlertPage(
        **listed(shown, lambda alert: WorkedAlertOut.of(alert, now), "alert_id"),
        next_cursor=next_cursor(asked, [*sort_key(shown[-1], asked.sort)]) if more else None,
    )


@router.post(
    "/next",
    response_model=WorkedAlertOut,
    summary="Claim the next case, and get the alert to begin with",
    responses=errors(409) | NOTHING_WAITS,
)
async def claim_next_alert(act: ActOf, response: Response) -> WorkedAlertOut | Response:
    """The severest case that is not closed and that nobody works on, for 30 minutes; of two who ask, each gets
    another one. Answers 204 if nothing waits.
    """
    found = await desk.claim_next_alert(act)
    if found is None:
        return Response(status_code=204)
    response.headers["ETag"] = tag(found.version)
    return WorkedAlertOut.of(found, act.now)


@router.get("/{alert_id}", summary="One alert", responses=errors(404))
async def get_alert(caller: Reader, parts: PartsOf, alert_id: UUID, response: Response) -> WorkedAlertOut:
    """The alert with the work on it. Its ETag is the version of its status."""
    async with parts.database.client(caller.client_id) as pool:
        found = await AlertListRepository(pool).get(caller.client_id, alert_id)
    if found is None:
        raise Problem(NOT_FOUND, desk.NO_ALERT)
    response.headers["ETag"] = tag(found.version)
    return WorkedAlertOut.of(found, datetime.now(UTC))


@router.patch("/{alert_id}/status", summary="Move an alert's status", responses=errors(404, 409, 412))
async def change_alert_status(
    act: ActOf, alert_id: UUID, body: StatusIn, response: Response, if_match: IfMatch = None
) -> WorkedAlertOut:
    """OPEN → IN_REVIEW or DISMISSED; IN_REVIEW → OPEN, RESOLVED or DISMISSED; closed → IN_REVIEW.

    Another move is a 409 problem whose `legal` names the moves that there are. The status that it has already is no
    move, and no error.
    """
    found = await desk.change_status(act, alert_id, body.status, if_match, body.reason)
    response.headers["ETag"] = tag(found.version)
    return WorkedAlertOut.of(found, act.now)


@router.post("/{alert_id}/claim", summary="Claim an alert with its case", responses=errors(404, 409))
async def claim_alert(act: ActOf, alert_id: UUID) -> WorkedAlertOut:
    """For 30 minutes; claiming again extends it. A case is one piece of work: all its alerts are claimed."""
    return WorkedAlertOut.of(await desk.claim_of_alert(act, alert_id), act.now)


@router.post("/{alert_id}/release", summary="Put an alert back with its case", responses=errors(404, 409))
async def release_alert(act: ActOf, alert_id: UUID) -> WorkedAlertOut:
    """Ends the claim before its time. An administrator may end anybody's."""
    return WorkedAlertOut.of(await desk.release_of_alert(act, alert_id), act.now)


def _key_of(page: PageCursor, sort: AlertSort) -> Key:
    match page.key:
        case [None, int(sequence)] if sort is AlertSort.SEQUENCE and 0 < sequence <= SEQUENCE_MAX:
            return None, sequence
        case [int(value), int(sequence)] if _fits(value, sequence, sort):
            return value, sequence
        case [float(value), int(sequence)] if _fits(value, sequence, sort) and sort is not AlertSort.TIME:
            return value, sequence
    raise bad_cursor("it is damaged; use `next_cursor` as it came")


def _fits(value: float, sequence: int, sort: AlertSort) -> bool:
    return sort is not AlertSort.SEQUENCE and abs(value) <= KEY_MAX and 0 < sequence <= SEQUENCE_MAX
