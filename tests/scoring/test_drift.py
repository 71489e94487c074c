import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ModelRefused
from scoring.drift import (
    REFERENCE_FORMAT,
    SCORE_EDGES,
    Distribution,
    Reference,
    bin_counts,
    psi,
    read_reference,
    shares_of,
)

EDGES = (0.0, 1.0, 5.0)
REFERENCE = Reference(
    format=REFERENCE_FORMAT,
    version="2026-01-01-one",
    rows=10,
    score_rows=10,
    score=Distribution((50.0,), (0.9, 0.1, 0.0)),
    features={"amount": Distribution(EDGES, (0.5, 0.2, 0.1, 0.1, 0.1))},
)


def test_a_bin_ends_with_its_edge_and_the_missing_come_last() -> None:
    values = np.array([-1.0, 0.0, 0.5, 1.0, 1.1, 5.0, 6.0, np.inf, np.nan], np.float32)
    assert bin_counts(values, EDGES).tolist() == [2, 2, 2, 2, 1]
    assert bin_counts(values[:0], EDGES).tolist() == [0] * 5
    assert bin_counts(values, ()).tolist() == [8, 1]


@given(st.lists(st.floats(allow_nan=True, width=32), max_size=60))
def test_every_value_is_in_one_bin(values: list[float]) -> None:
    array = np.array(values, np.float32)
    counts = bin_counts(array, EDGES)
    oracle = [0] * 5
    for value in values:
        oracle[4 if math.isnan(value) else sum(value > edge for edge in EDGES)] += 1
    assert counts.tolist() == oracle


def test_scores_with_one_decimal_fall_into_whole_buckets() -> None:
    scores = np.round(np.arange(1001) / 10, 1)
    buckets = [scores[np.floor(scores) == whole] for whole in range(101)]
    for bucket in buckets:
        assert np.count_nonzero(bin_counts(bucket, SCORE_EDGES)) == 1


def test_psi_of_a_hand_computed_case() -> None:
    expected = 0.25 * math.log(0.75 / 0.5) - 0.25 * math.log(0.25 / 0.5)
    assert psi([0.5, 0.5], [0.75, 0.25]) == pytest.approx(expected)
    assert math.isfinite(psi([1.0, 0.0], [0.0, 1.0]))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=12))
def test_psi_is_zero_for_equals_never_negative_and_symmetric(pairs: list[tuple[int, int]]) -> None:
    one, other = (shares_of(np.array(side, np.int64)) for side in zip(*pairs, strict=True))
    assert psi(one, one) == 0
    assert psi(one, other) >= 0
    assert psi(one, other) == pytest.approx(psi(other, one))


def test_other_bins_are_not_compared() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        psi([1.0], [0.5, 0.5])


def test_reads_what_is_there(tmp_path: Path) -> None:
    assert read_reference(tmp_path) is None
    (tmp_path / "reference.json").write_bytes(msgspec.json.encode(REFERENCE))
    assert read_reference(tmp_path) == REFERENCE


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"{", "damaged"),
        (msgspec.json.encode(msgspec.structs.replace(REFERENCE, format=99)), "format 99"),
        (msgspec.json.encode(msgspec.structs.replace(REFERENCE, score=Distribution((2.0, 1.0), (1,) * 4))), "score"),
        (msgspec.json.encode(msgspec.structs.replace(REFERENCE, score=Distribution((2.0,), (1.0,)))), "score"),
    ],
)
def test_a_damaged_reference_is_refused(tmp_path: Path, raw: bytes, sentence: str) -> None:
    (tmp_path / "reference.json").write_bytes(raw)
    with pytest.raises(ModelRefused, match=sentence):
        read_reference(tmp_path)
