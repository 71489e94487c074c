"""Repair after a Redis that lost something, and rebuilding the whole state from what Postgres has.

AOF and snapshots lose a suffix of Redis' history, never a part from its middle, and every script moves a marker with
the states it writes. So the markers that are left say exactly what is missing: what Postgres has behind them. The
state is a function of the set of events, so folding the missing ones in gives the state that was lost, bit for bit.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from contracts.errors import OffsetGap, StateMismatch
from contracts.journal import CALLS, CountedLabel, Outcome, Position
from contracts.label import ForwardedLabel
from contracts.transaction import Transaction, decode_transaction
from features.events import EventBuilder
from features.fold import fold_batch
from features.redis_store.protocol import Inspection, RepairableStore, StateAddress
from pipeline.protocols import DecisionStore, Publisher
from pipeline.takeover import finish_journal

_T = TypeVar("_T")
FIRST_GENERATION = 1
ALL_TIMES = -(2**62)
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
            found = await self.state.inspect()
            if _is_sound(found, await self.store.epoch()) and found.fingerprint == self.fingerprint:
                assert found.address is not None
                return found.address
            if found.address is not None and found.fingerprint != self.fingerprint:
                raise StateMismatch(
                    "the state in Redis was built with another catalogue, window plan or rate table;"
                    " run `riskstream rebuild-state`"
                )
            generation = FIRST_GENERATION if found.address is None else found.address.generation
            # The epoch first: from here on nobody stores what was counted in a state that may be gone.
            address = StateAddress(await self.store.raise_epoch(), generation, found.run_id)
            await finish_journal(await self.state.journal(address), address, self.state, self.store, self.publisher)
            await self._fold_missing(address, found.markers)
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
            if old is not None:
                here = StateAddress(address.epoch, old.generation, found.run_id)
                await finish_journal(await self.state.journal(here), here, self.state, self.store, self.publisher)
            await self.state.forget_generation(address.generation)  # of an earlier rebuild that was interrupted
            await self._fold_missing(address, {})
            await self.state.adopt(address)
            if old is not None:
                await self.state.forget_generation(old.generation)
            return address

    async def _fold_missing(self, address: StateAddress, markers: dict[int, int]) -> None:
        for source in await self.store.sources():
            marker = markers.get(source, -1)
            folded = 0
            async for part in self._missing(source, marker):
                await self._patch(address, source, part)
                folded += len(part)
                self.progress(source, folded)
            stored = None if source == CALLS else await self.store.next_offset(source)
            if stored is not None and stored - 1 > marker:
                await self.state.patch(address, {}, {source: stored - 1})

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
                part.append((outcome.offset, _transaction(outcome)))
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


def _is_sound(found: Inspection, epoch: int) -> bool:
    return found.address is not None and found.address.run_id == found.run_id and found.address.epoch == epoch


def _transaction(outcome: Outcome) -> Transaction:
    value = decode_transaction(outcome.body)
    if not isinstance(value, Transaction):
        raise OffsetGap(f"the stored transaction at offset {outcome.offset} can no longer be read: {value.detail}")
    # Over HTTP the client comes from the credential, so the decision's client is the one that counts.
    return _with_client(value, outcome.decision.client_id)


def _with_client(value: Transaction, client_id: int) -> Transaction:

    return value if value.client_id == client_id else msgspec.structs.replace(value, client_id=client_id)


async def _flat(chunks: AsyncIterator[list[_T]]) -> AsyncIterator[_T]:
    async for chunk in chunks:
        for item in chunk:
            yield item
