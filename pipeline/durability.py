"""The durability order: one function, numbered, each step with the reason it stands where it does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from contracts.decision import Decision
from contracts.errors import (
    BeingDecided,
    OffsetGap,
    OutcomeUnknown,
    PartitionLost,
    StateLost,
    StateUnavailable,
    StoreOutcome,
    StoreUnavailable,
)
from contracts.journal import (
    CALLS,
    NOTHING_STORED,
    CountedLabel,
    JournalEntry,
    Outcome,
    Position,
    Stored,
    encode_entry,
    numbered,
)
from contracts.label import ForwardedLabel
from contracts.log import LogRecord
from contracts.transaction import Transaction
from features.events import EventBatch, EventBuilder
from features.fold import Folded, fold_batch
from features.plan import Entity
from features.redis_store.protocol import TICK_S, Applied, Apply, Read, Refused, StateAddress, StateStore, Write
from pipeline.claims import claims_of
from pipeline.intake import Gate, Usable
from pipeline.protocols import DeadLetters, Decider, DecisionStore, Log, Publisher, TransactionKey

ENTITIES_MAX = 2_000  # a script, some 10 ms of Redis: shells poll so that a batch touches about this many
ENTITIES_HARD_MAX = 2 * ENTITIES_MAX  # a batch that turns out to touch more is cut by offset range
ATTEMPTS_MAX = 50  # of one batch against moved accounts; each loss means that somebody else made progress
SETTLE_DEADLINE_S = 20.0  # for another source's counted transaction to be stored; its sweeper needs a few seconds
SETTLE_STEP_S = 0.05


@dataclass(slots=True)
class Source:
    """Where a batch comes from: a partition that this worker owns, or CALLS (synchronous calls).

    `next_offset` is what Postgres holds of the partition; `address` names the state that is counted in. `beginning`
    stands for a marker that is not there yet: the offset at which a partition that was never counted begins.
    """

    number: int
    address: StateAddress
    next_offset: int = 0
    beginning: int = 0

    @property
    def is_call(self) -> bool:
        return self.number == CALLS

    def advance(self, stop: int) -> None:
        """Postgres holds everything before `stop` now; calls have no order."""
        self.next_offset = 0 if self.is_call else max(stop, self.next_offset)


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of a batch, for metrics and for the size of the next one. `seconds`: time spent by step name."""

    decided: int = 0
    alerts: int = 0
    duplicates: int = 0
    labels: int = 0
    rejected: int = 0
    retries: int = 0
    entities: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def __add__(self, other: "Processed") -> "Processed":
        seconds = {step: self.seconds.get(step, 0.0) + other.seconds[step] for step in other.seconds}
        counts = {name: getattr(self, name) + getattr(other, name) for name in _COUNTS}
        return Processed(**counts, seconds=seconds)


_COUNTS = ("decided", "alerts", "duplicates", "labels", "rejected", "retries", "entities")


@dataclass(frozen=True, slots=True)
class _Look:
    """Step 2's answer: what is new, what was decided from this very record before, what is somebody else's repeat."""

    read: Read
    batch: EventBatch
    fresh: list[Usable]
    repeated: list[TransactionKey]
    duplicates: int


class Watch(Protocol):
    """Whoever waits for a batch of calls hears of its turning points."""

    def applying(self) -> None:
        """Step 4 comes next: from here on the batch may be counted. What this raises turns the batch back."""

    def refused(self) -> None:
        """It was not counted, and is looked at again."""

    def stored(self, stored: Stored) -> None:
        """Step 5 is done: the answers stand, and publishing goes on without their callers."""


class _Nobody:
    """Nobody waits for a batch of the log."""

    def applying(self) -> None: ...
    def refused(self) -> None: ...
    def stored(self, stored: Stored) -> None: ...


