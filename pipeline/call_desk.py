"""`POST /v1/score` behind its HTTP clothes: an answer before the deadline, whatever is away.

- The state and a model are there: the call goes through the durability order (`pipeline.calls`).
- The state is away, or the deadline comes close before the call was sent to be counted: it is taken back and decided
  by declared policy, stored under DEGRADED, and counted when the state is back (`pipeline.degraded`).
- It was sent and no answer came in time: nothing else may be decided about it. OutcomeUnknown, and repeating it with
  the same id gets the one decision.
- Postgres is away: StoreUnavailable. Nobody is told what is not stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from contracts.decision import Decision
from contracts.errors import BeingDecided, OutcomeUnknown, StateLost, StateMismatch, StateUnavailable, StoreUnavailable
from contracts.journal import CALLS, Outcome, Stored
from contracts.log import LogRecord
from contracts.transaction import Transaction
from features.layout import AMOUNT_SCALE
from features.money import Money
from pipeline.background import Spawn
from pipeline.calls import Answer, Call, Calls, settle
from pipeline.deadline import Deadline
from pipeline.durability import Pipeline
from pipeline.grouped import Grouped
from pipeline.protocols import Answered, TransactionKey
from pipeline.state_watch import StateWatch
from scoring.degraded import STATE, TIME, decide_degraded
from scoring.policy import Policy

RESERVE_SHARE = 1 / 3  # of the deadline: what storing a degraded decision may take
SETTLE_STEP_S = 0.01  # between looks for what another source is deciding
DEGRADED_GROUP_MAX = 200
DEGRADED_WAITING_MAX = 5_000

T = TypeVar("T")


class _Late(Exception):
    """The deadline is close, and the call was taken back before it was sent to be counted."""


@dataclass(frozen=True, slots=True)
class DeskParts:
    """What a desk works with.

    `on_stored` hears of what was stored, before it is published; `note` of events worth a line in the log, with why.
    """

    pipeline: Pipeline
    watch: StateWatch
    policies: Callable[[int], Policy]
    money: Money
    spawn: Spawn
    clock: Callable[[], float]
    now_ms: Callable[[], int]
    on_stored: Callable[[Stored], None] = lambda _stored: None
    note: Callable[[str, str], None] = lambda _event, _why: None


class CallDesk:
    """Answers calls. Every method raises StoreUnavailable (of which OutcomeUnknown is one) inside the deadline."""

    def __init__(self, parts: DeskParts) -> None:
        self._parts = parts
        self._calls = Calls(parts.pipeline, parts.spawn, parts.now_ms, parts.on_stored, parts.note)
        self._degraded: Grouped[Outcome, Stored] = Grouped(
            self._store_degraded, parts.spawn, size_max=DEGRADED_GROUP_MAX, waiting_max=DEGRADED_WAITING_MAX
        )

    async def score(self, body: bytes, transaction: Transaction, seconds: float, *, bulk: bool = False) -> Answer:
        """Decide one usable transaction within `seconds`; `body` is its message, with its client. Raises IdReused."""
        deadline = Deadline(seconds, self._parts.clock)
        soft = Deadline(seconds * (1 - RESERVE_SHARE), self._parts.clock)
        call = Call(body, transaction, _future(), bulk)
        try:
            return await self._counted(call, soft, deadline)
        except (StateUnavailable, StateLost, StateMismatch) as error:
            self._parts.watch.suspect(str(error))
            missing = STATE
        except _Late:
            missing = TIME
        return await self._by_policy(call, deadline, missing)

    async def repeat(self, body: bytes, transaction: Transaction, seconds: float) -> Answer | None:
        """The decision that a transaction has; None if it has none. Decides nothing. Raises IdReused."""
        call = Call(body, transaction, _future())
        deadline = Deadline(seconds, self._parts.clock)
        found = await self._in_time(lambda: self._parts.pipeline.store.stored([call.key]), deadline)
        return self._settled(call, found) if call.key in found else None

    async def preview(self, transactions: Sequence[bytes], seconds: float) -> list[Decision]:
        """What would be decided now, without a trace. Raises StateUnavailable, also when time runs out."""
        records = [LogRecord(CALLS, i, self._parts.now_ms(), None, body) for i, body in enumerate(transactions)]
        address = self._parts.watch.address
        if address is None:
            raise StateUnavailable(self._parts.watch.why)
        try:
            async with asyncio.timeout(seconds):
                return await self._parts.pipeline.preview(address, records)
        except TimeoutError as error:
            raise StateUnavailable("the state was not read and scored in time; try again") from error

    async def _counted(self, call: Call, soft: Deadline, deadline: Deadline) -> Answer:
        address = self._parts.watch.address
        if address is None:
            raise StateUnavailable(self._parts.watch.why)
        self._calls.submit(call, address)
        try:
            await asyncio.wait({call.answer}, timeout=soft.left)
        except asyncio.CancelledError:
            self._calls.leave(call)
            raise
        if not call.answer.done():
            if self._calls.withdraw(call):
                raise _Late
            await asyncio.wait({call.answer}, timeout=deadline.left)
        if not call.answer.done():
            raise OutcomeUnknown("the deadline passed while the call was being stored: repeat it with the same id")
        try:
            return call.answer.result()
        except BeingDecided:
            return await self._decided_elsewhere(call, deadline)

    async def _decided_elsewhere(self, call: Call, deadline: Deadline) -> Answer:
        """Another source has counted it: wait for its decision, which is this call's too."""
        while not deadline.passed:
            found = await self._in_time(lambda: self._parts.pipeline.store.stored([call.key]), deadline)
            if call.key in found:
                return self._settled(call, found)
            await asyncio.sleep(min(SETTLE_STEP_S, deadline.left))
        raise OutcomeUnknown("the transaction is being decided by another source: repeat it with the same id")

    async def _by_policy(self, call: Call, deadline: Deadline, missing: str) -> Answer:
        transaction, parts = call.transaction, self._parts
        amount = parts.money.units(transaction.amount, transaction.currency)[0] / AMOUNT_SCALE
        decision = decide_degraded(transaction, parts.policies(transaction.client_id), amount, (missing,))
        stored = await self._in_time(lambda: self._degraded.do(Outcome(0, call.body, decision)), deadline)
        mine = [d for d in stored.decisions if (d.client_id, d.transaction_id) == call.key]
        if mine and mine[0] is decision:
            return Answer(decision)
        found = await self._in_time(lambda: parts.pipeline.store.stored([call.key]), deadline)
        return self._settled(call, found)

    async def _in_time(self, work: Callable[[], Awaitable[T]], deadline: Deadline) -> T:
        """Wait no longer than the deadline. A store under way by then goes on; one that waits does not begin."""
        answer: asyncio.Future[T] = _future()

        async def run() -> None:
            try:
                answer.set_result(await work())
            except Exception as error:  # noqa: BLE001 - raised again where it is waited for
                answer.set_exception(error)

        task = self._parts.spawn(run())
        await asyncio.wait({answer}, timeout=deadline.left)
        if not answer.done():
            task.cancel()
            raise OutcomeUnknown("the deadline passed: repeat the call with the same id")
        return answer.result()

    def _settled(self, call: Call, found: Mapping[TransactionKey, Answered]) -> Answer:
        fresh = Call(call.body, call.transaction, _future())
        settle(fresh, found.get(fresh.key))
        return fresh.answer.result()

    async def _store_degraded(self, outcomes: Sequence[Outcome]) -> Stored:
        stored = await self._parts.pipeline.store.store_degraded(outcomes)
        if stored.decisions:
            self._parts.on_stored(stored)
            self._parts.spawn(self._publish(stored))
        return stored

    async def _publish(self, stored: Stored) -> None:
        """At once, if Kafka takes it; whoever counts them publishes them in any case."""
        try:
            await self._parts.pipeline.publisher.publish(stored.decisions, stored.alerts)
        except StoreUnavailable as error:
            self._parts.note("degraded_outputs_wait", str(error))


def _future() -> "asyncio.Future[Any]":
    """One whose error may go unheard: its caller has got another answer, or has gone."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future
