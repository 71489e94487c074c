import numpy as np
import pytest

from scoring.policy import Policy
from training.metrics import calibration_error, period_metrics, recall_by_typology

SCORE = np.array([95.0, 92.0, 80.0, 76.0, 60.0, 40.0, 10.0, 5.0])
FRAUD = np.array([True, True, True, False, True, False, False, False])


def test_precision_and_recall_at_each_level() -> None:
    metrics = period_metrics(SCORE / 100, SCORE, FRAUD, Policy())
    assert (metrics["precision_at_decline"], metrics["recall_at_decline"]) == (1.0, 0.5)
    assert (metrics["precision_at_flag"], metrics["recall_at_flag"]) == (0.75, 0.75)
    assert (metrics["precision_at_review"], metrics["recall_at_review"]) == (0.8, 1.0)
    assert metrics["share_at_flag"] == 0.5
    assert metrics["roc_auc"] == pytest.approx(15 / 16)


def test_nothing_above_a_threshold_is_no_division_by_zero() -> None:
    metrics = period_metrics(SCORE / 1000, SCORE / 10, FRAUD, Policy())
    assert (metrics["precision_at_flag"], metrics["recall_at_flag"]) == (0.0, 0.0)


def test_recall_by_typology() -> None:
    typology = ["takeover", "takeover", "mule", None, "mule", None, None, None]
    assert recall_by_typology(SCORE, FRAUD, typology, 75) == {"mule": (2, 0.5), "takeover": (2, 1.0)}
    assert recall_by_typology(SCORE, FRAUD, [None] * 8, 75) == {"unknown": (4, 0.75)}


def test_a_perfectly_calibrated_constant_has_no_error() -> None:
    assert calibration_error(np.full(1000, 0.5), np.arange(1000) % 2 == 0) == 0.0
    assert calibration_error(np.full(1000, 0.9), np.zeros(1000, bool)) == pytest.approx(0.9)
