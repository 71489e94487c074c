"""The state store as calls use it: a look that takes too long is given up, whatever the socket would wait."""

import asyncio
from collections.abc import Sequence

from contracts.errors import StateUnavailable
from features.redis_store.protocol import Applied, Apply, JournalRecord, Read, Refused, StateAddress, StateStore


class HurriedStateStore:
    """Implements `StateStore` over another. Only reading is hurried: what may count has to be waited for."""

    def __init__(self, store: StateStore, read_s: float) -> None:
        self._store = store
        self._read_s = read_s

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
        await self._store.drop(address, records)
