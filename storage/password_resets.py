"""One-time tokens with which a user sets a new password."""

from collections.abc import Sequence
from datetime import datetime

from storage.audit import AuditEntry, record
from storage.database import Pool, session
from storage.users import Account, set_password

_ADD = """
WITH over AS (DELETE FROM password_resets WHERE expires_at <= now())
INSERT INTO password_resets (token_hash, client_id, user_id, expires_at) VALUES ($1, $2, $3, $4)
"""
_FIND = """
SELECT u.user_id, u.client_id, u.email, u.name, u.role, u.password_hash
FROM password_resets AS r JOIN users AS u USING (user_id)
WHERE r.token_hash = ANY ($1::bytea[]) AND r.used_at IS NULL AND r.expires_at > now() AND u.deactivated_at IS NULL
"""
_USE = """
UPDATE password_resets SET used_at = now()
WHERE token_hash = ANY ($1::bytea[]) AND used_at IS NULL AND expires_at > now() RETURNING user_id
"""


class PasswordResetRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, account: Account, token_hash: bytes, expires_at: datetime, entry: AuditEntry) -> None:
        """Keep a token until it is used or `expires_at`; throws away what has expired."""
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_ADD, token_hash, account.client_id, account.user_id, expires_at)
            await record(connection, entry)

    async def find(self, token_hashes: Sequence[bytes]) -> Account | None:
        """The account whose password this token may set."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_FIND, token_hashes)
        return Account(**dict(found)) if found else None

    async def use(self, token_hashes: Sequence[bytes], password_hash: str, entry: AuditEntry) -> bool:
        """Use a token up and set the password; ends all sessions. False if it is unknown, used or over."""
        async with session(self._pool) as connection, connection.transaction():
            user_id = await connection.fetchval(_USE, token_hashes)
            if user_id is None:
                return False
            await set_password(connection, user_id, password_hash)
            await record(connection, entry)
            return True
