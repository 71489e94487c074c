"""Sums over an entity's windows: walked anew, or slid on from the entity's event before.

A batch brings an entity's events mostly in order of time. Then each window only loses its oldest tiles and takes in the
event that came last, so that a window of 30 days costs no more than one of an hour. All sums are integers: slid sums
are the walked ones, to the bit.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.absorb import COARSE
from features.compiled import inner
from features.layout import KIND_DECLINED, KIND_LABEL, KIND_PAYMENT
from features.packing import square

COUNT, SUM, MAX, DECLINED, REVERSED = range(5)  # columns of sums
WALKED, SLID = 1, 2  # what the last event did to a slide that is valid


class Slide(NamedTuple):
    """The tiles of each window of one entity, as of the event that was read last; scratch, one a batch.

    Of window w they reach from `first[w]` to the newest. `known_*` are the payments whose labels are known, by risk
    window: from `known_first[w]` to before `known_to[0]`.
    """

    valid: NDArray[np.int64]  # (1,): WALKED or SLID, 0 where the next event has to walk
    first: NDArray[np.int64]  # (windows,)
    sums: NDArray[np.int64]  # (windows, 5)
    squares: NDArray[np.uint64]  # (windows, 2): high and low half
    known_first: NDArray[np.int64]  # (risk windows,)
    known_to: NDArray[np.int64]  # (1,)
    known_count: NDArray[np.int64]  # (risk windows,)
    known_fraud: NDArray[np.int64]  # (risk windows,)


@inner
def read_windows(tables, work, e, time, sums, squares, slide):
    """Fill `sums` (windows, 5) and `squares` (windows, 2) as of `time`, with what is before it in the log."""
    if slide.valid[0] and time >= work.head[e].newest:
        _slide_on(tables, work, e, time, slide)
        slide.valid[0] = SLID
    else:
        _walk(tables, work, e, time, slide)
        slide.valid[0] = WALKED if time >= work.head[e].newest else 0  # behind a late event nothing can slide
    sums[:] = 0
    squares[:] = 0
    if tables.ringed[work.head[e].kind]:
        _add_ring(tables, work, e, time, sums, squares)
    for w in range(sums.shape[0]):
        s = slide.sums[w]
        _add(sums, squares, w, s[0], s[1], s[2], s[3], s[4], slide.squares[w, 0], slide.squares[w, 1])


@inner
def read_known(tables, work, e, time, slide):
    """Payments and confirmed fraud among those whose labels are known, by risk window, from the tiles alone.

    Call it behind `read_windows`: it slides if that did.
    """
    until = time - tables.label_delay
    if slide.valid[0] == SLID and tables.label_delay >= tables.width[COARSE]:
        _slide_known(tables, work, e, until, slide)
    else:
        _walk_known(tables, work, e, until, slide)


@inner
def slide_in(tables, kind, event_kind, amount, in_order, slide):
    """Take in the event that was absorbed last; `in_order`: tiles changed at their end alone."""
    if not slide.valid[0] or event_kind == KIND_LABEL:
        return
    if not in_order:
        slide.valid[0] = 0
        return
    high, low = square(amount)
    for w in range(slide.first.shape[0]):
        if tables.level[w] != COARSE and tables.ringed[kind]:
            continue  # of what the ring holds only the widest tiles know
        if event_kind == KIND_PAYMENT:
            _add(slide.sums, slide.squares, w, 1, amount, amount, 0, 0, high, low)
        elif event_kind == KIND_DECLINED:
            slide.sums[w, DECLINED] += 1
        else:
            slide.sums[w, REVERSED] += 1


@inner
def ends_after(tables, level, key, edge):
    """Whether the tile's key is at least `edge // width`: without a division, which would cost most of the reading."""
    return (key + 1) * tables.width[level] > edge


@inner
def _slide_on(tables, work, e, time, slide):
    """Let go of the tiles that end before each window."""
    tiles = work.tiles
    for w in range(slide.first.shape[0]):
        level = tables.level[w]
        edge = time - tables.windows[w] + 1
        at, hi = slide.first[w], work.tile_hi[e, level]
        if at == hi or ends_after(tables, level, tiles[at].key, edge):
            continue
        largest = np.int64(0)
        while at < hi and not ends_after(tables, level, tiles[at].key, edge):
            tile = tiles[at]
            slide.sums[w, COUNT] -= tile.count
            slide.sums[w, SUM] -= tile.sum
            slide.sums[w, DECLINED] -= tile.declined
            slide.sums[w, REVERSED] -= tile.reversed
            slide.squares[w, 0] -= tile.square_hi + np.uint64(slide.squares[w, 1] < tile.square_lo)
            slide.squares[w, 1] -= tile.square_lo
            largest = max(largest, tile.max)
            at += 1
        slide.first[w] = at
        if largest == slide.sums[w, MAX]:
            largest = np.int64(0)
            for i in range(at, hi):
                largest = max(largest, tiles[i].max)
            slide.sums[w, MAX] = largest


