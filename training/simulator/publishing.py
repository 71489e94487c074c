"""A live stream into Kafka, labels included, through short absences of the broker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import structlog

from contracts.errors import StoreUnavailable
from contracts.label import Label
from contracts.topics import Topics
from riskstream_client import Publisher
from training.simulator.labels import labels_for
from training.simulator.rows import SimulatedTransaction
from training.simulator.stream import Clock, stream
from training.simulator.world import World

LABEL_DAY_S = 20.0  # in a live stream a day of a label's delay lasts so long: labels come within minutes
_LABELS_WAITING_MAX = 100_000
_AWAY_S_MAX = 120.0  # Kafka may be away for so long in mid-stream before the run gives up
_SLOW_S = 5.0  # an answer normally takes milliseconds
_RETRY_FIRST_S, _RETRY_S_MAX = 0.5, 8.0

_log = structlog.get_logger()


@dataclass(slots=True)
class Progress:
    """What a run has sent, confirmed by Kafka."""

    transactions: int = 0
    fraud: int = 0
    labels: int = 0


class LivePublisher:
    """Publishes one stream. `connection` is what `riskstream_client.Publisher` needs to reach Kafka."""

    def __init__(self, topics: Topics, connection: dict[str, Any], clock: Clock, *, labels: bool) -> None:
        self.progress = Progress()
        self._topics = topics
        self._connection = connection
        self._clock = clock
        self._with_labels = labels
        self._unsent: list[SimulatedTransaction] = []
        self._labels: list[tuple[int, str, int, Label]] = []  # by the time at which they become known
        self._labels_due: list[Label] = []

    async def run(self, world: World, tell: Callable[[Progress], None], *, end_ms: int | None = None) -> None:
        """Publish until `end_ms` or the clock's stop; what `progress` counts is confirmed by Kafka.

        Raises StoreUnavailable when Kafka is not there at the start, or away for `_AWAY_S_MAX` later. What Kafka did
        not confirm is sent again when it is back: a transaction that arrives twice is decided once.
        """
        batches = stream(world, self._clock, end_ms=end_ms)
        retry = _Retry(self._clock)
        while True:
            try:
                await self._publish(batches, tell, retry)
            except StoreUnavailable as error:
                wait_s = retry.next_wait_s()
                if wait_s is None:
                    raise
                _log.warning("kafka_away", error=str(error), retry_in_s=wait_s)
                if await self._clock.sleep(wait_s):
                    continue
            return

    async def _publish(
        self, batches: AsyncIterator[list[SimulatedTransaction]], tell: Callable[[Progress], None], retry: "_Retry"
    ) -> None:
        async with AsyncExitStack() as stack:
            sender = await stack.enter_async_context(Publisher(topic=self._topics.transactions, **self._connection))
            teller = None
            if self._with_labels:
                teller = await stack.enter_async_context(Publisher(topic=self._topics.labels, **self._connection))
            await self._send(sender)
            retry.connected()
            async for batch in batches:
                self._unsent = batch
                await self._send(sender)
                if teller:
                    await self._send_labels(teller)
                tell(self.progress)

    async def _send(self, sender: Publisher) -> None:
        batch = self._unsent
        if not batch:
            return
        await self._patiently(sender.publish_many(item.transaction for item in batch))
        self._unsent = []
        self.progress.transactions += len(batch)
        self.progress.fraud += sum(item.fraud for item in batch)
        if self._with_labels and len(self._labels) < _LABELS_WAITING_MAX:
            for item in batch:
                for label in labels_for(item, day_s=LABEL_DAY_S):
                    known_ms = int(label.known_at.timestamp() * 1000)
                    heappush(self._labels, (known_ms, label.transaction_id, label.revision, label))

    async def _patiently(self, sending: Coroutine[Any, Any, int]) -> None:
        """Wait for Kafka, and say so when it takes long."""
        task = asyncio.ensure_future(sending)
        done, _ = await asyncio.wait({task}, timeout=_SLOW_S)
        if not done:
            _log.warning("kafka_does_not_answer", waited_s=_SLOW_S)
        await task

    async def _send_labels(self, teller: Publisher) -> None:
        now_ms = self._clock.now_ms()
        while self._labels and self._labels[0][0] <= now_ms:
            self._labels_due.append(heappop(self._labels)[-1])
        if self._labels_due:
            await teller.publish_labels(self._labels_due)
            self.progress.labels += len(self._labels_due)
            self._labels_due = []


class _Retry:
    """How long to wait before the next try. Before it worked once, nothing is tried again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._worked = False
        self._away_since_ms: int | None = None
        self._wait_s = _RETRY_FIRST_S

    def connected(self) -> None:
        self._worked, self._away_since_ms, self._wait_s = True, None, _RETRY_FIRST_S

    def next_wait_s(self) -> float | None:
        """Seconds, or None to give up."""
        now_ms = self._clock.now_ms()
        if self._away_since_ms is None:
            self._away_since_ms = now_ms
        if not self._worked or now_ms - self._away_since_ms > _AWAY_S_MAX * 1000:
            return None
        wait_s = self._wait_s
        self._wait_s = min(2 * wait_s, _RETRY_S_MAX)
        return wait_s
