import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue import FEATURE_NAMES
from scoring.drift import psi
from training.reference import decile_edges, distribution_of, reference_of

values = st.lists(st.one_of(st.just(np.nan), st.integers(-3, 3).map(float)), max_size=80)


@given(values)
def test_edges_rise_occur_and_part_off_the_largest_value(numbers: list[float]) -> None:
    array = np.array(numbers, np.float32)
    edges = decile_edges(array)
    present = set(array[~np.isnan(array)].tolist())
    assert set(edges) <= present
    assert list(edges) == sorted(set(edges))
    assert not edges or edges[-1] < max(present)
    assert bool(edges) == (len(present) > 1)


def test_a_feature_that_is_nearly_always_one_has_a_bin_for_the_rest() -> None:
    mostly_one = np.ones(1000, np.float32)
    mostly_one[:5] = 0
    edges = decile_edges(mostly_one)
    assert edges == (0.0,)
    expected = distribution_of(mostly_one, edges).shares
    assert expected == (0.005, 0.995, 0.0)
    assert psi(expected, distribution_of(1 - mostly_one, edges).shares) > 1


def test_deciles_hold_a_tenth_each() -> None:
    even = np.random.default_rng(1).random(10_000).astype(np.float32)
    shares = distribution_of(even, decile_edges(even)).shares
    assert np.allclose(shares[:-1], 0.1, atol=0.001)
    assert shares[-1] == 0


def test_a_reference_names_every_feature() -> None:
    table = np.random.default_rng(1).random((500, len(FEATURE_NAMES))).astype(np.float32)
    reference = reference_of("v", table, np.array([0.0, 80.0]))
    assert tuple(reference.features) == FEATURE_NAMES
    assert (reference.rows, reference.score_rows) == (500, 2)
    assert sum(reference.score.shares) == 1
