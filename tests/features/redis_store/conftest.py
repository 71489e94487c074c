"""The two state stores that keep one contract: the real Redis, and the script that the simulation runs on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio
from redis.asyncio import Redis

from features.redis_store.protocol import RepairableStore, StateAddress
from features.redis_store.store import RedisStateStore
from tests.conftest import Stack
from tests.pipeline.simulation.scripted_redis import ScriptedRedis, ScriptedStateStore
from tests.pipeline.simulation.world import direct

FINGERPRINT = "1-abc-def"


@pytest_asyncio.fixture
async def client(stack: Stack) -> AsyncIterator[Redis]:
    client = Redis.from_url(stack.redis_url, socket_timeout=10, protocol=2)
    yield client
    await client.aclose()


@pytest_asyncio.fixture
async def redis_store(client: Redis, redis_prefix: str) -> RedisStateStore:
    return RedisStateStore(client, redis_prefix, FINGERPRINT)


@dataclass(frozen=True)
class Kept:
    """A store that is repaired and adopted, and its address."""

    store: RepairableStore
    address: StateAddress


async def adopted(store: RepairableStore, epoch: int = 1) -> StateAddress:
    address = StateAddress(epoch, 1, (await store.inspect()).run_id)
    await store.begin(address)
    await store.adopt(address)
    return address


@pytest_asyncio.fixture(params=["redis", "script"])
async def kept(request, client: Redis, redis_prefix: str) -> Kept:  # type: ignore[no-untyped-def]
    store: RedisStateStore | ScriptedStateStore
    if request.param == "redis":
        store = RedisStateStore(client, redis_prefix, FINGERPRINT)
    else:
        store = ScriptedStateStore(ScriptedRedis(lambda: 1_000.0), direct, FINGERPRINT)
    address = await adopted(store)
    return Kept(store, address)
