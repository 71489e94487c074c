"""Strategies: documents with errors that name the field, presets that hold."""

from typing import Any

import pytest

from analysis.presets import DEFAULT, PRESETS
from analysis.strategy import InvalidStrategy, checked, parsed

VALID = {"name": "mine", "detectors": [{"detector": "z_score"}]}


def _errors(document: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidStrategy) as caught:
        checked(parsed(document))
    return dict(caught.value.errors)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_hold(name: str) -> None:
    checked(PRESETS[name])
    assert parsed(PRESETS[name].model_dump(mode="json")) == PRESETS[name]


def test_the_default_is_one_of_them() -> None:
    assert DEFAULT in PRESETS


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"threshold": 101}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"detectors": []}, "detectors"),
        ({"detectors": [{"detector": "nobody"}]}, "detectors.0.detector"),
        ({"detectors": [{"detector": "z_score", "weight": 0}]}, "detectors.0.weight"),
        ({"detectors": [{"detector": "z_score", "config": {"rows_min": 1}}]}, "detectors.0.config.rows_min"),
        ({"detectors": [{"detector": "z_score", "config": {"typo": 1}}]}, "detectors.0.config.typo"),
        ({"detectors": [{"detector": "z_score"}] * 2}, "detectors"),
        ({"name": "a\x00b"}, "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"typo": 1}, "typo"),
    ],
)
def test_an_error_names_its_field(change: dict[str, Any], field: str) -> None:
    assert field in _errors(VALID | change)


def test_all_errors_are_told_at_once() -> None:
    steps = [{"detector": "nobody"}, {"detector": "z_score", "config": {"rows_min": "many"}}]
    assert set(_errors({"name": "n", "detectors": steps})) == {"detectors.0.detector", "detectors.1.config.rows_min"}
