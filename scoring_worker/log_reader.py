"""Polling a topic so that nothing in it can stop the poll: what aiokafka cannot decode is read raw, and set aside."""

from collections.abc import Mapping
from typing import Any

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import NoOffsetForPartitionError

from contracts.deadletter import DeadLetterReason, Rejection
from contracts.log import LogRecord
from contracts.topics import LABEL_HEADER
from scoring_worker.raw_batches import UNREADABLE, WholeBatch
from scoring_worker.raw_fetch import RawFetch

log = structlog.get_logger()


class LogReader:
    """Reads over a started consumer that has been sought to the positions which the caller counts itself."""

    def __init__(self, consumer: Any, raw: RawFetch) -> None:
        self._consumer = consumer
        self._raw = raw

    async def poll(
        self, positions: Mapping[TopicPartition, int], timeout_ms: int, records_max: int
    ) -> dict[TopicPartition, list[LogRecord]]:
        """What lies at or behind `positions`; of those that cannot be read, the rejection stands in the record.

        Raises KafkaError; then the caller seeks again before it polls on.
        """
        try:
            found = await self._consumer.getmany(*positions, timeout_ms=timeout_ms, max_records=records_max)
        except NoOffsetForPartitionError:  # aiokafka looked for a position before the caller had set it
            return {}
        except UNREADABLE as error:
            return await self._read_raw(positions, records_max, error)
        return {
            place: [log_record(record) for record in records if record.offset >= positions[place]]
            for place, records in found.items()
            if place in positions
        }

    async def _read_raw(
        self, positions: Mapping[TopicPartition, int], records_max: int, error: Exception
    ) -> dict[TopicPartition, list[LogRecord]]:
        # aiokafka does not say which partition it was, and has dropped what it had taken of the others: read all again.
        log.warning("unreadable_records", places=[tuple(place) for place in positions], reason=repr(error))
        pages = {place: await self._raw.read(place, position, records_max) for place, position in positions.items()}
        for place, page in pages.items():
            self._consumer.seek(place, page.next_offset)
        return {place: [_judged(record) for record in page.records] for place, page in pages.items() if page.records}


def log_record(record: ConsumerRecord) -> LogRecord:
    """A Kafka record as the pipeline takes it."""
    is_label = any(name == LABEL_HEADER for name, _ in record.headers) if record.headers else False
    return LogRecord(
        record.partition, record.offset, record.timestamp, record.key, record.value, record.headers, is_label
    )


def _judged(record: ConsumerRecord) -> LogRecord:
    ours = log_record(record)
    if isinstance(record.value, WholeBatch):
        detail = "a batch of messages that cannot be taken apart; its bytes are kept as they stood in the log"
        return ours._replace(value=bytes(record.value), rejection=Rejection(DeadLetterReason.UNREADABLE_BATCH, detail))
    if not all(is_text(name) for name, _ in record.headers):
        detail = "a header's name is not valid UTF-8"
        return ours._replace(rejection=Rejection(DeadLetterReason.UNREADABLE_HEADERS, detail))
    return ours


def is_text(name: str) -> bool:
    """Whether a header's name can be written; one that was not UTF-8 holds surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
