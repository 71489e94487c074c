"""A month's quota of scored transactions: calls beyond it are refused, the stream never is."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from api.accounts.tiers import Tier, tier_of
from api.auth import Caller
from api.database import Database
from api.problems import QUOTA_EXCEEDED, Problem
from contracts.errors import StoreUnavailable
from storage.usage import UsageRepository, month_of

FRESH_S = 5.0  # for so long a count is trusted; a quota may be overrun by what all gateways decide in it
CLIENTS_MAX = 10_000  # kept in memory; beyond it all are asked for anew


@dataclass(slots=True)
class _Known:
    """What Postgres said, and what was let through since."""

    used: int
    month: datetime
    asked_at_s: float
    since: int = 0


class Quotas:
    """Asks Postgres once in a while, behind the callers' back, so that a call costs a look into memory.

    `clock` gives seconds since 1970.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[int, _Known] = {}
        self._asking: dict[int, asyncio.Task[None]] = {}

    async def admit(self, caller: Caller, transactions: int = 1) -> None:
        """Count transactions that a call wants scored. Raises a 429 problem when the month's quota is used up.

        While Postgres does not say what was used, everybody is let through: a payment must not wait for bookkeeping.
        """
        tier = tier_of(caller.tier)
        if tier.quota is None:
            return
        known = await self._of(caller.client_id)
        if known is None:
            return
        if known.used + known.since + transactions > tier.quota:
            raise self._refusal(tier)
        known.since += transactions

    async def used(self, client_id: int) -> int:
        """Of this month, as Postgres has it. Raises StoreUnavailable."""
        async with self._database.pool() as pool:
            return await UsageRepository(pool).used(client_id, self._now())

    async def _of(self, client_id: int) -> _Known | None:
        known = self._known.get(client_id)
        if known is not None and known.month != month_of(self._now())[0]:
            known = None  # a new month has begun
        if known is None or self._clock() - known.asked_at_s > FRESH_S:
            task = self._asking.get(client_id)
            if task is None:
                task = self._asking[client_id] = asyncio.create_task(self._ask(client_id))
                task.add_done_callback(lambda _: self._asking.pop(client_id, None))
            if known is None:
                await asyncio.shield(task)
                known = self._known.get(client_id)
        return known

    async def _ask(self, client_id: int) -> None:
        before = self._known.get(client_id)
        since = before.since if before else 0
        try:
            used = await self.used(client_id)
        except StoreUnavailable:
            return
        if len(self._known) >= CLIENTS_MAX:
            self._known.clear()
        # What was let through while the question was under way may not be in the answer yet.
        under_way = before.since - since if before else 0
        self._known[client_id] = _Known(used, month_of(self._now())[0], self._clock(), under_way)

    def _refusal(self, tier: Tier) -> Problem:
        now = self._now()
        wait_s = ceil((month_of(now)[1] - now).total_seconds())
        detail = f"the tier {tier.name} has {tier.quota} scored transactions a month; see GET /v1/subscription"
        return Problem(QUOTA_EXCEEDED, detail, headers={"Retry-After": str(wait_s)})

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
