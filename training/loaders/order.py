"""Across chunks: rows stand in the order of their times, and no transaction comes twice."""

import numpy as np
import numpy.typing as npt

from features.blake2b import digests
from features.columns import TransactionColumns

_RUNS_RATIO = 4  # a run is merged into the one before it as soon as that is not this much larger


class Order:
    """Remembers the newest time and 64 bits of every id: 8 bytes a transaction, so that files may be large."""

    def __init__(self) -> None:
        self._newest = -(2**62)
        self._runs: list[npt.NDArray[np.uint64]] = []

    def unsorted(self, time_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Rows older than one before them."""
        latest = np.maximum.accumulate(np.append(self._newest, time_ms))
        self._newest = int(latest[-1])
        return time_ms < latest[:-1]

    def repeated(self, columns: TransactionColumns) -> npt.NDArray[np.bool_]:
        """Rows whose id (of their client) came before."""
        ids = _hashes(columns)
        order = np.argsort(ids, kind="stable")
        fresh = ids[order]
        again = np.zeros(len(ids), bool)
        again[order[1:]] = fresh[1:] == fresh[:-1]
        for run in self._runs:
            at = np.minimum(np.searchsorted(run, ids), len(run) - 1)
            again |= run[at] == ids
        self._remember(fresh)
        return again

    def _remember(self, run: npt.NDArray[np.uint64]) -> None:
        if not len(run):
            return
        while self._runs and len(self._runs[-1]) < _RUNS_RATIO * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        self._runs.append(run)


def _hashes(columns: TransactionColumns) -> npt.NDArray[np.uint64]:
    texts = columns.transaction_id
    salts = np.zeros(len(texts.offsets) - 1, np.uint64)
    by_code = np.append(digests(texts.data, texts.offsets, salts, 16)[:, 0], np.uint64(0))
    return np.asarray(by_code[texts.codes] + columns.client.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
