import numpy as np
import pytest

from tests.training.evaluation.periods import period
from training.evaluation.bootstrap import draws, interval, replicated
from training.evaluation.figures import measure_of


def test_whole_blocks_are_drawn() -> None:
    blocks = np.array([7, 7, 3, 9, 3, 7])
    for weight in draws(blocks, 50, seed=1):
        for block in (3, 7, 9):
            assert len(set(weight[blocks == block])) == 1
        assert sum(weight[blocks == block][0] for block in (3, 7, 9)) == 3


def test_equal_seeds_give_equal_intervals_and_other_seeds_others() -> None:
    score, outcomes = period()
    measure = measure_of(score, outcomes)
    one, other, third = (replicated(measure, outcomes.account, 20, seed)[1]["roc_auc"] for seed in (1, 1, 2))
    assert one.tolist() == other.tolist() != third.tolist()


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        values, blocks = random.normal(5, 1, 100), np.arange(100)
        means = np.array([np.average(values, weights=weight) for weight in draws(blocks, 100, seed)])
        found = interval(float(values.mean()), means)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 5 <= found.high
    assert 33 <= covered <= 40


@pytest.mark.parametrize("samples", [[], [float("nan")] * 5, [1.0]])
def test_without_samples_there_is_no_interval(samples: list[float]) -> None:
    found = interval(0.5, np.array(samples))
    assert (found.value, found.low, found.high) == (0.5, None, None)
