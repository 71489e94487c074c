"""Reading the features of one event out of the states of its entities, before the event itself is absorbed."""

import math

import numpy as np

from features.absorb import COARSE, find_link
from features.compiled import inner
from features.layout import (
    AMOUNT_SCALE,
    NEVER,
    ROLES,
)
from features.packing import multiply, square
from features.windows import COUNT, DECLINED, MAX, REVERSED, SUM, ends_after, read_known, read_windows

LATE, RING_FULL, LIST_FULL = 1, 2, 4  # features.plan.Flag
EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
DAY_MS = 86_400_000.0
ELAPSED_MIN_S = 60.0  # two places in the same minute are a speed over one minute


@inner
def read_entity(tables, work, e, time, row, sums, squares, slide):
    """Write entity `e`'s features at `time` into `row`; returns flags. `sums`, `squares`: its windows', left behind."""
    head = work.head[e]
    kind = head.kind
    flags = 0
    if head.newest != NEVER and time < head.newest - tables.late_max:
        flags |= LATE
    if tables.ringed[kind]:
        for level in range(COARSE):
            hi = work.tile_hi[e, level]
            if hi > work.tile_lo[e, level] and ends_after(
                tables, level, work.tiles[hi - 1].key, head.newest - tables.keep[level]
            ):
                flags |= RING_FULL
    read_windows(tables, work, e, time, sums, squares, slide)
    for w in range(tables.windows.shape[0]):
        _write_aggregates(tables, kind, w, row, sums, squares)
    if _write_distinct(tables, work, e, time, row):
        flags |= LIST_FULL
    since = _since_last(tables, work, e, time)
    if since >= 0:
        row[tables.since_last[kind]] = since / 1000.0
    if tables.risk[kind, 0] >= 0:
        read_known(tables, work, e, time, slide)
        _write_fraud_shares(tables, work, e, time, slide, row)
        if tables.fraud_run[kind, 0] >= 0:
            _write_fraud_run(tables, work, e, time, slide.known_to[0] - 1, row)
    return flags


@inner
def _write_aggregates(tables, kind, w, row, sums, squares):
    columns = tables.aggregate[kind, :, w]
    count = sums[w, COUNT]
    row[columns[0]] = count
    row[columns[1]] = sums[w, SUM] / AMOUNT_SCALE
    if count:
        row[columns[2]] = sums[w, SUM] / count / AMOUNT_SCALE
        row[columns[3]] = root_of_variance(count, sums[w, SUM], squares[w, 0], squares[w, 1]) / count / AMOUNT_SCALE
        row[columns[4]] = sums[w, MAX] / AMOUNT_SCALE
    if columns[5] >= 0:
        row[columns[5]] = sums[w, DECLINED]
    if columns[6] >= 0:
        row[columns[6]] = sums[w, REVERSED]


@inner
def read_norm(amount, sums, squares, norm):
    """An amount against one window's payments: z-score, ratio to mean, ratio to maximum; NaN where there is no norm."""
    norm[:] = np.nan
    count = sums[COUNT]
    if count == 0 or sums[SUM] == 0:
        return
    root = root_of_variance(count, sums[SUM], squares[0], squares[1])
    if root > 0:
        norm[0] = (count * amount - sums[SUM]) / root
    norm[1] = amount * count / sums[SUM]
    norm[2] = amount / sums[MAX]


@inner
def root_of_variance(count, total, square_hi, square_lo):
    """sqrt(n*sum(a^2) - sum(a)^2): n times the population standard deviation; exact (128 bits) below the root."""
    n = np.uint64(count)
    high, low = multiply(n, square_lo)
    high += n * square_hi
    minus_high, minus_low = square(total)
    borrow = np.uint64(low < minus_low)
    low -= minus_low
    high = high - minus_high - borrow
    return math.sqrt(float(high) * 18446744073709551616.0 + float(low))


@inner
def _write_distinct(tables, work, e, time, row):
    """Distinct values in each window; returns whether a list is full. A list stands in the order of being seen last."""
    head = work.head[e]
    kind = head.kind
    windows, links = tables.windows, work.links
    kept_after = head.newest - windows[-1] - tables.late_max
    full = False
    in_ring = time < head.newest and tables.ringed[kind]
    for role in range(ROLES):
        columns = tables.distinct[kind, role]
        lo, hi = work.link_lo[e, role], work.link_hi[e, role]
        if hi - lo >= tables.list_capacity[kind] > 0:
            full = full or links[hi - tables.list_capacity[kind]].last > kept_after
        if columns[-1] < 0:
            continue
        at = hi
        for w in range(windows.shape[0]):
            edge = max(kept_after, time - windows[w])
            while at > lo and links[at - 1].last > edge:
                at -= 1
            row[columns[w]] = hi - at
            if in_ring and windows[w] <= tables.ring_window_max:
                row[columns[w]] = _distinct_in_ring(work, e, role, time - windows[w], time)
    return full


@inner
def _link_of(entry, role):
    if role == 0:
        return entry.link0
    if role == 1:
        return entry.link1
    if role == 2:
        return entry.link2
    return entry.link3


