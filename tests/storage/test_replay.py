from collections.abc import AsyncIterator
from typing import TypeVar

import msgspec
import pytest
from journal_entries import T0_MS, counted_label, entry, outcome

from contracts.journal import CALLS, JournalEntry, Position
from storage import replay
from storage.decision_store import PostgresDecisionStore

T = TypeVar("T")


async def collected(chunks: AsyncIterator[list[T]]) -> list[T]:
    found = []
    async for chunk in chunks:
        assert 0 < len(chunk) <= replay.CHUNK
        found += chunk
    return found


@pytest.mark.parametrize("chunk", [1, 3, 10, 2_000])
async def test_outcomes_come_back_in_order_over_months_and_chunks(
    store: PostgresDecisionStore, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(replay, "CHUNK", chunk)
    month_ms = 31 * 86_400_000
    outcomes = tuple(outcome(n, alert=n == 4, time_ms=T0_MS - n % 3 * month_ms) for n in range(10))
    await store.store(JournalEntry(0, 0, 10, 1, outcomes))
    await store.store(entry(0, 4, source=1))

    def without_vector(numbers: range) -> list[object]:
        plain = [msgspec.structs.replace(outcomes[n].decision, vector=b"") for n in numbers]
        return [msgspec.structs.replace(outcomes[n], decision=plain[n - numbers.start]) for n in numbers]

    assert await collected(store.outcomes_after(Position(0, -1), 0)) == without_vector(range(10))
    assert await collected(store.outcomes_after(Position(0, 6), 0)) == without_vector(range(7, 10))
    recent = await collected(store.outcomes_after(Position(0, -1), T0_MS))
    assert [each.offset for each in recent] == [0, 3, 6, 9]
    assert await collected(store.outcomes_after(Position(5, -1), 0)) == []


async def test_calls_with_one_number_are_all_replayed(
    store: PostgresDecisionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call's number may begin again after Redis was emptied."""
    monkeypatch.setattr(replay, "CHUNK", 2)
    for prefix in ("a-", "b-", "c-", "d-", "e-"):
        await store.store(entry(7, 8, source=CALLS, prefix=prefix))
    found = await collected(store.outcomes_after(Position(CALLS, -1), 0))
    assert [each.decision.transaction_id for each in found] == ["a-7", "b-7", "c-7", "d-7", "e-7"]


async def test_counted_labels_come_back_in_order(store: PostgresDecisionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "CHUNK", 2)
    labels = tuple(counted_label(n) for n in range(5))
    await store.store(entry(0, 6, labels=labels))
    assert await collected(store.labels_after(Position(0, -1), 0)) == list(labels)
    assert await collected(store.labels_after(Position(0, 2), 0)) == list(labels[3:])
    assert await collected(store.labels_after(Position(0, -1), T0_MS + 1)) == []
    assert await collected(store.labels_after(Position(1, -1), 0)) == []


async def test_sources_are_those_that_hold_something(store: PostgresDecisionStore) -> None:
    assert await store.sources() == [0, 1]  # begun: a partition of nothing but dead letters has an offset to restore
    assert await store.event_time_ms_max() is None
    await store.store(entry(0, 1, source=CALLS))
    await store.store(JournalEntry(0, 0, 1, 1, (), (counted_label(0),)))
    assert await store.sources() == [CALLS, 0, 1]
