import asyncio

import pytest
from journal_entries import T0_MS, at, entry
from msgspec import structs

from contracts.journal import CountedLabel, JournalEntry
from contracts.label import ForwardedLabel, Label
from storage import labels as labels_module
from storage.database import Pool
from storage.decision_store import PostgresDecisionStore
from storage.labels import LabelRepository

DELAY_MS = 7 * 86_400_000


def label(number: int, *, fraud: bool = True, revision: int = 0, known_ms: int = T0_MS + 5) -> Label:
    name = f"tx-0-{number}"
    return Label(transaction_id=name, fraud=fraud, known_at=at(known_ms), source="chargeback", revision=revision)


def brief(labels: list[ForwardedLabel]) -> list[tuple[str, int, int]]:
    return [(each.transaction_id, each.revision, each.change) for each in labels]


async def states(pool: Pool) -> dict[tuple[str, int], str]:
    return {(r[0], r[1]): r[2] for r in await pool.fetch("SELECT transaction_id, revision, state FROM labels")}


@pytest.fixture
def repository(pool: Pool) -> LabelRepository:
    return LabelRepository(pool)


async def test_a_label_is_joined_with_its_transaction(
    store: PostgresDecisionStore, repository: LabelRepository
) -> None:
    await store.store(entry(0, 3))
    assert await repository.take([label(2)], DELAY_MS) == [
        ForwardedLabel(
            client_id=1,
            transaction_id="tx-0-2",
            revision=0,
            account="account-2",
            merchant_id="merchant-2",
            event_time_ms=T0_MS + 2,
            effective_ms=T0_MS + 2 + DELAY_MS,
            change=1,
        )
    ]


async def test_a_repeat_is_returned_until_it_is_confirmed(
    store: PostgresDecisionStore, repository: LabelRepository, pool: Pool
) -> None:
    """Kafka gives a batch again when the forwarder died before its commit."""
    await store.store(entry(0, 3))
    first = await repository.take([label(1), label(1), label(2)], DELAY_MS)
    assert brief(first) == [("tx-0-1", 0, 1), ("tx-0-2", 0, 1)]
    assert await repository.take([label(1), label(2)], DELAY_MS) == first
    await repository.confirm(first)
    assert await repository.take([label(1), label(2, fraud=False)], DELAY_MS) == []
    assert set((await states(pool)).values()) == {"forwarded"}


async def test_changes_of_all_revisions_sum_up_to_the_last_verdict(
    store: PostgresDecisionStore, repository: LabelRepository, pool: Pool
) -> None:
    await store.store(entry(0, 1))
    sent: list[ForwardedLabel] = []
    for revision, fraud in enumerate([False, True, True, False, True]):
        ready = await repository.take([label(0, fraud=fraud, revision=revision)], DELAY_MS)
        await repository.confirm(ready)
        sent += ready
    assert brief(sent) == [("tx-0-0", 1, 1), ("tx-0-0", 3, -1), ("tx-0-0", 4, 1)]
    assert (await states(pool))["tx-0-0", 0] == (await states(pool))["tx-0-0", 2] == "unchanged"


async def test_a_lower_revision_is_stale(store: PostgresDecisionStore, repository: LabelRepository, pool: Pool) -> None:
    await store.store(entry(0, 2))
    ready = await repository.take([label(0, revision=5), label(0, fraud=False, revision=3)], DELAY_MS)
    assert brief(ready) == [("tx-0-0", 5, 1)]
    assert await repository.take([label(0, fraud=False, revision=4)], DELAY_MS) == ready
    assert await states(pool) == {("tx-0-0", 5): "ready", ("tx-0-0", 3): "stale", ("tx-0-0", 4): "stale"}


async def test_effective_never_decreases(store: PostgresDecisionStore, repository: LabelRepository) -> None:
    await store.store(entry(0, 1))
    late_ms = T0_MS + 3 * DELAY_MS
    ready = await repository.take([label(0, known_ms=late_ms), label(0, fraud=False, revision=1)], DELAY_MS)
    assert [each.effective_ms for each in ready] == [late_ms, late_ms]


