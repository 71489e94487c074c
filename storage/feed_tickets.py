"""Feed tickets: a browser cannot set headers on a WebSocket, so it trades its credentials for one of these."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.database import Pool, session

_ADD = """
WITH over AS (DELETE FROM feed_tickets WHERE expires_at <= $8)
INSERT INTO feed_tickets (ticket_hash, client_id, api_key_id, session_id, console_id, session_expires_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_TAKE = """
DELETE FROM feed_tickets WHERE ticket_hash = $1
RETURNING client_id, api_key_id, session_id, console_id, session_expires_at, expires_at
"""


@dataclass(frozen=True, slots=True)
class FeedTicket:
    """On whose behalf a feed is opened: an API key, a user's session, or a console session of a key or a link."""

    client_id: int
    api_key_id: int | None
    session_id: UUID | None
    console_id: UUID | None
    session_expires_at: datetime | None


class FeedTicketRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, ticket_hash: bytes, ticket: FeedTicket, expires_at: datetime, now: datetime) -> None:
        """Keep a ticket until it is used or `expires_at`; throws away what has expired before `now`."""
        owner = (ticket.client_id, ticket.api_key_id, ticket.session_id, ticket.console_id, ticket.session_expires_at)
        async with session(self._pool) as connection:
            await connection.execute(_ADD, ticket_hash, *owner, expires_at, now)

    async def take(self, ticket_hash: bytes, now: datetime) -> FeedTicket | None:
        """Use a ticket up, atomically; None if it is unknown, used or expired."""
        async with session(self._pool) as connection:
            row = await connection.fetchrow(_TAKE, ticket_hash)
        if row is None or row["expires_at"] <= now:
            return None
        return FeedTicket(
            row["client_id"], row["api_key_id"], row["session_id"], row["console_id"], row["session_expires_at"]
        )
