"""Users' sessions and their refresh tokens: what an access token names, and what a sign-out or a theft ends."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from storage.database import Connection, Pool, session

SESSIONS_MAX = 20  # open ones of a user; the oldest end first
KEPT_FOR = timedelta(days=30)  # after its end: an address from which somebody signed in stays known so long
FORGOTTEN_A_TIME = 100  # sessions that are over, deleted when one is opened, so that the table stays small

_OPEN_SESSIONS = """
SELECT s.session_id, s.client_id, s.user_id, s.expires_at, u.role, u.email, u.name, t.tier,
    NOT s.second_factor AND u.role = ANY (COALESCE(p.second_factor_roles, '{}')) AS lacks_factor
FROM user_sessions AS s JOIN users AS u USING (user_id) LEFT JOIN subscriptions AS t ON t.client_id = s.client_id
    LEFT JOIN sign_in_policies AS p ON p.client_id = s.client_id
WHERE s.ended_at IS NULL AND s.expires_at > now() AND u.deactivated_at IS NULL
"""
_FIND = f"{_OPEN_SESSIONS} AND s.session_id = $1"
_FIND_ALL = f"{_OPEN_SESSIONS} AND s.session_id = ANY ($1::uuid[])"
_FORGET = """
DELETE FROM user_sessions WHERE session_id IN (
    SELECT session_id FROM user_sessions WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
_OPEN = """
INSERT INTO user_sessions (session_id, client_id, user_id, address_hash, opened_at, expires_at, second_factor)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_END_OLDEST = """
UPDATE user_sessions SET ended_at = $2 WHERE session_id IN (
    SELECT session_id FROM user_sessions WHERE user_id = $1 AND ended_at IS NULL
    ORDER BY opened_at DESC, session_id OFFSET $3)
"""
_END = "UPDATE user_sessions SET ended_at = now() WHERE session_id = $1 AND ended_at IS NULL"
_END_OTHERS = """
UPDATE user_sessions SET ended_at = now()
WHERE user_id = $1 AND ended_at IS NULL AND session_id IS DISTINCT FROM $2::uuid
"""
_ADD_REFRESH = "INSERT INTO refresh_tokens (token_hash, session_id, issued_at) VALUES ($1, $2, $3)"
_USE_REFRESH = """
UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = ANY ($1::bytea[]) AND used_at IS NULL RETURNING session_id
"""
_REFRESHED_SESSION = "SELECT session_id FROM refresh_tokens WHERE token_hash = ANY ($1::bytea[])"
_KNOWN_ADDRESS = """
SELECT EXISTS (SELECT FROM user_sessions AS s JOIN users AS u USING (user_id)
WHERE u.email_key = $1 AND s.address_hash = ANY ($2::bytea[]))
"""


class UserSession(msgspec.Struct, frozen=True):
    """An open session of a user who is still there; `tier` is the client's (None: no bounds).

    `lacks_factor`: the client asks for a second factor that this session has not shown.
    """

    session_id: UUID
    client_id: int
    user_id: int
    expires_at: datetime
    role: str
    email: str
    name: str
    tier: str | None
    lacks_factor: bool = False


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session to be opened. `token_hash` is its first refresh token's; None for a browser's cookie."""

    session_id: UUID
    client_id: int
    user_id: int
    address_hash: bytes
    opened_at: datetime
    expires_at: datetime
    token_hash: bytes | None = None
    second_factor: bool = False


class UserSessionRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, session_id: UUID) -> UserSession | None:
        """The session, unless it ended or its user was deactivated."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_FIND, session_id)
        return UserSession(**dict(found)) if found else None

    async def open_of(self, session_ids: Sequence[UUID]) -> list[UserSession]:
        """Those of these sessions that are open."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_FIND_ALL, list(session_ids))
        return [UserSession(**dict(found)) for found in records]

    async def open(self, new: NewSession) -> None:
        """Open a session; ends the user's oldest beyond SESSIONS_MAX."""
        async with session(self._pool) as connection, connection.transaction():
            await open_session(connection, new)

    async def end(self, session_id: UUID) -> bool:
        """False if it has ended already."""
        async with session(self._pool) as connection:
            return await connection.execute(_END, session_id) == "UPDATE 1"

    async def renew(self, token_hashes: list[bytes], next_hash: bytes, now: datetime) -> UserSession | None:
        """Trade a refresh token (its possible hashes) for the next one, once, while its session lasts.

        A token that was used before is in two hands; one of them stole it. Its session ends, whoever of them asks.
        """
        async with session(self._pool) as connection, connection.transaction():
            session_id = await connection.fetchval(_USE_REFRESH, token_hashes, now)
            if session_id is None:
                await connection.execute(_END, await connection.fetchval(_REFRESHED_SESSION, token_hashes))
                return None
            found = await connection.fetchrow(_FIND, session_id)
            if found is None:
                return None
            await connection.execute(_ADD_REFRESH, next_hash, session_id, now)
            return UserSession(**dict(found))

    async def knows_address(self, email_key: str, address_hashes: list[bytes]) -> bool:
        """Whether this account signed in from this address within the last month or so."""
        async with session(self._pool) as connection:
            return bool(await connection.fetchval(_KNOWN_ADDRESS, email_key, address_hashes))


async def open_session(connection: Connection, new: NewSession) -> None:
    """Open a session in the caller's transaction."""
    await connection.execute(_FORGET, new.opened_at - KEPT_FOR, FORGOTTEN_A_TIME)
    await connection.execute(
        _OPEN,
        new.session_id,
        new.client_id,
        new.user_id,
        new.address_hash,
        new.opened_at,
        new.expires_at,
        new.second_factor,
    )
    await connection.execute(_END_OLDEST, new.user_id, new.opened_at, SESSIONS_MAX)
    if new.token_hash is not None:
        await connection.execute(_ADD_REFRESH, new.token_hash, new.session_id, new.opened_at)


async def end_sessions(connection: Connection, user_id: int, but: UUID | None = None) -> None:
    """End a user's sessions, all but one, in the caller's transaction."""
    await connection.execute(_END_OTHERS, user_id, but)
