"""Who acts, when, and in which request: what every change needs to know."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from api.auth import CaseWorker
from api.keys import SCOPE_ADMIN
from api.parts import Parts, PartsOf
from api.problems import request_id_of
from storage.audit import AuditEntry
from storage.database import Connection, session


@dataclass(frozen=True, slots=True)
class Act:
    """One change by one caller. `now` is the time that counts for it."""

    parts: Parts
    client_id: int
    actor: str
    is_administrator: bool
    request_id: str
    now: datetime

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction that sees the caller's client only. Raises StoreUnavailable."""
        async with (
            self.parts.database.client(self.client_id) as pool,
            session(pool) as connection,
            connection.transaction(),
        ):
            yield connection

    def entry(self, action: str, subject: str, **detail: object) -> AuditEntry:
        """What the audit log keeps of it."""
        return AuditEntry(
            client_id=self.client_id,
            actor=self.actor,
            action=action,
            subject=subject,
            detail=detail,
            request_id=self.request_id,
        )


async def act_of(request: Request, caller: CaseWorker, parts: PartsOf) -> Act:
    return Act(
        parts=parts,
        client_id=caller.client_id,
        actor=caller.actor,
        is_administrator=SCOPE_ADMIN in caller.scopes,
        request_id=request_id_of(request),
        now=datetime.now(UTC),
    )


ActOf = Annotated[Act, Depends(act_of)]
