"""Subscriptions: a client's tier. What a tier allows is in `api/accounts/tiers.py`."""

from datetime import datetime

import asyncpg
import msgspec

from storage.audit import AuditEntry, record
from storage.database import Pool, session

_FIND = "SELECT client_id, tier, since FROM subscriptions WHERE client_id = $1"
_SET = """
INSERT INTO subscriptions AS s (client_id, tier) VALUES ($1, $2)
ON CONFLICT (client_id) DO UPDATE SET tier = EXCLUDED.tier, since = now() WHERE s.tier <> EXCLUDED.tier
RETURNING client_id
"""


class Subscription(msgspec.Struct, frozen=True):
    """A client's tier, and since when."""

    client_id: int
    tier: str
    since: datetime


class SubscriptionRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_client(self, client_id: int) -> Subscription | None:
        """None for a client that the operator made without one."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_FIND, client_id)
        return Subscription(**dict(found)) if found else None

    async def change(self, tier: str, entry: AuditEntry) -> None:
        """Set the tier of the entry's client; nothing is recorded where it is that already.

        Raises ValueError if there is no such client.
        """
        async with session(self._pool) as connection, connection.transaction():
            try:
                changed = await connection.fetchval(_SET, entry.client_id, tier)
            except asyncpg.ForeignKeyViolationError as error:
                raise ValueError(f"there is no client {entry.client_id}") from error
            if changed is not None:
                await record(connection, entry)
