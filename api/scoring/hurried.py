"""The state store as calls use it.

A look that takes too long is given up, whatever the socket would wait. What is done behind an answer, dropping entries
of the journal, is done for many calls together.
"""

import asyncio
from collections.abc import Sequence

from contracts.errors import StateUnavailable
from features.redis_store.protocol import Applied, Apply, JournalRecord, Read, Refused, StateAddress, StateStore
from pipeline.background import Spawn
from pipeline.grouped import Grouped

GATHER_S = 0.03  # far below the time after which the sweeper takes an entry for an orphan
GROUP_MAX = 200  # batches a drop
WAITING_MAX = 5_000  # batches; what is beyond stays in the journal, and the sweeper drops it

Drop = tuple[StateAddress, Sequence[tuple[str, Sequence[bytes]]]]


class HurriedStateStore:
    """Implements `StateStore` over another. Only reading is hurried: what may count has to be waited for."""

    def __init__(self, store: StateStore, read_s: float, spawn: Spawn) -> None:
        self._store = store
        self._read_s = read_s
        self._drops: Grouped[Drop, None] = Grouped(
            self._drop, spawn, size_max=GROUP_MAX, waiting_max=WAITING_MAX, gather_s=GATHER_S
        )

    async def read(self, address: StateAddress, source: int, keys: Sequence[bytes]) -> Read:
        try:
            async with asyncio.timeout(self._read_s):
                return await self._store.read(address, source, keys)
        except TimeoutError as error:
            raise StateUnavailable(f"Redis did not answer within {1000 * self._read_s:.0f} ms") from error

    async def address(self) -> StateAddress:
        return await self._store.address()

    async def apply(self, address: StateAddress, batch: Apply) -> Applied | Refused:
        return await self._store.apply(address, batch)

    async def journal(self, address: StateAddress, source: int | None = None) -> list[JournalRecord]:
        return await self._store.journal(address, source)

    async def journal_fields(self, address: StateAddress, source: int) -> list[str]:
        return await self._store.journal_fields(address, source)

    async def journal_entries(self, address: StateAddress, fields: Sequence[str]) -> list[JournalRecord]:
        return await self._store.journal_entries(address, fields)

    async def drop(self, address: StateAddress, records: Sequence[tuple[str, Sequence[bytes]]]) -> None:
        await self._drops.do((address, records))

    async def _drop(self, group: Sequence[Drop]) -> None:
        for address in dict.fromkeys(address for address, _ in group):  # two only while a repair ends
            records = [record for its_address, each in group if its_address == address for record in each]
            await self._store.drop(address, records)
