"""`riskstream analyse`: a file to anomalies on the terminal and in a file, without a stack."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner, Result

from analysis.analyse_command import register
from contracts.errors import DataRefused

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def payments(tmp_path: Path) -> Path:
    path = tmp_path / "march.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "account", "date", "amount", "currency", "text"])
        for i in range(400):
            amount = 9_000 + i if i >= 397 else 45 + i % 11
            at = (START + timedelta(hours=i)).isoformat()
            writer.writerow([f"p{i}", f"acct-{i % 3}", at, amount, "EUR", "=cmd()" if i == 399 else "rent"])
    return path


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return CliRunner().invoke(app, ["analyse", *map(str, arguments)])


def test_the_highest_are_shown_and_all_are_written(payments: Path, tmp_path: Path) -> None:
    for form in ("csv", "parquet", "xlsx"):
        out = tmp_path / f"anomalies.{form}"
        result = run(payments, "--out", out, "--show", 2)
        assert result.exit_code == 0, result.output
        assert "400 rows (csv)" in result.output
        assert "9,399.00 EUR" in result.output or "9,398.00 EUR" in result.output
        assert out.stat().st_size > 0
    lines = list(csv.DictReader((tmp_path / "anomalies.csv").open()))
    assert {line["transaction_id"] for line in lines[:2]} <= {"p397", "p398", "p399"}
    assert [int(line["rank"]) for line in lines] == list(range(1, len(lines) + 1))
    assert not any(line["text"].startswith("=") for line in lines)
    assert len(pq.read_table(tmp_path / "anomalies.parquet")) == len(lines)


def test_a_strategy_of_ones_own_is_a_file(payments: Path, tmp_path: Path) -> None:
    strategy = tmp_path / "mine.json"
    strategy.write_text(json.dumps({"name": "mine", "detectors": [{"detector": "robust_z_score"}], "threshold": 10}))
    result = run(payments, "--strategy", strategy)
    assert result.exit_code == 0, result.output
    assert "Strategy mine" in result.output


def test_how_the_file_is_read_is_said_and_can_be_corrected(payments: Path) -> None:
    named = payments.read_text().replace("account,date", "who,date").replace("acct-2,", "acct-2,,", 1)
    payments.write_text(named + "p401,acct-1,2026-03-03T10:00:00Z,ten,EUR,rent\n")
    guessed = run(payments)
    assert "account=" not in guessed.output
    assert "line 402, amount: this is no amount" in guessed.output
    given = run(payments, "--map", "account=who")
    assert given.exit_code == 0, given.output
    assert "account=who" in given.output
    assert run(payments, "--map", "who=account").exit_code == 2
    assert run(payments, "--map", "account=nobody").exit_code != 0


def test_what_cannot_be_done_is_said(payments: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ((payments, "--strategy", "no-such"), "no preset"),
        ((payments, "--out", tmp_path / "a.txt"), ".xlsx"),
        ((tmp_path / "none.csv",), "does not exist"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert words in result.output
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert isinstance(run(empty).exception, DataRefused)
