"""Repair after a Redis that lost something, and rebuilding the whole state from what Postgres has.

AOF and snapshots lose a suffix of Redis' history, never a part from its middle, and every script moves a marker with
the states it writes. So the markers that are left say exactly what is missing: what Postgres has behind them. The
state is a function of the set of events, so folding the missing ones in gives the state that was lost, bit for bit.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

from contracts.errors import OffsetGap, StateMismatch
from contracts.journal import CountedLabel, Outcome, Position
from contracts.label import ForwardedLabel
from contracts.transaction import Transaction, decode_transaction
from features.events import EventBuilder
from features.fold import fold_batch
from features.plan import DAY
from features.redis_store.protocol import Inspection, RepairableStore, StateAddress
from pipeline.protocols import DecisionStore, Publisher
from pipeline.takeover import finish_journal

_T = TypeVar("_T")
FIRST_GENERATION = 1
ALL_TIMES = -(2**62)
PUBLISH_AGAIN_MS = DAY  # longer than Kafka may be away while calls are still answered
EVENTS_A_PATCH = 2_000  # folded and written in one Redis transaction with the marker


@dataclass(frozen=True, slots=True)
class Repairer:
    """The parts that repair and rebuild run on. `progress` hears of every patch: (source, events folded)."""

    state: RepairableStore
    store: DecisionStore
    publisher: Publisher
    builder: EventBuilder
    fingerprint: str
    progress: Callable[[int, int], None] = lambda _source, _events: None

    async def repair(self) -> StateAddress:
        """Bring Redis up to what Postgres has; returns the address to go on with. One process at a time.

        Raises StateMismatch if the state was built by another catalogue or rate table: that needs `rebuild`.
        """
        async with self.store.repair_lock():
            stored = await self._next_offsets()  # before the markers, which only rise: so none can seem to lie behind
            found = await self.state.inspect()
            sound = _is_sound(found, await self.store.epoch(), stored)
            if sound and found.fingerprint == self.fingerprint:
                assert found.address is not None
                return found.address
            if found.address is not None and found.fingerprint != self.fingerprint:
                raise StateMismatch(
                    "the state in Redis was built with another catalogue, window plan or rate table;"
                    " run `riskstream rebuild-state`"
                )
            generation = FIRST_GENERATION if found.address is None else found.address.generation
            # The epoch first: from here on nobody stores what was counted in a state that may be gone. Then the fence
            # in Redis, before anything is looked at: from here on nobody counts, nor can an older repair go on.
            address = StateAddress(await self.store.raise_epoch(), generation, found.run_id)
            markers = await self.state.begin(address)
            await finish_journal(await self.state.journal(address), address, self.state, self.store, self.publisher)
            await self._fold_missing(address, markers, markers)
            await self.state.adopt(address)
            return address

    async def rebuild(self) -> StateAddress:
        """Build the whole state anew from Postgres under a fresh prefix, then switch to it and delete the old one."""
        async with self.store.repair_lock():
            found = await self.state.inspect()
            old = found.address
            address = StateAddress(
                await self.store.raise_epoch(), FIRST_GENERATION if old is None else old.generation + 1, found.run_id
            )
            await self.state.begin(address)
            if old is not None:
                here = StateAddress(address.epoch, old.generation, found.run_id)
                await finish_journal(await self.state.journal(here), here, self.state, self.store, self.publisher)
            # What an earlier rebuild left that was interrupted.
            await self.state.forget_generation(address, address.generation)
            await self._fold_missing(address, {}, found.markers)
            await self.state.adopt(address)
            if old is not None:
                await self.state.forget_generation(address, old.generation)
            return address

    async def _next_offsets(self) -> dict[int, int]:
        found = {number: await self.store.next_offset(number) for number in await self.store.sources() if number >= 0}
        return {number: offset for number, offset in found.items() if offset is not None}

    async def _fold_missing(self, address: StateAddress, markers: dict[int, int], known: dict[int, int]) -> None:
        """Fold what Postgres has behind the markers. Calls behind what was `known` have lost their journal entry."""
        for source in await self.store.sources():
            marker = markers.get(source, -1)
            folded = 0
            async for part in self._missing(source, marker):
                if source < 0:
                    await self._publish_again(part, known.get(source, -1))
                await self._patch(address, source, part)
                folded += len(part)
                self.progress(source, folded)
            # A partition may end with records that count for nothing. Of DEGRADED more may be stored at any time.
            stored = None if source < 0 else await self.store.next_offset(source)
            if stored is not None and stored - 1 > marker:
                await self.state.patch(address, {}, {source: stored - 1})

    async def _publish_again(self, part: list[tuple[int, Transaction | ForwardedLabel]], known: int) -> None:
        """Publish calls whose journal entry is gone, before the marker says that they are dealt with.

        Nobody else would: a partition's records are read again, a call is not. After a Redis that was emptied only the
        newest are: what is older than PUBLISH_AGAIN_MS was published long ago, and all of it would flood the topic.
        """
        newest = await self.store.event_time_ms_max() if known < 0 else None
        since = ALL_TIMES if newest is None else newest - PUBLISH_AGAIN_MS
        values = [value for number, value in part if number > known and value.event_time_ms >= since]
        if values:
            await self.publisher.publish(*await self.store.outputs([(v.client_id, v.transaction_id) for v in values]))

    async def _missing(self, source: int, marker: int) -> AsyncIterator[list[tuple[int, Transaction | ForwardedLabel]]]:
        """What Postgres has of a source behind the marker, in order, in parts."""
        position = Position(source, marker)
        outcomes = _flat(self.store.outcomes_after(position, ALL_TIMES))
        labels = _flat(self.store.labels_after(position, ALL_TIMES))
        part: list[tuple[int, Transaction | ForwardedLabel]] = []
        outcome = await anext(outcomes, None)
        label = await anext(labels, None)
        while outcome is not None or label is not None:
            if label is None or (outcome is not None and outcome.offset < label.offset):
                assert isinstance(outcome, Outcome)
                part.append((outcome.offset, transaction_of(outcome)))
                outcome = await anext(outcomes, None)
            else:
                assert isinstance(label, CountedLabel)
                part.append((label.offset, label.label))
                label = await anext(labels, None)
            if len(part) >= EVENTS_A_PATCH:
                yield part
                part = []
        if part:
            yield part

    async def _patch(
        self, address: StateAddress, source: int, part: list[tuple[int, Transaction | ForwardedLabel]]
    ) -> None:
        batch = self.builder.batch([value for _, value in part])
        states = fold_batch(batch, await self.state.states(address, batch.keys)).states
        await self.state.patch(address, dict(zip(batch.keys, states, strict=True)), {source: part[-1][0]})


def _is_sound(found: Inspection, epoch: int, stored: dict[int, int]) -> bool:
    """Repaired in this run of Redis, for this epoch, and no marker lies behind what Postgres had before."""
    if found.address is None or found.address.run_id != found.run_id or found.address.epoch != epoch:
        return False
    return all(found.markers.get(number, offset) + 1 >= offset for number, offset in stored.items())


def transaction_of(outcome: Outcome) -> Transaction:
    """The transaction of a stored outcome. Raises OffsetGap if it can no longer be decoded."""
    value = decode_transaction(outcome.body)
    if not isinstance(value, Transaction):
        raise OffsetGap(f"the stored transaction at offset {outcome.offset} can no longer be read: {value.detail}")
    return value


async def _flat(chunks: AsyncIterator[list[_T]]) -> AsyncIterator[_T]:
    async for chunk in chunks:
        for item in chunk:
            yield item
