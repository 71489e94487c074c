"""An entity's state is a function of the set of its events: order, batches and concurrent writers change nothing."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.transaction import Transaction
from features.events import EventBuilder
from features.fold import Folded, OfflineFold, compact, fold_batch, state_count
from features.plan import Entity
from tests.features.comparison import make_builder
from tests.features.strategies import Record, after_floods, labelled_logs, logs, one_account_logs

any_log = st.one_of(logs(), one_account_logs(), labelled_logs())
FEW = max(10, settings().max_examples // 10)


def states_of(log: list[Record], *, batch: int | None = None) -> dict[bytes, bytes]:
    fold = OfflineFold(make_builder())
    for start in range(0, len(log), batch or len(log)):
        fold.fold(log[start : start + (batch or len(log))])
    return fold.states


def canonical(states: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {key: compact(Entity(key[0]), state) for key, state in states.items()}


@given(any_log, st.randoms(use_true_random=False))
def test_the_order_of_the_log_leaves_no_trace_in_the_states(log: list[Record], chance) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(log)
    chance.shuffle(shuffled)
    assert states_of(shuffled) == states_of(log)
    assert states_of(shuffled, batch=3) == states_of(log)


@given(after_floods(), st.randoms(use_true_random=False))
@settings(max_examples=FEW)
def test_the_order_of_a_flood_leaves_no_trace(
    parts: tuple[list[Transaction], list[Transaction]],
    chance,  # type: ignore[no-untyped-def]
) -> None:
    log: list[Record] = [*parts[0], *parts[1]]
    shuffled = list(log)
    chance.shuffle(shuffled)
    assert states_of(shuffled) == states_of(log)
    assert states_of(shuffled, batch=50) == states_of(log)


def in_batches(log: list[Record], cuts: list[int]) -> tuple[list[Folded], dict[bytes, bytes]]:
    fold = OfflineFold(make_builder())
    edges = sorted({0, len(log), *(cut % len(log) for cut in cuts)})
    return [fold.fold(log[lo:hi]) for lo, hi in pairwise(edges)], fold.states


@given(any_log, st.lists(st.integers(0, 10_000), max_size=12))
def test_batches_change_no_bit(log: list[Record], cuts: list[int]) -> None:
    whole = OfflineFold(make_builder())
    expected = whole.fold(log)
    parts, states = in_batches(log, cuts)
    assert b"".join(part.vectors.tobytes() for part in parts) == expected.vectors.tobytes()
    assert np.concatenate([part.flags for part in parts]).tolist() == expected.flags.tolist()
    assert np.concatenate([part.seen for part in parts]).tolist() == expected.seen.tolist()
    assert states == whole.states


@given(after_floods(), st.lists(st.integers(0, 10_000), max_size=6))
@settings(max_examples=FEW)
def test_batches_of_a_flood_change_no_bit(parts: tuple[list[Transaction], list[Transaction]], cuts: list[int]) -> None:
    log: list[Record] = [*parts[0], *parts[1]]
    whole = OfflineFold(make_builder())
    expected = whole.fold(log)
    folded, states = in_batches(log, cuts)
    assert b"".join(part.vectors.tobytes() for part in folded) == expected.vectors.tobytes()
    assert np.concatenate([part.flags for part in folded]).tolist() == expected.flags.tolist()
    assert states == whole.states


@dataclass
class Shelf:
    """Writes as concurrent workers do: a shared entity that moved since it was read gets the delta appended."""

    builder: EventBuilder
    states: dict[bytes, bytes] = field(default_factory=dict)
    appends: int = 0

    def read(self, log: list[Record]) -> tuple[list[bytes], list[bytes | None], Folded]:
        batch = self.builder.batch(log)
        seen = [self.states.get(key) for key in batch.keys]
        return batch.keys, seen, fold_batch(batch, seen)

    def write(self, keys: list[bytes], seen: list[bytes | None], folded: Folded, *, append: bool = False) -> None:
        for key, before, state, delta in zip(keys, seen, folded.states, folded.deltas, strict=True):
            now = self.states.get(key)
            moved = now != before
            assert not (moved and key[0] == Entity.ACCOUNT)
            if now is not None and (moved or (append and key[0] != Entity.ACCOUNT)):
                self.states[key] = now + delta
                self.appends += 1
            else:
                self.states[key] = state


def of_worker(log: list[Record], worker: int) -> list[Record]:
    """The log's partition: an account's records stay together and in order."""
    return [record for record in log if (record.client_id + int(record.account[-1])) % 2 == worker]


@given(any_log, st.integers(1, 7))
def test_two_workers_end_with_the_states_of_one(log: list[Record], size: int) -> None:
    shelf = Shelf(make_builder())
    queues = [of_worker(log, 0), of_worker(log, 1)]
    for start in range(0, max(map(len, queues)), size):
        both = [shelf.read(queue[start : start + size]) for queue in queues]
        for keys, seen, folded in reversed(both):
            shelf.write(keys, seen, folded)
    assert canonical(shelf.states) == states_of(log)


@given(any_log, st.integers(1, 7))
def test_appended_events_are_read_as_if_absorbed(log: list[Record], size: int) -> None:
    whole, shelf = OfflineFold(make_builder()), Shelf(make_builder())
    for start in range(0, len(log), size):
        part = log[start : start + size]
        keys, seen, folded = shelf.read(part)
        expected = whole.fold(part)
        assert folded.vectors.tobytes() == expected.vectors.tobytes()
        assert folded.flags.tolist() == expected.flags.tolist()
        assert folded.seen.tolist() == expected.seen.tolist()
        shelf.write(keys, seen, folded, append=True)
    assert canonical(shelf.states) == whole.states


@given(any_log)
def test_a_state_counts_what_it_absorbed(log: list[Record]) -> None:
    builder = make_builder()
    batch = builder.batch(log)
    states = states_of(log)
    for index, key in enumerate(batch.keys):
        assert state_count(states[key]) == int((batch.entity_of == index).sum())


@given(any_log)
def test_a_compact_state_is_its_own_compaction(log: list[Record]) -> None:
    states = states_of(log)
    assert canonical(states) == states
