"""Curves and histograms of a period, thinned to what a chart can show."""

import numpy as np

from training.evaluation.outcomes import Booleans, Floats
from training.evaluation.ranking import Counted, Ranking
from training.evaluation.result import Lines

POINTS_MAX = 120  # of a curve; finer than a pixel of its chart would be wasted
SCORE_BINS = 50  # two points of risk score each
CALIBRATION_EDGES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
EXPECTED_MIN = 5  # frauds, and legitimate rows, of a calibration point; a standard error of less than half its share
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
    """Mean probability and fraud share of bins that are fine where probabilities are small.

    Neighbours are pooled until a bin can be expected to hold EXPECTED_MIN frauds and as many legitimate rows: the share
    of fewer is chance, and a chart of it bounces.
    """
    bins = len(CALIBRATION_EDGES) - 1
    which = np.clip(np.searchsorted(CALIBRATION_EDGES, probability, side="right") - 1, 0, bins - 1)
    rows, expected = np.bincount(which, minlength=bins), np.bincount(which, probability, bins)
    frauds = np.bincount(which, fraud.astype(np.float64), bins)
    pools: list[Floats] = [np.zeros(3)]
    for one in np.stack([rows, expected, frauds], axis=1).astype(np.float64):
        if pools[-1][1] >= EXPECTED_MIN and pools[-1][0] - pools[-1][1] >= EXPECTED_MIN:
            pools.append(np.zeros(3))
        pools[-1] += one
    if len(pools) > 1 and min(pools[-1][1], pools[-1][0] - pools[-1][1]) < EXPECTED_MIN:
        last = pools.pop()
        pools[-1] += last
    pooled = np.array(pools)
    return _plain(pooled[:, 1] / pooled[:, 0]), _plain(pooled[:, 2] / pooled[:, 0])


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(np.round(values, DECIMALS).tolist())
