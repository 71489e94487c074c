"""The audit log: every change, who made it, and in which request."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import Administrator
from api.cases.paging import next_cursor, number_of, resumed
from api.cases.queries import AuditQuery
from api.cases.schemas import AuditEntryOut, AuditPage
from api.listing import listed
from api.parts import PartsOf
from storage.audit import AuditRepository

router = APIRouter(prefix="/v1/audit", tags=["audit"])


@router.get("", summary="The audit log, newest first")
async def list_audit_entries(caller: Administrator, parts: PartsOf, query: Annotated[AuditQuery, Query()]) -> AuditPage:
    """All filters given must hold. Nobody can change an entry; a reason is emptied when the person in it is erased."""
    asked, page = resumed(query)
    async with parts.database.client(caller.client_id) as pool:
        found = await AuditRepository(pool).page(
            caller.client_id,
            asked.filter(),
            before_id=number_of(page) if page else None,
            limit=asked.limit + 1,
        )
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    return AuditPage(
        **listed(shown, AuditEntryOut.of, "audit_id"),
        next_cursor=next_cursor(asked, [shown[-1].audit_id]) if more else None,
    )
