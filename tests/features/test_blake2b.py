"""Many digests at once equal hashlib's, one by one."""

import struct
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.blake2b import digests


@pytest.mark.parametrize("digest_bytes", [8, 16])
@given(texts=st.lists(st.one_of(st.binary(max_size=20), st.binary(min_size=120, max_size=300)), max_size=8), salt=...)
def test_equal_to_hashlib(texts: list[bytes], salt: bool, digest_bytes: int) -> None:
    salted = struct.pack("<BI", 3, 70_000) if salt else b""
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    salts = np.full(len(texts), int.from_bytes(salted, "little"), np.uint64)
    words = digests(np.frombuffer(b"".join(texts), np.uint8), offsets, salts, digest_bytes)
    expected = [blake2b(text, digest_size=digest_bytes, salt=salted).digest() for text in texts]
    assert [row.tobytes()[:digest_bytes] for row in words] == expected
