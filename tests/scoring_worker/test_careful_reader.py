"""The careful reader on real servers, with deaths told by the notes of other processes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from contracts.topics import Topics
from pipeline.kafka_consumer import bounded_consumer
from pipeline.kafka_producer import broker_arguments
from scoring_worker.careful import DEATHS_MAX, CarefulReader
from scoring_worker.kafka import consumer_arguments, forwarder_producer_arguments
from scoring_worker.log_reader import LogReader
from scoring_worker.sealed_batch import SealedBatches
from settings import Settings
from storage.database import Pool
from storage.offset_attempts import BATCH, DECIDING, READING, OffsetAttempts
from tests.scoring_worker.raw_produce import batch_of, produce_raw

pytestmark = pytest.mark.stack
MARKER_TIMEOUT_S = 30.0
GOOD = (b"k", b"good", ())


class House:
    def __init__(self, settings: Settings, pool: Pool, consumer: Any) -> None:
        self.topic = settings.topics.transactions
        self.place = TopicPartition(self.topic, 0)
        self._pool, self._consumer = pool, consumer
        self._sealed = SealedBatches(broker_arguments(settings))

    def notes(self, owner: str) -> OffsetAttempts:
        return OffsetAttempts(self._pool, self.topic, owner)

    async def died(self, phase: str, offset: int, times: int) -> None:
        """As many processes noted this and did not say how it ended."""
        for number in range(times):
            await self.notes(f"dead {phase} {number}").begin(0, phase, offset)

    async def commit_one(self, settings: Settings) -> None:
        """A record in a transaction, and the marker after it, which the broker writes when it has answered already."""
        async with AIOKafkaProducer(**forwarder_producer_arguments(settings)) as producer, producer.transaction():
            await producer.send_and_wait(self.topic, b"before", partition=0)
        async with asyncio.timeout(MARKER_TIMEOUT_S):
            while (await self._consumer.end_offsets([self.place]))[self.place] < 2:
                pass

    def reader(self, position: int) -> CarefulReader:
        self._consumer.seek(self.place, position)
        return CarefulReader(
            self.place, self._consumer, LogReader(self._consumer), self._sealed, self.notes("alive")
        )  # fmt: skip


@pytest.fixture
async def house(settings: Settings, topics: Topics, pool: Pool) -> AsyncIterator[House]:
    arguments = consumer_arguments(settings)
    async with bounded_consumer(settings.kafka_message_bytes_max, **arguments) as consumer:
        consumer.assign([TopicPartition(topics.transactions, 0)])
        yield House(settings, pool, consumer)


async def test_one_death_alone_is_no_reason(house: House, settings: Settings) -> None:
    await produce_raw(settings, house.topic, 0, batch_of([GOOD, GOOD]))
    reader = house.reader(0)
    await reader.take(0, 10)
    assert reader.until == 0
    await reader.take(0, 10)
    assert reader.until == 0, "the same process: a store was away"
    await house.died(BATCH, 1, 1)
    await reader.take(0, 10)
    assert reader.until == 0, "something was done in between"


async def test_who_stored_something_made_progress(house: House, settings: Settings) -> None:
    await house.died(BATCH, 0, 1)
    reader = house.reader(0)
    await reader.take(0, 10, 5)
    assert reader.until == 0, "it died between storing and committing"
    await house.died(BATCH, 5, 1)
    await reader.take(0, 10, 5)
    assert reader.until == 15


async def test_after_a_death_without_progress_one_at_a_time(house: House, settings: Settings) -> None:
    await produce_raw(settings, house.topic, 0, batch_of([GOOD, GOOD]))
    await house.died(BATCH, 0, 1)
    reader = house.reader(0)
    await reader.take(0, 10)
    assert reader.until == 10
    for offset in (0, 1):
        [record] = await reader.next_records(offset)
        assert (record.offset, record.rejection) == (offset, None)
    assert await reader.next_records(2) == []
    assert reader.until == 0, "nothing more is there"


@pytest.mark.parametrize("deaths", range(DEATHS_MAX + 1))
async def test_what_killed_twice_while_it_was_decided_is_set_aside(
    house: House, settings: Settings, deaths: int
) -> None:
    await produce_raw(settings, house.topic, 0, batch_of([GOOD, GOOD]))
    await house.died(DECIDING, 0, deaths)
    [record] = await house.reader(0).next_records(0)
    assert (record.value, record.rejection is not None) == (b"good", deaths == DEATHS_MAX)
    if record.rejection:
        assert record.rejection.reason == "killed_workers"


async def test_a_batch_that_killed_who_read_it_is_set_aside_whole(house: House, settings: Settings) -> None:
    await house.commit_one(settings)
    batch = batch_of([GOOD, GOOD])
    offset = await produce_raw(settings, house.topic, 0, batch)
    await produce_raw(settings, house.topic, 0, batch_of([GOOD]))
    assert offset == 2, "after the marker"
    await house.died(READING, 1, DEATHS_MAX)
    reader = house.reader(1)
    [record] = await reader.next_records(1)
    assert record.rejection is not None
    assert (record.offset, record.rejection.reason, (record.value or b"")[61:]) == (3, "killed_workers", batch[61:])
    [after] = await reader.next_records(4)
    assert (after.offset, after.rejection) == (4, None)


async def test_a_marker_at_the_end_is_nothing_to_set_aside(house: House, settings: Settings) -> None:
    await house.commit_one(settings)
    await house.died(READING, 1, DEATHS_MAX)
    await house.died(BATCH, 1, 1)
    reader = house.reader(1)
    await reader.take(1, 10)
    for _ in range(3):
        assert await reader.next_records(1) == []
    assert reader.until == 0, "it is past the marker, and at the end"
    await produce_raw(settings, house.topic, 0, batch_of([GOOD]))
    [record] = await reader.next_records(2)
    assert (record.offset, record.rejection) == (2, None)
