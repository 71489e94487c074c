"""Postgres as the gateway uses it: opened when first needed, every use under a deadline, away is an answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from contracts.errors import StoreUnavailable
from storage.database import AnyPool, ClientPool, session

DEADLINE_S = 3.0  # for one use; a caller gets a 503 problem, not a hang

Connect = Callable[[], Awaitable[AnyPool]]


class Database:
    """A pool that may not exist yet. `connect` opens it."""

    def __init__(self, connect: Connect, deadline_s: float = DEADLINE_S) -> None:
        self._connect = connect
        self._deadline_s = deadline_s
        self._pool: AnyPool | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def pool(self) -> AsyncIterator[AnyPool]:
        """The pool, for work that must end within the deadline. Raises StoreUnavailable."""
        try:
            async with asyncio.timeout(self._deadline_s):
                yield await self._opened()
        except TimeoutError as error:
            raise StoreUnavailable("Postgres does not answer in time; try again") from error

    @asynccontextmanager
    async def client(self, client_id: int) -> AsyncIterator[ClientPool]:
        """The pool for the rows of one client, which Postgres enforces. Raises StoreUnavailable."""
        async with self.pool() as pool:
            yield ClientPool(pool, client_id)

    async def ping(self) -> None:
        """Raises StoreUnavailable."""
        async with self.pool() as pool, session(pool) as connection:
            await connection.fetchval("SELECT 1")

    async def server_version(self) -> str:
        """Raises StoreUnavailable."""
        async with self.pool() as pool, session(pool) as connection:
            version = connection.get_server_version()
            return f"{version.major}.{version.minor}"

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()  # whoever still waits for an answer has no socket left to send it to
            self._pool = None

    async def _opened(self) -> AnyPool:
        async with self._opening:
            if self._pool is None:
                self._pool = await self._connect()
            return self._pool
