"""A worker before stores that answer and refuse: it waits, says so, and goes on; each transaction is decided once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from redis.asyncio import Redis
from running_worker import running_worker
from test_worker import Traffic, traffic  # noqa: F401 - a fixture

from contracts.topics import Topics
from storage.database import Pool
from tests.own_redis import own_redis

REFUSALS = {
    "READONLY": (["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]),
    "OOM": (["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]),
}
Do = Callable[[], Awaitable[Any]]


@pytest_asyncio.fixture
async def admin(tmp_path: Path) -> AsyncIterator[tuple[str, Redis]]:
    with own_redis(tmp_path / "redis") as address:
        async with Redis.from_url(address, socket_timeout=10) as client:
            yield address, client


async def waits_and_goes_on(
    worker_environment: dict[str, str], published: Traffic, folder: Path, break_: Do, mend: Do, said: str
) -> None:
    await published.publish(30)
    async with running_worker(folder, worker_environment, "one") as worker:
        await worker.until(published.all_decided)
        await break_()
        await published.publish(30)

        async def waits() -> bool:
            return "partition_waits" in worker.events() and said in worker.log

        await worker.until(waits)
        assert len(await published.decided()) == 30
        await mend()
        await worker.until(published.all_decided)
        assert await worker.terminate() == 0
    assert sorted(await published.decided()) == sorted(published.ids)


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_worker_waits_for_a_redis_that_refuses(
    traffic: Traffic, topics: Topics, environment: dict[str, str], tmp_path: Path, admin: tuple[str, Redis],  # noqa: F811
    refusal: str,
) -> None:  # fmt: skip
    address, client = admin
    break_, mend = REFUSALS[refusal]
    await waits_and_goes_on(
        environment | {"REDIS_URL": address}, traffic, tmp_path,
        lambda: client.execute_command(*break_), lambda: client.execute_command(*mend), refusal,
    )  # fmt: skip


async def test_a_worker_waits_for_a_postgres_that_is_read_only(
    traffic: Traffic, topics: Topics, environment: dict[str, str], tmp_path: Path, pool: Pool, database_url: str,  # noqa: F811
) -> None:  # fmt: skip
    """As after a failover to a replica; sessions that are open are ended, as there."""
    name = database_url.rpartition("/")[2]

    async def switch(value: str) -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}')
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
            " AND application_name LIKE 'riskstream-worker%'",
            name,
        )
        await connection.close()

    await waits_and_goes_on(environment, traffic, tmp_path, lambda: switch("on"), lambda: switch("off"), "read-only")
