"""Replay against what was served: nothing differs in a sound world, and one flipped bit is found and named."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from features.catalogue import FEATURE_INDEX, FEATURES
from features.events import EventBuilder
from features.plan import Entity
from scoring.model import Model, load
from scoring_worker import skew
from scoring_worker.model_metrics import ModelMetrics
from scoring_worker.skew import SkewWatch
from storage.database import AnyPool, connect
from storage.roles import PIPELINE
from tests.training.stored_world import TOPIC, StoredWorld, learned, store_world

TURNS_MAX = 1_000


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(learned(tmp_path_factory.mktemp("models"), "v1", rounds=5))


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[AnyPool]:
    async with await connect(database_url, size_max=4, role=PIPELINE) as pool:
        yield pool


@pytest_asyncio.fixture
async def world(pool: AnyPool, model: Model) -> StoredWorld:
    return await store_world(pool, model, transactions=900)


class Watched:
    """A watch and what its metrics say."""

    def __init__(self, pool: AnyPool, share: float = 1.0, fingerprint: str = "f") -> None:
        self._registry = CollectorRegistry()
        self.watch = SkewWatch(pool, TOPIC, EventBuilder(), fingerprint, ModelMetrics(self._registry), share)

    async def run(self) -> None:
        for _ in range(TURNS_MAX):
            if not await self.watch.turn():
                return
        raise AssertionError("it does not come to an end")

    def value(self, name: str, part: str = "") -> float:
        labels = {"part": part} if part else {}
        return self._registry.get_sample_value(f"riskstream_feature_{name}", labels) or 0.0


async def test_every_vector_of_a_sound_world_is_replayed_bit_by_bit(pool: AnyPool, world: StoredWorld) -> None:
    watched = Watched(pool)
    await watched.run()
    assert watched.value("mismatch_total") == 0
    assert watched.value("compared_total", "account") == len(world.decisions)
    assert watched.value("incomparable_total", "account") == 0
    for part in ("device", "merchant", "beneficiary"):
        assert watched.value("compared_total", part) > 0
    assert watched.value("incomparable_total", "merchant") > 0  # paid from both partitions
    assert watched.value("replay_behind_records") == 0


async def test_it_goes_on_where_it_stopped(pool: AnyPool, world: StoredWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skew, "SAMPLED_A_PAGE", 37)
    compared = 0.0
    for _ in range(TURNS_MAX):
        watched = Watched(pool)  # as a worker that was started again after every page
        more = await watched.watch.turn()
        assert watched.value("mismatch_total") == 0
        compared += watched.value("compared_total", "account")
        if not more:
            break
    assert compared == len(world.decisions)


@pytest.mark.parametrize("part", [Entity.ACCOUNT, Entity.DEVICE])
async def test_a_flipped_bit_is_found_and_named(pool: AnyPool, world: StoredWorld, part: Entity) -> None:
    feature = next(f.name for f in FEATURES if f.entity is part)
    spoilt = world.decisions[100]
    if part is Entity.DEVICE:  # one whose device is this account's alone, so that its state can be compared
        spoilt = next(d for d in world.decisions[100:] if d.states.get("device") == d.states["account"])
    vector = bytearray(spoilt.vector)
    vector[4 * FEATURE_INDEX[feature]] ^= 1
    await pool.execute(
        "UPDATE decisions SET vector = $1 WHERE transaction_id = $2", bytes(vector), spoilt.transaction_id
    )
    watched = Watched(pool)
    await watched.run()
    assert watched.value("mismatch_total") == 1
    [row] = await pool.fetch("SELECT * FROM feature_mismatches")
    assert row["transaction_id"] == spoilt.transaction_id
    document = row["features"]
    assert list(json.loads(document[1:] if document[:1] == b"\x01" else document)) == [feature]


async def test_a_lost_event_is_a_mismatch_of_all_that_counted_it_or_not_comparable(
    pool: AnyPool, world: StoredWorld
) -> None:
    """What the stream counted and Postgres lacks cannot be told from an event of another source: not compared."""
    account = world.decisions[0].account
    lost = await pool.fetchval(
        "DELETE FROM transactions WHERE transaction_id = (SELECT transaction_id FROM transactions WHERE account = $1"
        " ORDER BY event_time_ms LIMIT 1) RETURNING transaction_id",
        account,
    )
    watched = Watched(pool)
    await watched.run()
    assert watched.value("mismatch_total") == 0
    later = sum(d.account == account and d.transaction_id != lost for d in world.decisions)
    assert watched.value("incomparable_total", "account") == later


async def test_a_sample_is_a_part_and_always_the_same(pool: AnyPool, world: StoredWorld) -> None:
    watched = Watched(pool, share=0.5)
    await watched.run()
    first = watched.value("compared_total", "account")
    assert 0 < first < len(world.decisions)
    again = Watched(pool, share=0.5, fingerprint="other")  # another rate table: everything from the beginning
    await again.run()
    assert again.value("compared_total", "account") == first
    assert await pool.fetchval("SELECT count(DISTINCT name) FROM replay_states") == 1


async def test_vectors_of_another_catalogue_are_not_compared(pool: AnyPool, world: StoredWorld) -> None:
    await pool.execute("UPDATE decision_contexts SET catalogue_hash = 'older'")
    watched = Watched(pool)
    await watched.run()
    assert watched.value("compared_total", "account") == watched.value("incomparable_total", "account") == 0
    assert watched.value("mismatch_total") == 0


def test_a_page_is_as_long_as_its_sample_asks(tmp_path: Path) -> None:
    assert skew.page_limit(1.0) == skew.SAMPLED_A_PAGE
    assert skew.page_limit(0.001) == skew.PAGE_MAX
