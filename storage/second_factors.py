"""Users' second factors and recovery codes. Each proof counts once, whatever two requests do at the same moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from storage.audit import AuditEntry, record
from storage.database import Connection, Pool, session
from storage.user_sessions import end_sessions

FACTORS_MAX = 10  # of a user
PENDING_FOR = timedelta(minutes=10)  # in which an enrolment has to be confirmed

_COLUMNS = (
    "factor_id, client_id, user_id, kind, name, created_at, confirmed_at, last_used_at, sealed_secret, last_step,"
    " credential_id, public_key, sign_count"
)
_CONFIRMED = f"SELECT {_COLUMNS} FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL ORDER BY factor_id"  # noqa: S608 - constants
_PENDING = f"""
SELECT {_COLUMNS} FROM second_factors
WHERE user_id = $1 AND factor_id = $2 AND confirmed_at IS NULL AND created_at > now() - $3::interval
"""  # noqa: S608
_LOCK_USER = "SELECT user_id FROM users WHERE user_id = $1 AND deactivated_at IS NULL FOR UPDATE"
_COUNT = "SELECT count(*) FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL"
_DROP_PENDING = "DELETE FROM second_factors WHERE user_id = $1 AND confirmed_at IS NULL"
_ADD_TOTP = """
INSERT INTO second_factors (client_id, user_id, kind, name, sealed_secret) VALUES ($1, $2, 'totp', $3, $4)
RETURNING factor_id
"""
_ADD_WEBAUTHN = """
INSERT INTO second_factors (client_id, user_id, kind, name, credential_id, public_key, sign_count, confirmed_at)
VALUES ($1, $2, 'webauthn', $3, $4, $5, $6, now()) ON CONFLICT (credential_id) DO NOTHING RETURNING factor_id
"""
_CONFIRM = """
UPDATE second_factors SET confirmed_at = now(), last_used_at = now(), last_step = $3
WHERE factor_id = $1 AND user_id = $2 AND confirmed_at IS NULL RETURNING factor_id
"""
_USE_TOTP = """
UPDATE second_factors SET last_step = $3, last_used_at = now(), sealed_secret = COALESCE($4, sealed_secret)
WHERE factor_id = $1 AND user_id = $2 AND confirmed_at IS NOT NULL AND (last_step IS NULL OR last_step < $3)
"""
# An authenticator that counts never goes back; one that does not count says 0 for ever.
_USE_WEBAUTHN = """
UPDATE second_factors SET sign_count = $3, last_used_at = now()
WHERE factor_id = $1 AND user_id = $2 AND (sign_count < $3 OR (sign_count = 0 AND $3 = 0))
"""
_USE_CODE = """
UPDATE recovery_codes SET used_at = now() WHERE user_id = $1 AND code_hash = ANY ($2::bytea[]) AND used_at IS NULL
"""
_MARK = "UPDATE user_sessions SET second_factor = true, proved_at = now() WHERE session_id = $1 AND ended_at IS NULL"
_UNMARK = "UPDATE user_sessions SET second_factor = false WHERE user_id = $1 AND ended_at IS NULL"
_PROVED = "UPDATE user_sessions SET proved_at = now() WHERE session_id = $1 AND ended_at IS NULL"
_REMOVE = "DELETE FROM second_factors WHERE factor_id = $1 AND user_id = $2 AND confirmed_at IS NOT NULL RETURNING kind"
_REMOVE_ALL = "DELETE FROM second_factors WHERE user_id = $1"
_DROP_CODES = "DELETE FROM recovery_codes WHERE user_id = $1"
_DROP_CHALLENGES = "DELETE FROM factor_challenges WHERE user_id = $1"
_ADD_CODES = """
INSERT INTO recovery_codes (client_id, user_id, code_hash, key_id) SELECT $1, $2, code_hash, $4
FROM unnest($3::bytea[]) AS given (code_hash)
"""
_CODES_LEFT = "SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL AND key_id = ANY ($2::text[])"
_STANDING = """
SELECT s.second_factor, COALESCE(s.proved_at, s.opened_at) AS proved_at,
    EXISTS (SELECT FROM second_factors AS f WHERE f.user_id = s.user_id AND f.confirmed_at IS NOT NULL) AS has_factor
