"""The alerts topic as a hint: it makes the feed quick, and cannot make it wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from alert_maker import AlertMaker
from feed_client import FeedClient, feed
from running_gateway import RunningGateway, running, settings_for

from api.feed.limits import FeedLimits
from contracts.decision import Alert
from contracts.topics import Topics
from pipeline.outgoing import KafkaPublisher

ONLY_HINTS = FeedLimits(poll_s=3600)  # so that what arrives was brought, or asked for, by the topic
PARTITIONS = 2

pytestmark = pytest.mark.stack


class Topic:
    """The alerts topic of one test, over a started producer."""

    def __init__(self, producer: AIOKafkaProducer, topics: Topics) -> None:
        self._producer = producer
        self._publisher = KafkaPublisher(producer, topics)
        self._name = topics.alerts

    async def publish(self, *alerts: Alert) -> None:
        for alert in alerts:  # one by one: a batch would keep an order that the topic does not promise
            await self._publisher.publish([], [alert])

    async def publish_raw(self, value: bytes | None) -> None:
        await self._producer.send_and_wait(self._name, value, key=b"1")


@pytest_asyncio.fixture
async def topic(stack: Any, topic_prefix: str) -> AsyncIterator[Topic]:
    topics = Topics.with_prefix(topic_prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka)
    await producer.start()
    try:
        await admin.create_topics([NewTopic(topics.alerts, PARTITIONS, 1)])
        yield Topic(producer, topics)
        await admin.delete_topics([topics.alerts])
    finally:
        await producer.stop()
        await admin.close()


@pytest_asyncio.fixture
async def hinted(database_url: str, stack: Any, topic_prefix: str, topic: Topic) -> AsyncIterator[RunningGateway]:
    changes = {"kafka_bootstrap_servers": stack.kafka, "kafka_topic_prefix": topic_prefix}
    async with running(settings_for(database_url, **changes), ONLY_HINTS) as gateway:
        yield gateway


@asynccontextmanager
async def listening(gateway: RunningGateway, alerts: AlertMaker, topic: Topic, key: str) -> AsyncIterator[FeedClient]:
    """A feed that has seen number 1 by way of the topic: from here on the gateway hears everything."""
    async with feed(gateway.address, key) as client:
        (first,) = await alerts.store()
        arrival = asyncio.create_task(client.numbers(1))
        while not arrival.done():
            await topic.publish(first)
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(arrival), 0.1)
        assert await arrival == [1]
        yield client


async def test_the_topic_brings_alerts_at_once(
    hinted: RunningGateway, alerts: AlertMaker, topic: Topic, key: str
) -> None:
    async with listening(hinted, alerts, topic, key) as client:
        await topic.publish(*await alerts.store(5))
        assert await client.numbers(5) == [2, 3, 4, 5, 6]
    assert (await hinted.http.get("/v1/health")).json()["kafka_connected"]


async def test_repeats_and_disorder_change_nothing(
    hinted: RunningGateway, alerts: AlertMaker, topic: Topic, key: str
) -> None:
    async with listening(hinted, alerts, topic, key) as client:
        two, three, four, five = await alerts.store(4)
        await topic.publish(three, two, two, five, three, four, five)
        assert await client.numbers(4) == [2, 3, 4, 5]
        await topic.publish(*await alerts.store())
        assert await client.numbers(1) == [6]


async def test_a_hole_is_filled_from_postgres(
    hinted: RunningGateway, alerts: AlertMaker, topic: Topic, key: str
) -> None:
    async with listening(hinted, alerts, topic, key) as client:
        missing = await alerts.store(700)
        await topic.publish(missing[-1])
        assert await client.numbers(700) == list(range(2, 702))


async def test_what_is_no_alert_is_passed_over(
    hinted: RunningGateway, alerts: AlertMaker, topic: Topic, key: str
) -> None:
    async with listening(hinted, alerts, topic, key) as client:
        for value in (b"", None, b"{", b"\xff", b"[]", b'{"sequence": 2}'):
            await topic.publish_raw(value)
        await topic.publish(*await alerts.store())
        assert await client.numbers(1) == [2]


async def test_a_silent_topic_holds_nothing_back(
    database_url: str, stack: Any, topic_prefix: str, topic: Topic, alerts: AlertMaker, key: str
) -> None:
    changes = {"kafka_bootstrap_servers": stack.kafka, "kafka_topic_prefix": topic_prefix}
    async with (
        running(settings_for(database_url, **changes), FeedLimits(poll_s=0.05)) as gateway,
        feed(gateway.address, key) as client,
    ):
        await alerts.store(3)
        assert await client.numbers(3) == [1, 2, 3]