@inner
def _walk(tables, work, e, time, slide):
    """One walk a level, from the newest tile back: each window takes in what the next smaller one of its level has."""
    newest = work.head[e].newest
    level, at, lo, width = -1, 0, 0, 0
    count = total = largest = declined = reversed_ = 0
    square_hi = square_lo = np.uint64(0)
    for w in range(tables.windows.shape[0]):
        if tables.level[w] != level:
            level = tables.level[w]
            width = tables.width[level]
            lo, at = work.tile_lo[e, level], work.tile_hi[e, level] - 1
            count = total = largest = declined = reversed_ = 0
            square_hi = square_lo = np.uint64(0)
        edge = max(time - tables.windows[w] + 1, newest - tables.keep[level])
        while at >= lo:
            tile = work.tiles[at]
            if not ends_after(tables, level, tile.key, edge):
                break
            if tile.key * width <= time:
                count += tile.count
                total += tile.sum
                largest = max(largest, tile.max)
                declined += tile.declined
                reversed_ += tile.reversed
                square_lo += tile.square_lo
                square_hi += tile.square_hi + np.uint64(square_lo < tile.square_lo)
            at -= 1
        slide.first[w] = at + 1
        slide.sums[w, COUNT], slide.sums[w, SUM], slide.sums[w, MAX] = count, total, largest
        slide.sums[w, DECLINED], slide.sums[w, REVERSED] = declined, reversed_
        slide.squares[w, 0], slide.squares[w, 1] = square_hi, square_lo


@inner
def _slide_known(tables, work, e, until, slide):
    """Only the tiles between the last event's `until` and this one's are new; labels wait outside of them."""
    tiles = work.tiles
    width = tables.width[COARSE]
    to, hi = slide.known_to[0], work.tile_hi[e, COARSE]
    while to < hi and tiles[to].key * width <= until:
        for w in range(slide.known_first.shape[0]):
            slide.known_count[w] += tiles[to].count
            slide.known_fraud[w] += tiles[to].fraud
        to += 1
    slide.known_to[0] = to
    for w in range(slide.known_first.shape[0]):
        edge = until - tables.risk_windows[w] + 1
        at = slide.known_first[w]
        while at < to and not ends_after(tables, COARSE, tiles[at].key, edge):
            slide.known_count[w] -= tiles[at].count
            slide.known_fraud[w] -= tiles[at].fraud
            at += 1
        slide.known_first[w] = at


@inner
def _walk_known(tables, work, e, until, slide):
    """Every risk window in one walk over the coarse tiles, from the newest back."""
    head = work.head[e]
    tiles = work.tiles
    width = tables.width[COARSE]
    kept = head.newest - tables.keep[COARSE]
    lo, at = work.tile_lo[e, COARSE], work.tile_hi[e, COARSE] - 1
    while at >= lo and tiles[at].key * width > until:
        at -= 1
    slide.known_to[0] = at + 1
    payments = fraud = 0
    for w in range(tables.risk_windows.shape[0]):
        edge = max(until - tables.risk_windows[w] + 1, kept)
        while at >= lo and ends_after(tables, COARSE, tiles[at].key, edge):
            payments += tiles[at].count
            fraud += tiles[at].fraud
            at -= 1
        slide.known_first[w] = at + 1
        slide.known_count[w], slide.known_fraud[w] = payments, fraud


@inner
def _add_ring(tables, work, e, time, sums, squares):
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


@inner
def _add(sums, squares, w, count, total, largest, declined, reversed_, square_hi, square_lo):
    sums[w, COUNT] += count
    sums[w, SUM] += total
    sums[w, MAX] = max(sums[w, MAX], largest)
    sums[w, DECLINED] += declined
    sums[w, REVERSED] += reversed_
    squares[w, 1] += square_lo
    squares[w, 0] += square_hi + np.uint64(squares[w, 1] < square_lo)
