import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.drift import SCORE_EDGES, Distribution, bin_counts
from scoring.shifts import DriftLevel, bins_of, score_counts, shift_of, shifts_of

EVEN = Distribution((1.0, 2.0), (0.25, 0.25, 0.5, 0.0))


@given(st.lists(st.integers(0, 1000).map(lambda tenths: tenths / 10)))
def test_buckets_of_whole_scores_fill_the_bins_of_the_scores_themselves(scores: list[float]) -> None:
    buckets = [(int(score), 1) for score in scores]
    assert score_counts(buckets).tolist() == bin_counts(np.array(scores, np.float64), SCORE_EDGES).tolist()


@pytest.mark.parametrize(
    ("counts", "level"),
    [
        ([25, 25, 50, 0], DriftLevel.NONE),
        ([38, 22, 40, 0], DriftLevel.NONE),
        ([40, 20, 40, 0], DriftLevel.NOTABLE),
        ([70, 20, 10, 0], DriftLevel.LARGE),
        ([0, 0, 0, 0], None),
        ([1, 2], None),
    ],
)
def test_a_shift_has_a_level(counts: list[int], level: DriftLevel | None) -> None:
    assert shift_of("amount", EVEN, counts).level is level


def test_features_are_sorted_by_shift_and_those_that_never_vary_left_out() -> None:
    expected = {"still": EVEN, "moved": EVEN, "unseen": EVEN, "constant": Distribution((), (1.0, 0.0))}
    found = shifts_of(expected, {"still": [25, 25, 50, 0], "moved": [0, 0, 0, 100], "constant": [5, 0]})
    assert [shift.name for shift in found] == ["moved", "still", "unseen"]
    assert found[2].psi is None


def test_bins_show_shares_side_by_side() -> None:
    bins = bins_of(EVEN, [1, 1, 1, 1])
    assert [each.up_to for each in bins] == [1.0, 2.0, None, None]
    assert [each.missing for each in bins] == [False, False, False, True]
    assert [each.actual for each in bins] == [0.25] * 4
    assert bins_of(EVEN, [1]) == []
