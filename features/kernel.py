"""The kernel: unpack the states of a batch, fold its events in log order into vectors, pack the states again."""

import math

import numba as nb
import numpy as np

from features.absorb import COARSE, absorb, prune
from features.compiled import inner
from features.layout import (
    AMOUNT_SCALE,
    ATOM,
    HEAD,
    KIND_LABEL,
    LEVELS,
    NEVER,
    ROLES,
)
from features.packing import (
    ATOM_BYTES,
    FIXED_BYTES_MAX,
    LINK_BYTES_MAX,
    PENDING_BYTES_MAX,
    PREFIX_BYTES,
    RING_BYTES_MAX,
    TILE_BYTES_MAX,
    pack,
    read_directory,
    unpack,
)
from features.plan import Entity
from features.read import ELAPSED_MIN_S, distance_km, is_new, last_place, read_entity, read_norm
from features.windows import Slide, slide_in

ACCOUNT, MERCHANT = int(Entity.ACCOUNT), int(Entity.MERCHANT)
SECTIONS = 2 + LEVELS + ROLES
DAY_S = 86_400
NIGHT_FROM_H, NIGHT_UNTIL_H = 22, 6
THURSDAY = 3  # 1970-01-01, counted from Monday
_head, _atom = HEAD, ATOM


@nb.njit(cache=True)
def measure(tables, blob, bounds, kinds, entity_of):
    """How much room the unpacked states of a batch need, with the events to come, and where each state begins.

    `blob` u8, `bounds` (entities + 1): the packed states, an empty span for an unknown entity; `kinds` (entities);
    `entity_of` (events, 5): entity index or -1.
    Returns what `fold` takes: heads, begins of tiles and of links, section sizes of each packed state, atoms appended
    to it, events that this batch brings it; and the lengths of ring, tiles, links and pending labels in all.
    """
    entities = kinds.shape[0]
    sizes, appended, fresh = _sections(blob, bounds, entity_of, entities)
    tile_lo = np.zeros((entities, LEVELS), np.int64)
    link_lo = np.zeros((entities, ROLES), np.int64)
    head = np.empty(entities, _head)
    ring_at = tile_at = link_at = pending_at = 0
    for e in range(entities):
        more = appended[e] + fresh[e]
        head[e].kind = kinds[e]
        head[e].count = 0
        head[e].newest = head[e].outside = head[e].place_time = NEVER
        head[e].place_id = 0
        head[e].place_latitude = head[e].place_longitude = 0
        head[e].ring_lo = head[e].ring_hi = ring_at
        head[e].pending_lo = head[e].pending_hi = pending_at
        if tables.ringed[kinds[e]]:
            ring_at += sizes[e, 0] + more + 1
        pending = sizes[e, SECTIONS - 1] + more
        pending_at += pending
        for level in range(LEVELS):
            tile_lo[e, level] = tile_at
            tile_at += sizes[e, 1 + level] + more + (pending if level == COARSE else 0)
        for role in range(ROLES):
            link_lo[e, role] = link_at
            link_at += sizes[e, 1 + LEVELS + role] + more + 1
    return head, tile_lo, link_lo, sizes, appended, fresh, (ring_at, tile_at, link_at, pending_at)


@nb.njit(cache=True)
def fold(tables, blob, bounds, events, entity_of, work, sizes, appended, fresh, atoms, vectors, flags, seen):
    """Fold a batch.

    `blob`, `bounds`, `entity_of` as for `measure`; `events` EVENT in log order; `work` with the room that it asked for,
    and its `sizes`, `appended` and `fresh`. Filled are `vectors` f32 (events, features; NaN rows for labels), `flags`
    (events), `seen` (events, 5): the states' counts before the event or -1, and `atoms` ATOM (5 an event is enough):
    what an appending writer would add to shared entities.
    Returns packed u8, packed bounds, atom bounds (entities + 1): the new atoms of each entity.
    """
    vectors[:] = np.nan
    flags[:] = 0
    seen[:] = -1
    entities = work.head.shape[0]
    _unpack_all(tables, blob, bounds, work, sizes, appended)
    atom_bounds = np.zeros(entities + 1, np.int64)
    for e in range(entities):
        atom_bounds[e + 1] = atom_bounds[e] + (fresh[e] if work.head[e].kind != ACCOUNT else 0)
    windows, risk_windows = tables.windows.shape[0], tables.risk_windows.shape[0]
    slide = Slide(
        np.zeros(1, np.int64),
        np.zeros(windows, np.int64),
        np.zeros((windows, 5), np.int64),
        np.zeros((windows, 2), np.uint64),
        np.zeros(risk_windows, np.int64),
        np.zeros(1, np.int64),
        np.zeros(risk_windows, np.int64),
        np.zeros(risk_windows, np.int64),
    )
    sums = np.zeros((windows, 5), np.int64)
    squares = np.zeros((windows, 2), np.uint64)
    links = np.zeros(ROLES, np.uint32)
    norm = np.empty(3, np.float64)
    members = _by_entity(entity_of, fresh)
    scratch = sums, squares, links, norm, slide
    lo = 0
    for e in range(entities):
        hi = lo + fresh[e]
        _fold_entity(tables, work, e, members[lo:hi], events, vectors, flags, seen, atoms[atom_bounds[e] :], scratch)
        lo = hi
    packed, packed_bounds = _pack_all(tables, work)
    return packed, packed_bounds, atom_bounds


