"""Batches filled by hand, one a partition: the order per key of single sends at a tenth of their cost."""

import asyncio
from collections import deque
from typing import Any

from aiokafka.errors import KafkaError

from contracts.errors import StoreOutcome, StoreUnavailable
from contracts.store_errors import meaning_of
from riskstream_client.partitioner import partition_of

BATCH_BYTES = 256 * 1024  # a quarter of Kafka's default limit; beyond that throughput does not grow
_UNCONFIRMED_MAX = 64  # batches handed over and not yet acknowledged: at most 16 MiB are lost with the process
_TOPIC_WAIT_S = 5.0  # one that was just made is known by then; aiokafka would ask for half a minute
RECORD_OVERHEAD_BYTES = 61 + 21  # of a batch's and a record's head

Headers = list[tuple[str, bytes | None]]


class BatchWriter:
    """Writes to one topic through an aiokafka producer. For one task at a time; call `open` first."""

    def __init__(self, producer: Any, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._partitions = 0
        self._filling: dict[int, Any] = {}
        self._unconfirmed: deque[asyncio.Future[Any]] = deque()
        self._next_without_key = 0

    async def open(self) -> None:
        """Learn how many partitions the topic has. Raises StoreUnavailable when it does not exist."""
        self._partitions = await partition_count(self._producer, self._topic)

    async def add(self, key: bytes | None, value: bytes | None, headers: Headers | None = None) -> None:
        """Put one message into its partition's batch; waits while Kafka takes a full one."""
        partition = self._partition(key)
        batch = self._filling.get(partition)
        if batch is None:
            batch = self._filling[partition] = self._producer.create_batch()
        if batch.append(timestamp=None, key=key, value=value, headers=headers or []) is None:
            await self._ship(partition)
            batch = self._filling[partition] = self._producer.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=headers or [])  # an empty batch takes any size

    async def flush(self) -> None:
        """Return when Kafka has acknowledged everything. Raises StoreUnavailable if it did not."""
        for partition in list(self._filling):
            await self._ship(partition)
        while self._unconfirmed:
            await self._confirm_oldest()

    async def _ship(self, partition: int) -> None:
        batch = self._filling.pop(partition)
        batch.close()
        try:
            future = await self._producer.send_batch(batch, self._topic, partition=partition)
        except KafkaError as error:
            self._forget()
            raise unavailable(error) from error
        self._unconfirmed.append(future)
        await asyncio.sleep(0)  # let the sender run: filling a batch never yields by itself
        while self._unconfirmed and (len(self._unconfirmed) > _UNCONFIRMED_MAX or self._unconfirmed[0].done()):
            await self._confirm_oldest()

    async def _confirm_oldest(self) -> None:
        try:
            await self._unconfirmed.popleft()
        except KafkaError as error:
            self._forget()
            raise unavailable(error) from error

    def _forget(self) -> None:
        """After a failure nothing that was not confirmed counts as sent; the caller repeats it."""
        self._filling.clear()
        for future in self._unconfirmed:
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._unconfirmed.clear()

    def _partition(self, key: bytes | None) -> int:
        if key is not None:
            return partition_of(key, self._partitions)
        self._next_without_key += 1
        return self._next_without_key % self._partitions


async def partition_count(producer: Any, topic: str) -> int:
    """How many partitions the topic has, for an aiokafka producer. Raises StoreUnavailable when it does not exist."""
    try:
        async with asyncio.timeout(_TOPIC_WAIT_S):
            found = await producer.partitions_for(topic)
    except (TimeoutError, KafkaError) as error:
        raise StoreUnavailable(
            f"Kafka does not know the topic {topic}; start the stack, or make the topic ({error!r})"
        ) from error
    return len(found)


def unavailable(error: KafkaError) -> StoreUnavailable:
    """Kafka's error as one sentence of ours: whether the messages may be in the topic, and what to do."""
    meaning = meaning_of(error)
    if meaning.outcome is StoreOutcome.UNKNOWN:
        advice = "it may have some of them; they can be sent again"
    else:
        advice = "they can be sent again" if meaning.passes else "sending them again will not help"
    return StoreUnavailable(f"Kafka did not take the messages ({error}); {advice}", meaning.outcome)
