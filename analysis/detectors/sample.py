"""A uniform random sample of bounded size from a stream of rows: the same one for the same seed and chunks."""

import numpy as np
from numpy.typing import NDArray


class Sample:
    """Keeps the `size` rows with the smallest random keys, which is a uniform sample without replacement."""

    def __init__(self, size: int, width: int, seed: int) -> None:
        self._size = size
        self._chance = np.random.default_rng(seed)
        self._keys = [np.zeros(0)]
        self._rows = [np.zeros((0, width))]
        self._held = 0

    def add(self, rows: NDArray[np.float64]) -> None:
        """Rows of shape (n, width)."""
        self._keys.append(self._chance.random(len(rows)))
        self._rows.append(np.asarray(rows, np.float64))
        self._held += len(rows)
        if self._held > 2 * self._size:
            self._cut()

    def taken(self) -> NDArray[np.float64]:
        """The sample, (≤ size, width), in the order of arrival."""
        self._cut()
        return self._rows[0]

    def _cut(self) -> None:
        keys, rows = np.concatenate(self._keys), np.concatenate(self._rows)
        if len(keys) > self._size:
            kept = np.sort(np.argpartition(keys, self._size)[: self._size])
            keys, rows = keys[kept], rows[kept]
        self._keys, self._rows, self._held = [keys], [rows], len(keys)