@nb.njit(cache=True)
def _sections(blob, bounds, entity_of, entities):
    """Section sizes of each packed state, atoms appended to it, and events that this batch brings it."""
    sizes = np.zeros((entities, SECTIONS), np.int64)
    appended = np.zeros(entities, np.int64)
    fresh = np.zeros(entities, np.int64)
    for e in range(entities):
        lo, hi = bounds[e], bounds[e + 1]
        if hi > lo:
            appended[e] = (hi - lo - _base_length(blob, lo)) // ATOM_BYTES
            if _base_length(blob, lo):
                read_directory(blob, lo + PREFIX_BYTES, sizes[e])
    for i in range(entity_of.shape[0]):
        for kind in range(5):
            if entity_of[i, kind] >= 0:
                fresh[entity_of[i, kind]] += 1
    return sizes, appended, fresh


@inner
def _fold_entity(tables, work, e, members, events, vectors, flags, seen, atoms, scratch):
    """Read and absorb one entity's events, `members` (numbers of events, in log order)."""
    sums, squares, links, norm, slide = scratch
    kind = work.head[e].kind
    slide.valid[0] = 0
    for j in range(members.shape[0]):
        i = members[j]
        event = events[i]
        if event.kind != KIND_LABEL:
            seen[i, kind] = work.head[e].count
            flags[i] |= read_entity(tables, work, e, event.time, vectors[i], sums, squares, slide)
            if kind == ACCOUNT:
                read_norm(event.amount, sums[-1], squares[-1], norm)
                _read_event(tables, work, e, event, norm, vectors[i])
        _links_of(event, kind, links)
        at_end = _absorb_event(tables, work, e, event, links)
        slide_in(tables, kind, event.kind, event.amount, at_end, slide)
        if kind != ACCOUNT:
            _write_atom(atoms[j], event, links[0])


@nb.njit(cache=True)
def _by_entity(entity_of, fresh):
    """Numbers of the events that touch each entity, in log order, one entity after the other.

    An entity's features depend on its own state alone, so entities are folded one by one: a state is then read and
    written while it is in the processor's cache, which made large batches twice as fast.
    """
    fill = np.zeros(fresh.shape[0], np.int64)
    for e in range(1, fresh.shape[0]):
        fill[e] = fill[e - 1] + fresh[e - 1]
    members = np.empty(fresh.sum(), np.int64)
    for i in range(entity_of.shape[0]):
        for kind in range(entity_of.shape[1]):
            e = entity_of[i, kind]
            if e >= 0:
                members[fill[e]] = i
                fill[e] += 1
    return members


@inner
def _base_length(blob, lo):
    """Bytes of the packed base."""
    return (
        np.int64(blob[lo + 10])
        | np.int64(blob[lo + 11]) << 8
        | np.int64(blob[lo + 12]) << 16
        | np.int64(blob[lo + 13]) << 24
    )


@nb.njit(cache=True)
def _unpack_all(tables, blob, bounds, work, sizes, appended):
    """Unpack every state, and absorb what other writers appended."""
    links = np.zeros(ROLES, np.uint32)
    for e in range(work.head.shape[0]):
        lo, hi = bounds[e], bounds[e + 1]
        if hi == lo:
            continue
        at = lo + _base_length(blob, lo)
        if at > lo:
            work.head[e].count = _count(blob, lo)
            unpack(blob, _skip_directory(blob, lo), sizes[e], e, work)
        for _i in range(appended[e]):
            _absorb_atom(tables, work, e, blob[at : at + ATOM_BYTES].view(_atom)[0], links)
            at += ATOM_BYTES