NOBODY = _Nobody()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The parts that the durability order runs on. Every part may be a real store or a scripted one."""

    state: StateStore
    store: DecisionStore
    publisher: Publisher
    dead_letters: DeadLetters
    log: Log
    decider: Decider
    builder: EventBuilder
    gate: Gate

    async def process(self, source: Source, records: Sequence[LogRecord], watch: Watch = NOBODY) -> Processed:
        """Take a batch of one partition, in offset order, or of calls, through the seven steps.

        Raises PartitionLost, StateLost, OffsetGap or StoreUnavailable; whatever is raised, and wherever the process
        dies, taking the partition again (`pipeline.takeover`) goes on from there without loss or repeat. `watch` hears
        of a batch of calls, which raises OutcomeUnknown once they may be counted (the sweeper finishes them then), and
        BeingDecided.
        """
        _refuse_disorder(source, records)
        clock = asyncio.get_running_loop().time
        marks = [clock()]
        # 1. Poll, decode. What cannot be used is in the dead-letter topic, flushed, before any offset moves: a crash
        #    from here on repeats a dead letter, but never loses one.
        intake = await self.gate.let_in(records)
        batch = self.builder.batch([item.value for item in intake.usable])
        if len(batch.keys) > ENTITIES_HARD_MAX and len(records) > 1 and not source.is_call:  # calls come in few
            half = len(records) // 2
            return await self.process(source, records[:half]) + await self.process(source, records[half:])
        if intake.rejected:
            await self.dead_letters.send(intake.rejected)
        stop = records[-1].offset + 1
        retries = 0
        marks.append(clock())
        while True:
            # 2. Read the states, the marker and the epoch in one round trip; ask Postgres what is decided already.
            #    Before the fold, so that a repeat is never counted; of two in the batch the first stands.
            look = await self._look(source, intake.usable, batch)
            marks.append(clock())
            # 3. Fold, score, decide. Nothing has changed anywhere yet, so this can be thrown away and done again.
            folded, entry = await self._decide(source, look, stop)
            marks.append(clock())
            # 4. Apply: states, marker and journal in one atomic script. The point of no return: what was decided is
            #    what was counted. Before Postgres, or a crash between the two would count twice or not at all.
            claims = claims_of(entry)
            watch.applying()
            try:
                result = await self._apply(source, look, folded, entry, claims)
            except StateUnavailable:  # refused, or never sent: nothing of it is counted
                watch.refused()
                raise
            marks.append(clock())
            if isinstance(result, Applied):
                break
            watch.refused()
            retries += 1
            await self._resolve(source, look, result, retries)
        # 5. Store in one Postgres transaction, from the journal: after Redis, so that what is stored is counted;
        #    the next offset moves by compare-and-set, so that a frozen predecessor cannot store over us. A decision
        #    that was stored without the state meanwhile stands, and is what comes back here.
        if source.is_call:
            entry = numbered(entry, result.marker)
        counted = _counts(source, entry)
        stored = await self._store(source, entry) if counted else NOTHING_STORED
        source.advance(stop)
        watch.stored(stored)
        marks.append(clock())
        # 6. Publish what is stored, so that nobody hears of a decision that a crash could take back; flushed before
        #    the offset moves, so that a crash repeats an output, but never loses one.
        await self._publish(stored, look.repeated)
        marks.append(clock())
        # 7. Commit Kafka's offset, then drop the journal entry: last, because a successor finishes what is still there.
        if not source.is_call:
            await self.log.commit(source.number, stop)
        if counted:
            await self.state.drop(source.address, [(f"{source.number}:{result.marker}", claims)])
        marks.append(clock())
        return Processed(
            decided=len(entry.outcomes),
            alerts=len(stored.alerts),
            duplicates=look.duplicates,
            labels=len(entry.labels),
            rejected=len(intake.rejected),
            retries=retries,
            entities=len(batch.keys),
            seconds=_seconds(marks),
        )

    async def preview(self, address: StateAddress, records: Sequence[LogRecord]) -> list[Decision]:
        """What would be decided now about usable transactions, in their order, without a trace anywhere.

        Each sees those before it. Raises StateLost or StateUnavailable.
        """
        usable = self.gate.admit(records).usable
        transactions = [item.value for item in usable if type(item.value) is Transaction]
        batch = self.builder.batch(transactions)
        read = await self.state.read(address, CALLS, batch.keys)
        return await self.decider.decide(transactions, fold_batch(batch, read.states), range(len(transactions)))

    async def confirm(self, source: Source) -> None:
        """Raise StateLost if the state has to be repaired: an idle log must not hide it from the calls."""
        await self.state.read(source.address, source.number, [])
        if await self.store.epoch() != source.address.epoch:
            raise StateLost("a repair or rebuild was begun and not finished")

    async def _look(self, source: Source, usable: Sequence[Usable], batch: EventBatch) -> _Look:
        keys = list(dict.fromkeys(_key(item.value) for item in usable if type(item.value) is Transaction))
        labels = [_label_key(item.value) for item in usable if type(item.value) is ForwardedLabel]
        clock = asyncio.get_running_loop().time
        began = clock()
        read, decided, counted = await asyncio.gather(
            self.state.read(source.address, source.number, batch.keys),
            self.store.decided(keys),
            self.store.labels_counted(labels),
        )
        if clock() - began > TICK_S:
            # The script knows an id that another source counted for two ticks behind the read; an answer of Postgres
            # that is older than that (a process frozen in between) would let it be counted again.
            raise StoreUnavailable("looking at the stores took so long that the answers are stale; trying again")
        if not source.is_call:
            _refuse_other_marker(source, read.marker)
        fresh: list[Usable] = []
        repeated: list[TransactionKey] = []
        duplicates = 0
        seen: set[object] = set()
        for item in usable:
            if type(item.value) is ForwardedLabel:
                key: object = _label_key(item.value)
                if item.offset >= source.next_offset and key not in counted and key not in seen:
                    fresh.append(item)
                seen.add(key)
                continue
            key = _key(item.value)
            position = decided.get(_key(item.value))
            if position == Position(source.number, item.offset) and not source.is_call:
                repeated.append(_key(item.value))
            elif position is not None or key in seen:
                duplicates += 1
            elif item.offset < source.next_offset:
                continue  # a dead letter when it was first read (its client or rate came later); replayed from there
            else:
                fresh.append(item)
            seen.add(key)
        if len(fresh) < len(usable):
            by_key = dict(zip(batch.keys, read.states, strict=True))
            batch = self.builder.batch([item.value for item in fresh])
            read = read._replace(states=[by_key[key] for key in batch.keys])
        return _Look(read, batch, fresh, repeated, duplicates)

    async def _decide(self, source: Source, look: _Look, stop: int) -> tuple[Folded, JournalEntry]:
        folded = fold_batch(look.batch, look.read.states)
        rows = [i for i, item in enumerate(look.fresh) if type(item.value) is Transaction]
        transactions = [item.value for item in look.fresh if type(item.value) is Transaction]
        decisions = await self.decider.decide(transactions, folded, rows) if rows else []
        entry = JournalEntry(
            source=source.number,
            start=source.next_offset,
            stop=stop,
            epoch=source.address.epoch,
            outcomes=tuple(
                Outcome(look.fresh[row].offset, look.fresh[row].body, decision)
                for row, decision in zip(rows, decisions, strict=True)
            ),
            labels=tuple(
                CountedLabel(item.offset, item.value) for item in look.fresh if type(item.value) is ForwardedLabel
            ),
        )
        return folded, entry

    async def _apply(
        self, source: Source, look: _Look, folded: Folded, entry: JournalEntry, claims: list[bytes]
    ) -> Applied | Refused:
        if not _counts(source, entry):
            return Applied(source.next_offset - 1)
        accounts, shared = writes_of(look.batch, look.read, folded)
        batch = Apply(
            source=source.number,
            marker_read=look.read.marker,
            marker=None if source.is_call else entry.stop - 1,
            tick=look.read.tick,
            entry=encode_entry(entry),
            accounts=accounts,
            shared=shared,
            claims=claims,
            calls=len(entry.outcomes),
        )
        try:
            return await self.state.apply(source.address, batch)
        except StoreUnavailable as error:
            if not source.is_call or error.outcome is StoreOutcome.NOT_DONE:
                raise
            raise OutcomeUnknown(f"{error}; it may be counted: repeat it with the same id") from error

    async def _store(self, source: Source, entry: JournalEntry) -> Stored:
        try:
            return await self.store.store(entry)
        except (StoreUnavailable, StateLost) as error:
            if not source.is_call:
                raise
            raise OutcomeUnknown(f"{error}; it is counted and not stored yet: repeat it with the same id") from error

    async def _publish(self, stored: Stored, repeated: list[TransactionKey]) -> None:
        decisions, alerts = stored.decisions, stored.alerts
        if repeated:
            old_decisions, old_alerts = await self.store.outputs(repeated)
            decisions, alerts = old_decisions + decisions, old_alerts + alerts
        if decisions:
            await self.publisher.publish(decisions, alerts)

    async def _resolve(self, source: Source, look: _Look, refused: Refused, retries: int) -> None:
        """Decide what a refusal means: come back to step 2, wait for another source, or leave the partition."""
        if refused.why == "epoch":
            raise StateLost("the state was rebuilt, or Redis was restarted, while this batch was being decided")
        if refused.why == "marker":
            raise PartitionLost(f"another worker counts partition {source.number} now")
        if refused.why == "claimed":
            transactions = [item.value for item in look.fresh if type(item.value) is Transaction]
            keys = [_key(transactions[i]) for i in refused.indices]
            if source.is_call:  # the rest of the batch, other callers', must not wait
                raise BeingDecided("a transaction is being decided by another source", tuple(keys))
            await self._settled(keys)
        elif retries >= ATTEMPTS_MAX:
            raise StoreUnavailable(f"the accounts of a batch moved {retries} times in a row; trying again later")

    async def _settled(self, keys: list[TransactionKey]) -> None:
        """Wait until another source's counted transactions are stored: then they are duplicates here."""
        deadline = asyncio.get_running_loop().time() + SETTLE_DEADLINE_S
        while len(await self.store.decided(keys)) < len(keys):
            if asyncio.get_running_loop().time() > deadline:
                raise StoreUnavailable("a transaction counted by another source is not stored yet; trying again later")
            await asyncio.sleep(SETTLE_STEP_S)


