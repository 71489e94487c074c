import asyncio
from datetime import UTC, datetime

import pytest
from journal_entries import T0_MS, outcome

from contracts.journal import JournalEntry
from storage.database import Pool
from storage.decision_store import PostgresDecisionStore
from storage.partitions import MonthlyPartitions, month_of, month_start_ms, partition_name, partitions_of

_PLACED = "SELECT tableoid::regclass::text FROM transactions WHERE transaction_id = $1"
JANUARY_MS = month_start_ms(2024 * 12)


def milliseconds(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("time_ms", "name"),
    [
        (milliseconds(2024, 1, 1), "decisions_2024_01"),
        (milliseconds(2024, 1, 1) - 1, "decisions_2023_12"),
        (milliseconds(2000, 1, 1), "decisions_2000_01"),
        (milliseconds(2099, 12, 31, 23, 59, 59) + 999, "decisions_2099_12"),
    ],
)
def test_a_month_holds_its_times(time_ms: int, name: str) -> None:
    month = month_of(time_ms)
    assert partition_name("decisions", month) == name
    assert month_start_ms(month) <= time_ms < month_start_ms(month + 1)


async def test_a_batch_makes_the_months_it_needs_and_the_next(store: PostgresDecisionStore, pool: Pool) -> None:
    outcomes = (outcome(0, time_ms=JANUARY_MS - 1), outcome(1, time_ms=JANUARY_MS), outcome(2, time_ms=T0_MS))
    await store.store(JournalEntry(0, 0, 3, 1, outcomes))

    async with pool.acquire() as connection:
        names = [name for _, name in await partitions_of(connection, "transactions")]
    assert names == [f"transactions_{month}" for month in ("2023_12", "2024_01", "2025_06", "2025_07")]
    assert await pool.fetchval(_PLACED, "tx-0") == "transactions_2023_12"
    assert await pool.fetchval(_PLACED, "tx-1") == "transactions_2024_01"
    assert await pool.fetchval("SELECT count(*) FROM ONLY decisions_default") == 0


async def test_a_month_that_the_default_partition_holds_stays_there(store: PostgresDecisionStore, pool: Pool) -> None:
    insert = """
    INSERT INTO transactions (
        client_id, transaction_id, event_time_ms, source, source_offset, amount, kind, account, body
    )
    VALUES (1, 'early', $1, 7, 0, 1, 'payment', 'a', '')
    """
    await pool.execute(insert, JANUARY_MS)
    await store.store(JournalEntry(0, 0, 1, 1, (outcome(0, time_ms=JANUARY_MS + 5),)))
    assert await pool.fetchval(_PLACED, "early") == "transactions_default"
    assert await pool.fetchval(_PLACED, "tx-0") == "transactions_default"
    assert await pool.fetchval("SELECT tableoid::regclass::text FROM decisions") == "decisions_2024_01"


async def test_a_long_reader_of_the_default_partition_stalls_nothing(store: PostgresDecisionStore, pool: Pool) -> None:
    async with pool.acquire() as reader, reader.transaction():
        await reader.fetch("SELECT FROM transactions_default")
        await store.store(JournalEntry(0, 0, 1, 1, (outcome(0, time_ms=JANUARY_MS),)))
    assert await pool.fetchval(_PLACED, "tx-0") == "transactions_default"


async def test_many_may_make_the_same_months_at_once(pool: Pool) -> None:
    times = [month_start_ms(2024 * 12 + month) for month in range(6)]
    await asyncio.gather(*(MonthlyPartitions(pool).ensure(times) for _ in range(4)))
    async with pool.acquire() as connection:
        assert len(await partitions_of(connection, "transactions")) == 7
        assert len(await partitions_of(connection, "decisions")) == 7
