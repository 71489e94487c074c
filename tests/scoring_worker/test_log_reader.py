"""A poll on real Kafka goes on behind whatever aiokafka cannot decode."""

import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError
from aiokafka.record.default_records import DefaultRecordBase

from contracts.log import LogRecord
from contracts.topics import LABEL_HEADER, Topics
from pipeline.kafka_consumer import bounded_consumer
from scoring_worker.kafka import consumer_arguments, forwarder_producer_arguments
from scoring_worker.log_reader import LogReader
from settings import Settings
from tests.scoring_worker.raw_produce import Message, batch_of, produce_raw

pytestmark = pytest.mark.stack
POLLS_MAX = 40  # a quarter of a second each
GOOD: Message = (b"k", b"good", [("é".encode(), b"1")])
NOT_TEXT: Message = (b"k", b"not text", [(b"\xff\xfe", b"v"), (b"n", None)])


@pytest.fixture
async def consumer(settings: Settings, topics: Topics) -> AsyncIterator[Any]:
    async with bounded_consumer(settings.kafka_message_bytes_max, **consumer_arguments(settings)) as consumer:
        consumer.assign([TopicPartition(topics.transactions, 0)])
        yield consumer


async def read(consumer: Any, settings: Settings, count: int, start: int = 0) -> list[LogRecord]:
    place = TopicPartition(settings.topics.transactions, 0)
    consumer.seek(place, start)
    reader = LogReader(consumer)
    found: list[LogRecord] = []
    for _ in range(POLLS_MAX):
        position = found[-1].offset + 1 if found else start
        found += (await reader.poll({place: position}, 250, 2)).get(place, [])
        if len(found) >= count:
            break
    return found


async def test_what_cannot_be_decoded_comes_with_its_rejection(
    consumer: Any, settings: Settings, topics: Topics
) -> None:
    behind = batch_of([GOOD, GOOD], codec=1, compress=lambda data: gzip.compress(data) + b"behind it")
    batches = [batch_of([GOOD, NOT_TEXT, GOOD]), batch_of([NOT_TEXT]), behind, batch_of([GOOD], attributes=0x80)]
    for batch in batches:
        await produce_raw(settings, topics.transactions, 0, batch)
    found = await read(consumer, settings, 6)
    assert [(r.offset, r.rejection and r.rejection.reason.value) for r in found] == [
        (0, None), (1, "unreadable_headers"), (2, None), (3, "unreadable_headers"), (5, "unreadable_batch"), (6, None),
    ]  # fmt: skip
    assert {r.value for r in found if r.rejection is None} == {GOOD[1]}
    names = [(name.encode("utf-8", "surrogateescape"), value) for name, value in found[1].headers]
    assert (found[1].key, found[1].value, names) == NOT_TEXT
    head = DefaultRecordBase.HEADER_STRUCT.size  # the broker writes offset, time and checksum into it
    assert found[4].value is not None
    assert (len(found[4].value), found[4].value[head:]) == (len(behind), behind[head:])
    assert all(record.append_ms > 1_600_000_000_000 for record in found), "the log's append time"


async def test_aborted_records_stay_unseen_beside_damaged_ones(
    consumer: Any, settings: Settings, topics: Topics
) -> None:
    async with AIOKafkaProducer(**forwarder_producer_arguments(settings)) as producer:
        for commits in (False, True):
            await producer.begin_transaction()
            headers = [(LABEL_HEADER, b"1")]
            await producer.send_and_wait(topics.transactions, b"%d" % commits, headers=headers, partition=0)
            await (producer.commit_transaction() if commits else producer.abort_transaction())
    await produce_raw(settings, topics.transactions, 0, batch_of([NOT_TEXT]))
    found = await read(consumer, settings, 2)
    assert [(record.offset, record.value, record.is_label) for record in found] == [
        (2, b"1", True), (4, b"not text", False),
    ]  # fmt: skip


async def test_a_place_that_is_not_there_is_said(consumer: Any, settings: Settings, topics: Topics) -> None:
    await produce_raw(settings, topics.transactions, 0, batch_of([GOOD]))  # from now on it has a leader
    with pytest.raises(OffsetOutOfRangeError):
        await read(consumer, settings, 1, start=9)
