from collections.abc import AsyncIterator

import pytest_asyncio

from storage import database
from storage.database import Pool
from storage.decision_store import PostgresDecisionStore

TOPIC = "payments.transactions.v1"


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await database.connect(database_url, size_max=16)
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def store(pool: Pool) -> PostgresDecisionStore:
    """A store whose partitions 0 and 1 begin at offset 0."""
    store = PostgresDecisionStore(pool, TOPIC)
    await store.start_partition(0, 0)
    await store.start_partition(1, 0)
    return store
