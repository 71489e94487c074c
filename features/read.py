"""Reading the features of one event out of the states of its entities, before the event itself is absorbed."""

import math

import numba as nb
import numpy as np

from features.absorb import COARSE, find_link, oldest_kept
from features.layout import (
    AMOUNT_SCALE,
    KIND_DECLINED,
    KIND_PAYMENT,
    NEVER,
    ROLES,
)
from features.packing import multiply, square

LATE, RING_FULL, LIST_FULL = 1, 2, 4  # features.plan.Flag
EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
ELAPSED_MIN_S = 60.0  # two places in the same minute are a speed over one minute
# rows of a window's sums
COUNT, SUM, MAX, DECLINED, REVERSED = range(5)


@nb.njit(cache=True)
def read_entity(tables, work, e, time, row, sums, squares):
    """Write entity `e`'s features at `time` into `row`; returns flags. `sums`, `squares`: scratch, a row a window."""
    head = work.head[e]
    kind = head.kind
    flags = 0
    if head.newest != NEVER and time < head.newest - tables.late_max:
        flags |= LATE
    sums[:] = 0
    squares[:] = 0
    if tables.ringed[kind]:
        _sum_ring(tables, work, e, time, sums, squares)
        for level in range(COARSE):
            hi = work.tile_hi[e, level]
            if hi > work.tile_lo[e, level] and work.tiles[hi - 1].key >= oldest_kept(tables, head.newest, level):
                flags |= RING_FULL
    for w in range(tables.windows.shape[0]):
        _sum_tiles(tables, work, e, w, time, sums, squares)
        _write_aggregates(tables, kind, w, row, sums, squares)
    if _write_distinct(tables, work, e, time, row):
        flags |= LIST_FULL
    since = _since_last(tables, work, e, time)
    if since >= 0:
        row[tables.since_last[kind]] = since / 1000.0
    for w in range(tables.risk_windows.shape[0]):
        if tables.risk[kind, w] >= 0:
            row[tables.risk[kind, w]] = _fraud_share(tables, work, e, w, time)
    return flags


@nb.njit(cache=True)
def _sum_ring(tables, work, e, time, sums, squares):
    """Put each event into the smallest window that holds it, then let every window take in the smaller ones."""
    inside = 0
    while inside < tables.windows.shape[0] and tables.windows[inside] <= tables.ring_window_max:
        inside += 1
    for i in range(work.head[e].ring_hi - 1, work.head[e].ring_lo - 1, -1):
        entry = work.ring[i]
        age = time - entry.time
        if age < 0:
            continue
        w = 0
        while w < inside and age >= tables.windows[w]:
            w += 1
        if w == inside:
            break
        if entry.kind == KIND_PAYMENT:
            high, low = square(entry.amount)
            _add(sums, squares, w, 1, entry.amount, entry.amount, 0, 0, high, low)
        elif entry.kind == KIND_DECLINED:
            sums[w, DECLINED] += 1
        else:
            sums[w, REVERSED] += 1
    for w in range(1, inside):
        s = sums[w - 1]
        _add(sums, squares, w, s[0], s[1], s[2], s[3], s[4], squares[w - 1, 0], squares[w - 1, 1])


@nb.njit(cache=True)
def _add(sums, squares, w, count, total, largest, declined, reversed_, square_hi, square_lo):
    sums[w, COUNT] += count
    sums[w, SUM] += total
    sums[w, MAX] = max(sums[w, MAX], largest)
    sums[w, DECLINED] += declined
    sums[w, REVERSED] += reversed_
    squares[w, 1] += square_lo
    squares[w, 0] += square_hi + np.uint64(squares[w, 1] < square_lo)


@nb.njit(cache=True)
def _sum_tiles(tables, work, e, w, time, sums, squares):
    level = tables.level[w]
    width = tables.width[level]
    first = max((time - tables.windows[w] + 1) // width, oldest_kept(tables, work.head[e].newest, level))
    last = time // width
    for i in range(work.tile_hi[e, level] - 1, work.tile_lo[e, level] - 1, -1):
        tile = work.tiles[i]
        if tile.key < first:
            break
        if tile.key <= last:
            _add(
                sums, squares, w, tile.count, tile.sum, tile.max, tile.declined, tile.reversed,
                tile.square_hi, tile.square_lo,
            )  # fmt: skip


@nb.njit(cache=True)
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


@nb.njit(cache=True)
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


@nb.njit(cache=True)
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


@nb.njit(cache=True)
def _write_distinct(tables, work, e, time, row):
    """Distinct values in each window; returns whether a list is full."""
    head = work.head[e]
    kind = head.kind
    full = False
    kept_after = head.newest - tables.windows[-1] - tables.late_max
    late = time < head.newest
    for role in range(ROLES):
        live = 0
        for i in range(work.link_lo[e, role], work.link_hi[e, role]):
            live += work.links[i].last > kept_after
        full = full or (live > 0 and live >= tables.list_capacity[kind])
        for w in range(tables.windows.shape[0]):
            column = tables.distinct[kind, role, w]
            if column < 0:
                continue
            if late and tables.ringed[kind] and tables.windows[w] <= tables.ring_window_max:
                row[column] = _distinct_in_ring(work, e, role, time - tables.windows[w], time)
            else:
                after = max(time - tables.windows[w], kept_after)
                seen = 0
                for i in range(work.link_lo[e, role], work.link_hi[e, role]):
                    seen += work.links[i].last > after
                row[column] = seen
    return full


@nb.njit(cache=True)
def _link_of(entry, role):
    if role == 0:
        return entry.link0
    if role == 1:
        return entry.link1
    if role == 2:
        return entry.link2
    return entry.link3


@nb.njit(cache=True)
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


@nb.njit(cache=True)
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


@nb.njit(cache=True)
def _fraud_share(tables, work, e, w, time):
    head = work.head[e]
    width = tables.width[COARSE]
    until = time - tables.label_delay
    first = max((until - tables.risk_windows[w] + 1) // width, oldest_kept(tables, head.newest, COARSE))
    last = until // width
    payments = 0
    fraud = 0
    for i in range(work.tile_lo[e, COARSE], work.tile_hi[e, COARSE]):
        tile = work.tiles[i]
        if first <= tile.key <= last:
            payments += tile.count
            fraud += tile.fraud
    counts_until = max(time, head.newest - tables.late_max)
    for i in range(head.pending_lo, head.pending_hi):
        entry = work.pending[i]
        if first <= entry.tile <= last and entry.effective * tables.effective_step <= counts_until:
            fraud += entry.change
    if payments == 0:
        return 0.0
    return min(max(fraud / payments, 0.0), 1.0)


@nb.njit(cache=True)
def is_new(tables, work, e, role, hash_, time):
    """1.0 if the account's list of a role has no such value within the longest window, else 0.0."""
    at = find_link(work, e, role, np.uint64(hash_))
    if at < work.link_hi[e, role] and work.links[at].hash == hash_:
        newest = work.head[e].newest
        after = max(time - tables.windows[-1], newest - tables.windows[-1] - tables.late_max)
        if work.links[at].last > after:
            return 0.0
    return 1.0


@nb.njit(cache=True)
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


@nb.njit(cache=True)
def distance_km(latitude_a, longitude_a, latitude_b, longitude_b):
    """Great-circle distance of two places in 1e-5 degrees, by the haversine formula."""
    scale = math.pi / 180.0 / 1e5
    phi_a, phi_b = latitude_a * scale, latitude_b * scale
    half_phi = (phi_b - phi_a) / 2.0
    half_lambda = (longitude_b - longitude_a) * scale / 2.0
    h = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 2.0 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, h)))
