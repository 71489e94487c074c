"""The split in time: train | gap | validation | test. Never a random one: tomorrow must not teach about today."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts.errors import DataRefused
from features.plan import DAY, PLAN

Rows = npt.NDArray[np.intp]

TRAIN_SHARE, VALIDATION_SHARE = 0.60, 0.20  # of the period's length; the rest is the test
GAP_SHARE_MAX = 0.10  # of the period: a short one has no room for the whole label delay
ROWS_MIN, FRAUDS_MIN = 50, 5  # in each part; below it neither a model nor a number about it means anything


@dataclass(frozen=True, slots=True)
class Periods:
    """Row numbers of each part, in time order."""

    train: Rows
    validation: Rows
    test: Rows
    gap_ms: int


def split(
    time_ms: npt.NDArray[np.int64], fraud: npt.NDArray[np.bool_], usable: npt.NDArray[np.bool_] | None = None
) -> Periods:
    """Cut by event time; rows that are not `usable` are in no part.

    Between train and validation lies a gap of the label delay: on the day of training, later labels are not known.
    Raises DataRefused if a part has too few rows or too little fraud to learn or to measure anything.
    """
    if len(time_ms) == 0:
        raise DataRefused("there are no transactions to train on")
    start, end = int(time_ms.min()), int(time_ms.max()) + 1
    length = end - start
    gap = min(PLAN.label_delay, int(length * GAP_SHARE_MAX))
    train_end = start + int(length * TRAIN_SHARE)
    validation_end = train_end + int(length * VALIDATION_SHARE)
    keep = np.ones(len(time_ms), bool) if usable is None else usable
    parts = {
        "train": keep & (time_ms < train_end - gap),
        "validation": keep & (time_ms >= train_end) & (time_ms < validation_end),
        "test": keep & (time_ms >= validation_end),
    }
    for name, mask in parts.items():
        _check(name, int(mask.sum()), int((mask & fraud).sum()), length)
    rows = {name: np.flatnonzero(mask) for name, mask in parts.items()}
    return Periods(rows["train"], rows["validation"], rows["test"], gap_ms=gap)


def _check(name: str, rows: int, frauds: int, length_ms: int) -> None:
    if rows < ROWS_MIN or frauds < FRAUDS_MIN:
        raise DataRefused(
            f"the {name} period has {rows} transactions, {frauds} of them fraud: at least {ROWS_MIN} and {FRAUDS_MIN}"
            f" are needed; take more data (this is {length_ms / DAY:.1f} days) or a larger --transactions"
        )
