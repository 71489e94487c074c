"""From unlike scores to one between 0 and 100, and each detector's share of it.

A detector's score says something only among its own: `tail` is the share of the judged rows that score at least as
high. What lies within the usual 95 % counts nothing; beyond, the strength is the logarithm of how rare the tail is.
Strengths are weighed and added, as in Fisher's combination of p-values (1932), so that one detector that is sure and
several that are half sure can both raise a row.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["tail", "rank"]

USUAL = 0.05  # tail above which a score counts nothing
FULL = 1e-4  # tail at which one detector of weight 1 alone reaches SCORE_AT_FULL
SCORE_AT_FULL = 80.0
_SCALE = float(np.log(USUAL / FULL) / -np.log(1 - SCORE_AT_FULL / 100))


class Tail:
    """The distribution of one detector's scores. `scores` (n,): NaN is not judged, 0 and less nothing unusual."""

    def __init__(self, scores: NDArray[np.float32]) -> None:
        judged = scores[~np.isnan(scores)]
        self._ordered = np.sort(judged)
        self.judged = len(judged)

    def strength(self, scores: NDArray[np.float32], method: Method) -> NDArray[np.float64]:
        """(n,) ≥ 0. `tail`: logarithm of rarity beyond USUAL; `rank`: how far up among the upper half, 0–1 scaled."""
        if not self.judged:
            return np.zeros(len(scores))
        below = np.searchsorted(self._ordered, scores, side="left")
        tail = (self.judged - below) / self.judged
        unusual = np.nan_to_num(scores, nan=0.0) > 0
        if method == "rank":
            strength = np.maximum(1 - 2 * tail, 0) * _SCALE
        else:
            # One row of a small file cannot be rarer than one in all of them.
            strength = np.maximum(np.log(USUAL / np.maximum(tail, FULL / 10)), 0)
        return np.where(unusual, strength, 0.0)


def combined(
    strengths: Sequence[NDArray[np.float64]], weights: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores (n,) in 0–100 and shares (n, detectors) that sum to them."""
    parts = np.column_stack([weight * strength for weight, strength in zip(weights, strengths, strict=True)])
    total = parts.sum(axis=1)
    score = 100 * (1 - np.exp(-total / _SCALE))
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(total[:, None] > 0, parts / total[:, None], 0.0) * score[:, None]
    return score, shares


def named(names: Sequence[str], shares: NDArray[np.float64]) -> Mapping[str, float]:
    """The shares of one row (detectors,) by name, those that are not 0, the largest first."""
    order = np.argsort(-shares, kind="stable")
    return {names[i]: round(float(shares[i]), 2) for i in order if shares[i] >= 0.005}
