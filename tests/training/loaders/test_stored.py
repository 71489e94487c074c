"""Decisions in Postgres become the columns that the same transactions and labels would be, as known at a moment."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from contracts.transaction import Transaction, decode_transaction
from scoring.model import load
from storage import backtest_rows
from storage.backtest_rows import StoredPeriod
from storage.database import Pool, connect
from tests.training.stored_world import StoredWorld, learned, store_world
from training.column_fold import fold_columns
from training.columns import Columns, columns_with_labels, joined
from training.loaders import stored
from training.loaders.stored import stored_columns

END_MS = 2**60


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with await connect(database_url, size_max=2) as pool:
        yield pool


@pytest_asyncio.fixture
async def world(pool: Pool, tmp_path: Path) -> StoredWorld:
    return await store_world(pool, load(learned(tmp_path, "v1")), transactions=800)


def folded(chunks: list[Columns]) -> bytes:
    return np.concatenate([vectors for _, vectors in fold_columns(chunks)]).tobytes()


async def read(pool: Pool, stop_ms: int = END_MS) -> list[Columns]:
    return [chunk async for chunk in stored_columns(pool, 0, stop_ms)]


async def test_vectors_are_those_of_the_same_log(pool: Pool, world: StoredWorld) -> None:
    chunks = await read(pool)
    rows = [row async for page in StoredPeriod(pool, 0, END_MS).rows() for row in page]
    transactions = [one for row in rows if isinstance(one := decode_transaction(row.body), Transaction)]
    expected = columns_with_labels(transactions, world.labels)
    assert len(transactions) == len(world.decisions)
    assert joined(chunks).fraud.tolist() == expected.fraud.tolist()
    assert joined(chunks).label_known_ms.tolist() == expected.label_known_ms.tolist()
    assert expected.fraud.any()
    assert folded(chunks) == folded([expected])


async def test_chunks_do_not_matter(pool: Pool, world: StoredWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    del world
    whole = folded(await read(pool))
    monkeypatch.setattr(stored, "CHUNK_ROWS", 100)
    monkeypatch.setattr(backtest_rows, "CHUNK", 70)
    chunks = await read(pool)
    assert len(chunks) > 4
    assert folded(chunks) == whole


async def test_labels_told_later_are_not_known(pool: Pool, world: StoredWorld) -> None:
    newest = max(int(chunk.time_ms[-1]) for chunk in await read(pool))
    stop = newest - 20 * 86_400_000
    early = joined(await read(pool, stop))
    told = {label.transaction_id for label in world.labels if label.fraud and label.known_at.timestamp() * 1000 < stop}
    ids = np.array(early.transactions.transaction_id.texts())
    assert set(ids[early.fraud].tolist()) == told & set(ids.tolist())
    assert early.labels["known_ms"].max() < stop
    assert early.time_ms.max() < stop
