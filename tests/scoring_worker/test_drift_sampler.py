"""Histograms taken from stored vectors, on the real Postgres."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from contracts.decision import Decision, Recommendation, RiskLevel
from contracts.journal import CALLS, JournalEntry, Outcome
from contracts.transaction import EPOCH, Transaction, encode_transaction
from features.catalogue import CATALOGUE_HASH, FEATURE_NAMES
from scoring.drift import REFERENCE_FORMAT, SCORE_EDGES, Distribution, Reference
from scoring_worker.live_statistics import drift_sampler
from scoring_worker.live_statistics.drift_sampler import DriftSampler
from scoring_worker.live_statistics.metrics import LiveMetrics
from storage.database import Pool
from storage.decision_store import PostgresDecisionStore
from storage.feature_histograms import FeatureHistogramRepository

TOPIC = "payments.transactions.v1"
T0_MS = 1_750_032_000_000  # the beginning of a day
DAY_MS = 86_400_000
VERSION = "model-1"
NAME = FEATURE_NAMES[0]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / VERSION
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    score = Distribution(SCORE_EDGES, (1.0,) + (0.0,) * (len(SCORE_EDGES) + 1))
    reference = Reference(
        format=REFERENCE_FORMAT, version=VERSION, rows=10, score_rows=10, score=score,
        features={NAME: Distribution((10.0, 20.0), (0.9, 0.05, 0.05, 0.0))},
    )  # fmt: skip
    (folder / "reference.json").write_bytes(msgspec.json.encode(reference))
    return tmp_path


@pytest.fixture
def metrics() -> LiveMetrics:
    return LiveMetrics()


@pytest.fixture
def sampler(pool: Pool, models: Path, metrics: LiveMetrics) -> DriftSampler:
    return DriftSampler(FeatureHistogramRepository(pool), TOPIC, models, metrics)


def outcome(offset: int, value: float, *, client_id: int = 1, degraded: bool = False, **changes: Any) -> Outcome:
    vector = np.zeros(len(FEATURE_NAMES), "<f4")
    vector[0] = value
    transaction = Transaction(
        transaction_id=f"t{client_id}/{offset}", amount=1.0, timestamp=EPOCH + timedelta(milliseconds=T0_MS + offset),
        client_id=client_id, account_id="a",
    )  # fmt: skip
    known = {"model_version": VERSION, "catalogue_hash": CATALOGUE_HASH} | changes
    decision = Decision(
        client_id=client_id, transaction_id=transaction.transaction_id, account="a",
        event_time_ms=transaction.event_time_ms, risk_score=1.0, risk_level=RiskLevel.LOW,
        recommendation=Recommendation.APPROVE, probability=0.1, signals={}, policy_version="1", degraded=degraded,
        vector=vector.tobytes(), **known,
    )  # fmt: skip
    return Outcome(offset, encode_transaction(transaction), decision)


async def test_every_vector_is_taken_once(pool: Pool, sampler: DriftSampler) -> None:
    store, histograms = PostgresDecisionStore(pool, TOPIC), FeatureHistogramRepository(pool)
    await store.start_partition(0, 0)
    first = (
        outcome(0, 5.0), outcome(1, 15.0), outcome(2, np.nan), outcome(3, 5.0, client_id=2),
        outcome(4, 5.0, degraded=True), outcome(5, 5.0, catalogue_hash="other"), outcome(6, 5.0, model_version="gone"),
    )  # fmt: skip
    await store.store(JournalEntry(0, 0, 7, 1, first))
    await store.store(JournalEntry(CALLS, 40, 41, 1, (outcome(40, 25.0),)))

    await sampler.look()
    assert (await histograms.between(1, T0_MS, T0_MS + DAY_MS, VERSION)).counts == {NAME: [1, 1, 1, 1]}
    assert (await histograms.between(2, T0_MS, T0_MS + DAY_MS, VERSION)).counts == {NAME: [1, 0, 0, 0]}
    assert await sampler.look() == 0

    await store.store(JournalEntry(0, 7, 9, 1, (outcome(7, 5.0), outcome(8, 5.0))))
    assert await sampler.look() == 2
    found = await histograms.between(1, T0_MS, T0_MS + DAY_MS, VERSION)
    assert (found.counts, found.sampled, found.represented) == ({NAME: [3, 1, 1, 1]}, 6, 6)
    assert (await histograms.between(1, T0_MS + DAY_MS, T0_MS + 2 * DAY_MS, VERSION)).sampled == 0


async def test_a_flood_is_sampled_and_weighed(
    pool: Pool, sampler: DriftSampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift_sampler, "VECTORS_MAX", 10)
    store, histograms = PostgresDecisionStore(pool, TOPIC), FeatureHistogramRepository(pool)
    await store.start_partition(0, 0)
    await store.store(JournalEntry(0, 0, 5, 1, tuple(outcome(n, 5.0) for n in range(5))))
    assert await sampler.look() == 5
    await store.store(JournalEntry(0, 5, 45, 1, tuple(outcome(n, 5.0) for n in range(5, 45))))
    assert await sampler.look() == 10
    found = await histograms.between(1, T0_MS, T0_MS + DAY_MS, VERSION)
    assert (found.sampled, found.represented, found.counts) == (15, 45, {NAME: [45, 0, 0, 0]})


async def test_operators_see_the_drift_of_each_feature(pool: Pool, sampler: DriftSampler, metrics: LiveMetrics) -> None:
    store = PostgresDecisionStore(pool, TOPIC)
    await store.start_partition(0, 0)
    await store.store(JournalEntry(0, 0, 4, 1, tuple(outcome(n, 50.0) for n in range(4))))
    await sampler.look()
    await sampler.watch()
    found = metrics.registry.get_sample_value("riskstream_drift_psi", {"model": VERSION, "quantity": NAME})
    assert found is not None
    assert found > 1.0
