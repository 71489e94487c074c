"""`riskstream simulate` into a file; the live side is tested with a real broker elsewhere."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from contracts.label import Label, decode_label
from contracts.transaction import Transaction, decode_transaction
from training.commands import register


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    return app


def test_a_file_and_its_labels(app, tmp_path: Path):
    out, labels = tmp_path / "t.jsonl", tmp_path / "l.jsonl"
    arguments = ["simulate", "--count", "2000", "--days", "5", "--out", str(out), "--labels-out", str(labels)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    first = out.read_bytes()
    transactions = [decode_transaction(line) for line in first.splitlines()]
    told = [decode_label(line) for line in labels.read_bytes().splitlines()]
    assert len(transactions) == 2000
    assert all(isinstance(transaction, Transaction) for transaction in transactions)
    assert told
    assert all(isinstance(label, Label) for label in told)
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert out.read_bytes() == first


@pytest.mark.parametrize(
    "arguments",
    [[], ["--rate", "5", "--count", "3"], ["--count", "3"], ["--rate", "0"], ["--out", "x"]],
)
def test_options_that_do_not_fit_are_explained(app, arguments: list[str]):
    result = CliRunner().invoke(app, ["simulate", *arguments])
    assert result.exit_code == 2


def test_kafka_that_is_away_is_one_sentence(app, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    result = CliRunner().invoke(app, ["simulate", "--rate", "5"])
    assert result.exit_code == 1
    assert "cannot publish" in result.output
    assert "Traceback" not in result.output


def test_a_file_that_cannot_be_written_is_one_sentence(app, tmp_path: Path):
    result = CliRunner().invoke(app, ["simulate", "--count", "5", "--out", str(tmp_path / "no" / "where.jsonl")])
    assert result.exit_code == 1
    assert "No such file" in result.output
