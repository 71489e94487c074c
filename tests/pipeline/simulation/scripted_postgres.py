"""The decision store as a script: transactions that happen at once, guards, compare-and-set, sequence numbers."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from contracts.decision import Alert, Decision, alert_id_of
from contracts.errors import DecisionConflict, PartitionLost, StateLost, StoreUnavailable
from contracts.journal import CALLS, DEGRADED, CountedLabel, JournalEntry, Outcome, Position, Stored
from pipeline.protocols import LabelKey, TransactionKey

Gate = Callable[[str, Callable[[], Any]], Awaitable[Any]]
CHUNK = 3  # rows a query of the repair: small, so that repairs are interrupted


class ScriptedPostgres:
    """What is committed stays. `broken` names a guarantee that is left out on purpose."""

    def __init__(self, broken: str = "") -> None:
        self.broken = broken
        self.epoch = 1
        self.decided: dict[TransactionKey, Position] = {}
        self.outcomes: dict[TransactionKey, Outcome] = {}
        self.labels: dict[LabelKey, tuple[int, CountedLabel]] = {}
        self.next_offsets: dict[int, int] = {}
        self.alerts: dict[TransactionKey, Alert] = {}
        self.sequences: Counter[int] = Counter()
        self.repairing: object | None = None

    def restart(self) -> None:
        """Locks end with their connections."""
        self.repairing = None

    def store(self, entry: JournalEntry) -> Stored:
        if self.epoch > entry.epoch and self.broken != "epoch not checked":
            if not self._is_stored(entry):
                raise StateLost(f"counted under epoch {entry.epoch}, and the state was repaired for epoch {self.epoch}")
            return self._as_stored(entry)
        if entry.source != CALLS and self.next_offsets.get(entry.source) != entry.start:
            if not self._is_stored(entry):
                raise PartitionLost(
                    f"partition {entry.source} is stored up to {self.next_offsets.get(entry.source)}, and the batch is"
                    f" [{entry.start}, {entry.stop})"
                )
            return self._as_stored(entry)
        taken = [outcome for outcome in entry.outcomes if _key(outcome) in self.decided]
        if taken and entry.source == CALLS and self._is_stored(entry):
            return self._as_stored(entry)
        foreign = tuple(_key(outcome) for outcome in taken if self.decided[_key(outcome)].source != DEGRADED)
        if foreign:
            raise DecisionConflict(f"{foreign} were counted by another source", foreign)
        if any(_label_key(label) in self.labels for label in entry.labels):
            raise DecisionConflict("a label of the batch is stored as counted already", ())
        self._take_over(entry.source, taken)
        self._insert(entry, [outcome for outcome in entry.outcomes if outcome not in taken])
        return self._as_stored(entry)

    def store_degraded(self, outcomes: Sequence[Outcome]) -> Stored:
        start = self.next_offsets.get(DEGRADED, 0)
        self.next_offsets[DEGRADED] = start + len(outcomes)
        fresh: list[Outcome] = []
        for place, outcome in enumerate(outcomes):
            if _key(outcome) not in self.decided:
                self.decided[_key(outcome)] = Position(DEGRADED, start + place)
                fresh.append(msgspec.structs.replace(outcome, offset=start + place))
                self._put(fresh[-1])
        keys = [_key(outcome) for outcome in fresh]
        return Stored([o.decision for o in fresh], [self.alerts[key] for key in keys if key in self.alerts])

    def _take_over(self, source: int, taken: Sequence[Outcome]) -> None:
        """The decision stands; place and message become those of the source that counted it."""
        if self.broken == "kept decisions stay where they were":
            return
        for outcome in taken:
            self.decided[_key(outcome)] = Position(source, outcome.offset)
            counted = outcome.decision
            decision = msgspec.structs.replace(
                self.outcomes[_key(outcome)].decision, event_time_ms=counted.event_time_ms, account=counted.account
            )
            self.outcomes[_key(outcome)] = msgspec.structs.replace(outcome, decision=decision)

    def _insert(self, entry: JournalEntry, fresh: Sequence[Outcome]) -> None:
        if entry.source != CALLS:
            self.next_offsets[entry.source] = entry.stop
        places = _places(entry)
        self.decided.update((_key(outcome), places[_key(outcome)]) for outcome in fresh)
        self.labels.update((_label_key(label), (entry.source, label)) for label in entry.labels)
        for outcome in fresh:
            self._put(outcome)

    def _put(self, outcome: Outcome) -> None:
        decision = outcome.decision
        self.outcomes[_key(outcome)] = outcome
        if decision.raises_alert:
            self.sequences[decision.client_id] += 1
            self.alerts[_key(outcome)] = _alert(decision, self.sequences[decision.client_id])

    def _is_stored(self, entry: JournalEntry) -> bool:
        if entry.source != CALLS and self.next_offsets.get(entry.source, -1) < entry.stop:
            return False
        return all(self.decided.get(key) == place for key, place in _places(entry).items())

    def _as_stored(self, entry: JournalEntry) -> Stored:
        keys = [_key(outcome) for outcome in entry.outcomes]
        decisions = [self.outcomes[key].decision for key in keys]
        pairs = zip(keys, entry.outcomes, decisions, strict=True)
        kept = frozenset(key for key, outcome, decision in pairs if decision.missing != outcome.decision.missing)
        return Stored(decisions, [self.alerts[key] for key in keys if key in self.alerts], kept)


class ScriptedDecisionStore:
    """Implements `pipeline.protocols.DecisionStore` over a scripted Postgres."""

    def __init__(self, server: ScriptedPostgres, gate: Gate, wait: Callable[[float], Awaitable[None]]) -> None:
        self._server = server
        self._gate = gate
        self._wait = wait

    async def decided(self, keys: Sequence[TransactionKey]) -> dict[TransactionKey, Position]:
        places = self._server.decided
        return await self._gate("decided?", lambda: {key: places[key] for key in keys if key in places})  # type: ignore[no-any-return]

    async def store(self, entry: JournalEntry) -> Stored:
        what = (
            f"store {entry.source} [{entry.start}, {entry.stop}) {[o.decision.transaction_id for o in entry.outcomes]}"
        )
        return await self._gate(what, lambda: self._server.store(entry))  # type: ignore[no-any-return]

    async def store_degraded(self, outcomes: Sequence[Outcome]) -> Stored:
        what = f"store degraded {[o.decision.transaction_id for o in outcomes]}"
        return await self._gate(what, lambda: self._server.store_degraded(outcomes))  # type: ignore[no-any-return]

    async def stored(self, keys: Sequence[TransactionKey]) -> dict[TransactionKey, Outcome]:
        server = self._server
        return await self._gate(  # type: ignore[no-any-return]
            "stored?", lambda: {key: server.outcomes[key] for key in keys if key in server.outcomes}
        )

    async def labels_counted(self, keys: Sequence[LabelKey]) -> set[LabelKey]:
        if not keys:
            return set()
        return await self._gate("labels counted?", lambda: {key for key in keys if key in self._server.labels})  # type: ignore[no-any-return]

    async def outputs(self, keys: Sequence[TransactionKey]) -> tuple[list[Decision], list[Alert]]:
        def effect() -> tuple[list[Decision], list[Alert]]:
            server = self._server
            decisions = [server.outcomes[key].decision for key in keys if key in server.outcomes]
            return decisions, [server.alerts[key] for key in keys if key in server.alerts]

        return await self._gate("outputs", effect)  # type: ignore[no-any-return]

    async def next_offset(self, partition: int) -> int | None:
        return await self._gate(f"next offset of {partition}", lambda: self._server.next_offsets.get(partition))  # type: ignore[no-any-return]

    async def start_partition(self, partition: int, offset: int) -> None:
        await self._gate(
            f"start {partition} at {offset}", lambda: self._server.next_offsets.setdefault(partition, offset)
        )

    async def epoch(self) -> int:
        return await self._gate("epoch", lambda: self._server.epoch)  # type: ignore[no-any-return]

    async def raise_epoch(self) -> int:
        def effect() -> int:
            self._server.epoch += 1
            return self._server.epoch

        return await self._gate("raise epoch", effect)  # type: ignore[no-any-return]

    @asynccontextmanager
    async def repair_lock(self) -> AsyncIterator[None]:
        mine = object()
        while self._server.repairing is not None:
            await self._wait(0.3)
        self._server.repairing = mine
        try:
            yield
        finally:
            held = self._server.repairing is mine
            if held:
                self._server.repairing = None
        if not held:
            raise StoreUnavailable("the connection that held the repair lock was lost; repair again")

    async def sources(self) -> list[int]:
        def effect() -> list[int]:
            server = self._server
            found = {place.source for place in server.decided.values()} | {s for s, _ in server.labels.values()}
            return sorted(found | set(server.next_offsets))

        return await self._gate("sources", effect)  # type: ignore[no-any-return]

    async def outcomes_after(self, position: Position, event_time_ms_min: int) -> AsyncIterator[list[Outcome]]:
        after = position.offset
        while True:
            part: list[Outcome] = await self._gate(
                f"outcomes of {position.source} after {after}", lambda at=after: self._outcomes(position.source, at)
            )
            if not part:
                return
            after = part[-1].offset
            yield part

    async def labels_after(self, position: Position, event_time_ms_min: int) -> AsyncIterator[list[CountedLabel]]:
        def effect() -> list[CountedLabel]:
            found = [label for source, label in self._server.labels.values() if source == position.source]
            return sorted((lb for lb in found if lb.offset > position.offset), key=lambda label: label.offset)

        yield await self._gate(f"labels of {position.source} after {position.offset}", effect)

    async def event_time_ms_max(self) -> int | None:
        times = [outcome.decision.event_time_ms for outcome in self._server.outcomes.values()]
        return max(times, default=None)

    def _outcomes(self, source: int, after: int) -> list[Outcome]:
        server = self._server
        found = [server.outcomes[key] for key, place in server.decided.items() if place.source == source]
        return sorted((outcome for outcome in found if outcome.offset > after), key=lambda o: o.offset)[:CHUNK]


def _key(outcome: Outcome) -> TransactionKey:
    return outcome.decision.client_id, outcome.decision.transaction_id


def _places(entry: JournalEntry) -> dict[TransactionKey, Position]:
    return {_key(outcome): Position(entry.source, outcome.offset) for outcome in entry.outcomes}


def _label_key(counted: CountedLabel) -> LabelKey:
    return counted.label.client_id, counted.label.transaction_id, counted.label.revision


def _alert(decision: Decision, sequence: int) -> Alert:
    shared = {name: getattr(decision, name) for name in Alert.__struct_fields__ if hasattr(decision, name)}
    return Alert(
        **shared,
        alert_id=alert_id_of(decision.client_id, decision.transaction_id),
        sequence=sequence,
        created_at_ms=0,
        amount=1.0,
        currency="USD",
        severity=decision.risk_level,
    )


def without_vector(decision: Decision) -> Decision:
    """As it is published."""
    return msgspec.structs.replace(decision, vector=b"")
