"""BLAKE2b (RFC 7693) over many short texts at once: the same digests as `hashlib`, without a Python call for each."""

import numba as nb
import numpy as np
from numpy.typing import NDArray

from features.compiled import inner

BLOCK_BYTES = 128
_ROUNDS = 12
_IV = np.array(
    [
        0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
        0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
    ],
    np.uint64,
)  # fmt: skip
_SIGMA = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    ],
    np.int64,
)  # fmt: skip


def digests(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    salts: NDArray[np.uint64],
    digest_bytes: int,
) -> NDArray[np.uint64]:
    """uint64 (n, 2): the first 16 bytes, little-endian, of the digest of each `data[offsets[i]:offsets[i + 1]]`.

    `salts` (n,) holds the first eight bytes of each salt; the other eight are zero. With `digest_bytes` 8 the second
    word means nothing.
    """
    words: NDArray[np.uint64] = _digests(data, offsets, salts, digest_bytes)
    return words


@nb.njit(cache=True)
def _digests(data, offsets, salts, digest_bytes):  # type: ignore[no-untyped-def]
    n = offsets.shape[0] - 1
    words = np.empty((n, 2), np.uint64)
    h, v, m = np.empty(8, np.uint64), np.empty(16, np.uint64), np.empty(16, np.uint64)
    for i in range(n):
        h[:] = _IV
        h[0] ^= np.uint64(0x01010000) ^ np.uint64(digest_bytes)
        h[4] ^= salts[i]
        at, end = offsets[i], offsets[i + 1]
        done = np.uint64(0)
        while end - at > BLOCK_BYTES:
            _load(data, at, at + BLOCK_BYTES, m)
            done += np.uint64(BLOCK_BYTES)
            _compress(h, v, m, done, False)
            at += BLOCK_BYTES
        _load(data, at, end, m)
        _compress(h, v, m, done + np.uint64(end - at), True)
        words[i, 0], words[i, 1] = h[0], h[1]
    return words


@inner
def _load(data, at, end, m):  # type: ignore[no-untyped-def]
    m[:] = 0
    for i in range(end - at):
        m[i >> 3] |= np.uint64(data[at + i]) << np.uint64(8 * (i & 7))


@inner
def _compress(h, v, m, done, last):  # type: ignore[no-untyped-def]
    for i in range(8):
        v[i], v[8 + i] = h[i], _IV[i]
    v[12] ^= done
    if last:
        v[14] = ~v[14]
    for r in range(_ROUNDS):
        s = _SIGMA[r % 10]
        _mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]])
        _mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]])
        _mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]])
        _mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]])
        _mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]])
        _mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]])
        _mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]])
        _mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]])
    for i in range(8):
        h[i] ^= v[i] ^ v[i + 8]


@inner
def _mix(v, a, b, c, d, x, y):  # type: ignore[no-untyped-def]
    v[a] += v[b] + x
    v[d] = _rotated(v[d] ^ v[a], 32)
    v[c] += v[d]
    v[b] = _rotated(v[b] ^ v[c], 24)
    v[a] += v[b] + y
    v[d] = _rotated(v[d] ^ v[a], 16)
    v[c] += v[d]
    v[b] = _rotated(v[b] ^ v[c], 63)


@inner
def _rotated(word, bits):  # type: ignore[no-untyped-def]
    return (word >> np.uint64(bits)) | (word << np.uint64(64 - bits))
