import asyncio

import asyncpg
import pytest
from journal_entries import T0_MS, at, counted_label, outcome

from contracts.journal import JournalEntry, Outcome
from contracts.label import Label
from storage import retention
from storage.alerts import AlertRepository
from storage.database import Pool
from storage.decision_store import PostgresDecisionStore
from storage.labels import LabelRepository
from storage.partitions import PARTITIONED
from storage.retention import DAY_MS, cutoff_of, retain

NOW_MS = T0_MS + 1_000


def days_before(days: float) -> int:
    return int(T0_MS - days * DAY_MS)


async def store_at(store: PostgresDecisionStore, *ages_days: float, alert: bool = False) -> list[Outcome]:
    outcomes = [outcome(n, time_ms=days_before(age), alert=alert) for n, age in enumerate(ages_days)]
    await store.store(JournalEntry(0, 0, len(outcomes), 1, tuple(outcomes)))
    return outcomes


async def names(pool: Pool, table: str) -> list[str]:
    return [row[0] for row in await pool.fetch(f"SELECT transaction_id FROM {table} ORDER BY 1")]


def test_forty_days_before_the_newest_event_are_never_touched() -> None:
    assert cutoff_of(NOW_MS, T0_MS, 1) == T0_MS - 40 * DAY_MS
    assert cutoff_of(NOW_MS + 1_000 * DAY_MS, T0_MS, 400) == T0_MS - 400 * DAY_MS
    assert cutoff_of(NOW_MS, NOW_MS + 300_000, 100) == NOW_MS - 100 * DAY_MS


async def test_old_months_are_dropped_and_old_rows_deleted(store: PostgresDecisionStore, pool: Pool) -> None:
    await store_at(store, 300, 200, 101, 99, 0)
    report = await retain(pool, 100, NOW_MS)
    assert report is not None
    # 2025-03-07 is the cutoff: its own month still holds younger rows.
    old = ("2024_08", "2024_11")
    assert report.partitions == tuple(f"{table}_{month}" for table in PARTITIONED for month in old)
    assert report.busy == ()
    assert await names(pool, "decided") == ["tx-3", "tx-4"]
    assert await names(pool, "transactions") == await names(pool, "decisions") == ["tx-2", "tx-3", "tx-4"]


async def test_it_deletes_in_bounded_chunks(
    store: PostgresDecisionStore, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 3)
    await store_at(store, *([100] * 10), 0)
    report = await retain(pool, 50, NOW_MS)
    assert report is not None
    assert report.deleted["decided"] == 10
    monkeypatch.setattr(retention, "CHUNKS_MAX", 1)
    again = await retain(pool, 50, NOW_MS)
    assert again is not None
    assert again.deleted["decided"] == 0


async def test_a_clients_alerts_go_from_the_oldest_on_and_leave_no_hole(
    store: PostgresDecisionStore, pool: Pool
) -> None:
    outcomes = await store_at(store, 100, 90, 0, 95, 1, alert=True)
    report = await retain(pool, 50, NOW_MS)
    assert report is not None
    assert report.deleted["alerts"] == 2
    alerts = AlertRepository(pool)
    assert [alert.sequence for alert in await alerts.since(1, 0, 10)] == [3, 4, 5]
    assert (await alerts.first_sequence(1), await alerts.last_sequence(1)) == (3, 5)
    # The guard of a transaction outlives its alert.
    kept = outcomes[3].decision.transaction_id
    assert await names(pool, "decided") == ["tx-2", kept, "tx-4"]


async def test_the_sequence_goes_on_when_all_alerts_are_gone(store: PostgresDecisionStore, pool: Pool) -> None:
    await store_at(store, 100, 90, alert=True)
    await store.store(JournalEntry(0, 2, 3, 1, (outcome(2),)))
    await retain(pool, 50, NOW_MS)
    [alert] = (await store.store(JournalEntry(0, 3, 4, 1, (outcome(3, alert=True),)))).alerts
    assert alert.sequence == 3