async def test_a_label_waits_for_its_transaction_and_keeps_the_order_of_revisions(
    store: PostgresDecisionStore, repository: LabelRepository
) -> None:
    assert await repository.take([label(1), label(0)], DELAY_MS) == []
    assert await repository.take([label(0, fraud=False, revision=1)], DELAY_MS) == []
    assert await repository.take_waiting(DELAY_MS) == []
    assert await repository.waiting_count() == 3

    await store.store(entry(0, 1))
    expected = [("tx-0-0", 0, 1), ("tx-0-0", 1, -1)]
    assert brief(await repository.take_waiting(DELAY_MS)) == expected
    assert await repository.waiting_count() == 1
    assert await repository.take_waiting(DELAY_MS) == []
    assert brief(await repository.unconfirmed()) == expected


async def test_a_revision_never_overtakes_an_unconfirmed_one(
    store: PostgresDecisionStore, repository: LabelRepository
) -> None:
    await store.store(entry(0, 1))
    await repository.take([label(0)], DELAY_MS)  # and the forwarder dies
    second = await repository.take([label(0, fraud=False, revision=1)], DELAY_MS)
    assert brief(second) == [("tx-0-0", 0, 1), ("tx-0-0", 1, -1)]


async def test_what_the_worker_has_counted_is_confirmed_at_the_next_start(
    store: PostgresDecisionStore, repository: LabelRepository
) -> None:
    await store.store(entry(0, 2))
    first, _ = await repository.take([label(0), label(1)], DELAY_MS)
    await store.store(JournalEntry(0, 2, 3, 1, (), (CountedLabel(2, first),)))
    assert brief(await repository.unconfirmed()) == [("tx-0-1", 0, 1)]


async def test_many_waiting_labels_are_looked_at_in_turns(
    store: PostgresDecisionStore, repository: LabelRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels_module, "SCAN_MAX", 4)
    await repository.take([label(number) for number in range(10)], DELAY_MS)
    await store.store(entry(0, 10))
    found: list[ForwardedLabel] = []
    for _ in range(6):
        found += await repository.take_waiting(DELAY_MS, limit=3)
    assert [each.transaction_id for each in found] == [f"tx-0-{number}" for number in range(10)]
    assert await repository.waiting_count() == 0


async def test_concurrent_forwarders_agree(store: PostgresDecisionStore, repository: LabelRepository) -> None:
    await store.store(entry(0, 20))
    batch = [label(number, revision=revision, fraud=revision % 2 == 0) for number in range(20) for revision in (0, 1)]
    results = await asyncio.gather(*(repository.take(batch, DELAY_MS) for _ in range(4)))
    assert all(result == results[0] for result in results)
    assert len(results[0]) == 40
    await repository.confirm(results[0])
    assert await repository.unconfirmed() == []


async def test_nothing_asked_is_nothing_done(repository: LabelRepository) -> None:
    assert await repository.take([], DELAY_MS) == []
    await repository.confirm([])


async def test_only_what_was_joined_here_counts_as_written(
    store: PostgresDecisionStore, repository: LabelRepository
) -> None:
    await store.store(entry(0, 3))
    [ready] = await repository.take([label(1)], DELAY_MS)
    forged = [
        structs.replace(ready, change=-1),
        structs.replace(ready, revision=1),
        structs.replace(ready, account="another"),
        structs.replace(ready, merchant_id=None),
        structs.replace(ready, client_id=2),
    ]
    for each in forged:
        assert await repository.written([each]) == set()
    assert await repository.written([ready, *forged[1:]]) == {(1, "tx-0-1", 0)}
    await repository.confirm([ready])
    assert await repository.written([ready]) == {(1, "tx-0-1", 0)}, "a crash lets it be read again"
