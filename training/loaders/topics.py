"""The stream's own topics as columns: the transactions that Kafka still holds, with the labels that came later."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from contracts.errors import DataRefused, StoreUnavailable
from contracts.label import Label, decode_label
from contracts.look_alikes import complaint_about_ids
from contracts.topics import LABEL_HEADER
from contracts.transaction import Transaction, decode_transaction
from pipeline.kafka_consumer import bounded_consumer
from riskstream_client.connection import connection_arguments
from settings import Settings
from training.column_fold import CHUNK_ROWS
from training.columns import Columns
from training.loaders.messages import labelled_chunks

RECORDS = 2_000  # a fetch of one partition
WAIT_MS = 1_000  # for it; what lies before the end comes at once, or the broker is slow


async def topic_columns(settings: Settings) -> AsyncIterator[Columns]:
    """What the topics held when the reading began, in the order in which the broker appended it, in chunks.

    Messages that the stream refuses are left out, and repeats: the first of an id counts. Raises StoreUnavailable, and
    DataRefused if the topic is not there.
    """
    labels = [
        label
        async for record in _appended(settings, settings.topics.labels)
        if isinstance(label := decode_label(record.value), Label)
        and _is_allowed(settings, settings.topics.labels, record, label.client_id)
    ]
    chunk: list[Transaction] = []
    seen: set[tuple[int, str]] = set()
    async for record in _appended(settings, settings.topics.transactions):
        transaction = None if _is_label(record) else decode_transaction(record.value)
        if not isinstance(transaction, Transaction) or complaint_about_ids(transaction):
            continue
        if not _is_allowed(settings, settings.topics.transactions, record, transaction.client_id):
            continue
        key = (transaction.client_id, transaction.transaction_id)
        if key in seen:
            continue
        seen.add(key)
        chunk.append(transaction)
        if len(chunk) == CHUNK_ROWS:
            for columns in labelled_chunks(chunk, labels):
                yield columns
            chunk = []
    for columns in labelled_chunks(chunk, labels):
        yield columns


async def _appended(settings: Settings, topic: str) -> AsyncIterator[ConsumerRecord]:
    """Every record of a topic, the partitions merged by the time at which the broker appended them."""
    try:
        async with _consumer(settings) as consumer:
            tapes = [_Tape(consumer, place) for place in await _places(consumer, topic)]
            ends = await consumer.end_offsets([tape.place for tape in tapes])
            for tape in tapes:
                await tape.begin(ends[tape.place])
            while waiting := [tape for tape in tapes if tape.records]:
                first = min(waiting, key=lambda tape: (tape.records[0].timestamp, tape.place.partition))
                yield first.records.popleft()
                await first.fill()
    except KafkaError as error:
        raise StoreUnavailable(f"the topic {topic} cannot be read: {error!r}") from error


class _Tape:
    """One partition, from its beginning to where it ended when the reading began."""

    def __init__(self, consumer: Any, place: TopicPartition) -> None:
        self.place = place
        self.records: deque[ConsumerRecord] = deque()
        self._consumer = consumer
        self._end = 0

    async def begin(self, end: int) -> None:
        self._end = end
        await self.fill()

    async def fill(self) -> None:
        """Fetch more when none is left; markers of Kafka's transactions take offsets and are no records."""
        while not self.records and await self._consumer.position(self.place) < self._end:
            found = await self._consumer.getmany(self.place, timeout_ms=WAIT_MS, max_records=RECORDS)
            self.records.extend(record for record in found.get(self.place, ()) if record.offset < self._end)


async def _places(consumer: Any, topic: str) -> list[TopicPartition]:
    await consumer._client.add_topic(topic)  # aiokafka by itself loads only subscribed topics
    places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
    if not places:
        raise DataRefused(f"Kafka does not know the topic {topic}; is KAFKA_TOPIC_PREFIX right?")
    consumer.assign(places)
    return places


@asynccontextmanager
async def _consumer(settings: Settings) -> AsyncIterator[Any]:
    consumer = bounded_consumer(
        settings.kafka_message_bytes_max,
        **connection_arguments(settings.kafka_bootstrap_servers, **settings.kafka_security),
        isolation_level="read_committed",
        auto_offset_reset="earliest",  # a seek could be overtaken by the reset that an assignment begins
        enable_auto_commit=False,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


def _is_allowed(settings: Settings, topic: str, record: ConsumerRecord, client_id: int) -> bool:
    """Whether somebody wrote it who may write for that client."""
    producers = settings.producers
    return producers is None or not producers.complaint(topic, record.key, record.value, record.headers, client_id)


def _is_label(record: ConsumerRecord) -> bool:
    """Whether the forwarder wrote it: the labels' topic has it too, with the time at which it was told."""
    return any(name == LABEL_HEADER for name, _ in record.headers)
