"""Packed states: bytes <-> working arrays.

A state is `format u8 | kind u8 | count u64 | base length u32 | directory | body`, all little-endian; behind the
base length may follow appended atoms of 30 bytes, one an event, that another writer added (shared entities only).
`count` is how many events and labels the base has absorbed: with the length of the whole it is the state's version.
The directory holds the lengths of ring, tiles, lists and pending labels, so that room is made before reading.
Packing is canonical: the bytes are a function of the set of absorbed events.
"""

import numpy as np

from features.bytestream import get_fixed, get_signed, get_varint, put_fixed, put_signed, put_varint
from features.compiled import inner
from features.layout import ATOM, LEVELS, NEVER, ROLES

FORMAT = 2
PREFIX_BYTES = 14  # format, kind, count, base length: what a writer compares to see that a state has not moved
ATOM_BYTES = ATOM.itemsize
RING_BYTES_MAX = 9 + 8 + 10 + 1 + 4 * ROLES + 8
TILE_BYTES_MAX = 10 + 1 + 10 + 10 + 10 + 10 + 10 + 10 + 10 + 10
LINK_BYTES_MAX = 4 + 10
PENDING_BYTES_MAX = 30
FIXED_BYTES_MAX = PREFIX_BYTES + 10 * (2 + LEVELS + ROLES) + 8 + 40
_SINGLE, _DECLINED, _REVERSED, _FRAUD, _EMPTY = 1, 2, 4, 8, 16


@inner
def read_directory(blob, at, sizes):
    """Fill `sizes` (2 + LEVELS + ROLES): ring, tiles by level, lists by role, pending; returns the next position."""
    for i in range(sizes.shape[0]):
        value, at = get_varint(blob, at)
        sizes[i] = np.int64(value)
    return at


@inner
def unpack(blob, at, sizes, e, work):
    """Read one state into the spans that start at ring_lo, tile_lo, link_lo, pending_lo of entity `e`."""
    head = work.head
    raw, at = get_fixed(blob, at, 8)
    newest = np.int64(raw)
    head[e].newest = newest
    value, at = get_varint(blob, at)
    head[e].outside = newest - np.int64(value) + 1 if value else NEVER
    value, at = get_varint(blob, at)
    if value:
        head[e].place_time = newest - np.int64(value) + 1
        head[e].place_id, at = get_fixed(blob, at, 8)
        latitude, at = get_signed(blob, at)
        longitude, at = get_signed(blob, at)
        head[e].place_latitude = latitude
        head[e].place_longitude = longitude
    at = _unpack_ring(blob, at, sizes[0], e, newest, work)
    for level in range(LEVELS):
        at = _unpack_tiles(blob, at, sizes[1 + level], e, level, work)
    for role in range(ROLES):
        lo = work.link_lo[e, role]
        for i in range(sizes[1 + LEVELS + role]):
            value, at = get_fixed(blob, at, 4)
            age, at = get_varint(blob, at)
            work.links[lo + i].hash = value
            work.links[lo + i].last = newest - np.int64(age)
        work.link_hi[e, role] = lo + sizes[1 + LEVELS + role]
    lo = head[e].pending_lo
    for i in range(sizes[1 + LEVELS + ROLES]):
        effective, at = get_signed(blob, at)
        tile, at = get_signed(blob, at)
        change, at = get_signed(blob, at)
        work.pending[lo + i].effective = effective
        work.pending[lo + i].tile = tile
        work.pending[lo + i].change = change
    head[e].pending_hi = lo + sizes[1 + LEVELS + ROLES]
    return at


@inner
def _unpack_ring(blob, at, n, e, newest, work):
    lo = work.head[e].ring_lo
    for i in range(lo, lo + n):
        entry = work.ring[i]
        age, at = get_varint(blob, at)
        entry.time = newest - np.int64(age)
        entry.id, at = get_fixed(blob, at, 8)
        amount, at = get_varint(blob, at)
        entry.amount = np.int64(amount)
        bits = blob[at]
        at += 1
        entry.kind = bits & 3
        entry.has_place = (bits >> 2) & 1
        entry.link0 = entry.link1 = entry.link2 = entry.link3 = 0
        entry.latitude = entry.longitude = 0
        if bits & 8:
            entry.link0, at = get_fixed(blob, at, 4)
        if bits & 16:
            entry.link1, at = get_fixed(blob, at, 4)
        if bits & 32:
            entry.link2, at = get_fixed(blob, at, 4)
        if bits & 64:
            entry.link3, at = get_fixed(blob, at, 4)
        if entry.has_place:
            latitude, at = get_signed(blob, at)
            longitude, at = get_signed(blob, at)
            entry.latitude = latitude
            entry.longitude = longitude
    work.head[e].ring_hi = lo + n
    return at


@inner
def _unpack_tiles(blob, at, n, e, level, work):
    lo = work.tile_lo[e, level]
    key = np.int64(0)
    for i in range(lo, lo + n):
        tile = work.tiles[i]
        step, at = get_varint(blob, at)
        key += np.int64(step)
        bits = blob[at]
        at += 1
        tile.key = key
        tile.count = tile.sum = tile.max = tile.declined = tile.reversed = tile.fraud = 0
        tile.square_hi = tile.square_lo = 0
        if bits & _SINGLE:
            value, at = get_varint(blob, at)
            tile.count = 1
            tile.sum = tile.max = np.int64(value)
            tile.square_hi, tile.square_lo = square(tile.sum)
        elif not bits & _EMPTY:
            value, at = get_varint(blob, at)
            tile.count = np.int64(value)
            value, at = get_varint(blob, at)
            tile.sum = np.int64(value)
            value, at = get_varint(blob, at)
            tile.max = np.int64(value)
            tile.square_hi, at = get_varint(blob, at)
            tile.square_lo, at = get_varint(blob, at)
        if bits & _DECLINED:
            value, at = get_varint(blob, at)
            tile.declined = np.int64(value)
        if bits & _REVERSED:
            value, at = get_varint(blob, at)
            tile.reversed = np.int64(value)
        if bits & _FRAUD:
            tile.fraud, at = get_signed(blob, at)
    work.tile_hi[e, level] = lo + n
    return at


