"""Clients: the tenants, their time zone and the policy that they have set."""

import msgspec

from contracts.transaction import DEMO_CLIENT_ID
from storage.database import Pool, session

_ALL = """
SELECT c.client_id, c.name, c.time_zone, p.threshold_review, p.threshold_flag, p.threshold_decline, p.approve_below,
    p.review_below, coalesce(p.revision, 0)
FROM clients AS c
LEFT JOIN LATERAL (
    SELECT * FROM policies AS x WHERE x.client_id = c.client_id ORDER BY x.revision DESC LIMIT 1
) AS p ON true
ORDER BY c.client_id
"""
_ENSURE = "INSERT INTO clients (client_id, name) VALUES ($1, 'Demo') ON CONFLICT DO NOTHING"
_CREATE = "INSERT INTO clients (name, time_zone) VALUES ($1, $2) RETURNING client_id"


class Client(msgspec.Struct, frozen=True):
    """`time_zone` is an IANA name. The rest is the client's policy, None where that leaves something open."""

    client_id: int
    name: str
    time_zone: str
    threshold_review: float | None = None
    threshold_flag: float | None = None
    threshold_decline: float | None = None
    approve_below: float | None = None
    review_below: float | None = None
    policy_revision: int = 0


class ClientRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> dict[int, Client]:
        """Every client by its id."""
        async with session(self._pool) as connection:
            return {record["client_id"]: Client(*record) for record in await connection.fetch(_ALL)}

    async def ensure_demo(self) -> None:
        """Make client 1, the demo's, if somebody removed it; the first migration made it."""
        async with session(self._pool) as connection:
            await connection.execute(_ENSURE, DEMO_CLIENT_ID)

    async def create(self, name: str, time_zone: str = "UTC") -> int:
        """A new client; returns its id, which is never the demo's."""
        async with session(self._pool) as connection:
            client_id: int = await connection.fetchval(_CREATE, name, time_zone)
            return client_id
