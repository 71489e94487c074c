"""A client's alerts, by page and one by one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import Reader
from api.cursors import CURSOR_LENGTH_MAX, BadCursor, decode_cursor, encode_cursor
from api.openapi import errors
from api.parts import PartsOf
from api.problems import INVALID_REQUEST, NOT_FOUND, Problem
from api.schemas import AlertOut, AlertPage
from storage.alerts import AlertRepository

LIMIT_DEFAULT, LIMIT_MAX = 50, 200  # alerts a page; 200 are about 300 kB

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])


@router.get("", summary="Alerts, newest first")
async def list_alerts(
    caller: Reader,
    parts: PartsOf,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of a page")] = None,
) -> AlertPage:
    """Newest first. A page stays what it is while new alerts arrive: they come before the first one."""
    before = _before(cursor)
    async with parts.database.client(caller.client_id) as pool:
        alerts = await AlertRepository(pool).page(caller.client_id, before_sequence=before, limit=limit + 1)
    page = alerts[:limit]
    more = len(alerts) > limit
    return AlertPage(
        items=[AlertOut.model_validate(alert) for alert in page],
        next_cursor=encode_cursor(page[-1].sequence) if more else None,
    )


@router.get("/{alert_id}", summary="One alert", responses=errors(404))
async def get_alert(caller: Reader, parts: PartsOf, alert_id: UUID) -> AlertOut:
    async with parts.database.client(caller.client_id) as pool:
        alert = await AlertRepository(pool).get(caller.client_id, str(alert_id))
    if alert is None:
        raise Problem(NOT_FOUND, "you have no alert with this id")
    return AlertOut.model_validate(alert)


def _before(cursor: str | None) -> int | None:
    try:
        return decode_cursor(cursor) if cursor is not None else None
    except BadCursor as error:
        raise Problem(INVALID_REQUEST, f"query.cursor: {error}; use `next_cursor` as it came") from error
