"""A pool whose connections stay at hand: nobody waits for ever, and nothing half done is handed on."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from contracts.errors import StoreUnavailable
from storage import database
from storage.database import KeptPool, Pool, session

SIZE = 3


@pytest_asyncio.fixture
async def kept(database_url: str) -> AsyncIterator[KeptPool]:
    pool = KeptPool(await database.connect(database_url, size_max=SIZE, application_name="kept", keeps_session=True))
    yield pool
    pool.terminate()


async def backend(pool: Pool) -> int:
    """The process that serves the next session."""
    async with session(pool) as connection:
        found: int = await connection.fetchval("SELECT pg_backend_pid()")
        return found


async def test_a_connection_is_used_again(kept: KeptPool) -> None:
    assert len({await backend(kept) for _ in range(5)}) == 1


async def test_more_sessions_than_connections_take_turns(kept: KeptPool) -> None:
    """Those that wait in the pool get what others give back, though it would rather keep it."""

    async def work() -> int:
        async with session(kept) as connection:
            found: int = await connection.fetchval("SELECT pg_backend_pid() FROM pg_sleep(0.01)")
            return found

    async with asyncio.timeout(20):
        served = await asyncio.gather(*(work() for _ in range(40)))
    assert len(set(served)) == SIZE


async def test_a_failed_statement_costs_nothing_but_itself(kept: KeptPool) -> None:
    for _ in range(2 * SIZE):
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with session(kept) as connection:
                await connection.fetchval("SELECT 1 / 0")
    await backend(kept)


@pytest.mark.parametrize("error", [asyncpg.InternalClientError, asyncpg.InterfaceError, TimeoutError, OSError])
async def test_what_the_driver_says_of_a_hanging_postgres_can_be_repeated(
    kept: KeptPool, pool: Pool, error: type[Exception]
) -> None:
    for each in (kept, pool):
        with pytest.raises(StoreUnavailable):
            async with session(each):
                raise error("cannot switch to state 15; another operation (2) is in progress")
        await backend(each)


async def test_a_transaction_that_was_given_up_is_rolled_back(kept: KeptPool, pool: Pool) -> None:
    async def hang() -> None:
        async with session(kept) as connection, connection.transaction():
            await connection.execute("CREATE TABLE half_done (n integer)")
            await connection.fetchval("SELECT pg_sleep(30)")

    task = asyncio.create_task(hang())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for each in (kept, pool):
        async with session(each) as connection:
            assert await connection.fetchval("SELECT to_regclass('half_done')") is None


async def test_connections_that_died_are_replaced(kept: KeptPool, pool: Pool) -> None:
    """As after a restart of Postgres: what was at hand is closed, and nobody is served by it."""
    before = set(await asyncio.gather(*(backend(kept) for _ in range(SIZE))))
    async with session(pool) as connection:
        await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'kept' AND datname = current_database()"
        )
    await asyncio.sleep(0.2)  # until the loop has seen it
    served = await asyncio.gather(*(backend(kept) for _ in range(SIZE)))
    assert not before & set(served)
