"""From a stored stream to a promoted model, or to a reason why not."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import riskstream
from features.money import Money
from scoring import registry
from scoring.model import load
from scoring.registry_history import read
from settings import load_settings
from storage.backtest_rows import StoredPeriod
from storage.database import connect
from tests.training.stored_world import learned, store_world
from training.history import History
from training.stored_history import FOREVER_MS, stored_history
from training.stored_period import stored_chunks

SHORT = ["--mature", "1d", "--frauds-min", "5", "--json"]  # for forty days of a small world
LENIENT = [*SHORT, "--ap-drop", "0.9", "--calibration", "0.9", "--segment-drop", "1", "--alerts-factor", "1000"]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    learned(folder, "v1", rounds=6)
    registry.promote(folder, "v1")
    return folder


@pytest.fixture
def stored(database_url: str, models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("MODEL_PATH", str(models))
    load_settings.cache_clear()

    async def store() -> None:
        async with await connect(database_url) as pool:
            await store_world(pool, load(models / "v1"), transactions=4000)
            degraded = "UPDATE decisions SET degraded = true WHERE source = 0 AND source_offset < 100"
            await pool.execute(degraded)

    asyncio.run(store())
    yield database_url
    load_settings.cache_clear()


def retrain(monkeypatch: pytest.MonkeyPatch, *words: str, code: int) -> str:
    monkeypatch.setattr("sys.argv", ["riskstream", "retrain", *words])
    result = CliRunner().invoke(riskstream.app, ["retrain", *words])
    assert result.exit_code == code, result.output
    return result.stdout


def test_from_what_is_stored_to_the_gate(stored: str, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dry = json.loads(retrain(monkeypatch, *LENIENT, "--dry-run", code=0))
    assert dry["passed"]
    assert not dry["promoted"]
    assert registry.versions(models) == ["v1"]

    strict = json.loads(retrain(monkeypatch, *SHORT, "--calibration", "0", code=3))
    assert [check["name"] for check in strict["checks"] if not check["passed"]].count("calibration error") == 1
    assert registry.champion_version(models) == "v1"
    assert registry.versions(models) == sorted(["v1", strict["version"]])  # kept, to be looked at
    assert (models / strict["version"] / "report.html").exists()

    passed = json.loads(retrain(monkeypatch, *LENIENT, code=0))
    assert passed["promoted"]
    assert passed["champion"] == "v1"
    assert registry.champion_version(models) == passed["version"]
    assert [(entry.version, entry.by) for entry in read(models)][1:] == [(passed["version"], "riskstream retrain")]
    assert registry.previous_champion(models) == "v1"
    assert [path.name for path in models.iterdir() if path.name.startswith(".retrain")] == []


async def test_it_learns_from_the_vectors_that_were_served(stored: str) -> None:
    async with await connect(stored) as pool:
        chunks = stored_chunks(pool, 0, FOREVER_MS, Money())
        labels = await StoredPeriod(pool, 0, FOREVER_MS).labels()
        history: History = await stored_history(chunks, labels, {}, Money(), lambda _done: None)
        rows = await pool.fetch(
            "SELECT d.vector, l.fraud FROM decisions AS d JOIN decided AS g USING (client_id, transaction_id)"
            " LEFT JOIN labelled_decisions AS l USING (client_id, transaction_id)"
            " WHERE NOT d.degraded ORDER BY g.event_time_ms, g.client_id, g.transaction_id"
        )
    assert history.vectors.tobytes() == b"".join(row["vector"] for row in rows)
    assert history.fraud.tolist() == [bool(row["fraud"]) for row in rows]
    assert history.fraud.sum() > 30
    assert history.description["left_out"] == 4000 - len(rows) > 0
    late = history.label_known_ms - history.time_ms
    assert late.min() == 7 * 86_400_000
    assert np.median(late[history.fraud]) >= 7 * 86_400_000


def test_nothing_stored_is_said(database_url: str, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    load_settings.cache_clear()
    try:
        retrain(monkeypatch, "--registry", str(models), code=1)
    finally:
        load_settings.cache_clear()
    assert registry.versions(models) == ["v1"]
