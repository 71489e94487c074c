"""One partition's loop: take it, then batch after batch through the durability order."""

import asyncio
import time
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from contracts.errors import OffsetGap, PartitionLost, StateLost, StoreUnavailable
from contracts.log import LogRecord
from pipeline.durability import ENTITIES_MAX, Pipeline, Source
from pipeline.repair import Repairer
from pipeline.takeover import take_partition
from scoring_worker.careful import CarefulReader
from scoring_worker.consumer_log import ConsumerLog
from scoring_worker.log_reader import LogReader
from scoring_worker.metrics import WorkerMetrics
from scoring_worker.progress import Progress

POLL_S = 1.0  # an idle partition comes round this often; a record that arrives ends the wait at once
RETRY_MIN_S, RETRY_MAX_S = 0.2, 5.0  # between attempts while a store is away
LOST_PAUSE_S = 5.0  # longer than a heartbeat: by then the group has told a frozen worker that it owns nothing

log = structlog.get_logger()


class PartitionScorer:
    """Runs until told to stop; a batch that has begun is finished first."""

    def __init__(
        self,
        number: int,
        consumer: Any,
        reader: LogReader,
        careful: CarefulReader,
        kafka_log: ConsumerLog,
        pipeline: Pipeline,
        repairer: Repairer,
        progress: Progress,
        metrics: WorkerMetrics,
        batch_size_max: int,
    ) -> None:
        self.number = number
        self._consumer = consumer
        self._reader = reader
        self._careful = careful
        self._log = kafka_log
        self._pipeline = pipeline
        self._repairer = repairer
        self._progress = progress
        self._metrics = metrics
        self._batch_size_max = self._batch_size = batch_size_max
        self._stopping = asyncio.Event()
        self._poll: asyncio.Future[Any] | None = None
        self._position = 0  # the next offset to process; whatever Kafka hands over before it is left out

    def stop(self) -> None:
        """Take no further batch. An open poll is given up: during a rebalance it would wait for the rebalance's end."""
        self._stopping.set()
        if self._poll is not None:
            self._poll.cancel()

    async def run(self) -> None:
        """Raises OffsetGap and StateMismatch, which a person has to look at; everything else is waited out."""
        try:
            await self._run()
            await self._careful.end()
        finally:
            self._progress.leave(self.number)  # also when the drain's deadline cancels it: nobody turns here any more

    async def _run(self) -> None:
        wait_s = RETRY_MIN_S
        while not self._stopping.is_set():
            try:
                source = await self._take()
                wait_s = RETRY_MIN_S
                await self._score(source)
            except StateLost as error:
                await self._careful.end()
                await self._repair(error)
            except PartitionLost as error:
                await self._careful.end()
                await self._wait("waiting for the group", error, LOST_PAUSE_S)
            except (StoreUnavailable, KafkaError) as error:
                await self._careful.end()
                if isinstance(error, OffsetOutOfRangeError):
                    raise OffsetGap(_out_of_range(self.number)) from error
                await self._wait("waiting for a store", error, wait_s)
                wait_s = min(2 * wait_s, RETRY_MAX_S)

    async def _take(self) -> Source:
        self._progress.turn(self.number, "taking over")
        address = await self._repairer.repair()
        source, start = await take_partition(
            self.number,
            await self._log.committed(self.number),
            await self._log.beginning(self.number),
            address,
            self._pipeline.state,
            self._pipeline.store,
            self._pipeline.publisher,
        )
        self._consumer.seek(self._log.place(self.number), start)
        self._position = start
        await self._careful.take(start, self._batch_size_max, source.next_offset)
        log.info("partition_taken", partition=self.number, offset=start, epoch=address.epoch)
        return source

    async def _score(self, source: Source) -> None:
        while not self._stopping.is_set():
            self._progress.turn(self.number)
            records = await self._next_records()
            if not records:
                await self._observe_lag(source, idle=True)
                await self._pipeline.confirm(source)
                continue
            processed = await self._pipeline.process(source, records)
            self._position = records[-1].offset + 1
            await self._observe_lag(source, idle=False)
            latency_s = max(0.0, time.time() - records[0].append_ms / 1000)
            if processed.entities > ENTITIES_MAX // 2:
                self._batch_size = min(self._batch_size_max, ENTITIES_MAX * len(records) // processed.entities)
            self._metrics.observe(len(records), latency_s, processed)
            self._progress.batch(processed.decided, len(records), latency_s * 1000)
            self._progress.decided_total += processed.decided
            self._progress.alerts_total += processed.alerts
            self._progress.dead_letters_total += processed.rejected

    async def _next_records(self) -> list[LogRecord]:
        """What is there, at once; on an idle partition the first record that arrives. Empty after POLL_S."""
        place = self._log.place(self.number)
        if self._position < self._careful.until:
            self._poll = asyncio.ensure_future(self._careful.next_records(self._position))
        else:
            self._poll = asyncio.ensure_future(self._read(place))
        try:
            found: list[LogRecord] = await self._poll
        except asyncio.CancelledError:
            if self._stopping.is_set():
                return []
            raise
        finally:
            self._poll = None
        return found

    async def _read(self, place: TopicPartition) -> list[LogRecord]:
        found = await self._reader.poll({place: self._position}, int(POLL_S * 1000), self._batch_size)
        return found.get(place, [])

    async def _repair(self, error: StateLost) -> None:
        self._progress.turn(self.number, "repairing the state")
        self._metrics.repairs.inc()
        log.warning("state_lost", partition=self.number, reason=str(error))
        try:
            address = await self._repairer.repair()
            log.info("state_repaired", partition=self.number, epoch=address.epoch)
        except (StoreUnavailable, StateLost) as away:  # StateLost: another repair began, or Redis went away again
            await self._wait("repairing the state", away, RETRY_MIN_S)

    async def _wait(self, state: str, error: Exception, seconds: float) -> None:
        self._progress.turn(self.number, state)
        self._metrics.failures.labels(type(error).__name__).inc()
        log.warning("partition_waits", partition=self.number, state=state, reason=str(error), seconds=seconds)
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _observe_lag(self, source: Source, *, idle: bool) -> None:
        place = self._log.place(self.number)
        if place not in self._consumer.assignment():  # the group has just taken it away
            return
        end = self._consumer.highwater(place)
        if end is not None:
            # A log may end with a transaction's marker, which is read and never stored.
            done = await self._consumer.position(place) if idle else source.next_offset
            self._progress.lags[self.number] = max(0, end - done)
            self._metrics.lag.labels(str(self.number)).set(self._progress.lags[self.number])


def _out_of_range(number: int) -> str:
    return (
        f"Kafka no longer has the offset at which partition {number} has to go on: records were deleted before they"
        " were decided. Nothing was skipped; restore them or raise the topic's retention"
    )
