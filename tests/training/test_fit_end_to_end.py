"""A small but real training, from the simulator to a champion that decides."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from contracts.errors import DataRefused
from features.catalogue import FEATURE_NAMES
from scoring.decide import decide_batch
from scoring.model import load
from scoring.policy import policy_of
from scoring.registry import champion
from tests.training.small_world import small_world
from training.datasets import Dataset
from training.fit import Recipe
from training.options import Options
from training.provenance import data_hash
from training.sources import history_from_dataset
from training.train import Trained, train
from training.vectors import vectors_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRANSACTIONS, SEED = 8_000, 7
FILES = [
    *("card.html", "card.md", "evaluation.json", "manifest.json", "metrics.json"),
    *("model.ubj", "reference.json", "report.html", "report.md"),
]
OPTIONS = Options(replicates=10, recipe=Recipe(rounds_max=40))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return small_world(TRANSACTIONS)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry") / "models"


@pytest.fixture(scope="module")
def trained(dataset: Dataset, registry: Path) -> Trained:
    return train(history_from_dataset(dataset), registry, seed=SEED, now=NOW, options=OPTIONS)


def test_the_first_model_is_the_champion_and_loads(trained: Trained, registry: Path) -> None:
    assert trained.promoted
    assert champion(registry) == trained.folder
    assert trained.folder.name.startswith("2026-03-01-")
    assert load(trained.folder).version == trained.manifest.version
    assert sorted(path.name for path in trained.folder.iterdir()) == FILES
    assert {trained.folder.name, "champion"} <= {path.name for path in registry.iterdir()}
    assert not [path for path in registry.iterdir() if path.name.endswith(".partial")]


def test_the_manifest_names_the_data_and_the_code(trained: Trained, dataset: Dataset) -> None:
    history = history_from_dataset(dataset)
    assert trained.manifest.data_hash == data_hash(history)
    told_otherwise = history.fraud.copy()
    told_otherwise[0] ^= True
    assert data_hash(replace(history, fraud=told_otherwise)) != trained.manifest.data_hash
    assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{16}", trained.manifest.code_version)
    told = (trained.folder / "card.md").read_text("utf-8")
    assert trained.manifest.data_hash in told
    assert trained.manifest.code_version in told


def test_it_finds_fraud_it_has_not_seen(trained: Trained) -> None:
    metrics = trained.manifest.metrics
    assert metrics["roc_auc"] > 0.85
    assert metrics["average_precision"] > 0.5 > 4 * metrics["fraud"] / metrics["transactions"]
    assert metrics["recall_at_review"] >= metrics["recall_at_flag"] >= metrics["recall_at_decline"]
    kinds = [group for group in trained.evaluation.groups if group.dimension == "typology"]
    assert sum(kind.frauds for kind in kinds) == metrics["fraud"]
    assert all(kind.recall for kind in kinds), "a kind of fraud that is never found"


def test_the_metrics_file_and_the_manifest_agree(trained: Trained) -> None:
    report = json.loads((trained.folder / "metrics.json").read_text())
    assert report["test"] == trained.manifest.metrics
    assert report["version"] == trained.manifest.version


def test_the_periods_follow_each_other(trained: Trained) -> None:
    data = trained.manifest.data
    train_end, test_start = (datetime.fromisoformat(str(data[name])) for name in ("train_to", "test_from"))
    assert str(data["train_from"]) < str(data["validation_from"]) < str(data["validation_to"]) == str(data["train_to"])
    assert (test_start - train_end).days >= int(float(data["gap_days"])) > 0
    assert data["transactions"] == TRANSACTIONS


def test_equal_data_and_seed_give_equal_bytes(trained: Trained, tmp_path: Path) -> None:
    again = train(history_from_dataset(small_world(TRANSACTIONS)), tmp_path, seed=SEED, now=NOW, options=OPTIONS)
    assert again.folder.name == trained.folder.name
    for name in FILES:
        assert (again.folder / name).read_bytes() == (trained.folder / name).read_bytes()


def test_the_champion_decides(dataset: Dataset, trained: Trained) -> None:
    model, policy = load(trained.folder), policy_of(trained.manifest.thresholds)
    vectors = vectors_of(dataset)
    honest = np.flatnonzero(~dataset.fraud)
    rows = np.concatenate([np.flatnonzero(dataset.fraud)[-40:], honest[-400:]])
    transactions = [dataset.transactions[i] for i in rows]
    none: list[dict[str, int]] = [{} for _ in rows]
    decisions = decide_batch(model, transactions, vectors[rows], [0] * len(rows), none, lambda _: policy)
    assert any(decision.raises_alert for decision in decisions[:40])
    assert sum(decision.raises_alert for decision in decisions[40:]) < 40
    for decision in decisions:
        assert len(decision.vector) == 4 * len(FEATURE_NAMES)
        assert not any("nan" in reason.text for reason in decision.reasons)


def test_too_little_data_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="take more data"):
        train(history_from_dataset(small_world(500)), tmp_path, seed=SEED, now=NOW)
    assert list(tmp_path.iterdir()) == []
