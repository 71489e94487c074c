"""Curves and histograms of a period, thinned to what a chart can show."""

import numpy as np

from training.evaluation.outcomes import Booleans, Floats
from training.evaluation.ranking import Counted, Ranking
from training.evaluation.result import Lines

POINTS_MAX = 120  # of a curve; finer than a pixel of its chart would be wasted
SCORE_BINS = 50  # two points of risk score each
CALIBRATION_EDGES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
DECIMALS = 6

XY = tuple[tuple[float, ...], tuple[float, ...]]


def lines_of(probability: Floats, score: Floats, fraud: Booleans) -> Lines:
    """The curves of a model's probabilities (n,) and risk scores (n,)."""
    counted = Ranking(probability, fraud, np.zeros(len(fraud))).counted()
    edges = np.linspace(0, 100, SCORE_BINS + 1)
    return Lines(
        precision_recall=_thinned(counted.recall, counted.precision),
        roc=_thinned(*_from_origin(counted)),
        calibration=_calibration(probability, fraud),
        histogram_legitimate=tuple(np.histogram(score[~fraud], edges)[0].tolist()),
        histogram_fraud=tuple(np.histogram(score[fraud], edges)[0].tolist()),
    )


def _from_origin(counted: Counted) -> tuple[Floats, Floats]:
    return np.append(0.0, counted.false_positive_rate), np.append(0.0, counted.recall)


def _thinned(x: Floats, y: Floats) -> XY:
    """At most POINTS_MAX points, evenly along the curve's own length, so that steep parts keep their shape."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    wanted = np.linspace(0, length[-1], POINTS_MAX)
    kept = np.unique(np.concatenate([[0], np.searchsorted(length, wanted).clip(max=len(x) - 1)]))
    return _plain(x[kept]), _plain(y[kept])


def _calibration(probability: Floats, fraud: Booleans) -> XY:
    """Mean probability and fraud share of bins that are fine where probabilities are small."""
    which = np.clip(np.searchsorted(CALIBRATION_EDGES, probability, side="right") - 1, 0, len(CALIBRATION_EDGES) - 2)
    rows = np.bincount(which, minlength=len(CALIBRATION_EDGES) - 1)
    there = rows > 0
    means = np.bincount(which, probability, len(rows))[there] / rows[there]
    shares = np.bincount(which, fraud.astype(np.float64), len(rows))[there] / rows[there]
    return _plain(means), _plain(shares)


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(np.round(values, DECIMALS).tolist())
