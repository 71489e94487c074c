import math

import pytest

from contracts.decision import RiskLevel
from contracts.errors import SettingsError
from scoring.manifest import Thresholds
from scoring.policy import Policy, policy_of

LEVELS = [
    (0.0, RiskLevel.LOW),
    (49.9, RiskLevel.LOW),
    (50.0, RiskLevel.MEDIUM),
    (74.9, RiskLevel.MEDIUM),
    (75.0, RiskLevel.HIGH),
    (89.9, RiskLevel.HIGH),
    (90.0, RiskLevel.CRITICAL),
    (100.0, RiskLevel.CRITICAL),
]


@pytest.mark.parametrize(("score", "level"), LEVELS)
def test_default_levels(score: float, level: RiskLevel) -> None:
    assert Policy().level(score) is level


@pytest.mark.parametrize(
    "thresholds",
    [(0, 75, 90), (75, 75, 90), (50, 90, 90), (50, 75, 100.1), (75, 50, 90), (-1, 2, 3), (math.nan, 75, 90)],
)
def test_thresholds_must_rise(thresholds: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="must rise"):
        Policy(*thresholds)


def test_the_version_is_a_function_of_the_thresholds() -> None:
    assert Policy().version == Policy(50, 75, 90.0).version
    assert (
        len({Policy().version, Policy(review=49.9).version, Policy(flag=76).version, Policy(decline=91).version}) == 4
    )


def test_precedence_own_then_environment_then_manifest() -> None:
    manifest, own = Thresholds(40, 60, 80), Policy(10, 20, 30)
    assert policy_of(manifest) == Policy(40, 60, 80)
    assert policy_of(manifest, flag_setting=70) == Policy(40, 70, 80)
    assert policy_of(manifest, flag_setting=70, own=own) is own


def test_an_environment_threshold_beyond_a_neighbour_moves_the_neighbour() -> None:
    assert policy_of(Thresholds(), flag_setting=96) == Policy(50, 96, 98)
    assert policy_of(Thresholds(), flag_setting=30) == Policy(15, 30, 90)


@pytest.mark.parametrize("setting", [0.0, -5.0, 100.0, math.nan, math.inf])
def test_an_environment_threshold_off_the_scale_is_refused(setting: float) -> None:
    with pytest.raises(SettingsError, match="RISK_THRESHOLD_HIGH"):
        policy_of(Thresholds(), flag_setting=setting)
