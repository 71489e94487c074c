"""The kernel behind plain Python: fold one batch over packed states, or a whole file offline."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from features import kernel
from features.events import EventBatch, EventBuilder, Record
from features.layout import ATOM, EVENT, TABLES, Tables
from features.packing import FORMAT, PREFIX_BYTES
from features.plan import Entity

CHUNK = 50_000  # records a step of the offline fold: large enough that packing costs little, small enough for memory


@dataclass(frozen=True, slots=True)
class Folded:
    """What a batch did. Rows of labels in `vectors` are NaN."""

    vectors: NDArray[np.float32]  # (n, features)
    flags: NDArray[np.int64]  # (n,) bit masks of plan.Flag
    seen: NDArray[np.int64]  # (n, 5): events that each entity's state held before, -1 without the entity
    states: list[bytes]  # packed, one an entity
    deltas: list[bytes]  # what this batch adds to each entity's state, to be appended; empty for accounts


def fold_batch(batch: EventBatch, states: Sequence[bytes | None], tables: Tables = TABLES) -> Folded:
    """Fold a batch over the packed states of its entities (None or empty: unknown).

    Pure: the same batch and states give the same bytes. Raises ValueError for a state of another format.
    """
    blobs = [state or b"" for state in states]
    _check(blobs, batch)
    bounds = np.zeros(len(blobs) + 1, np.int64)
    np.cumsum([len(blob) for blob in blobs], out=bounds[1:])
    blob = np.frombuffer(b"".join(blobs), np.uint8)
    atoms = np.zeros(batch.entity_of.size, ATOM)
    vectors, flags, seen, packed, packed_bounds, atom_bounds = kernel.fold(
        tables, blob, bounds, batch.kinds, batch.events, batch.entity_of, atoms
    )
    return Folded(
        vectors, flags, seen, _slices(packed, packed_bounds), _slices(atoms.view(np.uint8), atom_bounds * ATOM.itemsize)
    )


def state_count(state: bytes) -> int:
    """How many events and labels a packed state's base has absorbed."""
    return int.from_bytes(state[2:10], "little")


def compact(kind: Entity, state: bytes) -> bytes:
    """The canonical bytes of a state, with appended events absorbed: equal states compare equal."""
    empty = EventBatch(np.zeros(0, EVENT), np.zeros((0, len(Entity)), np.int32), [b""], np.array([kind], np.int64))
    return fold_batch(empty, [state]).states[0]


class OfflineFold:
    """Folds records in log order with the states in memory: replay, training, rebuilding the state."""

    def __init__(self, builder: EventBuilder | None = None, tables: Tables = TABLES) -> None:
        self._builder = builder or EventBuilder()
        self._tables = tables
        self.states: dict[bytes, bytes] = {}

    def fold(self, records: Sequence[Record]) -> Folded:
        """Fold one chunk; `states` and `deltas` of the result belong to the chunk's entities."""
        return self.fold_events(self._builder.batch(records))

    def fold_events(self, batch: EventBatch) -> Folded:
        """Fold one chunk of events."""
        folded = fold_batch(batch, [self.states.get(key) for key in batch.keys], self._tables)
        self.states.update(zip(batch.keys, folded.states, strict=True))
        return folded

    def fold_all(self, records: Iterable[Record]) -> Iterator[tuple[list[Record], Folded]]:
        """Fold a long log chunk by chunk."""
        iterator = iter(records)
        while chunk := list(islice(iterator, CHUNK)):
            yield chunk, self.fold(chunk)


def _check(blobs: list[bytes], batch: EventBatch) -> None:
    for blob, kind in zip(blobs, batch.kinds, strict=True):
        if blob and (len(blob) < PREFIX_BYTES or blob[0] != FORMAT or blob[1] != kind):
            raise ValueError(f"a state of format {blob[0]} and kind {blob[1:2].hex()} cannot be read here")


def _slices(array: NDArray[np.uint8], bounds: NDArray[np.int64]) -> list[bytes]:
    data = array.tobytes()
    edges = bounds.tolist()
    return [data[lo:hi] for lo, hi in pairwise(edges)]
