"""Figures of a ranking: rows by falling score, counted at the ends of ties; cheap to repeat with other weights."""

from dataclasses import dataclass

import numpy as np

from training.evaluation.outcomes import Booleans, Floats


@dataclass(frozen=True, slots=True)
class Point:
    """One place to cut the ranking: shares of all fraud, of what lies above, and of the fraud's money."""

    recall: float
    precision: float
    value: float


class Ranking:
    """n rows ranked by `score`; `amount` is the money of each. Sorting is done once, counting once a weighting."""

    def __init__(self, score: Floats, fraud: Booleans, amount: Floats) -> None:
        order = np.argsort(-score, kind="stable")
        ordered = score[order]
        self._order = order
        self._ends = np.flatnonzero(np.append(ordered[1:] < ordered[:-1], True)) if len(ordered) else order
        self._fraud = fraud[order].astype(np.float64)
        self._money = np.where(fraud, amount, 0.0)[order]
        self.thresholds: Floats = ordered[self._ends]

    def counted(self, weight: Floats | None = None) -> "Counted":
        """Cumulative counts; `weight` (n,) counts each row so many times."""
        w = np.ones(len(self._order)) if weight is None else weight[self._order]
        hits, seen, money = np.cumsum(w * self._fraud), np.cumsum(w), np.cumsum(w * self._money)
        hits, seen, money = hits[self._ends], seen[self._ends], money[self._ends]
        return Counted(hits, seen - hits, money)


@dataclass(frozen=True, slots=True)
class Counted:
    """At each distinct score from the highest: frauds, legitimate rows and fraud's money at or above it."""

    hits: Floats
    alarms: Floats
    money: Floats

    @property
    def frauds(self) -> float:
        return float(self.hits[-1]) if len(self.hits) else 0.0

    @property
    def legitimate(self) -> float:
        return float(self.alarms[-1]) if len(self.alarms) else 0.0

    @property
    def recall(self) -> Floats:
        return self.hits / max(self.frauds, 1.0)

    @property
    def precision(self) -> Floats:
        return self.hits / np.maximum(self.hits + self.alarms, 1e-12)

    @property
    def false_positive_rate(self) -> Floats:
        return self.alarms / max(self.legitimate, 1.0)

    def roc_auc(self) -> float:
        """The area under the receiver operating characteristic; NaN unless both classes are there."""
        if not self.frauds or not self.legitimate:
            return float("nan")
        x, y = np.append(0.0, self.false_positive_rate), np.append(0.0, self.recall)
        return float(np.trapezoid(y, x))

    def average_precision(self) -> float:
        """Precision averaged over recall, as steps (not interpolated); NaN without fraud."""
        if not self.frauds:
            return float("nan")
        return float(np.sum(np.diff(self.recall, prepend=0.0) * self.precision))

    def at_false_positive_rate(self, rate: float) -> Point:
        """Where at most `rate` of the legitimate rows lie above; rows with equal scores are cut in proportion."""
        return self._point(self.false_positive_rate, rate)

    def at_count(self, count: float) -> Point:
        """The `count` highest rows; rows with equal scores are cut in proportion."""
        return self._point(self.hits + self.alarms, count)

    def _point(self, along: Floats, limit: float) -> Point:
        along = np.append(0.0, along)
        end = int(np.searchsorted(along, limit, side="right"))  # the first that is too far
        hits, alarms, money = (np.append(0.0, counts) for counts in (self.hits, self.alarms, self.money))
        if end == len(along):
            share, end = 1.0, end - 1
        else:
            share = (limit - along[end - 1]) / (along[end] - along[end - 1])
        start = max(end - 1, 0)
        hit, alarm, paid = (c[start] + share * (c[end] - c[start]) for c in (hits, alarms, money))
        return Point(
            recall=float(hit / max(self.frauds, 1.0)),
            precision=float(hit / (hit + alarm)) if hit + alarm else 0.0,
            value=float(paid / money[-1]) if money[-1] else 0.0,
        )
