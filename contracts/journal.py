"""The journal: what one batch decided, kept in Redis from the moment it is counted until Postgres has it."""

from typing import NamedTuple

import msgspec

from contracts.decision import Alert, Decision
from contracts.label import ForwardedLabel

CALLS = -1  # the source of synchronous calls; a source >= 0 is a partition of the transaction log
DEGRADED = -2  # the source of calls that were decided without the state: stored first, counted when the state is back


class Position(NamedTuple):
    """Where a transaction is counted: (partition, offset), or (CALLS or DEGRADED, its number there)."""

    source: int
    offset: int


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """One counted transaction: its place in the log, the original message, and what was decided."""

    offset: int
    body: bytes
    decision: Decision


class CountedLabel(msgspec.Struct, frozen=True, gc=False):
    """One counted label and its place in the log."""

    offset: int
    label: ForwardedLabel


class JournalEntry(msgspec.Struct, frozen=True, gc=False):
    """One batch of one source. Storing it moves the source's next offset from `start` to `stop`.

    Between the two lie also records that count for nothing here: dead letters and duplicates.
    Calls have no order, so no next offset is kept of them: `start` and `stop` enclose the numbers that they were given.
    `epoch` is the state epoch under which it was counted.
    """

    source: int
    start: int
    stop: int
    epoch: int
    outcomes: tuple[Outcome, ...]
    labels: tuple[CountedLabel, ...] = ()


class Stored(NamedTuple):
    """What Postgres holds of an entry: its decisions and alerts, in the entry's order.

    `kept` names transactions (client id, transaction id) whose earlier, degraded decision stands: it is what
    `decisions` has of them.
    """

    decisions: list[Decision]
    alerts: list[Alert]
    kept: frozenset[tuple[int, str]] = frozenset()


NOTHING_STORED = Stored([], [])

encode_entry = msgspec.msgpack.Encoder().encode
decode_entry = msgspec.msgpack.Decoder(JournalEntry).decode


def numbered(entry: JournalEntry, last: int) -> JournalEntry:
    """An entry of calls with the numbers that they got when they were counted, the last of which is `last`."""
    start = last + 1 - len(entry.outcomes)
    outcomes = tuple(
        msgspec.structs.replace(outcome, offset=start + place) for place, outcome in enumerate(entry.outcomes)
    )
    return msgspec.structs.replace(entry, start=start, stop=last + 1, outcomes=outcomes)
