from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from contracts.label import encode_label
from contracts.transaction import encode_transaction
from scoring.registry import champion, versions
from tests.training.small_world import small_world
from training.train_command import register


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    return app


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("history")
    made = small_world()
    (folder / "data.jsonl").write_bytes(b"\n".join(encode_transaction(t) for t in made.transactions))
    (folder / "labels.jsonl").write_bytes(b"\n".join(encode_label(label) for label in made.labels))
    return ["--data", str(folder / "data.jsonl"), "--labels", str(folder / "labels.jsonl")]


def test_trains_and_reports(app: typer.Typer, tmp_path: Path, files: list[str]) -> None:
    models = tmp_path / "models"
    result = CliRunner().invoke(app, ["train", "--out", str(models), "--quick", *files])
    assert result.exit_code == 0, result.output
    assert "average precision" in result.output
    assert "the champion" in result.output
    assert versions(models) == [champion(models).name]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--labels", "x.jsonl"], 2, "--labels needs the transactions"),
        (["--data", "nowhere.jsonl", "--labels", "nowhere.jsonl"], 1, "nowhere.jsonl cannot be read"),
        (["--transactions", "10"], 2, "--transactions"),
        (["--dataset", "creditcard"], 2, "needs a file, or --synthetic"),
        (["--synthetic"], 2, "--synthetic belongs to"),
        (["--cost", "nowhere.toml"], 1, "nowhere.toml cannot be read"),
        (["--cost", "a.toml", "--alert-budget", "9/day"], 1, "give one of them"),
        (["--alert-budget", "many"], 1, "no alert budget"),
        (["--tune", "soon"], 1, "no budget"),
        (["--params", "nowhere.json"], 1, "nowhere.json cannot be read"),
        (["--validation", "long"], 1, "not a duration"),
    ],
)
def test_refuses_with_one_sentence(
    app: typer.Typer, tmp_path: Path, arguments: list[str], code: int, sentence: str
) -> None:
    result = CliRunner().invoke(app, ["train", "--out", str(tmp_path / "models"), *arguments])
    assert result.exit_code == code
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "models").exists()


def test_too_little_data_is_refused(app: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_bytes(encode_transaction(small_world(1).transactions[0]))
    (tmp_path / "labels.jsonl").write_bytes(b"")
    arguments = ["--data", str(tmp_path / "data.jsonl"), "--labels", str(tmp_path / "labels.jsonl")]
    result = CliRunner().invoke(app, ["train", "--out", str(tmp_path / "models"), *arguments])
    assert result.exit_code == 1
    assert "take more data" in result.output


def test_an_output_that_is_a_file_is_an_error_and_not_a_crash(
    app: typer.Typer, tmp_path: Path, files: list[str]
) -> None:
    (tmp_path / "models").write_text("in the way")
    result = CliRunner().invoke(app, ["train", "--out", str(tmp_path / "models"), *files])
    assert result.exit_code == 1
    assert "riskstream train:" in result.output
    assert "Traceback" not in result.output
