"""What a right password is answered with where a second factor is enrolled; and challenges of registrations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from storage.audit import AuditEntry, record
from storage.database import Connection, Pool, session
from storage.second_factors import Proof, use_proof
from storage.user_sessions import NewSession, open_session

ATTEMPTS_MAX = 5  # of a challenge; then the password is asked for again

_FORGET = "DELETE FROM factor_challenges WHERE expires_at <= now()"
_ADD = """
INSERT INTO factor_challenges (token_hash, client_id, user_id, purpose, session_id, webauthn_challenge, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_OPEN = """
SELECT c.client_id, c.user_id, c.purpose, c.session_id, c.webauthn_challenge
FROM factor_challenges AS c JOIN users AS u USING (user_id)
WHERE c.token_hash = ANY ($1::bytea[]) AND c.purpose = ANY ($2::text[]) AND c.expires_at > now() AND c.attempts < $3
    AND u.deactivated_at IS NULL
"""
_ATTEMPT = """
UPDATE factor_challenges SET attempts = attempts + 1, webauthn_challenge = NULL WHERE token_hash = ANY ($1::bytea[])
"""
_SET = """
UPDATE factor_challenges SET webauthn_challenge = $2 WHERE token_hash = ANY ($1::bytea[]) AND expires_at > now()
"""
_CONSUME = """
DELETE FROM factor_challenges WHERE token_hash = ANY ($1::bytea[]) AND expires_at > now() RETURNING user_id
"""
_SIGNED_IN = "UPDATE users SET last_sign_in_at = $2 WHERE user_id = $1 AND deactivated_at IS NULL"


class FactorChallenge(msgspec.Struct, frozen=True):
    """An open challenge: whose, for what, and what a WebAuthn authenticator has to sign."""

    client_id: int
    user_id: int
    purpose: str
    session_id: UUID | None
    webauthn_challenge: bytes | None


class FactorChallengeRepository:
    """Every method raises StoreUnavailable. `hashes` are those that the token may have."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, token_hash: bytes, challenge: FactorChallenge, expires_at: datetime) -> None:
        """Keep a challenge; throws away what has expired."""
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_FORGET)
            await connection.execute(
                _ADD,
                token_hash,
                challenge.client_id,
                challenge.user_id,
                challenge.purpose,
                challenge.session_id,
                challenge.webauthn_challenge,
                expires_at,
            )

    async def find(self, hashes: Sequence[bytes], purposes: Sequence[str]) -> FactorChallenge | None:
        """The challenge, unless it is over, used, tried too often or for something else."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_OPEN, list(hashes), list(purposes), ATTEMPTS_MAX)
        return FactorChallenge(*found) if found else None

    async def attempt(self, hashes: Sequence[bytes], purposes: Sequence[str]) -> FactorChallenge | None:
        """As `find`, and count an attempt. What an authenticator has to sign is given out once."""
        async with session(self._pool) as connection, connection.transaction():
            found = await connection.fetchrow(f"{_OPEN} FOR UPDATE OF c", list(hashes), list(purposes), ATTEMPTS_MAX)
            if found is None:
                return None
            await connection.execute(_ATTEMPT, list(hashes))
            return FactorChallenge(*found)

    async def ask_authenticator(self, hashes: Sequence[bytes], webauthn_challenge: bytes) -> None:
        """What the authenticator has to sign now, in place of what it had to sign before."""
        async with session(self._pool) as connection:
            await connection.execute(_SET, list(hashes), webauthn_challenge)

    async def sign_in(
        self, hashes: Sequence[bytes], proof: Proof, opened: NewSession, entry: AuditEntry | None
    ) -> bool:
        """Use challenge and proof up and open the session; False if either was used in between."""
        async with session(self._pool) as connection:
            try:
                async with connection.transaction():
                    await _sign_in(connection, list(hashes), proof, opened, entry)
            except _UsedMeanwhile:
                return False
        return True

    async def consume(self, hashes: Sequence[bytes]) -> bool:
        """Use a challenge up; False if that was done already."""
        async with session(self._pool) as connection:
            return await connection.fetchval(_CONSUME, list(hashes)) is not None


class _UsedMeanwhile(Exception):
    """Rolls back what was done so far."""


async def _sign_in(
    connection: Connection, hashes: list[bytes], proof: Proof, opened: NewSession, entry: AuditEntry | None
) -> None:
    if await connection.fetchval(_CONSUME, hashes) != opened.user_id:
        raise _UsedMeanwhile
    if not await use_proof(connection, opened.user_id, proof):
        raise _UsedMeanwhile
    if await connection.execute(_SIGNED_IN, opened.user_id, opened.opened_at) != "UPDATE 1":
        raise _UsedMeanwhile
    await open_session(connection, opened)
    if entry is not None:
        await record(connection, entry)
