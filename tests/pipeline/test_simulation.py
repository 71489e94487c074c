"""Promise 1 and 2 under every failure that the simulation knows, and proof that it would see a broken guarantee."""

from collections.abc import Callable

import pytest

from contracts.journal import JournalEntry, numbered
from features.fold import Folded
from features.redis_store.protocol import Applied, Refused
from pipeline import degraded
from pipeline.calls import Calls
from pipeline.claims import claims_of
from pipeline.durability import Pipeline, Source
from tests.pipeline.simulation.__main__ import story
from tests.pipeline.simulation.run import run

SEEDS = 400  # half a minute; `python -m tests.pipeline.simulation --runs 20000` looks further
SEEDS_A_TEST = 20


@pytest.mark.parametrize("first", range(0, SEEDS, SEEDS_A_TEST))
def test_nothing_is_lost_and_nothing_doubled(first: int) -> None:
    for seed in range(first, first + SEEDS_A_TEST):
        result = run(seed)
        assert not result.violations, story(result)


def test_a_seed_tells_the_same_story_every_time() -> None:
    assert run(12).trace == run(12).trace


class StoresBeforeItCounts(Pipeline):
    """The obvious order: Postgres before Redis."""

    async def _apply(self, source: Source, look, folded: Folded, entry: JournalEntry, *rest) -> Applied | Refused:  # type: ignore[no-untyped-def]
        if not source.is_call and entry.stop > source.next_offset:
            await self.store.store(entry)
        return await super()._apply(source, look, folded, entry, *rest)


class DropsTheJournalFirst(Pipeline):
    """The journal is gone before Postgres has its batch."""

    async def _apply(self, source: Source, look, folded: Folded, entry: JournalEntry, *rest) -> Applied | Refused:  # type: ignore[no-untyped-def]
        result = await super()._apply(source, look, folded, entry, *rest)
        if isinstance(result, Applied):
            kept = numbered(entry, result.marker) if source.is_call else entry
            await self.state.drop(source.address, [(f"{source.number}:{result.marker}", claims_of(kept))])
        return result


@pytest.mark.parametrize("make_pipeline", [StoresBeforeItCounts, DropsTheJournalFirst])
def test_another_order_is_found_out(make_pipeline: Callable[..., Pipeline]) -> None:
    assert any(run(seed, make_pipeline=make_pipeline).violations for seed in range(60))


@pytest.mark.parametrize(
    "broken",
    ["claims ignored", "moved accounts overwritten", "shared states overwritten", "marker apart from the states"],
)
def test_a_state_store_that_keeps_less_is_found_out(broken: str) -> None:
    assert any(run(seed, broken=broken).violations for seed in range(150))


def test_a_missing_check_of_the_epoch_is_found_out() -> None:
    """A store that was frozen over a repair; rare, one run in some 150, so these are runs in which it happens."""
    runs = (
        run(seed, broken="epoch not checked", events=("redis is emptied",) * 3, faults=("freeze before",))
        for seed in (*range(180, 190), *range(335, 340))
    )
    assert any(result.violations for result in runs)


def test_two_repairs_at_once_are_found_out() -> None:
    """The lock in Postgres ends with its connection: without the fence in Redis the older repair goes on writing."""
    events = ("redis loses its last writes", "redis loses its last writes", "postgres restarts", "worker freezes")
    faults = ("freeze before", "freeze after", "effect late")
    runs = (run(seed, broken="repair without a fence", events=events, faults=faults) for seed in range(10, 60))
    assert any(result.violations for result in runs)


def test_counting_during_a_repair_is_found_out() -> None:
    events = ("rebuild", "rebuild", "gateway dies")
    faults = ("crash before", "crash after", "effect late", "freeze after")
    runs = (run(seed, broken="begin without a fence", events=events, faults=faults) for seed in range(215, 235))
    assert any(result.violations for result in runs)


def test_a_kept_decision_that_stays_uncounted_in_the_books_is_found_out() -> None:
    """Its transaction is in the state by another source; counting it from DEGRADED too would double it."""
    assert any(run(seed, broken="kept decisions stay where they were").violations for seed in range(60))


CUT_OFF = ("gateway loses redis", "redis loses its last writes", "redis is away")
UNSURE = ("reply lost", "effect late", "crash after", "unavailable")


def test_gateways_that_lose_their_state_store_under_every_doubt() -> None:
    for seed in range(40):
        result = run(seed, events=CUT_OFF, faults=UNSURE)
        assert not result.violations, story(result)


def test_counting_degraded_decisions_without_their_claims_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims keep a call whose reply was lost and the counting of its degraded decision apart."""
    monkeypatch.setattr(degraded, "claims_of", lambda _entry: [])
    runs = (run(seed, events=CUT_OFF, faults=UNSURE) for seed in range(180, 290))
    assert any(result.violations for result in runs)


def test_answering_by_policy_after_the_call_was_sent_leaves_one_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule against it only saves work: even a gateway that breaks it cannot make two decisions of one call."""
    monkeypatch.setattr(Calls, "withdraw", lambda _calls, _call: True)
    for seed in range(30):
        result = run(seed, events=CUT_OFF, faults=UNSURE)
        assert not result.violations, story(result)
