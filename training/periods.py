"""The split in time: train | gap | validation | gap | test. Never a random one: tomorrow must not teach about today.

On the day of training, labels of the last days are not known yet, so a gap of the label delay lies before each part.
Several prequential folds move the validation period forward over the time before the test, each with all that lies
before it:

    fold 1   train | gap | validation
    fold 2   train             | gap | validation
    test     train (and validation, for the final fit)     | gap | test
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts.errors import DataRefused
from contracts.wording import quantity
from features.plan import DAY, PLAN
from training.evaluation.moments import day_text, moment_text

Rows = npt.NDArray[np.intp]
Times = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

VALIDATION_SHARE, TEST_SHARE = 0.20, 0.20  # of the period's length, where no dates are given
GAP_SHARE_MAX = 0.10  # of the period: a short one has no room for the whole label delay
# In each part; below it neither a model nor a number about it means anything.
ROWS_MIN, FRAUDS_MIN, LEGITIMATE_MIN = 50, 5, 5
FOLDS_MAX = 12


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked for, in ms of event time and numbers; None: the default shares."""

    train_from_ms: int | None = None
    test_from_ms: int | None = None
    test_to_ms: int | None = None  # exclusive
    validation_ms: int | None = None  # length of one validation period
    gap_ms: int | None = None
    folds: int = 1


@dataclass(frozen=True, slots=True)
class Fold:
    """Row numbers, in time order. `learned_ms` is the moment from which no label was known when it was fitted."""

    train: Rows
    validation: Rows
    learned_ms: int


@dataclass(frozen=True, slots=True)
class Periods:
    """`folds` in time order, the last one nearest to the test; `before_test` is all that a final fit may learn from."""

    folds: tuple[Fold, ...]
    before_test: Rows
    test: Rows
    test_from_ms: int
    gap_ms: int

    @property
    def train(self) -> Rows:
        return self.folds[-1].train

    @property
    def validation(self) -> Rows:
        return self.folds[-1].validation


def split(
    time_ms: Times,
    fraud: Booleans,
    usable: Booleans | None = None,
    wanted: Wanted | None = None,
    delay_ms: int = PLAN.label_delay,
) -> Periods:
    """Cut by event time; rows that are not `usable` are in no part. `delay_ms`: how long labels take.

    Raises DataRefused if a part has too few rows or too little fraud to learn or to measure anything.
    """
    wanted = wanted or Wanted()
    if len(time_ms) == 0:
        raise DataRefused("there are no transactions to train on")
    keep = np.ones(len(time_ms), bool) if usable is None else usable
    start, end = int(time_ms.min()), int(time_ms.max()) + 1
    if wanted.train_from_ms is not None:
        start = max(start, wanted.train_from_ms)
        keep = keep & (time_ms >= start)
    end = min(end, wanted.test_to_ms) if wanted.test_to_ms is not None else end
    length = end - start
    gap = wanted.gap_ms if wanted.gap_ms is not None else min(delay_ms, int(length * GAP_SHARE_MAX))
    test_from = wanted.test_from_ms if wanted.test_from_ms is not None else end - int(length * TEST_SHARE)
    window = wanted.validation_ms or int(length * VALIDATION_SHARE) // wanted.folds
    learned = test_from - gap
    folds = []
    for number in range(wanted.folds):
        validation_from = learned - window * (wanted.folds - number)
        train = keep & (time_ms < validation_from - gap)
        validation = keep & (time_ms >= validation_from) & (time_ms < validation_from + window)
        _check(Part("train", start, validation_from - gap, length), train, fraud)
        _check(Part("validation", validation_from, validation_from + window, length), validation, fraud)
        folds.append(Fold(np.flatnonzero(train), np.flatnonzero(validation), validation_from))
    test = keep & (time_ms >= test_from) & (time_ms < end)
    _check(Part("test", test_from, end, length), test, fraud)
    before = np.flatnonzero(keep & (time_ms < learned))
    return Periods(tuple(folds), before, np.flatnonzero(test), test_from, gap)


def known_by(moment_ms: int, fraud: Booleans, time_ms: Times, label_known_ms: Times, delay_ms: int) -> Booleans:
    """The verdicts as they stood at `moment_ms`: a fraud that was told only later counts as legitimate.

    A row keeps its verdict where only the delay stands in the way: in data too short for the whole gap nothing would be
    left otherwise.
    """
    told_late = label_known_ms > np.maximum(moment_ms, time_ms + delay_ms)
    known: Booleans = fraud & ~told_late
    return known


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the data, and how long all of it is; the end is exclusive."""

    name: str
    from_ms: int
    to_ms: int
    length_ms: int

    @property
    def dates(self) -> str:
        return f"the {self.name} period is {day(self.from_ms)} to {day(self.to_ms - 1)}"


def day(time_ms: int) -> str:
    """Write the day of a moment: a date, or a day since the first row where the data has no dates."""
    return day_text(moment_text(time_ms))


def _check(part: Part, mask: Booleans, fraud: Booleans) -> None:
    rows, frauds = int(mask.sum()), int((mask & fraud).sum())
    advice = f"take more data (this is {part.length_ms / DAY:.1f} days) or other dates; {part.dates}"
    if rows < ROWS_MIN or frauds < FRAUDS_MIN:
        raise DataRefused(
            f"the {part.name} period has {quantity(rows, 'transaction')}, {frauds} of them fraud: at least {ROWS_MIN}"
            f" and {FRAUDS_MIN} are needed; {advice}"
        )
    if rows - frauds < LEGITIMATE_MIN:
        raise DataRefused(
            f"the {part.name} period has {quantity(rows, 'transaction')}, {rows - frauds} of them legitimate: at least"
            f" {LEGITIMATE_MIN} are needed to tell fraud from; {advice}"
        )
