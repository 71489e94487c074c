"""`riskstream models`: what a data scientist does with a registry, as they type it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import riskstream
from scoring import registry
from scoring.registry_history import read
from tests.scoring import small_model


@pytest.fixture(scope="module")
def raw() -> bytes:
    return bytes(small_model.booster(800).save_raw("ubj"))


@pytest.fixture
def models(tmp_path: Path, raw: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    for number, version in enumerate(("v1", "v2", "v3")):
        metrics = {"average_precision": 0.5 + number / 10, "roc_auc": 0.9}
        data: dict[str, object] = {"test_from": "2026-01-01T00:00:00", "test_to": "2026-01-08T00:00:00"}
        manifest = small_model.manifest_of(raw, version=version, metrics=metrics, data=data)
        small_model.write(tmp_path / version, raw, manifest)
    monkeypatch.setenv("MODEL_PATH", str(tmp_path))
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, models: Path, *words: str) -> Result:
    command = ["models", *words, "--registry", str(models)]
    monkeypatch.setattr("sys.argv", ["riskstream", *command])
    return CliRunner().invoke(riskstream.app, command)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, models: Path) -> Any:
    def ask(*words: str) -> Any:
        result = run(monkeypatch, models, *words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return ask


def test_promote_rollback_and_shadow_show_in_the_list(told: Any) -> None:
    assert told("promote", "v1") == {"champion": "v1", "before": None}
    assert told("promote", "v2") == {"champion": "v2", "before": "v1"}
    assert told("shadow", "v3") == {"challenger": "v3", "before": None}
    assert {one["version"]: one["role"] for one in told("list")} == {
        "v1": "previous",
        "v2": "champion",
        "v3": "challenger",
    }
    assert told("rollback") == {"champion": "v1", "before": "v2"}
    assert told("shadow", "--off") == {"challenger": None, "before": "v3"}
    assert {one["version"]: one["role"] for one in told("list")} == {"v1": "champion", "v2": "", "v3": ""}


def test_a_challenger_that_is_promoted_has_nobody_to_be_compared_with(told: Any) -> None:
    told("promote", "v1")
    told("shadow", "v2")
    told("promote", "v2")
    assert told("shadow") == {"challenger": None, "before": None}


def test_the_history_names_the_command_and_the_time(told: Any, models: Path) -> None:
    told("promote", "v1")
    [entry] = read(models)
    assert entry.by.startswith("riskstream models promote")
    assert entry.at


def test_show_gives_figures_and_reigns(told: Any) -> None:
    told("promote", "v2")
    shown = told("show")
    assert (shown["version"], shown["role"], shown["refusal"]) == ("v2", "champion", "")
    assert shown["metrics"] == {"average_precision": 0.6, "roc_auc": 0.9}
    assert [reign["action"] for reign in shown["reigns"]] == ["promote"]


def test_what_cannot_be_promoted_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, models: Path, told: Any
) -> None:
    told("promote", "v1")
    (models / "v2" / "model.ubj").write_bytes(b"damaged")
    for words in (("promote", "v2"), ("shadow", "v2"), ("show", "v2")):
        result = run(monkeypatch, models, *words)
        assert result.exit_code == 1
        assert "SHA-256" in " ".join(result.output.split())
    missing = run(monkeypatch, models, "promote", "nothing")
    assert missing.exit_code == 1
    assert "has no model" in " ".join(missing.output.split())
    assert registry.champion_version(models) == "v1"


def test_a_single_model_is_no_registry(monkeypatch: pytest.MonkeyPatch, models: Path) -> None:
    result = run(monkeypatch, models / "v1", "list")
    assert result.exit_code == 1
    assert "not a registry" in " ".join(result.output.split())


def test_tables(monkeypatch: pytest.MonkeyPatch, models: Path, told: Any) -> None:
    told("promote", "v1")
    for words, expected in (
        (("list",), "champion"),
        (("show",), "It can be promoted"),
        (("compare", "v1", "v2"), "+0.1000"),
        (("rollback",), "no earlier champion"),
        (("compare", "v1"), "nobody runs in shadow"),
    ):
        assert expected in " ".join(run(monkeypatch, models, *words).output.split())
