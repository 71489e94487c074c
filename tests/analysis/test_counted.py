"""Counting what comes again, in arrays instead of a dictionary."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.detectors.duplicate import Counted

CHUNKS = st.lists(st.lists(st.integers(-5, 5), max_size=20), max_size=6)


@given(CHUNKS, st.booleans())
def test_counts_are_a_dictionarys(chunks: list[list[int]], merged: bool) -> None:
    counted, expected = Counted(), Counter[int]()
    for chunk in chunks:
        counted.add(np.array(chunk, np.int64))
        expected.update(chunk)
        if merged:
            counted._merge()
    counted.finish()
    keys = np.arange(-6, 7, dtype=np.int64)
    assert counted.of(keys).tolist() == [expected[key] if expected[key] > 1 else 0 for key in keys.tolist()]
