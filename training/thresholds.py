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

Two other ways to choose them: a cost table (`training.costs`), which gives all three; or an alert budget, which gives
the flag point (the other two stay where the table above puts them, moved aside where the flag point passes them).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from scoring.manifest import Curve, Thresholds
from training.costs import Costs, cheapest_points

_POINTS = ((0.40, 0.10), (0.75, 0.25), (0.95, 0.75))  # review, flag, decline: precision above, probability at
SUPPORT_MIN = 10  # rows above a threshold; the precision of fewer is an accident
STEP_MIN = 0.02  # of probability between two points, so that no level vanishes
STEP_MIN_CHOSEN = 0.0005  # the same where costs or a budget choose: these may well mean to review one in a thousand
PROBABILITY_MAX = 0.99
SCORES = Thresholds()


@dataclass(frozen=True, slots=True)
class Choice:
    """How operating points are chosen: by precision unless there is a cost table or a budget of alerts a day."""

    costs: Costs | None = None
    alerts_a_day: float | None = None

    def __str__(self) -> str:
        if self.costs is not None:
            return "cost table"
        return "precision" if self.alerts_a_day is None else f"{self.alerts_a_day:g} alerts a day"


BY_PRECISION = Choice()


def score_curve(
    probability: npt.NDArray[np.float64],
    fraud: npt.NDArray[np.bool_],
    amount: npt.NDArray[np.float64] | None = None,
    days: float = 1.0,
    choice: Choice = BY_PRECISION,
) -> Curve:
    """The curve from calibrated probability to risk score, chosen on validation rows of shape (n,).

    `amount` (base currency) is needed for a cost table, the period's `days` for a budget.
    """
    points = [max(_lowest(probability, fraud, precision), floor) for precision, floor in _POINTS]
    if choice.costs is not None:
        assert amount is not None
        points = cheapest_points(probability, fraud, amount, choice.costs)
    elif choice.alerts_a_day is not None:
        flag = within_budget(probability, choice.alerts_a_day * days)
        points = [min(points[0], flag), flag, max(points[2], flag)]
    review, flag, decline = _apart(points, STEP_MIN if choice == BY_PRECISION else STEP_MIN_CHOSEN)
    return Curve((0.0, review, flag, decline, 1.0), (0.0, SCORES.review, SCORES.flag, SCORES.decline, 100.0))


def within_budget(probability: npt.NDArray[np.float64], alerts: float) -> float:
    """The lowest probability that at most so many `alerts` rows reach; 1 if even the highest ones are too many."""
    ordered = np.sort(probability)[::-1]
    ends = np.flatnonzero(np.append(ordered[1:] < ordered[:-1], True))
    allowed = ends[ends + 1 <= alerts]
    return float(ordered[allowed[-1]]) if len(allowed) else 1.0


def _lowest(probability: npt.NDArray[np.float64], fraud: npt.NDArray[np.bool_], precision: float) -> float:
    """The lowest probability p so that the rows with at least p have this precision; if none has, `precision`."""
    order = np.argsort(-probability, kind="stable")
    p = probability[order]
    precisions = np.cumsum(fraud[order]) / np.arange(1, len(p) + 1)
    last_of_ties = np.append(p[1:] < p[:-1], True)
    enough = last_of_ties & (precisions >= precision) & (np.arange(1, len(p) + 1) >= SUPPORT_MIN)
    found = np.flatnonzero(enough)
    return float(p[found[-1]]) if len(found) else precision


def _apart(points: list[float], step: float) -> list[float]:
    """Rising, at least `step` apart and off the ends: lower points give way to higher ones."""
    limit, result = PROBABILITY_MAX + step, []
    for point in reversed(points):
        limit = min(point, limit - step)
        result.append(limit)
    result.reverse()
    lifted = [max(point, step * (i + 0.5)) for i, point in enumerate(result)]
    assert all(a < b for a, b in pairwise(lifted))
    return lifted
