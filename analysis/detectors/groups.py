"""Statistics kept by group, where a group is the number of a word: arrays that grow with the words."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.chunks import MISSING, Rows

GroupBy = Literal["none", "account", "counterparty", "merchant", "category", "channel", "country", "currency"]


def group_of(rows: Rows, by: GroupBy) -> NDArray[np.int64]:
    """The group of each row, from 0 on; rows without the word are group 0, "none" is one group for all."""
    if by == "none":
        return np.zeros(len(rows), np.int64)
    return rows.words[by].astype(np.int64) - MISSING


def grown(array: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """The array with room for `length` rows, new ones zero; doubles, so that growing costs little."""
    if length <= len(array):
        return array
    larger = np.zeros((max(length, 2 * len(array)), *array.shape[1:]))
    larger[: len(array)] = array
    return larger


class Moments:
    """Count, sum and sum of squares of a value by group, around a shift that keeps the squares small."""

    def __init__(self) -> None:
        self._sums = np.zeros((64, 3))
        self._shift: float | None = None

    def add(self, group: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        if not len(group):
            return
        if self._shift is None:
            self._shift = float(value[0])
        self._sums = grown(self._sums, int(group.max()) + 1)
        shifted = value - self._shift
        size = len(self._sums)
        self._sums[:, 0] += np.bincount(group, minlength=size)
        self._sums[:, 1] += np.bincount(group, shifted, minlength=size)
        self._sums[:, 2] += np.bincount(group, shifted * shifted, minlength=size)

    def of(self, group: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Count, mean and standard deviation of each row's group; NaN where there are too few values."""
        count, total, squares = grown(self._sums, int(group.max(initial=0)) + 1)[group].T
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / count
            deviation = np.sqrt(np.maximum(squares / count - mean * mean, 0) * count / (count - 1))
        return count, mean + (self._shift or 0.0), deviation


def log_amount(amount: NDArray[np.float64]) -> NDArray[np.float64]:
    """Amounts on a scale on which payments are roughly normal, their sign kept."""
    return np.sign(amount) * np.log1p(np.abs(amount))


def distinct_pairs(
    first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[list[tuple[int, int]], NDArray[np.int64]]:
    """The distinct pairs of two columns of 32-bit numbers, and for each row the place of its pair.

    Packed into one number: sorting pairs as rows of a table takes several times as long.
    """
    keys, places = np.unique((first << 32) | (second & 0xFFFFFFFF), return_inverse=True)
    low = (keys & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
    return list(zip((keys >> 32).tolist(), low.tolist(), strict=True)), places
