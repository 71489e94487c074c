"""Putting one event into an entity's state. Whatever the order of the events, the state ends the same."""

import numpy as np

from features.compiled import inner
from features.layout import (
    KIND_DECLINED,
    KIND_LABEL,
    KIND_PAYMENT,
    LEVELS,
    NEVER,
    ROLES,
)
from features.packing import square

COARSE = LEVELS - 1


@inner
def oldest_kept(tables, newest, level):
    """Key of the first tile of a level that is kept: tiles whose end lies at or before newest - keep are gone."""
    return (newest - tables.keep[level]) // tables.width[level]


@inner
def absorb(tables, work, e, time, id_, amount, kind, change, links, latitude, longitude, has_place):
    """Add one event or label. `links`: a hash for each role (0: none). A label's `amount` is its effective time.

    Returns whether tiles changed at their end alone: not for a late event, nor where a full ring gave one up to them.
    """
    head = work.head[e]
    head.count += 1
    if kind == KIND_LABEL:
        _add_pending(work, e, -(-amount // tables.effective_step), time // tables.width[COARSE], change)
        return True
    at_end = time >= head.newest
    if time > head.newest:
        head.newest = time
        _age_ring(tables, work, e)
    _add_to_tile(tables, work, e, COARSE, time, amount, kind)
    if not tables.ringed[head.kind]:
        for level in range(COARSE):
            _add_to_tile(tables, work, e, level, time, amount, kind)
    elif time <= head.newest - tables.ring_span:
        _leave_ring(work, e, time, id_, latitude, longitude, has_place)
    else:
        full = _add_to_ring(tables, work, e, time, id_, amount, kind, links, latitude, longitude, has_place)
        at_end = at_end and not full
    for role in range(ROLES):
        if links[role]:
            _touch_link(tables, work, e, role, np.uint64(links[role]), time)
    return at_end


@inner
def _age_ring(tables, work, e):
    head = work.head[e]
    edge = head.newest - tables.ring_span
    while head.ring_lo < head.ring_hi and work.ring[head.ring_lo].time <= edge:
        old = work.ring[head.ring_lo]
        _leave_ring(work, e, old.time, old.id, old.latitude, old.longitude, old.has_place)
        head.ring_lo += 1


@inner
def _leave_ring(work, e, time, id_, latitude, longitude, has_place):
    """Of what is outside the ring the newest time and the newest place stay known."""
    head = work.head[e]
    if time > head.outside:
        head.outside = time
    if has_place and (time > head.place_time or (time == head.place_time and id_ > head.place_id)):
        head.place_time = time
        head.place_id = id_
        head.place_latitude = latitude
        head.place_longitude = longitude


@inner
def _add_to_ring(tables, work, e, time, id_, amount, kind, links, latitude, longitude, has_place):
    """Returns whether the ring was full, so that its oldest event went over to the tiles."""
    head = work.head[e]
    ring = work.ring
    at = head.ring_hi
    while at > head.ring_lo and (ring[at - 1].time > time or (ring[at - 1].time == time and ring[at - 1].id > id_)):
        ring[at] = ring[at - 1]
        at -= 1
    head.ring_hi += 1
    entry = ring[at]
    entry.time = time
    entry.id = id_
    entry.amount = amount
    entry.kind = kind
    entry.link0, entry.link1, entry.link2, entry.link3 = links[0], links[1], links[2], links[3]
    entry.has_place = has_place
    entry.latitude = latitude if has_place else 0
    entry.longitude = longitude if has_place else 0
    if head.ring_hi - head.ring_lo > tables.ring_capacity:
        old = ring[head.ring_lo]
        _leave_ring(work, e, old.time, old.id, old.latitude, old.longitude, old.has_place)
        for level in range(COARSE):
            _add_to_tile(tables, work, e, level, old.time, old.amount, old.kind)
        head.ring_lo += 1
        return True
    return False


@inner
def _add_to_tile(tables, work, e, level, time, amount, kind):
    key = time // tables.width[level]
    if key < oldest_kept(tables, work.head[e].newest, level):
        return
    tile = work.tiles[_tile_at(work, e, level, key)]
    if kind == KIND_PAYMENT:
        high, low = square(amount)
        tile.square_lo += low
        tile.square_hi += high + np.uint64(tile.square_lo < low)
        tile.count += 1
        tile.sum += amount
        tile.max = max(tile.max, amount)
    elif kind == KIND_DECLINED:
        tile.declined += 1
    else:
        tile.reversed += 1


@inner
def _tile_at(work, e, level, key):
    """Position of the tile with this key, made if it is not there; tiles stand in order of their keys."""
    tiles = work.tiles
    lo = work.tile_lo[e, level]
    at = work.tile_hi[e, level]
    while at > lo and tiles[at - 1].key > key:
        at -= 1
    if at > lo and tiles[at - 1].key == key:
        return at - 1
    for i in range(work.tile_hi[e, level], at, -1):
        tiles[i] = tiles[i - 1]
    work.tile_hi[e, level] += 1
    tile = tiles[at]
    tile.key = key
    tile.count = tile.sum = tile.max = tile.declined = tile.reversed = tile.fraud = 0
    tile.square_hi = tile.square_lo = 0
    return at


@inner
def find_link(work, e, role, hash_):
    """Position of the entry with this hash, or -1; entries stand in order of (last time, hash)."""
    for i in range(work.link_hi[e, role] - 1, work.link_lo[e, role] - 1, -1):
        if work.links[i].hash == hash_:
            return i
    return -1


@inner
def _touch_link(tables, work, e, role, hash_, time):
    links = work.links
    at = find_link(work, e, role, hash_)
    if at >= 0 and links[at].last >= time:
        return
    last = work.link_hi[e, role] - 1
    if at >= 0:  # up from its old place
        while at < last and _is_before(links[at + 1], time, hash_):
            links[at] = links[at + 1]
            at += 1
    else:  # down from the end
        at = last + 1
        while at > work.link_lo[e, role] and not _is_before(links[at - 1], time, hash_):
            links[at] = links[at - 1]
            at -= 1
        work.link_hi[e, role] += 1
    links[at].hash = hash_
    links[at].last = time
    if work.link_hi[e, role] - work.link_lo[e, role] > tables.list_capacity[work.head[e].kind]:
        work.link_lo[e, role] += 1  # the one seen longest ago


@inner
def _is_before(link, time, hash_):
    return link.last < time or (link.last == time and link.hash < hash_)


@inner
def _add_pending(work, e, effective, tile, change):
    """Labels wait here until they count at every time that is still computed; equal ones are one entry."""
    head = work.head[e]
    pending = work.pending
    at = head.pending_hi
    while at > head.pending_lo and (
        pending[at - 1].effective > effective
        or (pending[at - 1].effective == effective and pending[at - 1].tile > tile)
    ):
        at -= 1
    if at > head.pending_lo and pending[at - 1].effective == effective and pending[at - 1].tile == tile:
        pending[at - 1].change += change
        return
    for i in range(head.pending_hi, at, -1):
        pending[i] = pending[i - 1]
    head.pending_hi += 1
    pending[at].effective = effective
    pending[at].tile = tile
    pending[at].change = change


@inner
def prune(tables, work, e):
    """Bring a state into its canonical form: drop what no event can read any more, settle labels that count."""
    head = work.head[e]
    if head.newest != NEVER:
        _settle(tables, work, e)
    for level in range(LEVELS):
        lo = work.tile_lo[e, level]
        first = oldest_kept(tables, head.newest, level)
        at = lo
        for i in range(lo, work.tile_hi[e, level]):
            tile = work.tiles[i]
            if tile.key >= first and (tile.count or tile.declined or tile.reversed or tile.fraud):
                if at != i:
                    work.tiles[at] = work.tiles[i]
                at += 1
        work.tile_hi[e, level] = at
    edge = head.newest - tables.windows[-1] - tables.late_max
    for role in range(ROLES):
        while work.link_lo[e, role] < work.link_hi[e, role] and work.links[work.link_lo[e, role]].last <= edge:
            work.link_lo[e, role] += 1


@inner
def _settle(tables, work, e):
    head = work.head[e]
    first = oldest_kept(tables, head.newest, COARSE)
    at = head.pending_lo
    for i in range(head.pending_lo, head.pending_hi):
        entry = work.pending[i]
        if entry.tile < first or entry.change == 0:
            continue
        if entry.effective * tables.effective_step <= head.newest - tables.late_max:
            work.tiles[_tile_at(work, e, COARSE, entry.tile)].fraud += entry.change
            continue
        if at != i:
            work.pending[at] = work.pending[i]
        at += 1
    head.pending_hi = at
