"""Users: who may sign in, for which client, in which role."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from uuid import UUID

import asyncpg
import msgspec

from storage.audit import AuditEntry, record
from storage.client_invitations import use_client_invitation
from storage.database import Connection, Pool, session
from storage.rows import rows_of
from storage.user_sessions import NewSession, end_sessions, open_session

PAGE_MAX = 1_000  # users a query
ACCOUNTS_MAX = 8  # of one email address, in as many clients, whose passwords a sign-in compares
ADMIN = "admin"

_COLUMNS = "user_id, client_id, email, name, role, created_at, last_sign_in_at, deactivated_at"
_OF_CLIENT = f"SELECT {_COLUMNS} FROM users WHERE client_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3"  # noqa: S608 - constants
_BY_ID = f"SELECT {_COLUMNS} FROM users WHERE client_id = $1 AND user_id = $2"  # noqa: S608
# A user without a password signs in through the identity provider only (storage.user_identities).
_ACCOUNT = """
SELECT user_id, client_id, email, name, role, password_hash FROM users
WHERE deactivated_at IS NULL AND password_hash <> '' AND """
_ACCOUNTS = _ACCOUNT + "email_key = $1 AND client_id = COALESCE($2, client_id) ORDER BY user_id LIMIT $3"
_LOCK_ADDRESS = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_HAS_ACCOUNT = "SELECT EXISTS (SELECT FROM users WHERE email_key = $1)"
_INSERT = f"""
INSERT INTO users (client_id, email, email_key, name, role, password_hash) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING {_COLUMNS}
"""  # noqa: S608
_NEW_CLIENT = "INSERT INTO clients (name) VALUES ($1) RETURNING client_id"
_NEW_SUBSCRIPTION = "INSERT INTO subscriptions (client_id, tier) VALUES ($1, $2)"
_ADMINISTRATORS = """
SELECT user_id FROM users WHERE client_id = $1 AND role = 'admin' AND deactivated_at IS NULL ORDER BY user_id FOR UPDATE
"""
_CHANGE = f"""
UPDATE users SET name = $3, role = $4, deactivated_at = CASE WHEN $5 THEN NULL ELSE COALESCE(deactivated_at, now()) END
WHERE client_id = $1 AND user_id = $2 RETURNING {_COLUMNS}
"""  # noqa: S608
_WITHDRAW = """
UPDATE invitations SET withdrawn_at = now()
WHERE client_id = $1 AND invited_by = $2 AND accepted_at IS NULL AND withdrawn_at IS NULL
"""
_SIGNED_IN = "UPDATE users SET last_sign_in_at = $2, password_hash = COALESCE($3, password_hash) WHERE user_id = $1"
_SET_PASSWORD = "UPDATE users SET password_hash = $2, password_changed_at = now() WHERE user_id = $1"  # noqa: S105  # a statement  # nosec B105
_REHASH = "UPDATE users SET password_hash = $2 WHERE user_id = $1 AND password_hash = $3"
_END_CHALLENGES = "DELETE FROM factor_challenges WHERE user_id = $1 AND session_id IS NULL"
_END_RESETS = "UPDATE password_resets SET used_at = now() WHERE user_id = $1 AND used_at IS NULL"


class EmailTaken(Exception):
    """An account of this email address is in the way: of the same client, or any for who registers."""


class InvitationSpent(Exception):
    """The invitation to register was used or expired in between."""


class Unchanged(Enum):
    """Why a user was not changed."""

    NOT_FOUND = "there is no such user"
    LAST_ADMINISTRATOR = "the client would have no administrator"


class User(msgspec.Struct, frozen=True):
    """A user without secrets."""

    user_id: int
    client_id: int
    email: str
    name: str
    role: str
    created_at: datetime
    last_sign_in_at: datetime | None
    deactivated_at: datetime | None


class Account(msgspec.Struct, frozen=True):
    """What signing in needs of a user who is not deactivated."""

    user_id: int
    client_id: int
    email: str
    name: str
    role: str
    password_hash: str


class NewUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user to be stored. `email_key` is the address in the form in which a client has it once."""

    email: str
    email_key: str
    name: str
    role: str
    password_hash: str


class UserChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be changed; None leaves it as it is."""

    name: str | None = None
    role: str | None = None
    active: bool | None = None


class UserRepository:
    """Every method raises StoreUnavailable. What changes something takes the audit entry along."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_client(self, client_id: int, *, after_id: int = 0, limit: int = PAGE_MAX) -> list[User]:
        """A client's users, deactivated ones included, oldest first, those after an id; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            found = await connection.fetch(_OF_CLIENT, client_id, after_id, min(limit, PAGE_MAX))
        return rows_of(found, lambda row: User(**dict(row)))

    async def get(self, client_id: int, user_id: int) -> User | None:
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_BY_ID, client_id, user_id)
        return User(**dict(found)) if found else None

    async def account(self, user_id: int) -> Account | None:
        """An account by its number, unless it is deactivated or has no password."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(f"{_ACCOUNT} user_id = $1", user_id)
        return Account(**dict(found)) if found else None

    async def accounts(self, email_key: str, client_id: int | None = None) -> list[Account]:
        """Return the active accounts of an email address, oldest first, at most ACCOUNTS_MAX; perhaps of one client."""
        async with session(self._pool) as connection:
            found = await connection.fetch(_ACCOUNTS, email_key, client_id, ACCOUNTS_MAX)
        return [Account(**dict(row)) for row in found]

    async def register(
        self,
        user: NewUser,
        tier: str,
        make_session: Callable[[User], NewSession],
        request_id: str,
        invitation: Sequence[bytes] | None = None,
    ) -> tuple[User, NewSession]:
        """A new client, never the demo's, with its first user and their session, all or nothing.

        `invitation`: the possible hashes of a token that is used up by it. Raises EmailTaken, InvitationSpent.
        """
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_LOCK_ADDRESS, user.email_key)
            if await connection.fetchval(_HAS_ACCOUNT, user.email_key):
                raise EmailTaken
            if invitation is not None and not await use_client_invitation(connection, invitation):
                raise InvitationSpent
            client_id = await connection.fetchval(_NEW_CLIENT, user.name)
            await connection.execute(_NEW_SUBSCRIPTION, client_id, tier)
            stored = await insert_user(connection, client_id, user)
            await record(connection, _joined(stored, "client.registered", {"tier": tier}, request_id))
            opened = make_session(stored)
            await open_session(connection, opened)
            return stored, opened

    async def create(self, client_id: int, user: NewUser, entry: AuditEntry) -> User:
        """A user whom the operator makes. Raises EmailTaken; ValueError if there is no such client."""
        async with session(self._pool) as connection, connection.transaction():
            try:
                stored = await insert_user(connection, client_id, user)
            except asyncpg.ForeignKeyViolationError as error:
                raise ValueError(f"there is no client {client_id}") from error
            await record(connection, msgspec.structs.replace(entry, subject=f"user:{stored.user_id}"))
            return stored

    async def change(
        self, client_id: int, user_id: int, change: UserChange, entry: Callable[[User, User], AuditEntry]
    ) -> User | Unchanged:
        """Change a user, unless the client's last administrator would be lost; `entry` gets the user before and after.

        Who is no administrator any more has no open invitations, for their tokens are known to whoever made them. Of
        who is deactivated a trigger ends the sessions and the offered password resets, for good.
        """
        async with session(self._pool) as connection, connection.transaction():
            # Locked: of two administrators who remove each other at the same moment one must stay.
            administrators = {row["user_id"] for row in await connection.fetch(_ADMINISTRATORS, client_id)}
            found = await connection.fetchrow(_BY_ID + " FOR UPDATE", client_id, user_id)
            if found is None:
                return Unchanged.NOT_FOUND
            before = User(**dict(found))
            role = before.role if change.role is None else change.role
            active = before.deactivated_at is None if change.active is None else change.active
            loses = user_id in administrators and not (active and role == ADMIN)
            if loses and len(administrators) == 1:
                return Unchanged.LAST_ADMINISTRATOR
            name = before.name if change.name is None else change.name
            changed = await connection.fetchrow(_CHANGE, client_id, user_id, name, role, active)
            assert changed is not None
            after = User(**dict(changed))
            if loses:
                await withdraw_invitations_of(connection, client_id, user_id)
            if after != before:
                await record(connection, entry(before, after))
            return after

    async def signed_in(self, opened: NewSession, rehashed: str | None) -> None:
        """Open the session of a user who gave the right password; `rehashed` replaces the hash, if given."""
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_SIGNED_IN, opened.user_id, opened.opened_at, rehashed)
            await open_session(connection, opened)

    async def rehash(self, account: Account, rehashed: str) -> None:
        """Replace the hash of a right password by one of today's costs."""
        async with session(self._pool) as connection:
            await connection.execute(_REHASH, account.user_id, rehashed, account.password_hash)

    async def change_password(self, user_id: int, password_hash: str, keep: UUID | None, entry: AuditEntry) -> None:
        """Set a new password; ends the other sessions and every open reset."""
        async with session(self._pool) as connection, connection.transaction():
            await set_password(connection, user_id, password_hash, keep)
            await record(connection, entry)


async def insert_user(connection: Connection, client_id: int, user: NewUser) -> User:
    """Store a user in the caller's transaction. Raises EmailTaken."""
    try:
        found = await connection.fetchrow(
            _INSERT, client_id, user.email, user.email_key, user.name, user.role, user.password_hash
        )
    except asyncpg.UniqueViolationError as error:
        raise EmailTaken from error
    assert found is not None
    return User(**dict(found))


async def withdraw_invitations_of(connection: Connection, client_id: int, user_id: int) -> None:
    """Withdraw the open invitations that a user made, in the caller's transaction."""
    await connection.execute(_WITHDRAW, client_id, f"user:{user_id}")


async def set_password(connection: Connection, user_id: int, password_hash: str, keep: UUID | None = None) -> None:
    """Set a password in the caller's transaction; ends every session but one, open resets, half-done sign-ins."""
    await connection.execute(_SET_PASSWORD, user_id, password_hash)
    await connection.execute(_END_RESETS, user_id)
    await connection.execute(_END_CHALLENGES, user_id)
    await end_sessions(connection, user_id, keep)


def _joined(user: User, action: str, detail: dict[str, object], request_id: str) -> AuditEntry:
    return AuditEntry(
        client_id=user.client_id, actor=f"user:{user.user_id}", action=action, subject=f"client:{user.client_id}",
        detail=detail, request_id=request_id,
    )  # fmt: skip
