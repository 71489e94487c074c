"""A sample of a file of rows: whole accounts, because what detectors judge by is an account's past.

Accounts are taken in the order of a hash of their names, so that the same file gives the same sample and a change of
a strategy is seen on the same rows. Where those that fit are not half of a sample, the newest rows are taken.
"""

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analysis.chunks import CHUNK_ROWS
from analysis.detectors.groups import group_of, grown
from analysis.progress import unless
from analysis.rows import ParquetRows, RowWriter


def sample(rows: Path, target: Path, rows_max: int, cancelled: Callable[[], bool] = lambda: False) -> ParquetRows:
    """At most `rows_max` rows of the file: all of it, or a sample written to `target`. Raises Cancelled."""
    source = ParquetRows(rows)
    total = source.count
    if total <= rows_max:
        return source
    chosen = _accounts(source, rows_max, cancelled)
    with pq.ParquetFile(rows) as file, RowWriter(target) as writer:
        for chunk, batch in zip(source.chunks(), file.iter_batches(CHUNK_ROWS), strict=True):
            unless(cancelled)
            places = np.arange(chunk.start, chunk.start + len(chunk))
            taken = chosen[group_of(chunk, "account")] if chosen.any() else places >= total - rows_max
            if taken.any():
                kept = batch.filter(pa.array(taken))
                writer.write({name: kept.column(name) for name in kept.schema.names})
    return ParquetRows(target)


def _accounts(source: ParquetRows, rows_max: int, cancelled: Callable[[], bool]) -> NDArray[np.bool_]:
    """Whether each account is in the sample, by its group; the first group are rows without an account."""
    counts = np.zeros(1)
    for chunk in source.chunks():
        unless(cancelled)
        group = group_of(chunk, "account")
        counts = grown(counts, int(group.max(initial=0)) + 1)
        counts += np.bincount(group, minlength=len(counts))
    words = [source.word("account", number) for number in range(-1, int(np.flatnonzero(counts).max(initial=0)))]
    chosen = np.zeros(len(counts), np.bool_)
    left = rows_max
    for number in sorted(range(len(words)), key=lambda number: (zlib.crc32(words[number].encode()), words[number])):
        if 0 < counts[number] <= left:
            chosen[number] = True
            left -= int(counts[number])
    # Where a few large accounts hold most rows, what fits beside them is no picture of the whole.
    return chosen if left <= rows_max // 2 else np.zeros(len(counts), np.bool_)
