"""Trades a caller's credentials for a feed ticket, and a ticket back for the caller."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from api.auth import Authenticator, Caller
from api.database import Database
from api.keys import hash_ticket, new_token
from storage.feed_tickets import FeedTicket, FeedTicketRepository

TICKET_TTL_S = 30  # single use; long enough for a slow handshake


class Tickets:
    """Tickets in Postgres, so that any gateway process can redeem one. `clock` gives seconds since 1970."""

    def __init__(
        self,
        secret_key: str,
        database: Database,
        authenticator: Authenticator,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._secret_key = secret_key
        self._database = database
        self._authenticator = authenticator
        self._clock = clock

    async def issue(self, caller: Caller) -> str:
        """Raises StoreUnavailable."""
        ticket, now = new_token(), self._now()
        ends = None if caller.expires_at_s is None else datetime.fromtimestamp(caller.expires_at_s, UTC)
        owner = FeedTicket(caller.client_id, caller.api_key_id, caller.session_id, caller.console_id, ends)
        expires_at = now + timedelta(seconds=TICKET_TTL_S)
        async with self._database.pool() as pool:
            await FeedTicketRepository(pool).add(hash_ticket(self._secret_key, ticket), owner, expires_at, now)
        return ticket

    async def redeem(self, ticket: str) -> Caller | None:
        """The caller behind a ticket, once, if what it was traded for is still valid. Raises StoreUnavailable."""
        async with self._database.pool() as pool:
            owner = await FeedTicketRepository(pool).take(hash_ticket(self._secret_key, ticket), self._now())
        if owner is None:
            return None
        ends = owner.session_expires_at
        caller = Caller(
            owner.client_id,
            frozenset(),
            "key" if ends is None else "session",
            owner.api_key_id,
            session_id=owner.session_id,
            console_id=owner.console_id,
            expires_at_s=None if ends is None else ends.timestamp(),
        )
        return await self._authenticator.still(caller)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