def writes_of(batch: EventBatch, read: Read, folded: Folded) -> tuple[list[Write], list[Write]]:
    """What applying a folded batch writes: the accounts' states, and the shared entities'."""
    accounts: list[Write] = []
    shared: list[Write] = []
    for key, before, after, delta in zip(batch.keys, read.states, folded.states, folded.deltas, strict=True):
        (accounts if key[0] == Entity.ACCOUNT else shared).append(Write(key, before or b"", after, delta))
    return accounts, shared


def _refuse_disorder(source: Source, records: Sequence[LogRecord]) -> None:
    """Paranoid check: offsets that do not increase, or a foreign partition, would corrupt state silently."""
    last = -1
    for record in records:
        if record.partition != source.number or record.offset <= last:
            raise OffsetGap(f"records of partition {source.number} do not come in offset order; stop and look")
        last = record.offset
    if not records:
        raise ValueError("a batch holds at least one record")


def _refuse_other_marker(source: Source, marker: int | None) -> None:
    """The state of an owned partition ends where its storage ends, or somebody else was here."""
    counted = source.beginning if marker is None else marker + 1
    if counted < source.next_offset:
        raise StateLost("the state in Redis lies behind what is stored; it has to be repaired first")
    if counted > source.next_offset:
        raise PartitionLost(f"another worker counts partition {source.number} now")


def _counts(source: Source, entry: JournalEntry) -> bool:
    """Whether a batch has anything to apply and store: a batch read again, or a call repeated, has not."""
    return bool(entry.outcomes) if source.is_call else entry.stop > source.next_offset


def _key(value: Transaction | ForwardedLabel) -> TransactionKey:
    return value.client_id, value.transaction_id


def _label_key(value: ForwardedLabel) -> tuple[int, str, int]:
    return value.client_id, value.transaction_id, value.revision


def _seconds(marks: list[float]) -> dict[str, float]:
    """Time by step: the last attempt's for steps 2 to 4, the rest of the attempts under `retry`."""
    steps = ("look", "decide", "apply", "store", "publish", "commit")
    seconds = {"decode": marks[1] - marks[0]}
    tail = marks[-len(steps) - 1 :]
    seconds["retry"] = tail[0] - marks[1]
    seconds.update({step: b - a for step, a, b in zip(steps, tail, tail[1:], strict=False)})
    return seconds
