"""What the pipeline asks of its stores, as small protocols, so that a simulation can drive the real pipeline."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from contracts.decision import Alert, Decision
from contracts.journal import CountedLabel, JournalEntry, Outcome, Position, Stored
from contracts.transaction import Transaction
from features.fold import Folded
from pipeline.intake import Rejected

TransactionKey = tuple[int, str]  # (client id, transaction id)
LabelKey = tuple[int, str, int]  # (client id, transaction id, revision)


class Answered(Protocol):
    """A stored transaction: its original message and its decision."""

    @property
    def body(self) -> bytes: ...
    @property
    def decision(self) -> Decision: ...


class DecisionStore(Protocol):
    """Postgres, as the durability order needs it. Every method raises StoreUnavailable when it cannot be reached."""

    async def decided(self, keys: Sequence[TransactionKey]) -> dict[TransactionKey, Position]:
        """Those of `keys` that have a stored decision, with the place each one came from."""

    async def store(self, entry: JournalEntry) -> Stored:
        """Store a batch in one transaction; returns what is stored of it, in log order.

        An entry that is stored already is left as it is, and returned again. A transaction that was decided without
        the state in between (its place is in DEGRADED) keeps that decision and gets the entry's place.
        Raises StateLost if the state epoch has risen since the entry was counted, PartitionLost if the source's next
        offset lies before the entry's `start` or inside it, and DecisionConflict if another source counted one.
        """

    async def store_degraded(self, outcomes: Sequence[Outcome]) -> Stored:
        """Store decisions made without the state under the next numbers of DEGRADED, which are committed in order.

        Returns what was stored: a transaction that was decided before is left out.
        """

    async def stored(self, keys: Sequence[TransactionKey]) -> Mapping[TransactionKey, Answered]:
        """Those of `keys` that are decided: original body and decision."""

    async def labels_counted(self, keys: Sequence[LabelKey]) -> set[LabelKey]:
        """Those of `keys` whose label record is counted and stored already."""

    async def outputs(self, keys: Sequence[TransactionKey]) -> tuple[list[Decision], list[Alert]]:
        """Stored decisions (without vectors) and alerts of these transactions, to publish them again."""

    async def next_offset(self, partition: int) -> int | None:
        """The first offset of the partition that is not stored, or None if it was never seen."""

    async def start_partition(self, partition: int, offset: int) -> None:
        """Record where an unseen partition begins; does nothing if it was seen."""

    async def epoch(self) -> int:
        """The state epoch, 1 at first."""

    async def raise_epoch(self) -> int:
        """Raise the epoch by one: from here on no batch counted under the old one can be stored."""

    def repair_lock(self) -> AbstractAsyncContextManager[None]:
        """Held by the one process that repairs or rebuilds the state; the others wait for it."""

    async def sources(self) -> list[int]:
        """Every source with stored transactions, labels or a next offset, in order (DEGRADED, CALLS, partitions)."""

    def outcomes_after(self, position: Position, event_time_ms_min: int) -> AsyncIterator[list[Outcome]]:
        """Stored transactions of one source behind `position`, in order, in chunks; vectors may be left out."""

    def labels_after(self, position: Position, event_time_ms_min: int) -> AsyncIterator[list[CountedLabel]]:
        """Stored label records of one source behind `position`, in order, in chunks."""

    async def event_time_ms_max(self) -> int | None:
        """The newest stored event time, or None."""


class Publisher(Protocol):
    """The outgoing topics."""

    async def publish(self, decisions: Sequence[Decision], alerts: Sequence[Alert]) -> None:
        """Produce and flush. Raises StoreUnavailable; consumers know a repeat by its transaction id."""


class DeadLetters(Protocol):
    """The dead-letter topic."""

    async def send(self, rejected: Sequence[Rejected]) -> None:
        """Produce the originals with their reasons, flush, register. Raises StoreUnavailable."""


class Log(Protocol):
    """The consumer's side of the transaction log."""

    async def commit(self, partition: int, offset: int) -> None:
        """Commit the next offset to read. Raises PartitionLost if the group took the partition away."""


class Decider(Protocol):
    """Scoring, behind the fold; it may use a thread, never a store."""

    async def decide(self, transactions: Sequence[Transaction], folded: Folded, rows: Sequence[int]) -> list[Decision]:
        """One decision a transaction; `rows` are their rows in `folded`."""
