"""Which partition a key belongs to: Kafka's default for keyed messages, so that every producer agrees."""

import struct
from functools import lru_cache

_SEED = 0x9747B28C
_MIX = 0x5BD1E995
_MASK = 0xFFFFFFFF
_KEYS_CACHED_MAX = 131_072  # about 15 MB; active accounts repeat, and a hit costs a tenth of a hash


def murmur2(key: bytes) -> int:
    """MurmurHash2 (Austin Appleby), 32 bit, with the seed that Kafka's clients use."""
    whole = len(key) // 4
    state = _SEED ^ len(key)
    for word in struct.unpack_from(f"<{whole}I", key):
        word = word * _MIX & _MASK
        word = (word ^ word >> 24) * _MIX & _MASK
        state = state * _MIX & _MASK ^ word
    rest = key[whole * 4 :]
    if rest:
        state = (state ^ int.from_bytes(rest, "little")) * _MIX & _MASK
    state = (state ^ state >> 13) * _MIX & _MASK
    return state ^ state >> 15


@lru_cache(maxsize=_KEYS_CACHED_MAX)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key` in a topic with `partitions` partitions; the same one for every client of Kafka."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
