import numpy as np
import pytest

from contracts.errors import DataRefused
from features.plan import DAY
from training.periods import Wanted, known_by, split

DAYS = 100
TIME = np.sort(np.random.default_rng(1).integers(0, DAYS * DAY, 5000))
FRAUD = np.random.default_rng(2).random(5000) < 0.05


def test_train_gap_validation_test() -> None:
    periods = split(TIME, FRAUD)
    assert periods.gap_ms == 7 * DAY
    assert TIME[periods.train].max() < TIME[periods.validation].min() - periods.gap_ms
    assert TIME[periods.validation].max() < TIME[periods.test].min() - periods.gap_ms
    assert len(periods.train) > len(periods.validation) > len(periods.test) * 0.8
    assert TIME[periods.before_test].max() == TIME[periods.validation].max()
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


def test_prequential_folds_move_forward_and_never_look_ahead() -> None:
    periods = split(TIME, FRAUD, wanted=Wanted(folds=3, validation_ms=10 * DAY, gap_ms=5 * DAY))
    ends = []
    for fold in periods.folds:
        assert TIME[fold.train].max() < TIME[fold.validation].min() - 4 * DAY
        assert TIME[fold.train].max() < fold.learned_ms - periods.gap_ms
        assert TIME[fold.validation].max() - TIME[fold.validation].min() < 10 * DAY
        ends.append(TIME[fold.validation].max())
    assert ends == sorted(ends)
    assert len({tuple(fold.validation) for fold in periods.folds}) == 3
    assert TIME[periods.test].min() - ends[-1] >= 5 * DAY


def test_dates_are_kept() -> None:
    wanted = Wanted(train_from_ms=10 * DAY, test_from_ms=80 * DAY, test_to_ms=90 * DAY, validation_ms=10 * DAY)
    periods = split(TIME, FRAUD, wanted=wanted)
    assert TIME[periods.train].min() >= 10 * DAY
    assert TIME[periods.test].min() >= 80 * DAY > 79 * DAY
    assert TIME[periods.test].max() < 90 * DAY
    assert TIME[periods.before_test].max() < 73 * DAY


def test_a_fraud_that_was_told_late_was_not_known() -> None:
    fraud, time = np.array([True, True, True, False]), np.array([0, 0, 95, 0]) * DAY
    known = np.array([8, 120, 102, 7]) * DAY
    assert known_by(100 * DAY, fraud, time, known, 7 * DAY).tolist() == [True, False, True, False]