@inner
def pack(buffer, at, e, work, sizes):
    """Write one pruned state (see `kernel.prune`); returns the next position."""
    head = work.head[e]
    start = at
    buffer[at] = FORMAT
    buffer[at + 1] = head.kind
    put_fixed(buffer, at + 2, head.count, 8)
    at += PREFIX_BYTES
    sizes[0] = head.ring_hi - head.ring_lo
    for level in range(LEVELS):
        sizes[1 + level] = work.tile_hi[e, level] - work.tile_lo[e, level]
    for role in range(ROLES):
        sizes[1 + LEVELS + role] = work.link_hi[e, role] - work.link_lo[e, role]
    sizes[1 + LEVELS + ROLES] = head.pending_hi - head.pending_lo
    for i in range(sizes.shape[0]):
        at = put_varint(buffer, at, sizes[i])
    at = put_fixed(buffer, at, head.newest, 8)
    at = put_varint(buffer, at, head.newest - head.outside + 1 if head.outside != NEVER else 0)
    at = put_varint(buffer, at, head.newest - head.place_time + 1 if head.place_time != NEVER else 0)
    if head.place_time != NEVER:
        at = put_fixed(buffer, at, head.place_id, 8)
        at = put_signed(buffer, at, head.place_latitude)
        at = put_signed(buffer, at, head.place_longitude)
    at = _pack_ring(buffer, at, e, work)
    for level in range(LEVELS):
        at = _pack_tiles(buffer, at, e, level, work)
    for role in range(ROLES):
        for i in range(work.link_lo[e, role], work.link_hi[e, role]):
            at = put_fixed(buffer, at, work.links[i].hash, 4)
            at = put_varint(buffer, at, head.newest - work.links[i].last)
    for i in range(head.pending_lo, head.pending_hi):
        at = put_signed(buffer, at, work.pending[i].effective)
        at = put_signed(buffer, at, work.pending[i].tile)
        at = put_signed(buffer, at, work.pending[i].change)
    put_fixed(buffer, start + 10, at - start, 4)
    return at


@inner
def _pack_ring(buffer, at, e, work):
    newest = work.head[e].newest
    for i in range(work.head[e].ring_lo, work.head[e].ring_hi):
        entry = work.ring[i]
        at = put_varint(buffer, at, newest - entry.time)
        at = put_fixed(buffer, at, entry.id, 8)
        at = put_varint(buffer, at, entry.amount)
        bits = entry.kind | (entry.has_place << 2)
        bits |= (entry.link0 != 0) << 3 | (entry.link1 != 0) << 4 | (entry.link2 != 0) << 5 | (entry.link3 != 0) << 6
        buffer[at] = bits
        at += 1
        if entry.link0:
            at = put_fixed(buffer, at, entry.link0, 4)
        if entry.link1:
            at = put_fixed(buffer, at, entry.link1, 4)
        if entry.link2:
            at = put_fixed(buffer, at, entry.link2, 4)
        if entry.link3:
            at = put_fixed(buffer, at, entry.link3, 4)
        if entry.has_place:
            at = put_signed(buffer, at, entry.latitude)
            at = put_signed(buffer, at, entry.longitude)
    return at


@inner
def _tile_bits(tile):
    """What of a tile is written: most tiles hold one payment and nothing else."""
    bits = (tile.count == 1) * _SINGLE + (tile.count == 0) * _EMPTY
    return bits + (tile.declined != 0) * _DECLINED + (tile.reversed != 0) * _REVERSED + (tile.fraud != 0) * _FRAUD


@inner
def _pack_tiles(buffer, at, e, level, work):
    key = np.int64(0)
    for i in range(work.tile_lo[e, level], work.tile_hi[e, level]):
        tile = work.tiles[i]
        at = put_varint(buffer, at, tile.key - key)
        key = tile.key
        buffer[at] = _tile_bits(tile)
        at += 1
        if tile.count == 1:
            at = put_varint(buffer, at, tile.sum)
        elif tile.count > 1:
            at = put_varint(buffer, at, tile.count)
            at = put_varint(buffer, at, tile.sum)
            at = put_varint(buffer, at, tile.max)
            at = put_varint(buffer, at, tile.square_hi)
            at = put_varint(buffer, at, tile.square_lo)
        if tile.declined:
            at = put_varint(buffer, at, tile.declined)
        if tile.reversed:
            at = put_varint(buffer, at, tile.reversed)
        if tile.fraud:
            at = put_signed(buffer, at, tile.fraud)
    return at


@inner
def multiply(a, b):
    """128-bit product of two values 0 <= v < 2^64 as (high, low)."""
    mask = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    a, b = np.uint64(a), np.uint64(b)
    a_hi, a_lo, b_hi, b_lo = a >> half, a & mask, b >> half, b & mask
    low = a_lo * b_lo
    middle = a_hi * b_lo + (low >> half)
    other = a_lo * b_hi + (middle & mask)
    return a_hi * b_hi + (middle >> half) + (other >> half), a * b


@inner
def square(value):
    """The 128-bit square of an amount."""
    return multiply(value, value)
