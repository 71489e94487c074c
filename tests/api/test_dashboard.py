"""Dashboard and analytics through HTTP, over payments stored as a worker stores them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from running_gateway import RunningGateway, running, settings_for

from contracts.decision import Decision, Recommendation, RiskLevel
from contracts.journal import JournalEntry, Outcome
from contracts.label import Label
from contracts.transaction import EPOCH, Transaction, encode_transaction
from features.plan import PLAN
from scoring.drift import REFERENCE_FORMAT, SCORE_EDGES, Distribution, Reference
from storage.decision_store import PostgresDecisionStore
from storage.feature_histograms import FeatureHistogramRepository, Histogram
from storage.labels import LabelRepository
from storage.live_statistics import LATENCY_EDGES_MS, LiveReport, LiveStatisticsRepository
from storage.rollups import RollupFolder

# A whole day, longer ago than the label delay.
START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=20)
PERIOD = {"from": START.isoformat(), "to": (START + timedelta(days=2)).isoformat()}
HOUR = timedelta(hours=1)
VERSION = "model-1"
APPROVE, DECLINE = Recommendation.APPROVE, Recommendation.DECLINE


class Payments:
    """Stores payments one after the other in partition 0."""

    def __init__(self, pool: Any) -> None:
        self._store = PostgresDecisionStore(pool, "payments.transactions.v1")
        self._labels = LabelRepository(pool)
        self._offset = 0

    async def pay(
        self, name: str, at: datetime, says: Recommendation, *, score: float = 10.5, client_id: int = 1, **more: Any
    ) -> None:
        known = {"amount": 100.0, "currency": "USD", "model": VERSION, "degraded": False} | more
        await self._store.start_partition(0, 0)
        transaction = Transaction(
            transaction_id=name, amount=known["amount"], timestamp=at, client_id=client_id, account_id="a",
            currency=known["currency"],
        )  # fmt: skip
        decision = Decision(
            client_id=client_id,
            transaction_id=name,
            account="a",
            event_time_ms=transaction.event_time_ms,
            risk_score=score,
            risk_level=RiskLevel.CRITICAL if says is DECLINE else RiskLevel.LOW,
            recommendation=says,
            probability=0.1,
            signals={},
            model_version=known["model"],
            catalogue_hash="hash",
            policy_version="1",
            degraded=known["degraded"],
        )
        outcome = Outcome(self._offset, encode_transaction(transaction), decision)
        await self._store.store(JournalEntry(0, self._offset, self._offset + 1, 1, (outcome,)))
        self._offset += 1

    async def label(self, name: str, *, fraud: bool, revision: int = 0, client_id: int = 1) -> None:
        label = Label(transaction_id=name, fraud=fraud, known_at=START, client_id=client_id, revision=revision)
        await self._labels.take([label], PLAN.label_delay)


@pytest.fixture
def payments(pool: Any) -> Payments:
    return Payments(pool)


@pytest_asyncio.fixture
async def get(gateway: RunningGateway, key: str) -> Any:
    async def get(path: str, status: int = 200, **parameters: Any) -> Any:
        response = await gateway.http.get(f"/v1/{path}", params=parameters, headers={"X-API-Key": key})
        assert response.status_code == status, response.text
        return response.json()

    return get


@pytest_asyncio.fixture
async def day(payments: Payments, other_client: int) -> None:
    """Four payments of client 1 (two declined), one of another; labels: a caught and a missed fraud, a false alarm."""
    await payments.pay("caught", START, DECLINE, score=95.0, amount=250.0)
    await payments.pay("alarm", START + HOUR, DECLINE, score=91.0, currency="EUR")
    await payments.pay("missed", START + HOUR, APPROVE, score=3.0, amount=40.0)
    await payments.pay("fine", START + 25 * HOUR, APPROVE, score=0.0)
    await payments.pay("foreign", START, DECLINE, client_id=other_client)
    for name, fraud in (("caught", True), ("alarm", False), ("missed", True), ("fine", False)):
        await payments.label(name, fraud=fraud)


@pytest.mark.parametrize("folded", [False, True])
async def test_the_dashboard_counts_what_is_stored(get: Any, day: None, pool: Any, folded: bool) -> None:
    if folded:
        await RollupFolder(pool).fold()
    answer = await get("dashboard/metrics", **PERIOD)
    assert (answer["transactions"], answer["alerts"], answer["alert_rate"]) == (4, 2, 0.5)
    assert answer["amount"] == 250 + 116 + 40 + 100
    assert answer["amount_alerted"] == 366
    assert answer["by_recommendation"] == {"APPROVE": 2, "DECLINE": 2}
    assert answer["alerts_by_status"] == {"OPEN": 2}
    assert (answer["labelled"], answer["fraud"], answer["value_saved"]) == (4, 2, 250)
    assert datetime.fromisoformat(answer["from"]) == START


async def test_a_trend_has_a_point_for_every_bucket(get: Any, day: None) -> None:
    hours = (await get("dashboard/alerts-trend", **PERIOD))["items"]
    assert len(hours) == 48
    assert [(point["transactions"], point["alerts"]) for point in hours[:3]] == [(1, 1), (2, 1), (0, 0)]
    assert hours[2]["alert_rate"] is None
    days = await get("dashboard/alerts-trend", bucket="day", **PERIOD)
    assert [point["transactions"] for point in days["items"]] == [3, 1]
    volume = await get("analytics/alert-volume", **PERIOD)
    assert volume["alerts"] == 2
    assert [(point["alerts"], point["amount"]) for point in volume["items"]] == [(2, 366), (0, 0)]


async def test_severities_follow_the_status_of_alerts(get: Any, day: None, pool: Any) -> None:
    await pool.execute("UPDATE alerts SET status = 'CLOSED' WHERE transaction_id = 'alarm'")
    answer = await get("dashboard/severity-distribution", **PERIOD)
    assert answer["alerts"] == 2
    critical, high = answer["items"]
    assert critical["by_status"] == {"OPEN": 1, "CLOSED": 1}
    assert (high["severity"], high["alerts"]) == ("HIGH", 0)


async def test_metrics_follow_the_labels(get: Any, day: None, payments: Payments) -> None:
    total = (await get("analytics/metrics", **PERIOD))["total"]
    assert (total["precision"], total["recall"], total["false_positive_rate"]) == (0.5, 0.5, 0.5)
    assert (total["value_saved"], total["value_missed"]) == (250, 40)
    await payments.label("alarm", fraud=True, revision=2)
    await payments.label("alarm", fraud=False, revision=1)  # late, and behind what is known
    answer = await get("analytics/metrics", **PERIOD)
    assert (answer["total"]["precision"], answer["total"]["value_saved"]) == (1.0, 366)
    assert [each["model_version"] for each in answer["items"]] == [VERSION]
    matrix = await get("analytics/confusion-matrix", **PERIOD)
    cells = ("true_positive", "false_positive", "true_negative", "false_negative")
    assert [matrix[cell] for cell in cells] == [2, 0, 1, 1]
    assert (await get("analytics/metrics", model_version="other", **PERIOD))["total"]["decisions"] == 0


async def test_without_a_label_after_the_delay_a_payment_is_legitimate(get: Any, day: None, payments: Payments) -> None:
    await payments.pay("unlabelled", START, DECLINE)
    now = datetime.now(UTC)
    await payments.pay("young", now, DECLINE)
    everything = {"from": START.isoformat(), "to": (now + HOUR).isoformat()}
    excluded = await get("analytics/confusion-matrix", **everything)
    included = await get("analytics/confusion-matrix", unlabelled="legitimate", **everything)
    assert (excluded["false_positive"], included["false_positive"]) == (1, 2)


async def test_scores_fall_into_buckets_of_one(get: Any, day: None, payments: Payments) -> None:
    await payments.pay("top", START, DECLINE, score=100.0)
    await payments.pay("blind", START, APPROVE, degraded=True)
    answer = await get("analytics/score-distribution", **PERIOD)
    assert {each["score"]: each["decisions"] for each in answer["items"] if each["decisions"]} == {
        0: 1, 3: 1, 91: 1, 95: 1, 100: 1,
    }  # fmt: skip
    assert (answer["decisions"], answer["degraded"], len(answer["items"])) == (5, 1, 101)


def reference() -> Reference:
    features = {"amount": Distribution((1.0, 2.0), (0.25, 0.25, 0.5, 0.0)), "same": Distribution((), (1.0, 0.0))}
    shares = tuple(1.0 if i == 0 else 0.0 for i in range(len(SCORE_EDGES) + 2))
    return Reference(
        format=REFERENCE_FORMAT, version=VERSION, rows=100, score_rows=100, score=Distribution(SCORE_EDGES, shares),
        features=features,
    )  # fmt: skip


@pytest_asyncio.fixture
async def with_model(database_url: str, key: str, tmp_path: Path) -> AsyncIterator[Any]:
    folder = tmp_path / "models" / VERSION
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    (folder / "reference.json").write_bytes(msgspec.json.encode(reference()))
    async with running(settings_for(database_url, model_path=tmp_path / "models")) as gateway:

        async def get(path: str, **parameters: Any) -> Any:
            return await gateway.http.get(f"/v1/{path}", params=parameters, headers={"X-API-Key": key})

        yield get


async def test_drift_is_measured_against_the_models_reference(with_model: Any, payments: Payments, pool: Any) -> None:
    assert (await with_model("analytics/drift", **PERIOD)).status_code == 404
    await payments.pay("a", START, APPROVE, score=0.5)
    histograms = FeatureHistogramRepository(pool)
    day_ms = (START - EPOCH) // timedelta(milliseconds=1)
    half = Histogram(10, 20, {"amount": [0, 5, 5, 0], "same": [10, 0]})
    assert await histograms.add(0, None, 5, {(1, day_ms, VERSION): half})
    assert not await histograms.add(0, None, 5, {(1, day_ms, VERSION): half})  # taken before
    assert await histograms.add(0, 5, 9, {(1, day_ms, VERSION): half})

    answer = (await with_model("analytics/drift", **PERIOD)).json()

    assert (answer["model_version"], answer["decisions"]) == (VERSION, 1)
    assert (answer["score"]["psi"], answer["score"]["level"]) == (0.0, "none")
    assert (answer["sampled"], answer["represented"]) == (20, 40)
    [amount] = answer["features"]
    assert (amount["name"], amount["level"]) == ("amount", "large")
    assert (await with_model("analytics/drift", model_version="gone", **PERIOD)).status_code == 404


async def test_live_figures_of_all_processes_add_up(get: Any, pool: Any, other_client: int) -> None:
    assert (await get("dashboard/live"))["available"] is False
    bins = len(LATENCY_EDGES_MS) + 1
    report = LiveReport(
        window_s=60.0, sampled=0.5, transactions=100.0, alerts=2.0, transactions_per_second=10.0, alerts_per_second=0.2,
        scores=(100.0,) * 13, latency_ms=(0.0,) * 3 + (100.0,) + (0.0,) * (bins - 4),
    )  # fmt: skip
    live = LiveStatisticsRepository(pool)
    await live.report("one", {1: report, other_client: report})
    await live.report("two", {1: report})
    answer = await get("dashboard/live")
    assert (answer["transactions_per_second"], answer["sampled"], answer["alerts"]) == (20, 0.5, 4)
    assert (answer["latency_ms_p50"], answer["scores"][0]) == (7.5, 200)


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        {"from": "2026-01-01T00:00:00"},
        {"from": "0001-01-01T00:00:00+14:00"},
        {"to": "9999-12-31T23:59:59-14:00"},
        {"from": "2020-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        {"bucket": "hour", "from": "2026-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
        {"bucket": "minute"},
        {"model_version": "../secret"},
        {"model_version": "a\0"},
    ],
)
async def test_a_period_that_cannot_be_is_refused(get: Any, wrong: dict[str, str]) -> None:
    answer = await get("analytics/alert-volume", 422, **wrong)
    assert answer["type"] == "urn:riskstream:problem:invalid-request"
