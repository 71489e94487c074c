"""Decisions stored without the state, and what becomes of them when another source has counted their transaction."""

import asyncio

import msgspec
import pytest
from journal_entries import T0_MS, entry, outcome

from contracts.errors import DecisionConflict
from contracts.journal import CALLS, DEGRADED, JournalEntry, Outcome, Position
from storage.database import Pool
from storage.decision_store import PostgresDecisionStore

KEY = (1, "tx-1")
KEPT = frozenset({KEY})


def degraded(name: str = "tx-1", *, alert: bool = False, time_ms: int = T0_MS) -> Outcome:
    plain = outcome(0, name=name, alert=alert, time_ms=time_ms)
    decision = msgspec.structs.replace(plain.decision, degraded=True, missing=("state",), vector=b"", reasons=())
    return Outcome(0, plain.body, decision)


async def behind(store: PostgresDecisionStore, source: int) -> list[Outcome]:
    return [each async for part in store.outcomes_after(Position(source, -1), 0) for each in part]


async def test_numbers_are_given_in_order_and_repeats_are_left_out(store: PostgresDecisionStore) -> None:
    first = await store.store_degraded([degraded("a"), degraded("b"), degraded("a")])
    assert [decision.transaction_id for decision in first.decisions] == ["a", "b"]
    again = await store.store_degraded([degraded("b"), degraded("c", alert=True)])
    assert [decision.transaction_id for decision in again.decisions] == ["c"]
    assert [alert.sequence for alert in again.alerts] == [1]
    found = await behind(store, DEGRADED)
    assert [each.decision.transaction_id for each in found] == ["a", "b", "c"]
    numbers = [each.offset for each in found]
    assert numbers == sorted(set(numbers))
    assert await store.sources() == [DEGRADED, 0, 1]


async def test_many_gateways_give_numbers_in_the_order_of_their_commits(store: PostgresDecisionStore) -> None:
    names = [f"tx-{number}" for number in range(60)]
    await asyncio.gather(*(store.store_degraded([degraded(name)]) for name in names))
    assert [each.offset for each in await behind(store, DEGRADED)] == list(range(60))


@pytest.mark.parametrize("source", [0, CALLS])
async def test_the_first_decision_stands_and_is_counted_where_it_was_counted(
    store: PostgresDecisionStore, source: int
) -> None:
    kept = degraded(alert=True)
    (alert,) = (await store.store_degraded([kept])).alerts
    counted = outcome(1, name="tx-1", time_ms=T0_MS + 40 * 86_400_000)  # the same id, another body, another month
    batch = JournalEntry(source, 0 if source == 0 else 1, 2, 1, (counted,))

    for _ in range(2):
        stored = await store.store(batch)
        assert stored.kept == KEPT
        assert stored.alerts == [alert]
        assert [(d.degraded, d.risk_score, d.recommendation) for d in stored.decisions] == [
            (True, kept.decision.risk_score, kept.decision.recommendation)
        ]

    assert await store.decided([KEY]) == {KEY: Position(source, 1)}
    assert await behind(store, DEGRADED) == []
    (place,) = await behind(store, source)
    assert place.body == counted.body
    assert place.decision.degraded
    assert (await store.stored([KEY]))[KEY].body == counted.body


async def test_only_what_was_decided_before_is_kept(store: PostgresDecisionStore) -> None:
    await store.store_degraded([degraded("tx-0-1")])
    batch = entry(0, 3, alerts={2})
    stored = await store.store(batch)
    assert [decision.degraded for decision in stored.decisions] == [False, True, False]
    assert [alert.transaction_id for alert in stored.alerts] == ["tx-0-2"]
    assert stored.kept == {(1, "tx-0-1")}
    assert [each.decision.transaction_id for each in await behind(store, 0)] == ["tx-0-0", "tx-0-1", "tx-0-2"]
    assert await store.next_offset(0) == 3


async def test_what_another_source_counted_stays_a_conflict(store: PostgresDecisionStore) -> None:
    await store.store_degraded([degraded("same-1")])
    await store.store(entry(0, 3, prefix="same-"))
    for batch in (entry(1, 2, source=CALLS, prefix="same-"), entry(0, 2, source=CALLS, prefix="same-")):
        with pytest.raises(DecisionConflict):
            await store.store(batch)


async def test_charts_follow_the_transaction(store: PostgresDecisionStore, pool: Pool) -> None:
    """Kept under another body, a decision is counted in the hour of the transaction that counts."""
    await store.store_degraded([degraded(time_ms=T0_MS)])
    later = T0_MS + 5 * 3_600_000
    await store.store(JournalEntry(CALLS, 1, 2, 1, (outcome(1, name="tx-1", time_ms=later),)))
    rows = await pool.fetch(
        "SELECT period_ms, sum(decisions) AS n FROM decision_deltas GROUP BY period_ms HAVING sum(decisions) <> 0"
    )
    assert [(row["period_ms"], row["n"]) for row in rows] == [(later - later % 3_600_000, 1)]
    assert await pool.fetchval("SELECT count(*) FROM transactions") == 1
    assert await pool.fetchval("SELECT sum(decisions) FROM usage_deltas") == 1


async def test_calls_are_stored_at_once_or_one_after_the_other_with_the_same_result(
    store: PostgresDecisionStore, pool: Pool
) -> None:
    await store.store(entry(1, 4, source=CALLS, prefix="plain-"))
    await store.store(entry(4, 7, source=CALLS, prefix="alert-", alerts={5}))
    counts = "SELECT count(*) FROM decided", "SELECT count(*) FROM decisions", "SELECT sum(decisions) FROM score_deltas"
    assert [await pool.fetchval(each) for each in counts] == [6, 6, 6]
    assert [each.offset for each in await behind(store, CALLS)] == [1, 2, 3, 4, 5, 6]
    before = await pool.fetch("SELECT * FROM decided ORDER BY source_offset")
    assert len((await store.store(entry(1, 4, source=CALLS, prefix="plain-"))).decisions) == 3
    assert await pool.fetch("SELECT * FROM decided ORDER BY source_offset") == before
