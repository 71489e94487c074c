"""Unlike scores become one, and the shares say whose it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis.combine import SCORE_AT_FULL, Method, Tail, combined

SCORES = hnp.arrays(np.float32, st.integers(1, 200), elements=st.floats(0, 1e6, width=32) | st.just(float("nan")))
METHODS = st.sampled_from(["tail", "rank"])


@given(SCORES, METHODS)
def test_a_higher_score_is_never_weaker(scores: np.ndarray, method: Method) -> None:
    strength = Tail(scores).strength(scores, method)
    judged = ~np.isnan(scores)
    order = np.argsort(scores[judged], kind="stable")
    assert (np.diff(strength[judged][order]) >= 0).all()
    assert (strength[~judged] == 0).all()
    assert (strength >= 0).all()


@given(SCORES, st.floats(0.1, 1000), METHODS)
def test_the_unit_of_a_detector_does_not_matter(scores: np.ndarray, unit: float, method: Method) -> None:
    other = (scores.astype(np.float64) * unit * 1e-6).astype(np.float32)
    if len(np.unique(other)) == len(np.unique(scores)):  # unless 32 bits make two of them equal
        assert np.array_equal(Tail(scores).strength(scores, method), Tail(other).strength(other, method))


@given(st.lists(SCORES, min_size=1, max_size=4), METHODS)
def test_scores_lie_in_their_bounds_and_shares_sum_to_them(columns: list[np.ndarray], method: Method) -> None:
    length = min(map(len, columns))
    columns = [column[:length] for column in columns]
    strengths = [Tail(column).strength(column, method) for column in columns]
    score, shares = combined(strengths, [1.0 + i for i in range(len(columns))])
    assert ((score >= 0) & (score <= 100)).all()
    np.testing.assert_allclose(shares.sum(axis=1), score, atol=1e-9)
    assert (shares >= 0).all()


def test_one_in_ten_thousand_reaches_what_it_should() -> None:
    scores = np.arange(10_000, dtype=np.float32)
    score, _ = combined([Tail(scores).strength(scores, "tail")], [1.0])
    assert score[-1] == pytest.approx(SCORE_AT_FULL)
    assert score[:9_500].max() == 0  # the usual 95 % count nothing


def test_two_detectors_that_agree_are_surer_than_one() -> None:
    scores = np.arange(1_000, dtype=np.float32)
    strength = Tail(scores).strength(scores, "tail")
    one, _ = combined([strength], [1.0])
    both, shares = combined([strength, strength], [1.0, 3.0])
    assert both[-1] > one[-1]
    assert shares[-1, 1] == pytest.approx(3 * shares[-1, 0])


def test_a_rule_that_fires_everywhere_says_nothing() -> None:
    everywhere, once = np.ones(1_000, np.float32), np.zeros(1_000, np.float32)
    once[7] = 1
    assert Tail(everywhere).strength(everywhere, "tail").max() == 0
    assert np.flatnonzero(Tail(once).strength(once, "tail")).tolist() == [7]
