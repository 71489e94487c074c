"""Polling a topic so that nothing in it can stop the poll: what cannot be decoded comes with its rejection."""

from collections.abc import Mapping
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import NoOffsetForPartitionError

from contracts.deadletter import DeadLetterReason, Rejection
from contracts.log import LogRecord
from contracts.topics import LABEL_HEADER
from pipeline.raw_batches import OversizeBatch, WholeBatch


class LogReader:
    """Reads over a started `bounded_consumer` that has been sought to the positions which the caller counts itself."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    async def poll(
        self, positions: Mapping[TopicPartition, int], timeout_ms: int, records_max: int
    ) -> dict[TopicPartition, list[LogRecord]]:
        """What lies at or after `positions`; of those that cannot be read, the rejection stands in the record.

        Raises KafkaError; then the caller seeks again before it polls on.
        """
        try:
            found = await self._consumer.getmany(*positions, timeout_ms=timeout_ms, max_records=records_max)
        except NoOffsetForPartitionError:  # aiokafka looked for a position before the caller had set it
            return {}
        return {
            place: [log_record(record) for record in records if record.offset >= positions[place]]
            for place, records in found.items()
            if place in positions
        }


def log_record(record: ConsumerRecord) -> LogRecord:
    """A Kafka record as the pipeline takes it."""
    is_label = any(name == LABEL_HEADER for name, _ in record.headers) if record.headers else False
    ours = LogRecord(
        record.partition, record.offset, record.timestamp, record.key, record.value, record.headers, is_label
    )
    if isinstance(record.value, WholeBatch):
        return ours._replace(value=bytes(record.value), rejection=_of_batch(record.value))
    if not all(is_text(name) for name, _ in record.headers):
        detail = "a header's name is not valid UTF-8"
        return ours._replace(rejection=Rejection(DeadLetterReason.UNREADABLE_HEADERS, detail))
    return ours


def _of_batch(batch: WholeBatch) -> Rejection:
    if isinstance(batch, OversizeBatch):
        return Rejection(DeadLetterReason.BATCH_TOO_LARGE, batch.detail)
    detail = "a batch of messages that cannot be taken apart; its bytes are kept as they stood in the log"
    return Rejection(DeadLetterReason.UNREADABLE_BATCH, detail)


def is_text(name: str) -> bool:
    """Whether a header's name can be written; one that was not UTF-8 holds surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
