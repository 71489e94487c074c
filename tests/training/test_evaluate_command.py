"""`riskstream evaluate` on a model that `riskstream train` made, and what it refuses."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from contracts.label import encode_label
from contracts.transaction import encode_transaction
from scoring.registry import champion
from tests.training.small_world import small_world
from training import evaluate_command, train_command

CHEAP = ["--replicates", "10"]


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    train_command.register(app)
    evaluate_command.register(app)
    return app


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("history")
    made = small_world()
    (folder / "data.jsonl").write_bytes(b"\n".join(encode_transaction(t) for t in made.transactions))
    (folder / "labels.jsonl").write_bytes(b"\n".join(encode_label(label) for label in made.labels))
    return ["--data", str(folder / "data.jsonl"), "--labels", str(folder / "labels.jsonl")]


@pytest.fixture(scope="module")
def registry(app: typer.Typer, files: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    registry = tmp_path_factory.mktemp("registry")
    result = CliRunner().invoke(app, ["train", "--out", str(registry), "--quick", *files])
    assert result.exit_code == 0, result.output
    return registry


def test_without_a_period_it_measures_the_models_own_test(
    app: typer.Typer, registry: Path, files: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "evaluation.json"
    arguments = ["evaluate", "--registry", str(registry), "--out", str(out), *CHEAP, *files]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    told, manifest = json.loads(out.read_text()), json.loads((champion(registry) / "manifest.json").read_text())
    assert told["rows"] == manifest["metrics"]["transactions"]
    assert told["compared"][0]["figures"]["roc_auc"]["value"] == pytest.approx(manifest["metrics"]["roc_auc"])


def test_beside_baselines_and_another_model_in_one_table(app: typer.Typer, registry: Path, files: list[str]) -> None:
    folder = str(champion(registry))
    arguments = ["evaluate", folder, "--registry", str(registry), "--against", "baselines", "--against", "champion"]
    result = CliRunner().invoke(app, [*arguments, "--output", "markdown", *CHEAP, *files])
    assert result.exit_code == 0, result.output
    heading = next(line for line in result.output.splitlines() if line.startswith("| figure"))
    assert [name in heading for name in ("amount rule", "logistic regression", "random forest")] == [True] * 3
    assert heading.count(champion(registry).name) == 2


def test_a_period_can_be_chosen(app: typer.Typer, registry: Path, files: list[str]) -> None:
    arguments = ["evaluate", "--registry", str(registry), "--from", "2026-01-20", "--to", "2026-01-27"]
    result = CliRunner().invoke(app, [*arguments, "--output", "json", "--blocks", "day", *CHEAP, *files])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["time_from"] >= "2026-01-20"
    assert told["time_to"] < "2026-01-27"
    assert told["blocks"] == "day"
    assert "overlaps the one that" in result.stderr


def test_the_models_own_test_overlaps_nothing(app: typer.Typer, registry: Path, files: list[str]) -> None:
    result = CliRunner().invoke(app, ["evaluate", "--registry", str(registry), *CHEAP, *files])
    assert result.exit_code == 0, result.output
    assert "overlaps" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nothing"], 1, "'nothing' is no version"),
        (["champion", "--from", "2031-01-01"], 1, "no transactions lie in this period"),
        (["champion", "--dataset", "creditcard", "--synthetic"], 2, "needs a file, or --synthetic"),
        (["champion", "--cost", "nowhere.toml"], 1, "nowhere.toml cannot be read"),
        (["champion", "--against", "nothing"], 1, "'nothing' is no version"),
    ],
)
def test_refuses_with_one_sentence(
    app: typer.Typer, registry: Path, files: list[str], arguments: list[str], code: int, sentence: str
) -> None:
    result = CliRunner().invoke(app, ["evaluate", *arguments, "--registry", str(registry), *CHEAP, *files])
    assert result.exit_code == code, result.output
    assert sentence in result.output.replace("\n", " ")
    assert "Traceback" not in result.output
