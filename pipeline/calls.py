"""Synchronous calls on their way through the durability order, several at a time.

Calls that wait are taken together as one batch: one read, one script, one transaction for all of them, and calls for
one account see each other in the order in which they came. A call whose account or id is under way in another batch
waits for that one: it would only have to be folded again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from contracts.decision import Decision
from contracts.errors import BeingDecided, IdReused, OutcomeUnknown, RiskstreamError, StoreUnavailable
from contracts.journal import CALLS, Stored
from contracts.log import LogRecord
from contracts.transaction import Transaction
from features.redis_store.protocol import StateAddress
from pipeline.background import Spawn
from pipeline.durability import Pipeline, Source
from pipeline.protocols import Answered, TransactionKey
from pipeline.same_body import is_same

GROUP_MAX = 32  # calls a batch: reasons take a millisecond each, and all of a batch wait for the last
BULK_GROUP_MAX = 16  # of batch requests; single calls wait behind at most one of these
GROUPS_OPEN_MAX = 2  # batches under way at once: while one is stored the next is read and scored
WAITING_MAX = 5_000  # calls; some seconds of work, longer than anybody waits


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller gets. `repeated`: it was decided before."""

    decision: Decision
    repeated: bool = False


@dataclass(eq=False, slots=True)
class Call:
    """One call: its message, as it would stand on the log, and whoever waits for the answer."""

    body: bytes
    transaction: Transaction
    answer: "asyncio.Future[Answer]"
    bulk: bool = False
    withdrawn: bool = False
    batch: "CallBatch | None" = None

    @property
    def key(self) -> TransactionKey:
        return self.transaction.client_id, self.transaction.transaction_id

    @property
    def holds(self) -> tuple[object, object]:
        """What no two batches under way may both have: the id, and the account's state."""
        return ("id", *self.key), ("account", self.transaction.client_id, self.transaction.account)

    @property
    def may_be_counted(self) -> bool:
        return self.batch is not None and self.batch.sent

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    def succeed(self, answer: Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)


class _TurnedBack(RiskstreamError):
    """One of the batch's callers has got another answer meanwhile; the batch was not counted."""


@dataclass(eq=False, slots=True)
class CallBatch:
    """Some calls under way together; implements `pipeline.durability.Watch`."""

    calls: list[Call]
    address: StateAddress
    on_stored: Callable[["CallBatch", Stored], None]
    sent: bool = False
    released: bool = False
    held: set[object] = field(default_factory=set)

    def applying(self) -> None:
        if any(call.withdrawn for call in self.calls):
            raise _TurnedBack("a call of the batch was answered meanwhile")
        self.sent = True

    def refused(self) -> None:
        self.sent = False

    def stored(self, stored: Stored) -> None:
        self.on_stored(self, stored)


