import asyncio

import asyncpg
import msgspec
import pytest
from journal_entries import T0_MS, counted_label, entry, outcome

from contracts.errors import DecisionConflict, PartitionLost, StateLost, StoreUnavailable
from contracts.journal import CALLS, NOTHING_STORED, JournalEntry, Position
from storage import database
from storage.database import Pool
from storage.decision_store import PostgresDecisionStore
from storage.transactions import TransactionRepository

TABLES = ("decided", "transactions", "decisions", "alerts", "alert_sequences", "counted_labels")


async def contents(pool: Pool) -> list[list[asyncpg.Record]]:
    return [await pool.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]


async def test_a_stored_batch_is_read_back_as_it_was(store: PostgresDecisionStore, pool: Pool) -> None:
    batch = entry(0, 5, alerts={1, 4})

    alerts = (await store.store(batch)).alerts

    assert [alert.sequence for alert in alerts] == [1, 2]
    assert [alert.transaction_id for alert in alerts] == ["tx-0-1", "tx-0-4"]
    assert [alert.currency for alert in alerts] == ["KES", "USD"]
    assert alerts[0].reasons == batch.outcomes[1].decision.reasons
    assert await store.next_offset(0) == 5
    assert await store.event_time_ms_max() == T0_MS + 4
    for each in batch.outcomes:
        stored = await TransactionRepository(pool).get(1, each.decision.transaction_id)
        assert stored is not None
        assert stored.decision == each.decision
        assert stored.body == each.body
        assert stored.position == Position(0, each.offset)
        assert (stored.alert_id is not None) == each.decision.raises_alert


async def test_transactions_columns_hold_the_entities(store: PostgresDecisionStore, pool: Pool) -> None:
    await store.store(entry(0, 2))
    row = await pool.fetchrow("SELECT * FROM transactions WHERE transaction_id = 'tx-0-1'")
    assert row is not None
    assert (row["account"], row["device_id"], row["merchant_id"]) == ("account-1", "device-1", "merchant-1")
    assert (row["ip_address"], row["beneficiary_id"], row["kind"]) == ("2001:db8::1", None, "payment")
    assert (row["amount"], row["currency"]) == (12.5, "KES")


async def test_decided_names_the_place_of_what_is_stored(store: PostgresDecisionStore) -> None:
    await store.store(entry(0, 3))
    found = await store.decided([(1, "tx-0-2"), (1, "unknown"), (2, "tx-0-2")])
    assert found == {(1, "tx-0-2"): Position(0, 2)}
    assert await store.decided([]) == {}


async def test_a_repeated_store_changes_nothing_and_returns_the_alerts_again(
    store: PostgresDecisionStore, pool: Pool
) -> None:
    batch = entry(0, 5, alerts={1, 4}, labels=(counted_label(3),))
    first = (await store.store(batch)).alerts
    before = await contents(pool)

    assert (await store.store(batch)).alerts == first
    assert await contents(pool) == before
    await store.store(entry(5, 7, alerts={5}))
    assert (await store.store(batch)).alerts == first


async def test_two_concurrent_stores_of_one_entry_have_one_effect(store: PostgresDecisionStore, pool: Pool) -> None:
    other = PostgresDecisionStore(pool, "payments.transactions.v1")
    batch = entry(0, 50, alerts={7, 8})
    results = await asyncio.gather(*(each.store(batch) for each in (store, other, store, other)))
    assert all(result.alerts == results[0].alerts for result in results)
    assert await pool.fetchval("SELECT count(*) FROM decisions") == 50
    assert await pool.fetchval("SELECT last_sequence FROM alert_sequences") == 2


async def test_two_concurrent_stores_of_one_call_have_one_effect(store: PostgresDecisionStore, pool: Pool) -> None:
    call = entry(17, 18, source=CALLS, alerts={17})
    results = await asyncio.gather(*(store.store(call) for _ in range(8)))
    assert all(result.alerts == results[0].alerts for result in results)
    assert len(results[0].alerts) == 1
    assert await pool.fetchval("SELECT count(*) FROM transactions") == 1
    assert await store.decided([(1, "tx--1-17")]) == {(1, "tx--1-17"): Position(CALLS, 17)}


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (3, 8), (6, 12), (11, 14)])
async def test_a_zombie_cannot_store(store: PostgresDecisionStore, pool: Pool, start: int, stop: int) -> None:
    await store.store(entry(0, 10))
    before = await contents(pool)
    with pytest.raises(PartitionLost):
        await store.store(entry(start, stop, prefix="zombie-"))
    assert await contents(pool) == before
    assert await store.next_offset(0) == 10


async def test_a_partition_that_never_began_cannot_be_stored(store: PostgresDecisionStore) -> None:
    with pytest.raises(PartitionLost):
        await store.store(entry(0, 3, source=9))


async def test_start_partition_keeps_what_was_seen(store: PostgresDecisionStore) -> None:
    assert await store.next_offset(4) is None
    await store.start_partition(4, 100)
    await store.start_partition(4, 0)
    assert await store.next_offset(4) == 100


async def test_records_that_count_for_nothing_move_the_offset(store: PostgresDecisionStore) -> None:
    assert await store.store(JournalEntry(0, 0, 4, 1, ())) == NOTHING_STORED
    assert await store.store(JournalEntry(0, 0, 4, 1, ())) == NOTHING_STORED
    assert await store.next_offset(0) == 4


