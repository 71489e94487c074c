"""When each API key was last used: noted in memory, written once in a while."""

import asyncio

from api.database import Database
from contracts.errors import StoreUnavailable
from storage.api_keys import ApiKeyRepository

WRITE_EVERY_S = 10.0  # "last used" is for people; a write at every request would cost more than the request
KEYS_MAX = 10_000  # a turn; the rest comes with its next use


class KeyUse:
    """`note` is called at every request; `run` writes."""

    def __init__(self, database: Database, every_s: float = WRITE_EVERY_S) -> None:
        self._database = database
        self._every_s = every_s
        self._used: set[int] = set()

    def note(self, api_key_id: int) -> None:
        if len(self._used) < KEYS_MAX:
            self._used.add(api_key_id)

    async def run(self) -> None:
        """Until cancelled; a Postgres that is away is tried again at the next turn."""
        while True:
            await asyncio.sleep(self._every_s)
            await self.write()

    async def write(self) -> None:
        used, self._used = self._used, set()
        if not used:
            return
        try:
            async with self._database.pool() as pool:
                await ApiKeyRepository(pool).mark_used(sorted(used))
        except StoreUnavailable:
            self._used |= used
