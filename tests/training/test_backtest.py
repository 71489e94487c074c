"""A stored period once more: the same model repeats what was decided; the money is accounted for."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from contracts.errors import DataRefused
from features.catalogue import FEATURES
from features.money import Money
from features.plan import Entity
from scoring.model import Model, load
from scoring.policy import Policy, policy_of
from storage.database import Pool, connect
from tests.training.stored_world import StoredWorld, learned, store_world
from training.backtest import Scored, changes, outcome_of, scored
from training.policies import policy_from_file, policy_from_text
from training.stored_period import stored_chunks

ALL = (0, 2**60)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(learned(tmp_path_factory.mktemp("models"), "v1"))


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with await connect(database_url, size_max=4) as pool:
        yield pool


@pytest_asyncio.fixture
async def world(pool: Pool, model: Model) -> StoredWorld:
    return await store_world(pool, model)


async def test_the_model_that_decided_decides_the_same(pool: Pool, world: StoredWorld, model: Model) -> None:
    policy = policy_of(model.manifest.thresholds)
    rows, left_out = await scored(stored_chunks(pool, *ALL, Money()), model, lambda _client: policy)
    assert (len(rows), left_out) == (len(world.decisions), 0)
    assert changes(rows) == {}
    assert rows.score.tolist() == rows.decided_score.tolist()
    everything = np.ones(len(rows), bool)
    old = outcome_of("x", rows, rows.decided_score, rows.decided_level, everything)
    assert old == outcome_of("x", rows, rows.score, rows.level, everything)


async def test_vectors_folded_anew_equal_the_stored_ones(pool: Pool, world: StoredWorld, model: Model) -> None:
    """Account features bit for bit; partitions took turns here, so shared entities were seen in another order."""
    stored = [chunk async for chunk in stored_chunks(pool, *ALL, Money())]
    again = [chunk async for chunk in stored_chunks(pool, *ALL, Money(), refold=True)]
    mine = [i for i, feature in enumerate(FEATURES) if feature.entity in (None, Entity.ACCOUNT)]
    old = np.concatenate([chunk.vectors for chunk in stored])[:, mine]
    new = np.concatenate([chunk.vectors for chunk in again])[:, mine]
    assert np.array_equal(old, new, equal_nan=True)
    tail = [chunk async for chunk in stored_chunks(pool, int(stored[-1].time_ms[-40]), ALL[1], Money(), refold=True)]
    shown = np.concatenate([chunk.vectors for chunk in tail])[:, mine]
    assert np.array_equal(shown, old[-len(shown) :], equal_nan=True)


async def test_a_period_of_one_client(pool: Pool, world: StoredWorld, model: Model) -> None:
    times = sorted(decision.event_time_ms for decision in world.decisions)
    start, stop = times[100], times[400]
    rows, _ = await scored(stored_chunks(pool, start, stop, Money(), client_id=1), model, lambda _client: Policy())
    assert len(rows) == sum(start <= time < stop for time in times)
    nobody, _ = await scored(stored_chunks(pool, start, stop, Money(), client_id=2), model, lambda _client: Policy())
    assert len(nobody) == 0


def test_money_is_accounted_for_by_hand() -> None:
    rows = Scored(
        score=np.array([95.0, 80.0, 60.0, 10.0, 95.0, 60.0, 10.0, 95.0]),
        level=np.array([3, 2, 1, 0, 3, 1, 0, 3]),
        decided_score=np.zeros(8),
        decided_level=np.zeros(8, np.int64),
        amount=np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]),
        time_ms=np.arange(8) * 86_400_000,
        labelled=np.array([True, True, True, True, False, True, False, False]),
        fraud=np.array([True, True, True, True, False, False, False, False]),
    )
    mature = np.array([True] * 7 + [False])
    new = outcome_of("new", rows, rows.score, rows.level, mature)
    shown = {
        name: (volume.transactions, volume.amount)
        for name in new.__struct_fields__
        if name.startswith(("fraud", "legitimate"))
        for volume in [getattr(new, name)]
    }
    assert shown == {
        "fraud_caught": (2, 3.0),
        "fraud_blocked": (1, 1.0),
        "fraud_reviewed": (1, 4.0),
        "fraud_lost": (1, 8.0),
        "legitimate_alerted": (1, 16.0),
        "legitimate_blocked": (1, 16.0),
        "legitimate_reviewed": (1, 32.0),
    }
    assert (new.precision, new.recall, new.value_recall) == (pytest.approx(2 / 3, abs=1e-6), 0.5, 0.2)
    assert new.levels["DECLINE"].amount == 145.0
    assert changes(rows) == {"approve -> review": 2, "approve -> flag": 1, "approve -> decline": 3}


@pytest.mark.parametrize("text", ["", "50", "50,75", "75,50,90", "a,b,c", "1,2,101", "nan,2,3"])
def test_thresholds_that_are_none(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="are no thresholds"):
        policy_from_text(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.json", '{"review": 20, "flag": 60, "decline": 80, "name": "x"}'),
        ("p.json", '{"thresholds": {"review": 20, "flag": 60, "decline": 80}}'),
        ("p.toml", "review = 20\nflag = 60\ndecline = 80\n"),
    ],
)
def test_a_policy_file(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert policy_from_file(tmp_path / name) == Policy(20, 60, 80)


@pytest.mark.parametrize("text", ["", "[]", "3", '{"review": 20}', '{"review": 90, "flag": 60, "decline": 80}', "\x00"])
def test_a_file_that_is_no_policy(text: str, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(DataRefused, match="is not a policy"):
        policy_from_file(tmp_path / "p.json")
    with pytest.raises(DataRefused, match="cannot be read"):
        policy_from_file(tmp_path / "missing.json")
