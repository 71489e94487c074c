"""The presets against single detectors on planted anomalies: a small table of a seed that nothing was chosen on."""

from pathlib import Path

import pytest

from analysis.detectors.registry import OURS
from analysis.presets import PRESETS
from bench.detectors import FILES, MARGIN, file_of, measured, strategies
from bench.planted import planted

SEED = 3_001


@pytest.fixture(scope="module")
def precision(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """file → strategy → precision at k"""
    found: dict[str, dict[str, float]] = {}
    for file, dated in FILES.items():
        table, folder = planted(accounts=120, days=90, each=16, seed=SEED, dated=dated), tmp_path_factory.mktemp(file)
        found[file] = {
            name: measured(table, strategy, folder)["precision_at_k"] for name, strategy in strategies().items()
        }
    return found


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_no_worse_than_the_best_single_detector(
    preset: str, precision: dict[str, dict[str, float]]
) -> None:
    of_file = precision[file_of(preset)]
    best: float = max(of_file[name] for name in OURS)
    assert best > 0.5  # else there is nothing to compare with
    assert of_file[f"preset {preset}"] >= best - MARGIN


def test_what_is_planted_is_what_is_counted(tmp_path: Path) -> None:
    """A detector made for one kind finds that kind, and has the precision that its rows can give."""
    table = planted(accounts=60, days=60, each=10, seed=SEED)
    found = measured(table, strategies()["split_payment"], tmp_path)
    share = table.kind.count("split") / sum(kind != "" for kind in table.kind)
    assert found["split"] == 1
    assert found["precision_at_k"] >= share
