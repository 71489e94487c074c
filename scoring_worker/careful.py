"""Finding what kills a worker: after a death without progress one record at a time, each noted before it is touched.

A death cannot be caught, so a note in Postgres has to be there before. A note for every batch would cost a round trip
where thousands of transactions a second pass; one at takeover is enough to see that nothing moved between two deaths.
"""

from typing import Any

import structlog
from aiokafka import TopicPartition

from contracts.deadletter import DeadLetterReason, Rejection
from contracts.errors import StoreUnavailable
from contracts.log import LogRecord
from scoring_worker.log_reader import LogReader
from scoring_worker.sealed_batch import SealedBatches
from storage.offset_attempts import BATCH, DECIDING, READING, OffsetAttempts

DEATHS_MAX = 2  # of workers that had nothing but this offset in hand; the next one sets it aside
POLL_MS = 1_000

log = structlog.get_logger()


class CarefulReader:
    """One partition's way past an offset that kills. `until` is the first offset that nobody suspects."""

    def __init__(
        self, place: TopicPartition, consumer: Any, reader: LogReader, sealed: SealedBatches, attempts: OffsetAttempts
    ) -> None:
        self._place = place
        self._consumer = consumer
        self._reader = reader
        self._sealed = sealed
        self._attempts = attempts
        self.until = 0
        self._end = 0

    async def take(self, start: int, batch_size: int, done: int | None = None) -> None:
        """Note that a partition is taken at `start`; be careful if its last owner died there. Raises StoreUnavailable.

        `done` is the offset up to which everything is stored, where that may be past `start`: an owner that moved it
        has made progress. A batch of the last owner's held at most `batch_size` records.
        """
        done = start if done is None else done
        suspected = await self._attempts.is_suspected(self._place.partition, start)
        attempts = await self._attempts.begin(self._place.partition, BATCH, done)
        self.until = done + batch_size if suspected or attempts > 1 else 0
        if self.until:
            log.warning("partition_taken_carefully", partition=self._place.partition, offset=start, attempts=attempts)

    async def next_records(self, position: int) -> list[LogRecord]:
        """The one record at `position`, with a rejection if it killed too often; none if nothing is there.

        Raises StoreUnavailable or KafkaError.
        """
        number = self._place.partition
        if position >= self._end - 1:  # the last one may be a marker
            self._end = (await self._consumer.end_offsets([self._place]))[self._place]
        # The consumer may have passed markers of Kafka's transactions, which take offsets and are no records.
        if max(position, await self._consumer.position(self._place)) >= self._end:  # nobody died of a record here
            self.until = 0
            await self._attempts.clear(number)
            return []
        if await self._attempts.begin(number, READING, position) > DEATHS_MAX:
            aside = await self._set_batch_aside(position)
            if aside is not None:
                return [aside]
        found = (await self._reader.poll({self._place: position}, POLL_MS, 1)).get(self._place, [])
        if not found:
            return []
        (record,) = found
        if await self._attempts.begin(number, DECIDING, record.offset) > DEATHS_MAX:
            log.error("offset_set_aside", partition=number, offset=record.offset)
            rejection = record.rejection or _rejection(f"offset {record.offset} of partition {number}")
            return [record._replace(rejection=rejection)]
        return [record]

    async def end(self) -> None:
        """Withdraw the notes: this process lives. What Postgres does not take now costs a careful start later."""
        try:
            await self._attempts.clear(self._place.partition)
        except StoreUnavailable as error:
            log.warning("attempt_not_withdrawn", partition=self._place.partition, reason=str(error))

    async def _set_batch_aside(self, position: int) -> LogRecord | None:
        rejection = _rejection(f"the batch that holds offset {position} of partition {self._place.partition}")
        record = await self._sealed.read(self._place, position, rejection)
        if record is None:
            return None
        log.error("batch_set_aside", partition=self._place.partition, offset=position, last=record.offset)
        self._consumer.seek(self._place, record.offset + 1)
        return record


def _rejection(what: str) -> Rejection:
    detail = f"{what} killed a worker {DEATHS_MAX} times and is set aside; its bytes are kept as they stood in the log"
    return Rejection(DeadLetterReason.KILLED_WORKERS, detail)
