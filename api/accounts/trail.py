"""Audit entries of what a caller changes."""

from starlette.requests import Request

from api.auth import Caller
from api.problems import request_id_of
from storage.audit import AuditEntry


def entry_of(request: Request, caller: Caller, action: str, subject: str = "", **detail: object) -> AuditEntry:
    """An entry for the change that this request makes; `detail` holds no secrets."""
    return AuditEntry(
        client_id=caller.client_id,
        actor=caller.actor,
        action=action,
        subject=subject,
        detail=detail,
        request_id=request_id_of(request),
    )
