"""What came of the alerts, against what the model promised; and what an operator hears of it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from contracts.label import Label
from features.plan import DAY
from scoring.manifest import Manifest
from scoring_worker import precision_watch
from scoring_worker.model_metrics import ModelMetrics
from scoring_worker.precision_watch import PrecisionWatch
from storage.database import AnyPool, connect
from storage.decision_store import PostgresDecisionStore
from storage.labels import LabelRepository
from storage.roles import PIPELINE
from tests.scoring import small_model
from tests.storage.journal_entries import T0_MS, at, entry, outcome

VERSION = "2025-06-01"  # as `journal_entries` makes decisions
OLD_MS = T0_MS - 8 * DAY


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[AnyPool]:
    async with await connect(database_url, size_max=4, role=PIPELINE) as pool:
        yield pool


async def store_alerts(pool: AnyPool, frauds: int, others: int, young: int) -> None:
    """Alerts of a week ago with their labels, and young ones whose labels are not there."""
    store = PostgresDecisionStore(pool, "payments.transactions.v1")
    await store.start_partition(0, 0)
    total = frauds + others + young
    whole = entry(0, total)
    times = [OLD_MS + n if n < frauds + others else T0_MS + n for n in range(total)]
    outcomes = tuple(outcome(n, alert=True, name=f"t{n}", time_ms=times[n]) for n in range(total))
    await store.store(type(whole)(0, 0, total, 1, outcomes))
    labels = [Label(transaction_id=f"t{n}", fraud=True, known_at=at(T0_MS)) for n in range(frauds)]
    await LabelRepository(pool).take(labels, 7 * DAY)


class Watched:
    def __init__(self, pool: AnyPool, promised: float | None, version: str = VERSION) -> None:
        metrics = {} if promised is None else {"precision_at_flag": promised}
        manifest: Manifest = small_model.manifest_of(b"", version=version, metrics=metrics)
        self.registry = CollectorRegistry()
        self.watch = PrecisionWatch(pool, lambda: manifest, ModelMetrics(self.registry), 0.1)

    def value(self, name: str, version: str | None = VERSION) -> float | None:
        labels = {} if version is None else {"version": version}
        return self.registry.get_sample_value(f"riskstream_model_precision{name}", labels)


@pytest.fixture(autouse=True)
def few_alerts_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision_watch, "ALERTS_MIN", 10)


async def test_only_alerts_old_enough_count(pool: AnyPool) -> None:
    await store_alerts(pool, frauds=9, others=3, young=20)
    watched = Watched(pool, 0.8)
    with capture_logs() as logs:
        assert not await watched.watch.turn()
    assert (watched.value(""), watched.value("_alerts"), watched.value("_expected")) == (0.75, 12, 0.8)
    assert watched.value("_low", None) == 0
    assert logs == []


async def test_a_precision_below_what_is_allowed_is_said_once(pool: AnyPool) -> None:
    await store_alerts(pool, frauds=8, others=4, young=1)
    watched = Watched(pool, 0.8)
    with capture_logs() as logs:
        await watched.watch.turn()
        await watched.watch.turn()
    assert watched.value("_low", None) == 1
    [warning] = logs
    assert (warning["event"], warning["log_level"], warning["precision"]) == ("model_precision_low", "warning", 0.667)


@pytest.mark.parametrize(("promised", "version"), [(None, VERSION), (0.99, "another")])
async def test_without_a_promise_or_alerts_of_the_model_nothing_is_judged(
    pool: AnyPool, promised: float | None, version: str
) -> None:
    await store_alerts(pool, frauds=1, others=12, young=1)
    watched = Watched(pool, promised, version)
    with capture_logs() as logs:
        await watched.watch.turn()
    assert logs == []
    assert watched.value("_alerts") == 13


async def test_an_empty_database_says_nothing(pool: AnyPool) -> None:
    watched = Watched(pool, 0.8)
    assert not await watched.watch.turn()
    assert watched.value("") is None
