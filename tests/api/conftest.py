"""The gateway over a fresh database of the real Postgres."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
import pytest_asyncio
from alert_maker import AlertMaker
from running_gateway import SECRET, RunningGateway, running, settings_for

from api.keys import SCOPES_ALL, hash_key, new_key
from storage.api_keys import ApiKeyRepository
from storage.clients import ClientRepository
from storage.database import connect

MakeKey = Callable[..., Awaitable[str]]


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[asyncpg.Record]"]:
    opened = await connect(database_url, size_max=4)
    yield opened
    await opened.close()


@pytest.fixture
def alerts(pool: "asyncpg.Pool[asyncpg.Record]") -> AlertMaker:
    return AlertMaker(pool)


@pytest.fixture
def make_key(pool: "asyncpg.Pool[asyncpg.Record]") -> MakeKey:
    async def make(client_id: int = 1, scopes: tuple[str, ...] = SCOPES_ALL) -> str:
        key, prefix = new_key()
        await ApiKeyRepository(pool).create(client_id, "test", hash_key(SECRET, key), prefix, scopes)
        return key

    return make


@pytest_asyncio.fixture
async def key(make_key: MakeKey) -> str:
    return await make_key()


@pytest_asyncio.fixture
async def other_client(pool: "asyncpg.Pool[asyncpg.Record]") -> int:
    return await ClientRepository(pool).create("Another")


@pytest_asyncio.fixture
async def gateway(database_url: str) -> AsyncIterator[RunningGateway]:
    async with running(settings_for(database_url)) as started:
        yield started
