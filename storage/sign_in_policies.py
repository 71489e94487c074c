"""Of which roles a client asks for a second factor."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from storage.audit import AuditEntry, record
from storage.database import Pool, session

_GET = "SELECT second_factor_roles, changed_by, changed_at FROM sign_in_policies WHERE client_id = $1"
_PUT = """
INSERT INTO sign_in_policies (client_id, second_factor_roles, changed_by) VALUES ($1, $2, $3)
ON CONFLICT (client_id) DO UPDATE SET second_factor_roles = $2, changed_by = $3, changed_at = now()
RETURNING second_factor_roles, changed_by, changed_at
"""
_WITHOUT = """
SELECT count(*) FROM users AS u WHERE u.client_id = $1 AND u.deactivated_at IS NULL AND NOT EXISTS (
    SELECT FROM second_factors AS f WHERE f.user_id = u.user_id AND f.confirmed_at IS NOT NULL)
"""


class SignInPolicy(msgspec.Struct, frozen=True):
    """`second_factor_roles`: whose users need one. The rest is None where nothing was ever set."""

    second_factor_roles: list[str] = []
    changed_by: str | None = None
    changed_at: datetime | None = None


class SignInPolicyRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, client_id: int) -> SignInPolicy:
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_GET, client_id)
        return SignInPolicy(*found) if found else SignInPolicy()

    async def put(self, roles: Sequence[str], entry: AuditEntry) -> SignInPolicy:
        """It counts at the next request of each user."""
        async with session(self._pool) as connection, connection.transaction():
            found = await connection.fetchrow(_PUT, entry.client_id, list(roles), entry.actor)
            await record(connection, entry)
        assert found is not None
        return SignInPolicy(*found)

    async def users_without_factor(self, client_id: int) -> int:
        async with session(self._pool) as connection:
            count: int = await connection.fetchval(_WITHOUT, client_id)
        return count
