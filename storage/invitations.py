"""Invitations: one-time tokens with which somebody becomes a user of a client."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from storage.audit import AuditEntry, record
from storage.database import Pool, session
from storage.rows import rows_of
from storage.user_sessions import NewSession, open_session
from storage.users import NewUser, User, insert_user

PAGE_MAX = 1_000  # invitations a query
OPEN_MAX = 1_000  # open ones of a client

_COLUMNS = "invitation_id, client_id, email, role, invited_by, created_at, expires_at, accepted_at, withdrawn_at"
_OPEN = "accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > now()"
_INSERT = f"""
INSERT INTO invitations (client_id, email, role, token_hash, invited_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING {_COLUMNS}
"""  # noqa: S608 - constants
_OPEN_COUNT = f"SELECT count(*) FROM invitations WHERE client_id = $1 AND {_OPEN}"  # noqa: S608
_OF_CLIENT = f"""
SELECT {_COLUMNS} FROM invitations WHERE client_id = $1 AND invitation_id > $2 ORDER BY invitation_id LIMIT $3
"""  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM invitations WHERE token_hash = ANY ($1::bytea[]) AND {_OPEN}"  # noqa: S608
_ACCEPT = f"""
UPDATE invitations SET accepted_at = now() WHERE invitation_id = $1 AND {_OPEN} RETURNING {_COLUMNS}
"""  # noqa: S608
_WITHDRAW = f"""
UPDATE invitations SET withdrawn_at = now() WHERE client_id = $1 AND invitation_id = $2 AND {_OPEN}
RETURNING invitation_id
"""  # noqa: S608


class Invitation(msgspec.Struct, frozen=True):
    """An invitation without its token. `invited_by` is an actor ("user:17")."""

    invitation_id: int
    client_id: int
    email: str
    role: str
    invited_by: str
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None


class InvitationRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(
        self, email: str, role: str, token_hash: bytes, expires_at: datetime, entry: AuditEntry
    ) -> Invitation | None:
        """Invite somebody on behalf of the entry's client and actor; None if OPEN_MAX are open already."""
        async with session(self._pool) as connection, connection.transaction():
            if await connection.fetchval(_OPEN_COUNT, entry.client_id) >= OPEN_MAX:
                return None
            found = await connection.fetchrow(
                _INSERT, entry.client_id, email, role, token_hash, entry.actor, expires_at
            )
            assert found is not None
            invitation = Invitation(**dict(found))
            subject = f"invitation:{invitation.invitation_id}"
            await record(connection, msgspec.structs.replace(entry, subject=subject))
            return invitation

    async def of_client(self, client_id: int, *, after_id: int = 0, limit: int = PAGE_MAX) -> list[Invitation]:
        """A client's invitations, closed ones included, oldest first, those after an id; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            found = await connection.fetch(_OF_CLIENT, client_id, after_id, min(limit, PAGE_MAX))
        return rows_of(found, lambda row: Invitation(**dict(row)))

    async def find(self, token_hashes: Sequence[bytes]) -> Invitation | None:
        """The open invitation with this token."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_FIND, token_hashes)
        return Invitation(**dict(found)) if found else None

    async def accept(
        self, invitation_id: int, user: NewUser, make_session: Callable[[User], NewSession], request_id: str
    ) -> tuple[User, NewSession] | None:
        """Use an invitation up: its user, and a session; None if it is not open any more. Raises EmailTaken."""
        async with session(self._pool) as connection, connection.transaction():
            found = await connection.fetchrow(_ACCEPT, invitation_id)
            if found is None:
                return None
            stored = await insert_user(connection, found["client_id"], user)
            entry = AuditEntry(
                client_id=stored.client_id,
                actor=f"user:{stored.user_id}",
                action="user.joined",
                subject=f"user:{stored.user_id}",
                detail={"invitation": invitation_id, "role": stored.role},
                request_id=request_id,
            )
            await record(connection, entry)
            opened = make_session(stored)
            await open_session(connection, opened)
            return stored, opened

    async def withdraw(self, invitation_id: int, entry: AuditEntry) -> bool:
        """False if the entry's client has no such open invitation."""
        async with session(self._pool) as connection, connection.transaction():
            if await connection.fetchval(_WITHDRAW, entry.client_id, invitation_id) is None:
                return False
            await record(connection, entry)
            return True
