import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.calibrate import ISOTONIC, PLATT, best_calibration, calibrate, log_loss, platt, predicted
from training.metrics import calibration_error
from training.thresholds import score_curve


def sample(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Margins twice as sure as they should be, with the outcomes that the true log-odds bring."""
    random = np.random.default_rng(seed)
    margin = random.normal(-6, 4, rows)
    return margin, random.random(rows) < 1 / (1 + np.exp(-margin / 2))


def test_calibration_repairs_an_overconfident_model() -> None:
    margin, fraud = sample(20_000, 1)
    curve = calibrate(margin, fraud)
    margin, fraud = sample(20_000, 2)
    naive, calibrated = 1 / (1 + np.exp(-margin)), np.interp(margin, curve.x, curve.y)
    assert calibration_error(calibrated, fraud) < 0.01 < calibration_error(naive, fraud)


def test_the_ranking_survives() -> None:
    margin, fraud = sample(5000, 3)
    curve = calibrate(margin, fraud)
    ordered = np.interp(np.sort(margin), curve.x, curve.y)
    assert (np.diff(ordered) > 0).mean() > 0.99


@given(st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=2, max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_validation_set_gives_a_valid_curve(rows: list[tuple[float, bool]]) -> None:
    margin, fraud = np.array([m for m, _ in rows]), np.array([f for _, f in rows])
    curve = calibrate(margin, fraud)
    assert curve.complaint(0.0, 1.0) is None
    scores = score_curve(np.interp(margin, curve.x, curve.y), fraud)
    assert scores.complaint(0.0, 100.0) is None
    assert scores.y == (0.0, 50.0, 75.0, 90.0, 100.0)


def test_operating_points_meet_their_precision() -> None:
    margin, fraud = sample(50_000, 4)
    probability = 1 / (1 + np.exp(-margin / 2))
    curve = score_curve(probability, fraud)
    score = np.interp(probability, curve.x, curve.y)
    for threshold, precision, floor in ((50, 0.40, 0.10), (75, 0.75, 0.25), (90, 0.95, 0.75)):
        assert fraud[score >= threshold].mean() >= precision
        assert probability[score >= threshold].min() >= floor


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_one_class_alone_still_gives_rising_points(share: float) -> None:
    probability = np.linspace(0, 1, 1000)
    curve = score_curve(probability, probability < share)
    assert curve.complaint(0.0, 100.0) is None
    assert len(set(curve.x)) == 5


def test_platt_finds_the_line_that_made_the_data() -> None:
    margin, fraud = sample(40_000, 5)
    curve = platt(margin, fraud)
    at = np.linspace(-8, 4, 50)
    assert np.abs(predicted(curve, at) - 1 / (1 + np.exp(-at / 2))).max() < 0.03


@given(st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=2, max_size=60))
@settings(max_examples=50, deadline=None)
def test_platt_gives_a_valid_curve_of_anything(rows: list[tuple[float, bool]]) -> None:
    margin, fraud = np.array([m for m, _ in rows]), np.array([f for _, f in rows])
    assert platt(margin, fraud).complaint(0.0, 1.0) is None


def test_the_better_method_is_taken() -> None:
    margin, fraud = sample(3000, 6)
    assert best_calibration(margin, fraud).method == PLATT  # few rows that a line made
    random = np.random.default_rng(7)
    steps = random.random(60_000) < np.where(margin_of(60_000) > 0, 0.6, 0.02)
    assert best_calibration(margin_of(60_000), steps).method == ISOTONIC
    assert best_calibration(margin, fraud, ISOTONIC).method == ISOTONIC


def test_without_fraud_in_one_half_it_is_isotonic() -> None:
    margin = np.linspace(-5, 5, 100)
    assert best_calibration(margin, margin > 4.5).method == ISOTONIC


def margin_of(rows: int) -> np.ndarray:
    return np.random.default_rng(8).normal(0, 3, rows)


def test_log_loss_of_a_hand_computed_case() -> None:
    assert log_loss(np.array([0.5, 0.25]), np.array([True, False])) == pytest.approx(-(np.log(0.5) + np.log(0.75)) / 2)
