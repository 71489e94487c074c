"""Users who sign in through an OpenID Connect provider: an identity is (issuer, subject), never an email address."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from uuid import UUID

import msgspec

from storage.audit import AuditEntry, record
from storage.database import Connection, Pool, session
from storage.user_sessions import NewSession, end_sessions, open_session
from storage.users import ADMIN, EmailTaken, NewUser, User, insert_user, set_password, withdraw_invitations_of

NO_PASSWORD = ""  # of a user's hash: the account has none, and no sign-in by password finds it  # nosec B105
FORGOTTEN_A_TIME = 100  # spent tokens that are over, deleted when another one is spent

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))"
_USER_COLUMNS = "u.user_id, u.client_id, u.email, u.name, u.role, u.created_at, u.last_sign_in_at, u.deactivated_at"
_USERS = f"""
SELECT {_USER_COLUMNS} FROM user_identities AS i JOIN users AS u USING (user_id)
WHERE i.issuer = $1 AND i.subject = $2 ORDER BY u.user_id FOR UPDATE OF u
"""  # noqa: S608 - constants
_ADD = "INSERT INTO user_identities (issuer, subject, client_id, user_id) VALUES ($1, $2, $3, $4)"
_REMOVE = "DELETE FROM user_identities WHERE user_id = $1 OR (issuer = $2 AND subject = $3 AND client_id = $4)"
_SIGNED_IN = "UPDATE users SET last_sign_in_at = $2, role = $3 WHERE user_id = $1"
_OTHER_ADMINISTRATORS = """
SELECT EXISTS (SELECT FROM users WHERE client_id = $1 AND user_id <> $2 AND role = 'admin' AND deactivated_at IS NULL)
"""
_OPEN_SESSIONS = "SELECT count(*) FROM user_sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > now()"
_ADD_SESSION = """
INSERT INTO provider_sessions (session_id, issuer, subject, provider_session, id_token) VALUES ($1, $2, $3, $4, $5)
"""
_TAKE_PROOF = """
UPDATE provider_sessions AS new SET id_token = NULL FROM provider_sessions AS old
WHERE new.session_id = $1 AND old.session_id = new.session_id AND old.issuer = $2 RETURNING old.id_token
"""
_FORGET_TOKENS = """
UPDATE provider_sessions AS p SET id_token = NULL FROM user_sessions AS s
WHERE s.session_id = p.session_id AND s.user_id = $1 AND p.id_token IS NOT NULL
AND (s.ended_at IS NOT NULL OR s.expires_at < now())
"""
_LOGGED_OUT = """
UPDATE user_sessions AS s SET ended_at = now() FROM provider_sessions AS p
WHERE s.session_id = p.session_id AND s.ended_at IS NULL AND p.issuer = $1
AND p.subject = COALESCE($2, p.subject) AND ($3::text IS NULL OR p.provider_session = $3)
RETURNING s.client_id, s.user_id
"""
_FORGET_SPENT = """
DELETE FROM spent_tokens WHERE token_id IN (
    SELECT token_id FROM spent_tokens WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED)
"""
_SPEND = "INSERT INTO spent_tokens (token_id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_LOCAL_USER = f"""
SELECT {_USER_COLUMNS} FROM users AS u WHERE u.email_key = $1 AND u.client_id = $2 AND u.deactivated_at IS NULL
FOR UPDATE
"""  # noqa: S608


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the provider vouches for, and what the groups make of them here. `email` is for a new user."""

    issuer: str
    subject: str
    client_id: int
    role: str
    group: str
    name: str
    email: str
    email_key: str
    provider_session: str | None = None
    id_token: str | None = None


class Refused(Enum):
    """Why somebody whom the provider knows was not signed in."""

    DEACTIVATED = "the account is deactivated"
    EMAIL_TAKEN = "another account has this email address"


