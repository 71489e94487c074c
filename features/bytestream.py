"""Varints and little-endian numbers in a byte array. Writers return the next position, readers (value, next)."""

import numpy as np

from features.compiled import inner


@inner
def put_varint(buffer, at, value):
    """Unsigned LEB128 of a value >= 0."""
    rest = np.uint64(value)
    while rest >= np.uint64(128):
        buffer[at] = np.uint8((rest & np.uint64(127)) | np.uint64(128))
        rest >>= np.uint64(7)
        at += 1
    buffer[at] = np.uint8(rest)
    return at + 1


@inner
def get_varint(buffer, at):
    value = np.uint64(0)
    shift = np.uint64(0)
    while True:
        byte = np.uint64(buffer[at])
        at += 1
        value |= (byte & np.uint64(127)) << shift
        if byte < np.uint64(128):
            return value, at
        shift += np.uint64(7)


@inner
def put_signed(buffer, at, value):
    """Zigzag varint: small magnitudes of either sign stay short."""
    return put_varint(buffer, at, (np.int64(value) << np.int64(1)) ^ (np.int64(value) >> np.int64(63)))


@inner
def get_signed(buffer, at):
    value, at = get_varint(buffer, at)
    return np.int64(value >> np.uint64(1)) ^ -np.int64(value & np.uint64(1)), at


@inner
def put_fixed(buffer, at, value, width):
    rest = np.uint64(value)
    for i in range(width):
        buffer[at + i] = np.uint8(rest & np.uint64(255))
        rest >>= np.uint64(8)
    return at + width


@inner
def get_fixed(buffer, at, width):
    value = np.uint64(0)
    for i in range(width):
        value |= np.uint64(buffer[at + i]) << np.uint64(8 * i)
    return value, at + width
