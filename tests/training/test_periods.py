import numpy as np
import pytest

from contracts.errors import DataRefused
from features.plan import DAY
from training.periods import split

DAYS = 100
TIME = np.sort(np.random.default_rng(1).integers(0, DAYS * DAY, 5000))
FRAUD = np.random.default_rng(2).random(5000) < 0.05


def test_train_gap_validation_test() -> None:
    periods = split(TIME, FRAUD)
    assert periods.gap_ms == 7 * DAY
    assert TIME[periods.train].max() < TIME[periods.validation].min() - periods.gap_ms
    assert TIME[periods.validation].max() < TIME[periods.test].min()
    assert len(periods.train) > len(periods.validation) > len(periods.test) * 0.8
    assert periods.test[-1] == 4999


def test_a_short_period_has_a_short_gap() -> None:
    assert split(TIME // 100, FRAUD).gap_ms == DAY // 10 - 1 or split(TIME // 100, FRAUD).gap_ms <= DAY // 10


def test_rows_that_are_not_usable_are_in_no_part() -> None:
    usable = np.arange(5000) % 3 > 0
    periods = split(TIME, FRAUD, usable)
    assert usable[np.concatenate([periods.train, periods.validation, periods.test])].all()


def test_unsorted_rows_are_split_by_their_time() -> None:
    shuffled = np.random.default_rng(3).permutation(5000)
    periods = split(TIME[shuffled], FRAUD[shuffled])
    assert TIME[shuffled][periods.train].max() < TIME[shuffled][periods.validation].min()


@pytest.mark.parametrize(
    ("time", "fraud"), [(TIME, TIME < 0), (TIME[:100], FRAUD[:100]), (TIME[:0], FRAUD[:0]), (TIME * 0, FRAUD)]
)
def test_what_cannot_be_split_is_refused(time: np.ndarray, fraud: np.ndarray) -> None:
    with pytest.raises(DataRefused):
        split(time, fraud)
