"""Fetching a record batch without unpacking it, for one that kills its readers."""

from typing import Any

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.errors import LeaderNotAvailableError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import DefaultRecordBatch

from contracts.deadletter import Rejection
from contracts.log import LogRecord
from pipeline.raw_batches import batch_slices

_WAIT_MS = 500  # for something to be there; it is, or nobody would ask
_BYTES_MAX = 2 * 1024 * 1024  # a larger batch is still sent alone


class SealedBatches:
    """One connection for each call: it is needed for what killed workers only."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        """`arguments`: `kafka_producer.broker_arguments`."""
        self._arguments = arguments

    async def read(self, place: TopicPartition, offset: int, rejection: Rejection) -> LogRecord | None:
        """The first batch of messages from an offset on, as one rejected record at its last offset; None without one.

        Raises KafkaError.
        """
        client = AIOKafkaClient(**self._arguments)
        try:
            await client.bootstrap()
            await client.set_topics([place.topic])
            leader = client.cluster.leader_for_partition(place)
            if leader is None or leader == -1:
                raise LeaderNotAvailableError(place)
            wanted = [(place.topic, [(place.partition, offset, _BYTES_MAX)])]
            response = await client.send(leader, FetchRequest(_WAIT_MS, 1, _BYTES_MAX, READ_COMMITTED, wanted))
        finally:
            await client.close()
        [(_, [(_, error_code, *_, data)])] = response.topics
        if error_code:
            raise for_code(error_code)(place)
        for batch in batch_slices(bytes(data)):
            head = DefaultRecordBatch(batch)  # reads the head only
            if head.next_offset > offset and not head.is_control_batch:
                last = head.next_offset - 1
                return LogRecord(place.partition, last, head.max_timestamp, None, batch, rejection=rejection)
        return None