@nb.njit(cache=True)
def _skip_directory(blob, lo):
    scratch = np.empty(SECTIONS, np.int64)
    return read_directory(blob, lo + PREFIX_BYTES, scratch)


@inner
def _count(blob, lo):
    value = np.int64(0)
    for i in range(8):
        value |= np.int64(blob[lo + 2 + i]) << (8 * i)
    return value


@inner
def _absorb_atom(tables, work, e, atom, links):
    links[:] = 0
    links[0] = atom.link
    absorb(tables, work, e, atom.time, atom.id, atom.amount, atom.kind, atom.change, links, 0, 0, 0)


@inner
def _absorb_event(tables, work, e, event, links):
    amount = event.effective if event.kind == KIND_LABEL else event.amount
    place = event.has_place if work.head[e].kind == ACCOUNT else 0
    return absorb(
        tables, work, e, event.time, event.id, amount, event.kind, event.change, links,
        event.latitude, event.longitude, place,
    )  # fmt: skip


@inner
def _links_of(event, kind, links):
    """What an entity's lists take from an event: an account its partners, a shared entity the account."""
    if kind == ACCOUNT:
        links[0], links[1], links[2], links[3] = event.link[1], event.link[2], event.link[3], event.link[4]
    else:
        links[:] = 0
        if kind != MERCHANT:
            links[0] = event.link[0]


@inner
def _write_atom(atom, event, link):
    atom.time = event.time
    atom.id = event.id
    atom.amount = event.effective if event.kind == KIND_LABEL else event.amount
    atom.link = link
    atom.kind = event.kind
    atom.change = event.change


@inner
def _read_event(tables, work, e, event, norm, row):
    """The features of the event itself, and of the event against its account's norm."""
    columns = tables.event
    amount = event.amount / AMOUNT_SCALE
    row[columns[0]] = amount
    row[columns[1]] = math.log1p(amount)
    row[columns[2]] = event.round
    row[columns[3]], row[columns[4]], row[columns[5]] = norm[0], norm[1], norm[2]
    for role in range(ROLES):
        if event.link[1 + role]:
            row[columns[6 + role]] = is_new(tables, work, e, role, event.link[1 + role], event.time)
    if event.has_place:
        known, since, latitude, longitude = last_place(work, e, event.time)
        if known:
            distance = distance_km(latitude, longitude, event.latitude, event.longitude)
            row[columns[10]] = distance
            row[columns[11]] = distance / (max((event.time - since) / 1000.0, ELAPSED_MIN_S) / 3600.0)
    local_s = event.time // 1000 + event.offset_s
    hour = (local_s % DAY_S) / 3600.0
    weekday = (local_s // DAY_S + THURSDAY) % 7
    row[columns[12]] = (local_s % DAY_S // 60) / 60.0
    row[columns[13]] = 1.0 if hour >= NIGHT_FROM_H or hour < NIGHT_UNTIL_H else 0.0
    row[columns[14]] = 1.0 if weekday >= 5 else 0.0


@nb.njit(cache=True)
def _pack_all(tables, work):
    entities = work.head.shape[0]
    room = entities * FIXED_BYTES_MAX
    for e in range(entities):
        prune(tables, work, e)
        room += (work.head[e].ring_hi - work.head[e].ring_lo) * RING_BYTES_MAX
        room += (work.head[e].pending_hi - work.head[e].pending_lo) * PENDING_BYTES_MAX
        for level in range(LEVELS):
            room += (work.tile_hi[e, level] - work.tile_lo[e, level]) * TILE_BYTES_MAX
        for role in range(ROLES):
            room += (work.link_hi[e, role] - work.link_lo[e, role]) * LINK_BYTES_MAX
    buffer = np.empty(room, np.uint8)
    bounds = np.zeros(entities + 1, np.int64)
    sizes = np.zeros(SECTIONS, np.int64)
    for e in range(entities):
        bounds[e + 1] = pack(buffer, bounds[e], e, work, sizes)
    return buffer[: bounds[entities]], bounds
