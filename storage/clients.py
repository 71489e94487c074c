"""Clients: the tenants, their time zone and their own thresholds."""

import msgspec

from contracts.transaction import DEMO_CLIENT_ID
from storage.database import Pool, session

_ALL = """
SELECT client_id, name, time_zone, threshold_review, threshold_flag, threshold_decline FROM clients ORDER BY client_id
"""
_ENSURE = "INSERT INTO clients (client_id, name) VALUES ($1, 'Demo') ON CONFLICT DO NOTHING"
_CREATE = "INSERT INTO clients (name, time_zone) VALUES ($1, $2) RETURNING client_id"
_SET_THRESHOLDS = """
UPDATE clients SET threshold_review = $2, threshold_flag = $3, threshold_decline = $4 WHERE client_id = $1
"""


class Client(msgspec.Struct, frozen=True):
    """`time_zone` is an IANA name. Thresholds are risk scores, 0–100; None: the environment's, else the model's."""

    client_id: int
    name: str
    time_zone: str
    threshold_review: float | None = None
    threshold_flag: float | None = None
    threshold_decline: float | None = None


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

    async def set_thresholds(
        self, client_id: int, *, review: float | None, flag: float | None, decline: float | None
    ) -> bool:
        """False if there is no such client. Asks for review ≤ flag ≤ decline where they are given."""
        given = [threshold for threshold in (review, flag, decline) if threshold is not None]
        if given != sorted(given):
            raise ValueError("thresholds must not decrease from review over flag to decline")
        async with session(self._pool) as connection:
            return await connection.execute(_SET_THRESHOLDS, client_id, review, flag, decline) == "UPDATE 1"