FROM user_sessions AS s WHERE s.session_id = $1 AND s.ended_at IS NULL
"""


class Factor(msgspec.Struct, frozen=True):
    """A second factor. A TOTP factor has a sealed secret, a WebAuthn credential the rest."""

    factor_id: int
    client_id: int
    user_id: int
    kind: str
    name: str
    created_at: datetime
    confirmed_at: datetime | None
    last_used_at: datetime | None
    sealed_secret: bytes | None
    last_step: int | None
    credential_id: bytes | None
    public_key: bytes | None
    sign_count: int | None


class NewCodes(msgspec.Struct, frozen=True):
    """The hashes of fresh recovery codes, and the id of the key that made them."""

    hashes: list[bytes]
    key_id: str


class NewCredential(msgspec.Struct, frozen=True):
    """A WebAuthn credential that was verified."""

    name: str
    credential_id: bytes
    public_key: bytes
    sign_count: int


class TotpProof(msgspec.Struct, frozen=True):
    """A right code of a time step; `resealed` replaces the secret that was sealed under an older key."""

    factor_id: int
    step: int
    resealed: bytes | None = None


class WebAuthnProof(msgspec.Struct, frozen=True):
    """A verified assertion with the authenticator's count."""

    factor_id: int
    sign_count: int


class RecoveryProof(msgspec.Struct, frozen=True):
    """The possible hashes of a recovery code, not looked up yet."""

    hashes: list[bytes]


Proof = TotpProof | WebAuthnProof | RecoveryProof


class Standing(msgspec.Struct, frozen=True):
    """What a session has shown of its user."""

    second_factor: bool
    proved_at: datetime
    has_factor: bool


class SecondFactorRepository:
    """Every method raises StoreUnavailable. What changes something takes the audit entry along."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def confirmed(self, user_id: int) -> list[Factor]:
        async with session(self._pool) as connection:
            return [Factor(*row) for row in await connection.fetch(_CONFIRMED, user_id)]

    async def pending(self, user_id: int, factor_id: int) -> Factor | None:
        """A TOTP factor that waits for its first code."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_PENDING, user_id, factor_id, PENDING_FOR)
        return Factor(*found) if found else None

    async def standing(self, session_id: UUID) -> Standing | None:
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_STANDING, session_id)
        return Standing(*found) if found else None

    async def codes_left(self, user_id: int, key_ids: Sequence[str]) -> int:
        """Unused recovery codes that were made under one of these keys."""
        async with session(self._pool) as connection:
            count: int = await connection.fetchval(_CODES_LEFT, user_id, list(key_ids))
        return count

    async def begin_totp(self, client_id: int, user_id: int, name: str, sealed: bytes) -> int | None:
        """A pending factor in place of an earlier pending one; None if the user has too many."""
        async with session(self._pool) as connection, connection.transaction():
            if not await _has_room(connection, user_id):
                return None
            await connection.execute(_DROP_PENDING, user_id)
            factor_id: int = await connection.fetchval(_ADD_TOTP, client_id, user_id, name, sealed)
            return factor_id

    async def confirm_totp(
        self, factor: Factor, step: int, keep: UUID, codes: NewCodes, entry: AuditEntry
    ) -> tuple[bool, bool]:
        """Confirm a pending factor; (confirmed, `codes` were stored because it is the first factor)."""
        async with session(self._pool) as connection, connection.transaction():
            first = await _is_first(connection, factor.user_id)
            if await connection.fetchval(_CONFIRM, factor.factor_id, factor.user_id, step) is None:
                return False, False
            await _enrolled(connection, factor.client_id, factor.user_id, keep, codes if first else None, entry)
            return True, first

    async def add_credential(
        self, client_id: int, user_id: int, new: NewCredential, keep: UUID, codes: NewCodes, entry: AuditEntry
    ) -> tuple[int | None, bool]:
        """Keep a credential; (its number or None if it is known or one too many, `codes` were stored)."""
        async with session(self._pool) as connection, connection.transaction():
            if not await _has_room(connection, user_id):
                return None, False
            first = await _is_first(connection, user_id)
            factor_id = await connection.fetchval(
                _ADD_WEBAUTHN, client_id, user_id, new.name, new.credential_id, new.public_key, new.sign_count
            )
            if factor_id is None:
                return None, False
            entry = msgspec.structs.replace(entry, subject=f"factor:{factor_id}")
            await _enrolled(connection, client_id, user_id, keep, codes if first else None, entry)
            return factor_id, first

    async def remove(self, user_id: int, factor_id: int, keep: UUID, entry: AuditEntry) -> bool:
        """Remove a factor and end the other sessions; with the last factor the recovery codes go."""
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_LOCK_USER, user_id)
            if await connection.fetchval(_REMOVE, factor_id, user_id) is None:
                return False
            await connection.execute(_DROP_CHALLENGES, user_id)
            if await connection.fetchval(_COUNT, user_id) == 0:
                await connection.execute(_DROP_CODES, user_id)
                await connection.execute(_UNMARK, user_id)
            await end_sessions(connection, user_id, keep)
            await record(connection, entry)
            return True

    async def renew_codes(self, client_id: int, user_id: int, codes: NewCodes, entry: AuditEntry) -> bool:
        """Replace the recovery codes; False without a factor."""
        async with session(self._pool) as connection, connection.transaction():
            if await _is_first(connection, user_id):
                return False
            await _set_codes(connection, client_id, user_id, codes)
            await record(connection, entry)
            return True

    async def reset(self, user_id: int, entry: AuditEntry) -> None:
        """Remove every factor and code of a user, and end every session."""
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_LOCK_USER, user_id)
            for statement in (_REMOVE_ALL, _DROP_CODES, _DROP_CHALLENGES):
                await connection.execute(statement, user_id)
            await end_sessions(connection, user_id)
            await record(connection, entry)

    async def proved_by_password(self, session_id: UUID) -> None:
        """The session's user gave the password once more."""
        async with session(self._pool) as connection:
            await connection.execute(_PROVED, session_id)

    async def proved_by_factor(self, user_id: int, session_id: UUID, proof: Proof, entry: AuditEntry | None) -> bool:
        """The session's user gave a factor; False if the proof was used before."""
        async with session(self._pool) as connection, connection.transaction():
            if not await use_proof(connection, user_id, proof):
                return False
            await connection.execute(_MARK, session_id)
            if entry is not None:
                await record(connection, entry)
            return True


