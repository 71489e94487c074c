"""What detectors see of rows: chunks of columns in order of time, without the library that reads files.

A gateway that validates a detector's configuration imports the detector, and with it no more than this.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

CHUNK_ROWS = 65_536  # a row group, and a step of every pass: a few megabytes of columns
MINOR = 10_000  # amounts are whole 1e-4 units of their currency, as in the stream
# What detectors can group by. A word becomes the number of its first appearance, the same in every pass.
WORDS = ("account", "counterparty", "merchant", "category", "channel", "country", "device", "ip", "currency")
MISSING = -1  # the number of a missing word
NO_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Rows:
    """A chunk. Arrays of one length n; rows without a time come first and have NO_TIME."""

    start: int  # the place of the first row in the whole
    row: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    amount: NDArray[np.float64]  # in the currency's units
    words: Mapping[str, NDArray[np.int32]]  # column → number of the word, MISSING where there is none

    def __len__(self) -> int:
        return len(self.row)


class RowSource(Protocol):
    """Where rows come from; every call of `chunks` gives the same ones."""

    @property
    def count(self) -> int: ...

    def chunks(self) -> Iterator[Rows]: ...

    def word(self, column: str, number: int) -> str:
        """The word behind a number; "" for MISSING."""
        ...
