"""From probabilities to the 0-100 scale: the operating points of the validation period come to lie at 50, 75 and 90.

Fraud is rare, so useful operating points lie at different probabilities for every data set and model, while people,
settings and clients' own thresholds speak of 50, 75 and 90. The score curve is straight between

    probability   0   review   flag   decline   1
    risk score    0     50      75      90     100

and the points are chosen on the validation period by what a decision costs. Each has two conditions: how many of all
that lie above it are fraud (what the receiver of the alerts sees), and how probable fraud is at the very point (so that
a model which is sure of the easy ones does not pay for hopeless ones with them):

              all above   at the point
    decline     95 %          75 %       it hits a customer, so it must be nearly sure
    flag        75 %          25 %       three of four alerts are worth an analyst's time
    review      40 %          10 %
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from scoring.manifest import Curve, Thresholds

_POINTS = ((0.40, 0.10), (0.75, 0.25), (0.95, 0.75))  # review, flag, decline: precision above, probability at
SUPPORT_MIN = 10  # rows above a threshold; the precision of fewer is an accident
STEP_MIN = 0.02  # of probability between two points, so that no level vanishes
PROBABILITY_MIN, PROBABILITY_MAX = 0.01, 0.99
SCORES = Thresholds()


def score_curve(probability: npt.NDArray[np.float64], fraud: npt.NDArray[np.bool_]) -> Curve:
    """The curve from calibrated probability to risk score, chosen on validation rows of shape (n,)."""
    points = [max(_lowest(probability, fraud, precision), floor) for precision, floor in _POINTS]
    review, flag, decline = _apart(points)
    return Curve((0.0, review, flag, decline, 1.0), (0.0, SCORES.review, SCORES.flag, SCORES.decline, 100.0))


def _lowest(probability: npt.NDArray[np.float64], fraud: npt.NDArray[np.bool_], precision: float) -> float:
    """The lowest probability p so that the rows with at least p have this precision; if none has, `precision`."""
    order = np.argsort(-probability, kind="stable")
    p = probability[order]
    precisions = np.cumsum(fraud[order]) / np.arange(1, len(p) + 1)
    last_of_ties = np.append(p[1:] < p[:-1], True)
    enough = last_of_ties & (precisions >= precision) & (np.arange(1, len(p) + 1) >= SUPPORT_MIN)
    found = np.flatnonzero(enough)
    return float(p[found[-1]]) if len(found) else precision


def _apart(points: list[float]) -> list[float]:
    """Rising, at least STEP_MIN apart and off the ends: lower points give way to higher ones."""
    limit, result = PROBABILITY_MAX + STEP_MIN, []
    for point in reversed(points):
        limit = min(point, limit - STEP_MIN)
        result.append(limit)
    result.reverse()
    lifted = [max(point, PROBABILITY_MIN + i * STEP_MIN) for i, point in enumerate(result)]
    assert all(a < b for a, b in pairwise(lifted))
    return lifted
