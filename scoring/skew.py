"""Training/serving skew: stored vectors against what a replay of the stored messages computes.

The replay goes through one source of the log (a partition, or the synchronous calls) in its order, with states of its
own, and never looks at the state that served. What it has of an entity at some place is a part of what the stream
had there, because other sources may hold events of the same entity. A decision names how many events each of its
states held; where the replay's state holds as many, the two sets are the same, and so must the features be, bit for
bit. Where it holds fewer, nothing can be said: that part is counted as not comparable.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from contracts.transaction import Transaction
from features.catalogue import FEATURE_NAMES, FEATURES
from features.events import EventBuilder, Record
from features.fold import fold_batch
from features.plan import ENTITIES, Entity

VECTOR_BYTES = 4 * len(FEATURE_NAMES)
PARTS = tuple(entity.name.lower() for entity in ENTITIES)
# What an event says of itself is compared against its account's norm, so it belongs to the account.
_COLUMNS = {
    part: np.array([i for i, f in enumerate(FEATURES) if (f.entity or Entity.ACCOUNT) == entity])
    for part, entity in zip(PARTS, ENTITIES, strict=True)
}


class Served(NamedTuple):
    """What the stream stored of one transaction; an empty vector is not compared."""

    vector: bytes
    states: Mapping[str, int]


class Mismatch(NamedTuple):
    """A vector that replay computed differently: feature -> (served, replayed)."""

    transaction: Transaction
    features: dict[str, tuple[float, float]]


class Compared(NamedTuple):
    """`parts`: how many vectors were compared, by entity. `incomparable`: the same, of what could not be."""

    parts: dict[str, int]
    incomparable: dict[str, int]
    mismatches: list[Mismatch]


class Replay:
    """The states of one source. `states` is what has to be kept between runs."""

    def __init__(self, builder: EventBuilder, states: dict[bytes, bytes] | None = None) -> None:
        self._builder = builder
        self.states: dict[bytes, bytes] = states if states is not None else {}
        self.touched: dict[bytes, int] = {}  # keys of the last `compare`, with the newest event time

    def keys(self, records: Sequence[Record]) -> list[bytes]:
        """The states that these records need."""
        return self._builder.batch(records).keys

    def compare(self, records: Sequence[Record], served: Sequence[Served | None]) -> Compared:
        """Fold records in the source's order; `served` in the same order, None for labels. States move on."""
        batch = self._builder.batch(records)
        folded = fold_batch(batch, [self.states.get(key) for key in batch.keys])
        self.states.update(zip(batch.keys, folded.states, strict=True))
        newest = max((record.event_time_ms for record in records), default=0)
        self.touched = dict.fromkeys(batch.keys, newest)
        parts, incomparable = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0)
        mismatches = []
        for row, (record, stored) in enumerate(zip(records, served, strict=True)):
            if stored is None or not isinstance(record, Transaction) or len(stored.vector) != VECTOR_BYTES:
                continue
            wrong: dict[str, tuple[float, float]] = {}
            theirs = np.frombuffer(stored.vector, "<f4")
            for part, count in zip(PARTS, folded.seen[row].tolist(), strict=True):
                if count >= 0 and stored.states.get(part) != count:
                    incomparable[part] += 1
                    continue
                wrong |= _differences(theirs, folded.vectors[row], _COLUMNS[part])
                parts[part] += count >= 0
            if wrong:
                mismatches.append(Mismatch(record, wrong))
        return Compared(parts, incomparable, mismatches)


def _differences(
    theirs: npt.NDArray[np.float32], ours: npt.NDArray[np.float32], columns: npt.NDArray[np.intp]
) -> dict[str, tuple[float, float]]:
    """Features whose bits differ; any NaN equals any other."""
    a, b = theirs[columns], ours[columns].astype("<f4")
    differ = (a.view(np.uint32) != b.view(np.uint32)) & ~(np.isnan(a) & np.isnan(b))
    return {FEATURE_NAMES[columns[i]]: (float(a[i]), float(b[i])) for i in np.flatnonzero(differ).tolist()}