async def use_proof(connection: Connection, user_id: int, proof: Proof) -> bool:
    """Use a proof up in the caller's transaction; False if it was used before, or is not this user's."""
    if isinstance(proof, TotpProof):
        done = await connection.execute(_USE_TOTP, proof.factor_id, user_id, proof.step, proof.resealed)
    elif isinstance(proof, WebAuthnProof):
        done = await connection.execute(_USE_WEBAUTHN, proof.factor_id, user_id, proof.sign_count)
    else:
        done = await connection.execute(_USE_CODE, user_id, proof.hashes)
    return bool(done == "UPDATE 1")


async def _has_room(connection: Connection, user_id: int) -> bool:
    await connection.execute(_LOCK_USER, user_id)
    count: int = await connection.fetchval(_COUNT, user_id)
    return count < FACTORS_MAX


async def _is_first(connection: Connection, user_id: int) -> bool:
    """Whether the user has no factor yet; nobody adds one at the same moment."""
    await connection.execute(_LOCK_USER, user_id)
    return bool(await connection.fetchval(_COUNT, user_id) == 0)


async def _set_codes(connection: Connection, client_id: int, user_id: int, codes: NewCodes) -> None:
    await connection.execute(_DROP_CODES, user_id)
    await connection.execute(_ADD_CODES, client_id, user_id, codes.hashes, codes.key_id)


async def _enrolled(
    connection: Connection, client_id: int, user_id: int, keep: UUID, codes: NewCodes | None, entry: AuditEntry
) -> None:
    """What a new factor brings: it is shown by this session, the others end and sign in with it."""
    await connection.execute(_MARK, keep)
    await connection.execute(_DROP_CHALLENGES, user_id)
    await end_sessions(connection, user_id, keep)
    if codes is not None:
        await _set_codes(connection, client_id, user_id, codes)
    await record(connection, entry)
