"""What was decided against what the model was made of: a PSI for the score and for each feature. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scoring.drift import PSI_LARGE, PSI_NOTABLE, SCORE_EDGES, Distribution, psi, shares_of


class DriftLevel(StrEnum):
    NONE = "none"
    NOTABLE = "notable"
    LARGE = "large"


class Shift(NamedTuple):
    """One quantity's PSI. `name` is a feature's, or `score`; None without rows to compare."""

    name: str
    psi: float | None

    @property
    def level(self) -> DriftLevel | None:
        if self.psi is None:
            return None
        if self.psi >= PSI_LARGE:
            return DriftLevel.LARGE
        return DriftLevel.NOTABLE if self.psi >= PSI_NOTABLE else DriftLevel.NONE


class Bin(NamedTuple):
    """Values above the bin before and up to `up_to`; None: above the last edge. `missing`: what is not there."""

    up_to: float | None
    missing: bool
    expected: float
    actual: float


def score_counts(buckets: Iterable[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Counts by whole score (bucket, decisions) in the bins of SCORE_EDGES, the missing (there are none) last."""
    counts = np.zeros(len(SCORE_EDGES) + 2, np.int64)
    for bucket, decisions in buckets:
        counts[np.searchsorted(SCORE_EDGES, bucket, side="left")] += decisions
    return counts


def shift_of(name: str, expected: Distribution, counts: npt.NDArray[np.int64] | Sequence[int]) -> Shift:
    """The PSI of `counts`, over the bins of `expected`; None where there is nothing, or the bins are others."""
    actual = np.asarray(counts, np.int64)
    if len(actual) != len(expected.shares) or actual.sum() <= 0:
        return Shift(name, None)
    return Shift(name, psi(expected.shares, shares_of(actual)))


def shifts_of(expected: Mapping[str, Distribution], counts: Mapping[str, Sequence[int]]) -> list[Shift]:
    """Every feature's PSI, the largest first; a feature without edges (it never varied) is left out."""
    found = [
        shift_of(name, distribution, counts.get(name, ()))
        for name, distribution in expected.items()
        if distribution.edges
    ]
    return sorted(found, key=lambda shift: (-1.0 if shift.psi is None else shift.psi, shift.name), reverse=True)


def bins_of(expected: Distribution, counts: npt.NDArray[np.int64] | Sequence[int]) -> list[Bin]:
    """Shares side by side, the missing last; empty if the bins do not fit."""
    actual = shares_of(np.asarray(counts, np.int64))
    if len(actual) != len(expected.shares):
        return []
    uppers = [*expected.edges, None, None]
    return [
        Bin(upper, place == len(actual) - 1, share, round(float(now), 6))
        for place, (upper, share, now) in enumerate(zip(uppers, expected.shares, actual, strict=True))
    ]
