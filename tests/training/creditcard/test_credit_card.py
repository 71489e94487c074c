"""The second model, from rows of the public file's format."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import riskstream
from contracts.errors import DataRefused, ModelRefused
from scoring.model import load
from scoring.schema import CREDIT_CARD, STREAM
from training.creditcard.history import RECIPE, credit_card_history, history_of_cards
from training.creditcard.synthetic import synthetic_rows
from training.creditcard.table import CardRows, read_card_rows
from training.options import Options
from training.train import train

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEADER = ",".join(["Time", *CREDIT_CARD.features, "Class"])


def lines(rows: CardRows, count: int) -> list[str]:
    return [
        ",".join(str(v) for v in [rows.seconds[i], *rows.vectors[i].tolist(), int(rows.fraud[i])]) for i in range(count)
    ]


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def test_reads_the_files_format(tmp_path: Path) -> None:
    made = synthetic_rows(1, rows=300)
    read = read_card_rows(write(tmp_path / "creditcard.csv", *lines(made, 300)))
    assert np.array_equal(read.vectors, made.vectors)
    assert np.array_equal(read.fraud, made.fraud)
    assert np.array_equal(read.seconds, made.seconds)


ROW = lines(synthetic_rows(1, rows=2), 2)[1]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (ROW.replace(ROW.split(",")[3], "nan", 1), "line 3, column V3: not a finite number"),
        (ROW.rsplit(",", 1)[0] + ",2", "line 3, column Class, value 2: must be 0 or 1"),
        (",".join([*ROW.split(",")[:-2], "-3", "0"]), "line 3, column Amount: below 0"),
        ("-5," + ROW.split(",", 1)[1], "line 3, column Time: earlier than the row before"),
        (ROW.replace(ROW.split(",")[3], "much", 1), "much"),
        ("1,2,3", "Expected 31 columns"),
    ],
)
def test_an_impossible_row_is_refused_with_its_line(tmp_path: Path, row: str, sentence: str) -> None:
    first = "0," + ROW.split(",", 1)[1]
    with pytest.raises(DataRefused, match=sentence):
        read_card_rows(write(tmp_path / "creditcard.csv", first, row))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "cannot be read"), ("Time,V1\n1,2\n", "lacks a column"), (HEADER + "\n", "holds no rows|Empty CSV")],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(text)
    with pytest.raises(DataRefused, match=sentence):
        credit_card_history(path, seed=1)


def test_made_up_rows_are_seeded_sorted_and_hold_every_kind() -> None:
    one, again, other = (synthetic_rows(seed, rows=20_000) for seed in (1, 1, 2))
    assert np.array_equal(one.vectors, again.vectors)
    assert not np.array_equal(one.vectors, other.vectors)
    assert (np.diff(one.seconds) >= 0).all()
    assert set(one.kind[one.fraud]) == {"stolen_card", "card_testing", "takeover"}
    assert set(one.kind[~one.fraud]) == {""}


def test_a_model_of_this_format_is_no_model_of_the_stream(tmp_path: Path) -> None:
    history = history_of_cards(synthetic_rows(1, rows=30_000), {"source": "synthetic"})
    made = train(history, tmp_path, seed=1, now=NOW, options=Options(recipe=RECIPE, baselines=False, replicates=0))
    assert made.manifest.metrics["average_precision"] > 0.3 > 20 * made.evaluation.frauds / made.evaluation.rows
    assert load(made.folder, CREDIT_CARD).features == CREDIT_CARD.features
    with pytest.raises(ModelRefused, match="was built for the feature catalogue"):
        load(made.folder, STREAM)
    assert "simulated payments" in (made.folder / "card.md").read_text()


def test_its_registry_has_a_life_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = history_of_cards(synthetic_rows(1, rows=30_000), {"source": "synthetic"})
    options = Options(recipe=RECIPE, baselines=False, replicates=0)
    one, other = (
        train(history, tmp_path / "creditcard", seed=seed, now=NOW, options=options).folder.name for seed in (1, 2)
    )

    def told(*words: str, code: int = 0, dataset: str = "creditcard") -> str:
        arguments = ["models", *words, "--registry", str(tmp_path), "--dataset", dataset, "--json"]
        monkeypatch.setattr("sys.argv", ["riskstream", *arguments])  # which rooms are loaded depends on it
        result = CliRunner().invoke(riskstream.app, arguments)
        assert result.exit_code == code, result.output
        return result.output

    assert json.loads(told("show"))["refusal"] == ""
    assert json.loads(told("promote", other)) == {"champion": other, "before": one}
    assert json.loads(told("rollback")) == {"champion": one, "before": other}
    assert [(x["role"], x["fits_catalogue"]) for x in json.loads(told("list"))].count(("champion", True)) == 1
    (tmp_path / "creditcard" / other / "model.ubj").write_bytes(b"damaged")
    assert "damaged" in told("promote", other, code=1)
    assert "no model" in told("promote", other, code=1, dataset="stream")
