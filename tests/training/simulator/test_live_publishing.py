"""A live stream into a real broker, with a clock that runs as fast as the broker takes messages."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from contracts.errors import StoreUnavailable
from contracts.label import Label, decode_label
from contracts.topics import Topics
from contracts.transaction import Transaction, decode_transaction
from training.simulator.publishing import LABEL_DAY_S, LivePublisher
from training.simulator.stream import live_world
from training.simulator.system_clock import SystemClock, run_until

pytestmark = pytest.mark.stack

NOW_MS = 1_785_312_000_000
RATE, LENGTH_S = 20.0, 300
PARTITIONS = 3


class FastClock:
    def __init__(self) -> None:
        self.time_ms = NOW_MS

    def now_ms(self) -> int:
        return self.time_ms

    async def sleep(self, seconds: float) -> bool:
        self.time_ms += round(seconds * 1000)
        return True


@pytest.fixture
async def topics(stack, topic_prefix: str) -> AsyncIterator[Topics]:
    topics = Topics.with_prefix(topic_prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    names = [topics.transactions, topics.labels]
    await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names])
    yield topics
    await admin.delete_topics(names)
    await admin.close()


async def messages(kafka: str, topic: str, count: int) -> list:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    found = []
    async with asyncio.timeout(30):
        while len(found) < count:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += records
    await consumer.stop()
    return found


async def test_transactions_and_labels_arrive_once_and_in_order(stack, topics: Topics):
    publisher = LivePublisher(topics, {"bootstrap_servers": stack.kafka}, FastClock(), labels=True)
    world = live_world(RATE, NOW_MS, "kafka-test")
    told = []
    await publisher.run(world, lambda progress: told.append(progress.transactions), end_ms=NOW_MS + LENGTH_S * 1000)

    sent = publisher.progress
    records = await messages(stack.kafka, topics.transactions, sent.transactions)
    transactions = [decode_transaction(record.value) for record in records]
    assert all(isinstance(transaction, Transaction) for transaction in transactions)
    assert all(
        record.key.decode() == transaction.account for record, transaction in zip(records, transactions, strict=True)
    )
    assert {transaction.transaction_id for transaction in transactions} == {
        f"kafka-test-{number:09d}" for number in range(sent.transactions)
    }
    assert told == sorted(told)
    assert told[-1] == sent.transactions == pytest.approx(RATE * LENGTH_S, rel=0.1)
    by_partition = {record.partition: record for record in records}
    assert len(by_partition) == PARTITIONS

    labels = [decode_label(record.value) for record in await messages(stack.kafka, topics.labels, sent.labels)]
    assert labels
    assert all(isinstance(label, Label) for label in labels)
    known = {transaction.transaction_id: transaction.event_time_ms for transaction in transactions}
    for label in labels:
        delay_ms = label.known_at.timestamp() * 1000 - known[label.transaction_id]
        assert 0 < delay_ms <= LENGTH_S * 1000
        assert delay_ms >= LABEL_DAY_S * 1000 * 0.49


async def test_a_topic_that_is_not_there_is_said_at_once(stack, topic_prefix: str):
    publisher = LivePublisher(
        Topics.with_prefix(topic_prefix), {"bootstrap_servers": stack.kafka}, FastClock(), labels=False
    )
    with pytest.raises(StoreUnavailable, match=topic_prefix):
        await publisher.run(live_world(RATE, NOW_MS, "no-topic"), lambda _progress: None)


async def test_a_stop_flushes_and_ends(stack, topics: Topics):
    stop = asyncio.Event()
    clock = SystemClock(stop)
    publisher = LivePublisher(topics, {"bootstrap_servers": stack.kafka}, clock, labels=False)
    world = live_world(200.0, clock.now_ms(), "stopped")
    async with asyncio.timeout(30):
        await run_until(stop, publisher.run(world, lambda progress: progress.transactions < 50 or stop.set()))
    records = await messages(stack.kafka, topics.transactions, publisher.progress.transactions)
    assert len(records) == publisher.progress.transactions >= 50
