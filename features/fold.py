"""The kernel behind plain Python: fold one batch over packed states, or a whole file offline."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features import kernel
from features.events import EventBatch, EventBuilder, Record
from features.layout import ATOM, EVENT, LINK, PENDING, RING, TABLES, TILE, Tables, Work
from features.packing import FORMAT, PREFIX_BYTES
from features.plan import Entity

SPARE_SHARE = 4  # of an array's length, beside what the largest batch so far asked for
CHUNK = 50_000  # records a step of the offline fold: large enough that packing costs little, small enough for memory


@dataclass(frozen=True, slots=True)
class Folded:
    """What a batch did. Rows of labels in `vectors` are NaN."""

    vectors: NDArray[np.float32]  # (n, features)
    flags: NDArray[np.int64]  # (n,) bit masks of plan.Flag
    seen: NDArray[np.int64]  # (n, 5): events that each entity's state held before, -1 without the entity
    states: list[bytes]  # packed, one an entity
    deltas: list[bytes]  # what this batch adds to each entity's state, to be appended; empty for accounts


class Room:
    """Arrays for unpacked states, used again from batch to batch: fresh memory costs as much time as the fold itself.

    What they hold between two folds means nothing.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}

    def array(self, name: str, length: int, dtype: "np.dtype[Any]") -> NDArray[Any]:
        """An array of at least this length, not cleared."""
        found = self._arrays.get(name)
        if found is None or len(found) < length:
            found = self._arrays[name] = np.empty(length + length // SPARE_SHARE, dtype)
        return found


def fold_batch(
    batch: EventBatch, states: Sequence[bytes | None], tables: Tables = TABLES, room: Room | None = None
) -> Folded:
    """Fold a batch over the packed states of its entities (None or empty: unknown).

    Pure: the same batch and states give the same bytes. Raises ValueError for a state of another format.
    """
    blobs = [state or b"" for state in states]
    _check(blobs, batch)
    bounds = np.zeros(len(blobs) + 1, np.int64)
    np.cumsum([len(blob) for blob in blobs], out=bounds[1:])
    blob = np.frombuffer(b"".join(blobs), np.uint8)
    head, tile_lo, link_lo, sizes, appended, fresh, lengths = kernel.measure(
        tables, blob, bounds, batch.kinds, batch.entity_of
    )
    room = room or Room()
    parts = zip(("ring", "tiles", "links", "pending"), lengths, (RING, TILE, LINK, PENDING), strict=True)
    ring, tiles, links, pending = (room.array(name, length, dtype) for name, length, dtype in parts)
    work = Work(head, ring, tiles, links, pending, tile_lo, tile_lo.copy(), link_lo, link_lo.copy())
    n = len(batch.events)
    atoms = np.zeros(batch.entity_of.size, ATOM)
    vectors = np.empty((n, tables.features), np.float32)
    flags, seen = np.empty(n, np.int64), np.empty((n, len(Entity)), np.int64)
    packed, packed_bounds, atom_bounds = kernel.fold(
        tables, blob, bounds, batch.events, batch.entity_of, work, sizes, appended, fresh, atoms, vectors, flags, seen
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
        self._room = Room()
        self.states: dict[bytes, bytes] = {}

    def fold(self, records: Sequence[Record]) -> Folded:
        """Fold one chunk; `states` and `deltas` of the result belong to the chunk's entities."""
        return self.fold_events(self._builder.batch(records))

    def fold_events(self, batch: EventBatch) -> Folded:
        """Fold one chunk of events."""
        folded = fold_batch(batch, [self.states.get(key) for key in batch.keys], self._tables, self._room)
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
