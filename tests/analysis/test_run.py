"""A run: ranked, bounded, cancelled where it is asked to, leaving nothing behind."""

from pathlib import Path

import pytest

from analysis.presets import PRESETS
from analysis.run import Cancelled, analyse
from analysis.strategy import InvalidStrategy, Strategy
from tests.analysis.rows_of import DAY_MS, HOUR_MS, MONDAY_MS, habits, written

ODD = {"account": "a1", "time_ms": MONDAY_MS + 100 * DAY_MS + 3 * HOUR_MS, "amount": 4_000, "counterparty": "c0"}


@pytest.mark.parametrize("name", PRESETS)
def test_presets_find_what_is_odd_and_say_why(name: str, tmp_path: Path) -> None:
    source = written(tmp_path / "rows.parquet", [*habits(), ODD])
    outcome = analyse(source, PRESETS[name], folder=tmp_path)
    first = outcome.anomalies[0]
    assert source.records([first.place])[0]["amount_minor"] == 40_000_000
    assert sum(first.shares.values()) == pytest.approx(first.score, abs=0.1)
    assert list(first.reasons) == list(first.shares)[: len(first.reasons)]
    scores = [anomaly.score for anomaly in outcome.anomalies]
    assert scores == sorted(scores, reverse=True)
    assert outcome.rows == 401
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_the_number_of_anomalies_is_bounded(tmp_path: Path) -> None:
    source = written(tmp_path / "rows.parquet", habits())
    strategy = PRESETS["payments"].model_copy(update={"threshold": 1.0, "anomalies_max": 3})
    outcome = analyse(source, strategy, folder=tmp_path)
    assert len(outcome.anomalies) == 3
    assert outcome.flagged > 3
    assert outcome.anomalies[0].score == pytest.approx(float(outcome.scores.max()), abs=0.01)


def test_progress_goes_through_the_stages(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    source = written(tmp_path / "rows.parquet", habits())
    analyse(source, PRESETS["payments"], folder=tmp_path, progress=lambda *step: seen.append(step))
    learned = [step for step in seen if step[0] == "learn"]
    assert learned == sorted(learned)
    assert learned[0] == ("learn", 0, 400)
    assert [step for step in seen if step not in learned[:-1]] == [
        (stage, 400, 400) for stage in ("fit", "learn", "detect", "combine")
    ]


@pytest.mark.parametrize("after", [0, 3, 12])
def test_a_run_can_be_cancelled(after: int, tmp_path: Path) -> None:
    asked = iter(range(1_000))
    with pytest.raises(Cancelled):
        analyse(
            written(tmp_path / "rows.parquet", habits()),
            PRESETS["payments"],
            folder=tmp_path,
            cancelled=lambda: next(asked) >= after,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_a_strategy_is_looked_at_before_the_work(tmp_path: Path) -> None:
    source = written(tmp_path / "rows.parquet", habits())
    strategy = Strategy.model_validate({"name": "n", "detectors": [{"detector": "nobody"}]})
    with pytest.raises(InvalidStrategy, match="nobody"):
        analyse(source, strategy, folder=tmp_path)
