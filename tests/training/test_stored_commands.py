"""The commands that read what the stream stored, as they are typed: backtest, and champion against challenger live."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import riskstream
import settings
from features.catalogue import CATALOGUE_HASH, FEATURE_NAMES
from scoring import registry
from scoring.model import Model, load
from scoring_worker.shadow import FOLLOWER, _scored
from storage.database import connect
from storage.followers import Follower
from storage.shadow_scores import ShadowScores, Vectors
from tests.training.stored_world import TOPIC, StoredWorld, learned, store_world


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    learned(folder, "v1", rounds=8)
    learned(folder, "v2")
    registry.promote(folder, "v1")
    return folder


@pytest.fixture
def world(database_url: str, models: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("MODEL_PATH", str(models))
    settings.load_settings.cache_clear()
    yield asyncio.run(_stored(database_url, load(models / "v1"), load(models / "v2")))
    settings.load_settings.cache_clear()


async def _stored(database_url: str, champion: Model, challenger: Model) -> StoredWorld:
    async with await connect(database_url) as pool:
        world = await store_world(pool, champion, transactions=800)
        scores, follower = ShadowScores(pool), Follower(pool, TOPIC, FOLLOWER + "v2")

        async def score(packed: bytes, rows: int) -> tuple[list[float], list[float]]:
            return _scored(challenger, packed, rows)

        model_id = await scores.model_id("v2")
        await follower.begin(at_present=False)
        vectors = Vectors(4 * len(FEATURE_NAMES), CATALOGUE_HASH)
        for source in await follower.sources():
            while (await scores.score_page(follower, source, model_id, vectors, score, 500)).found:
                pass
        return world


def run(monkeypatch: pytest.MonkeyPatch, *words: str, code: int = 0) -> str:
    monkeypatch.setattr("sys.argv", ["riskstream", *words])
    result = CliRunner().invoke(riskstream.app, words)
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else " ".join(result.output.split())


def test_backtest(world: StoredWorld, monkeypatch: pytest.MonkeyPatch, models: Path) -> None:
    same = json.loads(run(monkeypatch, "backtest", "--json"))
    assert (same["model"], same["rows"], same["changed"]) == ("v1", len(world.decisions), {})
    assert same["decided"] == same["backtest"] | {"name": "decided"}
    assert same["frauds"]["transactions"] > 10
    other = json.loads(run(monkeypatch, "backtest", "--model", "v2", "--thresholds", "10,20,30", "--json"))
    assert other["changed"]
    assert other["policies"] == {"all clients": {"review": 10.0, "flag": 20.0, "decline": 30.0}}
    assert other["decided"] == same["decided"]
    assert other["backtest"]["fraud_caught"]["transactions"] >= same["backtest"]["fraud_caught"]["transactions"]
    by_path = json.loads(run(monkeypatch, "backtest", "--model", str(models / "v2"), "--json", "--refold"))
    assert (by_path["model"], by_path["refolded"]) == ("v2", True)
    assert "| fraud caught" in run(monkeypatch, "backtest", "--markdown")
    assert "fraud lost" in run(monkeypatch, "backtest")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--model", "nothing"), "cannot be read"),
        (("--thresholds", "9,8,7"), "are no thresholds"),
        (("--mature", "soon"), "is not a duration"),
        (("--from", "2090-01-01"), "nothing is stored of this period"),
    ],
)
def test_backtest_refuses(
    world: StoredWorld, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in run(monkeypatch, "backtest", *words, code=1)


def test_compare_live(world: StoredWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.loads(run(monkeypatch, "models", "compare", "v1", "v2", "--live", "--days", "60", "--json"))
    assert (found["rows"], found["left_out"]) == (len(world.decisions), 0)
    assert found["champion"]["alerts"] == sum(decision.raises_alert for decision in world.decisions)
    assert found["champion"]["average_precision"] is not None
    assert found["labels"] > 0
    assert "challenger v2" in run(monkeypatch, "models", "compare", "v1", "v2", "--live")
    assert "has scored nothing" in run(monkeypatch, "models", "compare", "v1", "v1", "--live", code=1)