async def test_another_source_that_decided_first_is_a_conflict(store: PostgresDecisionStore, pool: Pool) -> None:
    await store.store(entry(0, 3, prefix="same-"))
    before = await contents(pool)
    with pytest.raises(DecisionConflict) as caught:
        await store.store(entry(2, 5, source=CALLS, prefix="same-"))
    assert caught.value.keys == ((1, "same-2"),)
    with pytest.raises(DecisionConflict):
        await store.store(entry(0, 3, source=1, prefix="same-"))
    assert await contents(pool) == before
    assert await store.next_offset(1) == 0


async def test_an_old_epoch_stores_nothing_new(store: PostgresDecisionStore, pool: Pool) -> None:
    stored = (await store.store(entry(0, 3, alerts={1}))).alerts
    assert await store.epoch() == 1
    assert await store.raise_epoch() == 2
    before = await contents(pool)

    with pytest.raises(StateLost):
        await store.store(entry(3, 6, alerts={4}))
    with pytest.raises(StateLost):
        await store.store(entry(9, 10, source=CALLS))
    assert (await store.store(entry(0, 3, alerts={1}))).alerts == stored
    assert await contents(pool) == before
    await store.store(entry(3, 6, epoch=2))
    assert await store.next_offset(0) == 6


async def test_raising_the_epoch_waits_for_a_store_under_way(store: PostgresDecisionStore, pool: Pool) -> None:
    async with pool.acquire() as blocker, blocker.transaction():
        await blocker.execute("SELECT FROM partition_offsets WHERE partition = 0 FOR UPDATE")
        storing = asyncio.create_task(store.store(entry(0, 3)))
        await _until_waiting(pool, 1)
        raising = asyncio.create_task(store.raise_epoch())
        await _until_waiting(pool, 2)
        assert not raising.done()
    await storing
    assert await raising == 2
    assert await store.next_offset(0) == 3


async def test_a_store_that_waits_behind_a_rising_epoch_is_refused(store: PostgresDecisionStore, pool: Pool) -> None:
    async with pool.acquire() as blocker, blocker.transaction():
        await blocker.execute("UPDATE state_epoch SET epoch = epoch + 1")
        storing = asyncio.create_task(store.store(entry(0, 3)))
        await _until_waiting(pool, 1)
    with pytest.raises(StateLost):
        await storing
    assert await store.next_offset(0) == 0


async def test_outputs_come_in_the_order_asked_for(store: PostgresDecisionStore) -> None:
    batch = entry(0, 6, alerts={2, 5})
    alerts = (await store.store(batch)).alerts
    decisions, found = await store.outputs([(1, "tx-0-5"), (1, "unknown"), (1, "tx-0-2")])
    expected = [msgspec.structs.replace(batch.outcomes[n].decision, vector=b"") for n in (5, 2)]
    assert decisions == expected
    assert found == [alerts[1], alerts[0]]
    assert await store.outputs([]) == ([], [])


async def test_the_repair_lock_is_held_by_one(store: PostgresDecisionStore, pool: Pool) -> None:
    order: list[str] = []

    async def second() -> None:
        async with PostgresDecisionStore(pool, "t").repair_lock():
            order.append("second")

    async with store.repair_lock():
        waiting = asyncio.create_task(second())
        await _until_waiting(pool, 1)
        order.append("first")
    await waiting
    assert order == ["first", "second"]


async def test_labels_are_counted_once(store: PostgresDecisionStore) -> None:
    await store.store(entry(0, 3, labels=(counted_label(1), counted_label(2, revision=3))))
    keys = [(1, "tx-1", 0), (1, "tx-1", 1), (1, "tx-2", 3)]
    assert await store.labels_counted(keys) == {(1, "tx-1", 0), (1, "tx-2", 3)}
    assert await store.labels_counted([]) == set()
    again = (counted_label(3, name="new"), counted_label(4, name="tx-1"))
    with pytest.raises(DecisionConflict) as caught:
        await store.store(JournalEntry(0, 3, 5, 1, (outcome(3),), again))
    assert caught.value.keys == ((1, "tx-1"),)
    assert await store.next_offset(0) == 3


async def test_an_unreachable_server_is_unavailable(database_url: str) -> None:
    with pytest.raises(StoreUnavailable):
        await database.connect("postgresql://nobody@127.0.0.1:1/none")
    pool = await database.connect(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    store = PostgresDecisionStore(pool, "t")
    await pool.close()
    with pytest.raises(StoreUnavailable):
        await store.epoch()


async def test_a_connection_cut_by_the_server_is_unavailable_and_the_next_one_works(
    store: PostgresDecisionStore, pool: Pool
) -> None:
    async with pool.acquire() as blocker, blocker.transaction():
        await blocker.execute("SELECT FROM partition_offsets WHERE partition = 0 FOR UPDATE")
        storing = asyncio.create_task(store.store(entry(0, 3)))
        await _until_waiting(pool, 1)
        await blocker.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
        with pytest.raises(StoreUnavailable):
            await storing
    await store.store(entry(0, 3))
    assert await store.next_offset(0) == 3


async def _until_waiting(pool: Pool, count: int) -> None:
    """Return when `count` backends of this database wait for a lock; bounded by the test's own timeout."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(4):
        while await pool.fetchval(waiting) < count:
            pass
