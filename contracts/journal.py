"""The journal: what one batch decided, kept in Redis from the moment it is counted until Postgres has it."""

from typing import NamedTuple

import msgspec

from contracts.decision import Decision
from contracts.label import ForwardedLabel

CALLS = -1  # the source of synchronous calls; a source >= 0 is a partition of the transaction log


class Position(NamedTuple):
    """Where a transaction came from: (partition, offset), or (CALLS, number of the call)."""

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
    For a call, `start` is its number and `stop` one more; calls have no order, so no next offset is kept.
    `epoch` is the state epoch under which it was counted.
    """

    source: int
    start: int
    stop: int
    epoch: int
    outcomes: tuple[Outcome, ...]
    labels: tuple[CountedLabel, ...] = ()


encode_entry = msgspec.msgpack.Encoder().encode
decode_entry = msgspec.msgpack.Decoder(JournalEntry).decode


def numbered(entry: JournalEntry, number: int) -> JournalEntry:
    """A call's entry with the number that it got when it was counted."""
    outcomes = tuple(msgspec.structs.replace(outcome, offset=number) for outcome in entry.outcomes)
    return msgspec.structs.replace(entry, start=number, stop=number + 1, outcomes=outcomes)
