"""Fetching one place of a topic without aiokafka's consumer, for what that cannot decode."""

from itertools import islice
from typing import Any, NamedTuple

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import LeaderNotAvailableError, for_code
from aiokafka.protocol.fetch import FetchRequest

from scoring_worker.raw_batches import RawBatches

_WAIT_MS = 500  # for something to be there; it is, or nobody would ask
_BYTES_MAX = 2 * 1024 * 1024  # a larger message is still sent alone
_ABORTED_BEFORE_REPLICA = 11  # from this version on another field stands between the aborted ones and the records


class Page(NamedTuple):
    """Committed records in offset order, and the offset to go on from."""

    records: list[ConsumerRecord]
    next_offset: int


class RawFetch:
    """One connection for each call: it is needed for damaged messages only."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        """`arguments`: `kafka.broker_arguments`."""
        self._arguments = arguments

    async def read(self, place: TopicPartition, offset: int, records_max: int) -> Page:
        """At most so many records from `offset` on.

        Raises KafkaError; CorruptRecordException if a batch does not have the checksum that its producer gave it.
        """
        client = AIOKafkaClient(**self._arguments)
        try:
            await client.bootstrap()
            await client.set_topics([place.topic])
            leader = client.cluster.leader_for_partition(place)
            if leader is None or leader == -1:
                raise LeaderNotAvailableError(place)
            wanted = [(place.topic, [(place.partition, offset, _BYTES_MAX)])]
            request = FetchRequest(_WAIT_MS, 1, _BYTES_MAX, READ_COMMITTED, wanted)
            response = await client.send(leader, request)
        finally:
            await client.close()
        return _page(response, place, offset, records_max)


def _page(response: Any, place: TopicPartition, offset: int, records_max: int) -> Page:
    [(_, [(_, error_code, _, *rest)])] = response.topics
    if error_code:
        raise for_code(error_code)(place)
    aborted = rest[2] if response.API_VERSION >= _ABORTED_BEFORE_REPLICA else rest[-2]
    found = PartitionRecords(
        place, RawBatches(bytes(rest[-1])), aborted, offset, None, None, check_crcs=True, isolation_level=READ_COMMITTED
    )
    return Page(list(islice(found, records_max)), found.next_fetch_offset)
