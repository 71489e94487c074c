"""A file of simulated transactions, and one of their labels, as JSON lines."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from contracts.label import Label, encode_label
from contracts.transaction import encode_transaction
from training.simulator.labels import labels_of
from training.simulator.rows import SimulatedTransaction
from training.simulator.world import World, simulate

_TELL_EVERY = 5000  # transactions, some tenths of a second


def generate_file(
    path: Path,
    count: int,
    world: World,
    *,
    labels_path: Path | None = None,
    tell: Callable[[int], None] = lambda _done: None,
) -> int:
    """Write the world's first `count` transactions in event-time order, and their labels by `known_at`.

    The same world writes the same bytes everywhere. Returns how many labels were written; `tell` hears how many
    transactions are done. Raises OSError when a file cannot be written; one that exists is replaced.
    """
    with ExitStack() as stack:
        out = stack.enter_context(path.open("wb"))
        labels_out = stack.enter_context(labels_path.open("wb")) if labels_path else None
        written = _written(simulate(world), count, out, tell)
        if labels_out is None:
            for _ in written:
                pass
            return 0
        return _write_labels(labels_of(written), labels_out)


def _written(
    simulated: Iterator[SimulatedTransaction], count: int, out: BinaryIO, tell: Callable[[int], None]
) -> Iterator[SimulatedTransaction]:
    for done, item in enumerate(islice(simulated, count), 1):
        out.write(encode_transaction(item.transaction) + b"\n")
        if done % _TELL_EVERY == 0 or done == count:
            tell(done)
        yield item


def _write_labels(labels: Iterator[Label], out: BinaryIO) -> int:
    count = 0
    for label in labels:
        out.write(encode_label(label) + b"\n")
        count += 1
    return count