class UserIdentityRepository:
    """Every method raises StoreUnavailable. What changes something writes its audit entry."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def sign_in(
        self, person: Person, make_session: Callable[[User], NewSession], request_id: str
    ) -> tuple[User, NewSession] | Refused:
        """Open a session for somebody, who becomes a user at the first time; the role is the one of this moment.

        Sessions that the same identity has in other clients end: its groups do not lead there any more. The
        provider decides about roles, so a client may lose its last administrator by it; the entry says so.
        """
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_LOCK, f"{person.issuer}\n{person.subject}")
            known = await _users(connection, person.issuer, person.subject)
            for other in known:
                if other.client_id != person.client_id:
                    await _end_all(connection, other, "the groups lead to another client", request_id)
            user = next((each for each in known if each.client_id == person.client_id), None)
            if user is not None and user.deactivated_at is not None:
                return Refused.DEACTIVATED
            if user is None:
                try:
                    async with connection.transaction():  # of its own: what ended above stays ended
                        user = await _join(connection, person, request_id)
                except EmailTaken:
                    return Refused.EMAIL_TAKEN
            elif user.role != person.role:
                await _change_role(connection, user, person, request_id)
            opened = make_session(user)
            await connection.execute(_SIGNED_IN, user.user_id, opened.opened_at, person.role)
            await open_session(connection, opened)
            await connection.execute(_FORGET_TOKENS, user.user_id)
            await connection.execute(
                _ADD_SESSION, opened.session_id, person.issuer, person.subject, person.provider_session,
                person.id_token,
            )  # fmt: skip
            return msgspec.structs.replace(user, role=person.role), opened

    async def shut_out(self, issuer: str, subject: str, why: str, request_id: str) -> None:
        """End all sessions of an identity that no group lets in any more."""
        async with session(self._pool) as connection, connection.transaction():
            for user in await _users(connection, issuer, subject):
                await _end_all(connection, user, why, request_id)

    async def log_out(
        self, token_id: str, spent_until: datetime, issuer: str, subject: str | None, provider_session: str | None,
        request_id: str,
    ) -> int | None:  # fmt: skip
        """End the sessions that the provider says are over: how many there were; None if it said so before."""
        async with session(self._pool) as connection, connection.transaction():
            if not await _spend(connection, token_id, spent_until):
                return None
            ended = await connection.fetch(_LOGGED_OUT, issuer, subject, provider_session)
            for client_id, user_id in sorted({(row["client_id"], row["user_id"]) for row in ended}):
                entry = _entry(client_id, user_id, "user.signed_out_by_provider", request_id)
                await record(connection, entry)
            return len(ended)

    async def take_id_token(self, session_id: UUID, issuer: str) -> str | None:
        """Return the ID token of a session that ends, and forget it; None for a session of another kind."""
        async with session(self._pool) as connection:
            token: str | None = await connection.fetchval(_TAKE_PROOF, session_id, issuer)
            return token

    async def spend(self, token_id: str, expires_at: datetime) -> bool:
        """Mark a one-time value as used until it expires by itself; False if it was used before."""
        async with session(self._pool) as connection, connection.transaction():
            return await _spend(connection, token_id, expires_at)

    async def link(self, issuer: str, subject: str, client_id: int, email_key: str, actor: str) -> User | None:
        """Give a user of this client to an identity; None if there is no such active user.

        From then on the provider alone lets them in: password and open resets go, and every session ends.
        """
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_LOCK, f"{issuer}\n{subject}")
            found = await connection.fetchrow(_LOCAL_USER, email_key, client_id)
            if found is None:
                return None
            user = User(**dict(found))
            await connection.execute(_REMOVE, user.user_id, issuer, subject, client_id)
            await connection.execute(_ADD, issuer, subject, client_id, user.user_id)
            await set_password(connection, user.user_id, NO_PASSWORD)
            detail = {"issuer": issuer, "subject": subject}
            await record(connection, _entry(client_id, user.user_id, "user.linked", "", detail, actor))
            return user


async def _spend(connection: Connection, token_id: str, expires_at: datetime) -> bool:
    await connection.execute(_FORGET_SPENT, FORGOTTEN_A_TIME)
    return bool(await connection.execute(_SPEND, token_id, expires_at) == "INSERT 0 1")


async def _users(connection: Connection, issuer: str, subject: str) -> list[User]:
    return [User(**dict(row)) for row in await connection.fetch(_USERS, issuer, subject)]


async def _join(connection: Connection, person: Person, request_id: str) -> User:
    """Make a user at the first sign-in. Raises EmailTaken."""
    new = NewUser(
        email=person.email, email_key=person.email_key, name=person.name, role=person.role, password_hash=NO_PASSWORD
    )
    user = await insert_user(connection, person.client_id, new)
    await connection.execute(_ADD, person.issuer, person.subject, person.client_id, user.user_id)
    detail = {"issuer": person.issuer, "subject": person.subject, "group": person.group, "role": person.role}
    await record(connection, _entry(user.client_id, user.user_id, "user.joined", request_id, detail))
    return user


async def _change_role(connection: Connection, user: User, person: Person, request_id: str) -> None:
    """Record that the groups give another role; invitations that an administrator made end with the role."""
    detail: dict[str, object] = {
        "role": {"from": user.role, "to": person.role},
        "group": person.group,
        "issuer": person.issuer,
    }
    if user.role == ADMIN:
        await withdraw_invitations_of(connection, user.client_id, user.user_id)
        detail["last_administrator"] = not await connection.fetchval(
            _OTHER_ADMINISTRATORS, user.client_id, user.user_id
        )
    await record(connection, _entry(user.client_id, user.user_id, "user.role", request_id, detail))


async def _end_all(connection: Connection, user: User, why: str, request_id: str) -> None:
    """End a user's sessions, if any are open, and the invitations of an administrator."""
    if not await connection.fetchval(_OPEN_SESSIONS, user.user_id):
        return
    await end_sessions(connection, user.user_id)
    await withdraw_invitations_of(connection, user.client_id, user.user_id)
    await record(connection, _entry(user.client_id, user.user_id, "user.shut_out", request_id, {"why": why}))


def _entry(
    client_id: int,
    user_id: int,
    action: str,
    request_id: str,
    detail: Mapping[str, object] | None = None,
    actor: str = "identity-provider",
) -> AuditEntry:
    return AuditEntry(
        client_id=client_id, actor=actor, action=action, subject=f"user:{user_id}", detail=dict(detail or {}),
        request_id=request_id,
    )  # fmt: skip
