import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from training.evaluation.ranking import Ranking

rows = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), st.integers(1, 100), st.integers(0, 3)), min_size=2, max_size=40
)


def arrays(table: list[tuple[int, bool, int, int]]) -> tuple[np.ndarray, ...]:
    score, fraud, amount, weight = (np.array(column) for column in zip(*table, strict=True))
    return score.astype(float), fraud, amount.astype(float), weight.astype(float)


@given(rows)
def test_agrees_with_scikit_learn(table: list[tuple[int, bool, int, int]]) -> None:
    score, fraud, amount, weight = arrays(table)
    for w in (None, weight):
        counted = Ranking(score, fraud, amount).counted(w)
        there = fraud if w is None else fraud[w > 0]
        if there.any() and not there.all():
            assert counted.roc_auc() == pytest.approx(roc_auc_score(fraud, score, sample_weight=w))
            assert counted.average_precision() == pytest.approx(average_precision_score(fraud, score, sample_weight=w))


@given(rows)
def test_a_weight_is_a_repetition(table: list[tuple[int, bool, int, int]]) -> None:
    score, fraud, amount, weight = arrays(table)
    times = weight.astype(int)
    weighted = Ranking(score, fraud, amount).counted(weight)
    repeated = Ranking(np.repeat(score, times), np.repeat(fraud, times), np.repeat(amount, times)).counted()
    assert weighted.frauds == repeated.frauds
    for rate in (0.0, 0.2, 0.5, 1.0):
        one, other = weighted.at_false_positive_rate(rate), repeated.at_false_positive_rate(rate)
        if repeated.frauds and repeated.legitimate:
            assert (one.recall, one.precision, one.value) == pytest.approx((other.recall, other.precision, other.value))


def test_points_of_a_hand_computed_ranking() -> None:
    score = np.array([0.9, 0.8, 0.8, 0.7, 0.1, 0.1])
    fraud = np.array([True, True, False, False, True, False])
    counted = Ranking(score, fraud, np.array([10.0, 30.0, 5.0, 5.0, 60.0, 5.0])).counted()
    top = counted.at_count(1)
    assert (top.recall, top.precision, top.value) == pytest.approx((1 / 3, 1.0, 0.1))
    half_of_the_tie = counted.at_count(2)
    assert half_of_the_tie.precision == pytest.approx(0.75)
    third = counted.at_false_positive_rate(1 / 3)
    assert (third.recall, third.precision, third.value) == pytest.approx((2 / 3, 2 / 3, 0.4))
    assert counted.at_count(100).recall == 1


def test_without_fraud_there_is_no_figure() -> None:
    counted = Ranking(np.array([0.5, 0.4]), np.array([False, False]), np.ones(2)).counted()
    assert math.isnan(counted.roc_auc())
    assert math.isnan(counted.average_precision())
    assert counted.at_count(1).precision == 0


@given(rows, st.floats(0, 1))
def test_more_false_positives_find_no_less(table: list[tuple[int, bool, int, int]], rate: float) -> None:
    score, fraud, amount, _ = arrays(table)
    counted = Ranking(score, fraud, amount).counted()
    lower, higher = counted.at_false_positive_rate(rate / 2), counted.at_false_positive_rate(rate)
    assert lower.recall <= higher.recall + 1e-12
