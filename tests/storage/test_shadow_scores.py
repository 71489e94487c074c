"""A challenger's scores: each decision once and none left out, however pages, crashes and processes fall."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from journal_entries import T0_MS, at, entry, outcome

from contracts.journal import CALLS, JournalEntry
from contracts.label import Label
from storage.database import Pool
from storage.decision_store import PostgresDecisionStore
from storage.followers import Follower
from storage.labels import LabelRepository
from storage.retention import DAY_MS, retain
from storage.shadow_scores import Page, ShadowScores, Vectors

TOPIC = "payments.transactions.v1"
WIDTH = 120  # as `journal_entries` makes vectors: the offset, thirty times
VECTORS = Vectors(WIDTH, "c0ffee")
LONG_AGO = "UPDATE decisions SET decided_at = now() - interval '10 minutes'"


async def by_offset(packed: bytes, rows: int) -> tuple[Sequence[float], Sequence[float]]:
    """A model whose probability is a function of the vector, so that a mixed-up order shows."""
    assert len(packed) == rows * WIDTH
    offsets = [int.from_bytes(packed[i * WIDTH : i * WIDTH + 4], "little") for i in range(rows)]
    return [1 / (offset + 1) for offset in offsets], [float(offset % 100) for offset in offsets]


@pytest.fixture
def scores(pool: Pool) -> ShadowScores:
    return ShadowScores(pool)


@pytest.fixture
def follower(pool: Pool) -> Follower:
    return Follower(pool, TOPIC, "shadow:v2")


async def run_through(scores: ShadowScores, follower: Follower, limit: int = 7) -> int:
    model_id, total = await scores.model_id("v2"), 0
    for source in await follower.sources():
        while (page := await scores.score_page(follower, source, model_id, VECTORS, by_offset, limit)).found:
            total += page.scored
    return total


async def test_each_decision_is_scored_once_with_its_own_vector(
    store: PostgresDecisionStore, scores: ShadowScores, follower: Follower, pool: Pool
) -> None:
    await follower.begin(at_present=True)
    await store.store(entry(0, 20))
    await store.store(entry(0, 15, source=1))
    assert await run_through(scores, follower) == 35
    assert await run_through(scores, follower) == 0
    rows = await pool.fetch("SELECT transaction_id, source, source_offset, probability, risk_score FROM shadow_scores")
    assert len({row["transaction_id"] for row in rows}) == len(rows) == 35
    for row in rows:
        assert row["transaction_id"] == f"tx-{row['source']}-{row['source_offset']}"
        assert (row["probability"], row["risk_score"]) == (1 / (row["source_offset"] + 1), row["source_offset"] % 100)
    assert await follower.behind() == 0


async def test_it_begins_at_the_present_and_says_how_far_behind_it_is(
    store: PostgresDecisionStore, scores: ShadowScores, follower: Follower
) -> None:
    await store.store(entry(0, 10))
    await follower.begin(at_present=True)
    await store.store(entry(10, 14))
    assert await follower.behind() == 4
    assert await run_through(scores, follower) == 4


async def test_decisions_without_a_vector_of_this_catalogue_are_passed_over(
    store: PostgresDecisionStore, scores: ShadowScores, follower: Follower
) -> None:
    await follower.begin(at_present=True)
    whole = entry(0, 6)
    changes: list[dict[str, object]] = [{}, {"degraded": True}, {"catalogue_hash": "other"}, {"vector": b""}, {}, {}]
    outcomes = tuple(
        msgspec.structs.replace(outcome, decision=msgspec.structs.replace(outcome.decision, **change))
        for outcome, change in zip(whole.outcomes, changes, strict=True)
    )
    await store.store(msgspec.structs.replace(whole, outcomes=outcomes))
    assert await scores.score_page(follower, 0, 1, VECTORS, by_offset, 100) == Page(6, 3)


async def test_calls_are_scored_when_they_are_settled(
    store: PostgresDecisionStore, scores: ShadowScores, follower: Follower, pool: Pool
) -> None:
    await follower.begin(at_present=True)
    for number in (0, 2):
        await store.store(entry(number, number + 1, source=CALLS))
    assert await run_through(scores, follower) == 0
    await store.store(entry(1, 2, source=CALLS))  # numbered before, stored after
    await pool.execute(LONG_AGO)
    await store.store(entry(3, 4, source=CALLS))
    assert await run_through(scores, follower) == 3
    await pool.execute(LONG_AGO)
    assert await run_through(scores, follower) == 1


async def test_a_page_that_fails_is_taken_again(
    store: PostgresDecisionStore, scores: ShadowScores, follower: Follower
) -> None:
    async def fails(_packed: bytes, _rows: int) -> tuple[Sequence[float], Sequence[float]]:
        raise ArithmeticError

    await follower.begin(at_present=True)
    await store.store(entry(0, 5))
    with pytest.raises(ArithmeticError):
        await scores.score_page(follower, 0, 1, VECTORS, fails, 100)
    assert await run_through(scores, follower) == 5


async def test_two_processes_share_the_work(
    store: PostgresDecisionStore, scores: ShadowScores, follower: Follower, pool: Pool
) -> None:
    await follower.begin(at_present=True)
    await store.store(entry(0, 30))
    held, release = asyncio.Event(), asyncio.Event()

    async def slow(packed: bytes, rows: int) -> tuple[Sequence[float], Sequence[float]]:
        held.set()
        await release.wait()
        return await by_offset(packed, rows)

    first = asyncio.create_task(scores.score_page(follower, 0, 1, VECTORS, slow, 10))
    await held.wait()
    assert await scores.score_page(follower, 0, 1, VECTORS, by_offset, 10) == Page(0, 0)
    release.set()
    assert await first == Page(10, 10)
    assert await run_through(scores, follower) == 20
    assert await pool.fetchval("SELECT count(*) FROM shadow_scores") == 30


async def test_pairs_name_both_scores_and_the_label(
    store: PostgresDecisionStore, scores: ShadowScores, follower: Follower, pool: Pool
) -> None:
    await follower.begin(at_present=True)
    stored: JournalEntry = entry(0, 3, alerts={1})
    await store.store(stored)
    await run_through(scores, follower)
    fraud = Label(transaction_id="tx-0-1", fraud=True, known_at=at(T0_MS))
    await LabelRepository(pool).take([fraud], 0)
    model_id = await scores.find_model("v2")
    assert model_id is not None
    pairs = [pair async for chunk in scores.pairs(model_id, T0_MS, T0_MS + 3) for pair in chunk]
    pairs.sort(key=lambda pair: pair.event_time_ms)
    assert [(p.probability, p.decided_score, p.recommendation, p.decided_version, p.fraud) for p in pairs] == [
        (1.0, 1.1, "APPROVE", "2025-06-01", None),
        (0.5, 93.25, "DECLINE", "2025-06-01", True),
        (1 / 3, 1.1, "APPROVE", "2025-06-01", None),
    ]
    assert await scores.find_model("never") is None
    assert await scores.newest_ms(model_id) == T0_MS + 2


async def test_retention_takes_old_scores_along(
    store: PostgresDecisionStore, scores: ShadowScores, follower: Follower, pool: Pool
) -> None:
    await follower.begin(at_present=True)
    old, new = (
        msgspec.structs.replace(
            entry(n, n + 1), outcomes=(outcome(n, name=f"t{n}", time_ms=T0_MS - age_days * DAY_MS),)
        )
        for n, age_days in ((0, 100), (1, 0))
    )
    await store.store(old)
    await store.store(new)
    assert await run_through(scores, follower) == 2
    report = await retain(pool, 50, T0_MS)
    assert report is not None
    assert report.deleted["shadow_scores"] == 1
    assert [row[0] for row in await pool.fetch("SELECT transaction_id FROM shadow_scores")] == ["t1"]