class Calls:
    """The calls of one process. `now_ms` stands for the log's append time; `on_stored` hears of what was stored."""

    def __init__(
        self,
        pipeline: Pipeline,
        spawn: Spawn,
        now_ms: Callable[[], int],
        on_stored: Callable[[Stored], None],
        note: Callable[[str, str], None],
    ) -> None:
        self._pipeline = pipeline
        self._spawn = spawn
        self._now_ms = now_ms
        self._on_stored = on_stored
        self._note = note
        self._waiting: deque[Call] = deque()
        self._bulk: deque[Call] = deque()
        self._held: set[object] = set()
        self._open = 0
        self._bulk_open = 0

    def submit(self, call: Call, address: StateAddress) -> None:
        """Take a call in; its future gets the answer or the error. Raises StoreUnavailable when too many wait."""
        if len(self._waiting) + len(self._bulk) >= WAITING_MAX:
            raise StoreUnavailable(f"{WAITING_MAX} calls are waiting already; try again")
        (self._bulk if call.bulk else self._waiting).append(call)
        self._dispatch(address)

    def withdraw(self, call: Call) -> bool:
        """Take a call back, if it cannot have been counted: then it never will be."""
        if call.may_be_counted:
            return False
        call.withdrawn = True
        return True

    def leave(self, call: Call) -> None:
        """Take a call out of the queue whose caller has left. One that is in a batch goes on: it would turn it back."""
        if call.batch is None:
            call.withdrawn = True

    def _dispatch(self, address: StateAddress) -> None:
        while self._open < GROUPS_OPEN_MAX and (calls := self._take(self._waiting, GROUP_MAX)):
            self._start(calls, address)
        while (
            self._open < GROUPS_OPEN_MAX and not self._bulk_open and (calls := self._take(self._bulk, BULK_GROUP_MAX))
        ):
            self._start(calls, address)

    def _take(self, queue: deque[Call], size_max: int) -> list[Call]:
        """The next calls, in order, that hold nothing that is held; what stands behind a call that waits, waits too."""
        taken: list[Call] = []
        left: list[Call] = []
        blocked: set[object] = set()
        while queue and len(taken) < size_max:
            call = queue.popleft()
            if call.withdrawn:
                continue
            if any(each in self._held or each in blocked for each in call.holds):
                blocked.update(call.holds)
                left.append(call)
            else:
                taken.append(call)
        queue.extendleft(reversed(left))
        return taken

    def _start(self, calls: list[Call], address: StateAddress) -> None:
        batch = CallBatch(calls, address, self._when_stored, held={each for call in calls for each in call.holds})
        for call in calls:
            call.batch = batch
        self._held |= batch.held
        self._open += 1
        self._bulk_open += calls[0].bulk
        self._spawn(self._run(batch))

    async def _run(self, batch: CallBatch) -> None:
        try:
            await self._pipeline.process(Source(CALLS, batch.address), list(self._records(batch)), batch)
        except _TurnedBack:
            self._again(batch.calls)
        except BeingDecided as error:
            self._again([call for call in batch.calls if call.key not in error.keys])
            _fail((call for call in batch.calls if call.key in error.keys), error)
        except RiskstreamError as error:
            if batch.released:
                self._note("call_outputs_wait", str(error))  # stored and answered: the sweeper publishes them
            _fail(batch.calls, error)
        except BaseException:
            _fail(batch.calls, OutcomeUnknown("the call failed; repeat it with the same id"))
            raise
        finally:
            self._release(batch)

    def _records(self, batch: CallBatch) -> Iterator[LogRecord]:
        now_ms = self._now_ms()
        for place, call in enumerate(batch.calls):
            yield LogRecord(CALLS, place, now_ms, None, call.body)

    def _again(self, calls: list[Call]) -> None:
        """Put calls that were not counted in front again."""
        for call in reversed(calls):
            call.batch = None
            (self._bulk if call.bulk else self._waiting).appendleft(call)

    def _release(self, batch: CallBatch) -> None:
        if batch.released:
            return
        batch.released = True
        self._held -= batch.held
        self._open -= 1
        self._bulk_open -= batch.calls[0].bulk
        self._dispatch(batch.address)

    def _when_stored(self, batch: CallBatch, stored: Stored) -> None:
        """Answer the callers; publishing goes on behind their backs."""
        decided = {(d.client_id, d.transaction_id): d for d in stored.decisions}
        before: list[Call] = []
        for call in batch.calls:
            if call.key in decided and call.key not in stored.kept:
                call.succeed(Answer(decided.pop(call.key)))  # of two with one id the first was decided
            else:
                before.append(call)
        if stored.alerts:
            self._on_stored(stored)
        if before:
            self._spawn(self._answer_stored(before))
        self._release(batch)

    async def _answer_stored(self, calls: list[Call]) -> None:
        try:
            found = await self._pipeline.store.stored([call.key for call in calls])
        except StoreUnavailable as error:
            _fail(calls, error)
            return
        for call in calls:
            settle(call, found.get(call.key))


def settle(call: Call, stored: Answered | None) -> None:
    """Answer a call with what is stored under its id."""
    if stored is None:
        call.fail(OutcomeUnknown("the transaction was decided before and is not kept any more"))
    elif not is_same(call.body, stored.body):
        name = call.transaction.transaction_id
        call.fail(
            IdReused(
                f"the transaction id {name!r} came before with another body, whose decision stands:"
                f" GET /v1/decisions/{quote(name, safe='')}"
            )
        )
    else:
        call.succeed(Answer(stored.decision, repeated=True))


def _fail(calls: "list[Call] | Iterator[Call]", error: Exception) -> None:
    for call in calls:
        call.fail(error)
