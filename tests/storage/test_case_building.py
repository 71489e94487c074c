"""Cases as they grow with the alerts that are stored: from batches, from calls, from both at once."""

import asyncio
from collections import Counter

from journal_entries import T0_MS, entry, outcome

from contracts.case import case_id_of
from contracts.journal import CALLS, JournalEntry, Outcome
from storage import migrations
from storage.case_join import SPAN_MS
from storage.database import Pool
from storage.decision_store import PostgresDecisionStore
from storage.retention import DAY_MS, retain

HOUR_MS = 3_600_000
ROWS = "SELECT * FROM cases ORDER BY first_sequence"


async def store_at(store: PostgresDecisionStore, *times_ms: int, start: int = 0, client_id: int = 1) -> None:
    """One batch of alerts of account-0 (every offset is a multiple of 7) at these event times."""
    outcomes = tuple(
        outcome(7 * (start + place), alert=True, time_ms=time_ms, client_id=client_id, name=f"tx-{start + place}")
        for place, time_ms in enumerate(times_ms)
    )
    await store.store(JournalEntry(0, 7 * start, 7 * (start + len(outcomes)), 1, outcomes))


async def test_fifty_payments_of_one_card_are_one_case(store: PostgresDecisionStore, pool: Pool) -> None:
    await store_at(store, *(T0_MS + 60_000 * n for n in range(30)))
    await store_at(store, *(T0_MS + 60_000 * n for n in range(30, 50)), start=30)
    (case,) = await pool.fetch(ROWS)
    alerts = await pool.fetch("SELECT alert_id, case_id FROM alerts ORDER BY sequence")
    assert {row["case_id"] for row in alerts} == {case["case_id"]}
    assert str(case["case_id"]) == case_id_of(str(alerts[0]["alert_id"]))
    assert (case["alert_count"], case["first_sequence"], case["last_sequence"]) == (50, 1, 50)
    assert (case["first_event_time_ms"], case["last_event_time_ms"]) == (T0_MS, T0_MS + 49 * 60_000)
    assert (case["status"], case["severity_rank"], case["risk_score"]) == ("OPEN", 3, 93.25)


async def test_an_entry_that_is_stored_again_changes_no_case(store: PostgresDecisionStore, pool: Pool) -> None:
    batch = entry(0, 14, alerts={0, 7})
    await store.store(batch)
    before = await pool.fetch(ROWS)
    await store.store(batch)
    assert await pool.fetch(ROWS) == before
    assert [row["alert_count"] for row in before] == [2]


async def test_event_times_out_of_order(store: PostgresDecisionStore, pool: Pool) -> None:
    await store_at(store, T0_MS + 2 * SPAN_MS, T0_MS, T0_MS + SPAN_MS + HOUR_MS)
    await store_at(store, T0_MS + SPAN_MS // 2, start=3)
    spans = [(row["first_event_time_ms"] - T0_MS, row["last_event_time_ms"] - T0_MS) for row in await pool.fetch(ROWS)]
    assert spans == [(SPAN_MS + HOUR_MS, 2 * SPAN_MS), (0, SPAN_MS // 2)]


async def test_a_new_alert_opens_a_closed_case_again(store: PostgresDecisionStore, pool: Pool) -> None:
    await store_at(store, T0_MS)
    await pool.execute("UPDATE cases SET status = 'DISMISSED'")
    await store_at(store, T0_MS + HOUR_MS, start=1)
    (case,) = await pool.fetch(ROWS)
    assert (case["status"], case["alert_count"], case["version"]) == ("OPEN", 2, 2)


async def test_calls_and_batches_of_one_account_at_once(store: PostgresDecisionStore, pool: Pool) -> None:
    """Forty calls, two partitions, three accounts, two clients: every case is one, and counts what it holds."""

    def call(number: int) -> Outcome:
        return outcome(number % 3, alert=True, client_id=1 + number % 2, name=f"call-{number}", time_ms=T0_MS + number)

    async def one(number: int) -> None:
        made = call(number)
        await store.store(JournalEntry(CALLS, number, number + 1, 1, (Outcome(number, made.body, made.decision),)))

    async def partition(source: int) -> None:
        for start in range(0, 30, 10):
            await store.store(entry(start, start + 10, source=source, alerts=set(range(start, start + 10))))

    await asyncio.gather(partition(0), partition(1), *(one(number) for number in range(40)))

    cases = await pool.fetch(ROWS)
    alerts = await pool.fetch("SELECT client_id, account, case_id FROM alerts")
    assert len(alerts) == 100
    assert Counter(row["case_id"] for row in alerts) == {row["case_id"]: row["alert_count"] for row in cases}
    assert len({(row["client_id"], row["account"]) for row in alerts}) == len(cases)


async def test_retention_removes_a_case_with_its_last_alert(store: PostgresDecisionStore, pool: Pool) -> None:
    await store_at(store, T0_MS - 100 * DAY_MS, T0_MS)
    old, young = await pool.fetch(ROWS)
    await pool.execute(
        "INSERT INTO case_notes (client_id, case_id, actor, body, written_at) VALUES (1, $1, 'a', 'b', now())",
        old["case_id"],
    )
    report = await retain(pool, 50, T0_MS)
    assert report is not None
    assert report.deleted["cases"] == 1
    assert [row["case_id"] for row in await pool.fetch(ROWS)] == [young["case_id"]]
    assert await pool.fetch("SELECT * FROM case_notes") == []


async def test_a_migration_puts_old_alerts_into_the_same_cases(
    store: PostgresDecisionStore, pool: Pool, database_url: str
) -> None:
    for start in (0, 10):
        await store.store(entry(start, start + 10, source=1, alerts=set(range(start, start + 10))))
    await store_at(store, T0_MS + 3 * SPAN_MS)
    placed = "SELECT alert_id, case_id, words FROM alerts ORDER BY alert_id"
    built = "SELECT case_id, alert_count, first_event_time_ms, last_sequence, severity_rank FROM cases ORDER BY case_id"
    before = [await pool.fetch(placed), await pool.fetch(built)]
    migrations.downgrade(database_url, "0007")
    migrations.upgrade(database_url)
    await pool.expire_connections()
    assert [await pool.fetch(placed), await pool.fetch(built)] == before