async def test_rows_of_the_default_partition_and_labels_go_too(store: PostgresDecisionStore, pool: Pool) -> None:
    insert = """
    INSERT INTO transactions_default (
        client_id, transaction_id, event_time_ms, source, source_offset, amount, kind, account, body
    )
    VALUES (1, 'odd', $1, 7, 0, 1, 'payment', 'a', '')
    """
    await pool.execute(insert, days_before(900))
    labels = (counted_label(1),)
    await store.store(JournalEntry(0, 0, 2, 1, (outcome(0, time_ms=T0_MS + 100 * DAY_MS),), labels))
    old = Label(transaction_id="unknown", fraud=True, known_at=at(T0_MS))
    await LabelRepository(pool).take([old], 0)

    report = await retain(pool, 50, NOW_MS + 100 * DAY_MS)

    assert report is not None
    assert {table: report.deleted[table] for table in ("transactions_default", "counted_labels", "labels")} == {
        "transactions_default": 1,
        "counted_labels": 1,
        "labels": 1,
    }


async def test_one_process_at_a_time(store: PostgresDecisionStore, pool: Pool) -> None:
    assert await retain(pool, 50, NOW_MS) is None
    await store_at(store, 100, 0)
    reports = await asyncio.gather(*(retain(pool, 50, NOW_MS) for _ in range(4)))
    done = [report for report in reports if report is not None]
    assert sum(report.deleted["decided"] for report in done) == 1
    assert await retain(pool, 50, NOW_MS) is not None


async def test_a_dropped_month_takes_its_late_rows_in_the_default_partition(
    store: PostgresDecisionStore, pool: Pool
) -> None:
    await store_at(store, 100, 0)
    await retain(pool, 50, NOW_MS)
    await store.store(JournalEntry(0, 2, 3, 1, (outcome(2, time_ms=days_before(100)),)))
    assert await names(pool, "transactions_default") == ["tx-2"]


async def test_each_kind_of_data_is_kept_for_its_own_time(store: PostgresDecisionStore, pool: Pool) -> None:
    await store_at(store, 100, 90, 60, 0, alert=True)
    for name, days, state_days in (("old", 400, 80), ("young", 300, 70)):
        await pool.execute(
            "INSERT INTO audit_log (client_id, recorded_at, actor, action, subject, detail, request_id)"
            " VALUES (1, to_timestamp($2 / 1000.0), 'x', $1, 'x', '{}', '')", name, days_before(days),
        )  # fmt: skip
        await pool.execute(
            "INSERT INTO replay_states (name, source, key, state, event_time_ms) VALUES ($1, 0, 'k', 's', $2)",
            name, days_before(state_days),
        )  # fmt: skip
    report = await retain(pool, 200, NOW_MS, {"alerts": 70, "audit": 1, "state": 75})
    assert report is not None
    assert len(await names(pool, "transactions")) == 4  # decisions stay for their 200 days
    assert [row[0] for row in await pool.fetch("SELECT sequence FROM alerts ORDER BY 1")] == [3, 4]
    assert [row[0] for row in await pool.fetch("SELECT name FROM replay_states")] == ["young"]
    assert [row[0] for row in await pool.fetch("SELECT action FROM audit_log")] == ["young"]


async def test_the_audit_log_loses_nothing_younger_than_a_year_and_changes_no_more_than_a_reason(pool: Pool) -> None:
    insert = (
        "INSERT INTO audit_log (client_id, recorded_at, actor, action, subject, detail, request_id)"
        " VALUES (1, now() - make_interval(days => $1), 'x', $2, 'x', '{\"reason\": \"why\", \"n\": 1}', '')"
    )
    await pool.execute(insert, 364, "young")
    await pool.execute(insert, 366, "old")
    await pool.execute("DELETE FROM audit_log WHERE action = 'old'")
    for change in (
        "DELETE FROM audit_log",
        "UPDATE audit_log SET actor = 'y'",
        "UPDATE audit_log SET detail = '{}'",
        'UPDATE audit_log SET detail = detail || \'{"reason": "other"}\'',
        'UPDATE audit_log SET detail = detail || \'{"reason": "[erased]", "n": 2}\'',
        "TRUNCATE audit_log",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await pool.execute(change)
    await pool.execute('UPDATE audit_log SET detail = detail || \'{"reason": "[erased]"}\'')
    assert await pool.fetchval("SELECT count(*) FROM audit_log") == 1
