"""One gateway and database for a whole module: every test registers a client of its own."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio
from running_gateway import RunningGateway, running, settings_for

from storage.clients import ClientRepository
from storage.database import connect
from tests.conftest import Stack, fresh_database


@pytest.fixture(scope="module")
def database_url(stack: Stack, template_database: str) -> Iterator[str]:
    with fresh_database(stack, template_database) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[asyncpg.Record]"]:
    async with await connect(database_url, size_max=4) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(database_url: str) -> AsyncIterator[RunningGateway]:
    async with running(settings_for(database_url, auth_rate_limit="100000/minute")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def key(make_key) -> str:
    return await make_key()


@pytest_asyncio.fixture(loop_scope="module")
async def other_client(pool: "asyncpg.Pool[asyncpg.Record]") -> int:
    return await ClientRepository(pool).create("Another")