@inner
def _distinct_in_ring(work, e, role, after, until):
    """Only for late events, so that a quadratic scan of at most 512 entries is affordable."""
    ring = work.ring
    lo, hi = work.head[e].ring_lo, work.head[e].ring_hi
    seen = 0
    for i in range(lo, hi):
        hash_ = _link_of(ring[i], role)
        if hash_ == 0 or ring[i].time <= after or ring[i].time > until:
            continue
        first = True
        for j in range(lo, i):
            if _link_of(ring[j], role) == hash_ and after < ring[j].time <= until:
                first = False
                break
        seen += first
    return seen


@inner
def _since_last(tables, work, e, time):
    """Milliseconds since the newest earlier event at or before `time`, or -1."""
    head = work.head[e]
    if head.newest == NEVER:
        return -1
    if not tables.ringed[head.kind]:
        return max(0, time - head.newest)
    for i in range(head.ring_hi - 1, head.ring_lo - 1, -1):
        if work.ring[i].time <= time:
            return time - work.ring[i].time
    return time - head.outside if NEVER < head.outside <= time else -1


@inner
def _write_fraud_shares(tables, work, e, time, slide, row):
    """What the tiles know, and the labels that wait to be put into them though they count already."""
    head = work.head[e]
    width = tables.width[COARSE]
    until = time - tables.label_delay
    kept = head.newest - tables.keep[COARSE]
    counts_until = max(time, head.newest - tables.late_max)
    for w in range(tables.risk_windows.shape[0]):
        edge = max(until - tables.risk_windows[w] + 1, kept)
        fraud = slide.known_fraud[w]
        for i in range(head.pending_lo, head.pending_hi):
            entry = work.pending[i]
            if entry.effective * tables.effective_step > counts_until:
                break
            if ends_after(tables, COARSE, entry.tile, edge) and entry.tile * width <= until:
                fraud += entry.change
        payments = slide.known_count[w]
        share = fraud / payments if payments else 0.0
        row[tables.risk[head.kind, w]] = min(max(share, 0.0), 1.0)


@inner
def _write_fraud_run(tables, work, e, time, at, row):
    """From tile `at` back while all payments are confirmed fraud; only tiles all of whose labels may be known count."""
    head = work.head[e]
    width = tables.width[COARSE]
    until = time - tables.label_delay
    edge = max(until - tables.risk_windows[-1] + 1, head.newest - tables.keep[COARSE])
    counts_until = max(time, head.newest - tables.late_max)
    payments = total = began = 0
    while at >= work.tile_lo[e, COARSE] and ends_after(tables, COARSE, work.tiles[at].key, edge):
        tile = work.tiles[at]
        at -= 1
        if tile.count == 0 or (tile.key + 1) * width > until:
            continue
        if tile.fraud + _waiting(tables, work, e, tile.key, counts_until) < tile.count:
            break
        payments += tile.count
        total += tile.sum
        began = tile.key * width
    columns = tables.fraud_run[head.kind]
    row[columns[0]] = payments
    if payments:
        row[columns[1]] = (time - began) / DAY_MS
        row[columns[2]] = total / payments / AMOUNT_SCALE


@inner
def _waiting(tables, work, e, key, counts_until):
    """Changes to a tile's fraud that wait, though they count already."""
    change = 0
    for i in range(work.head[e].pending_lo, work.head[e].pending_hi):
        entry = work.pending[i]
        if entry.effective * tables.effective_step > counts_until:
            break
        if entry.tile == key:
            change += entry.change
    return change


@inner
def is_new(tables, work, e, role, hash_, time):
    """1.0 if the account's list of a role has no such value within the longest window, else 0.0."""
    at = find_link(work, e, role, np.uint64(hash_))
    if at >= 0:
        newest = work.head[e].newest
        after = max(time - tables.windows[-1], newest - tables.windows[-1] - tables.late_max)
        if work.links[at].last > after:
            return 0.0
    return 1.0


@inner
def last_place(work, e, time):
    """(known, time, latitude, longitude) of the account's newest place at or before `time`."""
    head = work.head[e]
    for i in range(head.ring_hi - 1, head.ring_lo - 1, -1):
        entry = work.ring[i]
        if entry.has_place and entry.time <= time:
            if head.place_time <= time and (
                head.place_time > entry.time or (head.place_time == entry.time and head.place_id > entry.id)
            ):
                break
            return True, entry.time, entry.latitude, entry.longitude
    if NEVER < head.place_time <= time:
        return True, head.place_time, head.place_latitude, head.place_longitude
    return False, np.int64(0), np.int32(0), np.int32(0)


@inner
def distance_km(latitude_a, longitude_a, latitude_b, longitude_b):
    """Great-circle distance of two places in 1e-5 degrees, by the haversine formula."""
    scale = math.pi / 180.0 / 1e5
    phi_a, phi_b = latitude_a * scale, latitude_b * scale
    half_phi = (phi_b - phi_a) / 2.0
    half_lambda = (longitude_b - longitude_a) * scale / 2.0
    h = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 2.0 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, h)))
