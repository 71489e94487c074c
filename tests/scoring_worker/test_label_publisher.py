"""Labels from the outbox to the topic, and on through the forwarder: at least once there, once behind it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaConnectionError

from contracts.errors import StoreUnavailable
from contracts.label import Label, decode_label
from contracts.topics import Topics
from scoring_worker.label_publisher import LabelPublisher
from storage.database import Pool, connect, session
from storage.label_outbox import LabelOutbox, last_labels, write
from storage.labels import LabelRepository
from storage.roles import PIPELINE

pytestmark = pytest.mark.stack
Read = Callable[[str], Awaitable[list[ConsumerRecord]]]
AT = datetime(2026, 1, 1, 12, 30, 15, 250_000, tzinfo=UTC)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """As a worker has it."""
    async with await connect(database_url, size_max=4, role=PIPELINE) as pool:
        yield pool


def label(name: str, revision: int = 0, *, fraud: bool = True) -> Label:
    return Label(transaction_id=name, fraud=fraud, known_at=AT, source="analyst", revision=revision)


async def give(pool: Pool, *labels: Label) -> None:
    async with session(pool) as connection, connection.transaction():
        await last_labels(connection, 1, [each.transaction_id for each in labels])
        await write(connection, labels)


async def published(read_topic: Read, topics: Topics) -> list[Label]:
    found = [decode_label(record.value) for record in await read_topic(topics.labels)]
    return [each for each in found if isinstance(each, Label)]


async def test_labels_are_published_as_they_were_written(
    pool: Pool, producer: Any, topics: Topics, read_topic: Read
) -> None:
    given = [label("a"), label("a", 1, fraud=False), label("b")]
    await give(pool, *given)
    publisher = LabelPublisher(producer, LabelOutbox(pool), topics)
    await publisher.publish()
    await publisher.publish()
    found = await published(read_topic, topics)
    assert [each for each in found if each.transaction_id == "a"] == given[:2]
    assert sorted(found, key=lambda each: each.transaction_id)[2:] == given[2:]


async def test_what_the_forwarder_has_stored_leaves_the_outbox(pool: Pool, producer: Any, topics: Topics) -> None:
    await give(pool, label("a"), label("b"))
    publisher = LabelPublisher(producer, LabelOutbox(pool), topics)
    await publisher.publish()
    assert await pool.fetchval("SELECT count(*) FROM label_outbox") == 2
    await LabelRepository(pool).take([label("a")], 0)
    await publisher.publish()
    assert await pool.fetchval("SELECT string_agg(transaction_id, '') FROM label_outbox") == "b"


async def test_a_broker_that_is_away_loses_nothing(pool: Pool, producer: Any, topics: Topics, read_topic: Read) -> None:
    class Away:
        """A producer whose broker has gone."""

        client = producer.client

        def create_batch(self) -> Any:
            return producer.create_batch()

        async def partitions_for(self, topic: str) -> Any:
            return await producer.partitions_for(topic)

        async def send_batch(self, *_: Any, **__: Any) -> Any:
            raise KafkaConnectionError

    await give(pool, label("a"))
    with pytest.raises(StoreUnavailable):
        await LabelPublisher(Away(), LabelOutbox(pool), topics).publish()
    assert await published(read_topic, topics) == []
    await LabelPublisher(producer, LabelOutbox(pool), topics).publish()
    assert await published(read_topic, topics) == [label("a")]


async def test_several_publishers_share_the_work(pool: Pool, producer: Any, topics: Topics, read_topic: Read) -> None:
    await give(pool, *(label(f"tx-{n}") for n in range(300)))
    publishers = [LabelPublisher(producer, LabelOutbox(pool), topics) for _ in range(3)]
    await asyncio.gather(*(publisher.publish() for publisher in publishers))
    counts = Counter(each.transaction_id for each in await published(read_topic, topics))
    assert counts == {f"tx-{n}": 1 for n in range(300)}


async def test_a_label_that_was_outrun_gets_the_next_number(
    pool: Pool, producer: Any, topics: Topics, read_topic: Read
) -> None:
    """Somebody else's label took our number in the topic: both are known in the end, ours last."""
    await give(pool, label("a", fraud=False))
    publisher = LabelPublisher(producer, LabelOutbox(pool), topics)
    theirs = Label(transaction_id="a", fraud=True, known_at=AT, source="bank")
    await LabelRepository(pool).take([theirs], 0)
    await publisher.publish()
    await publisher.publish()
    ours = (await published(read_topic, topics))[-1]
    assert (ours.revision, ours.fraud, ours.source) == (1, False, "analyst")
    await LabelRepository(pool).take([ours], 0)
    await publisher.publish()
    assert await pool.fetchval("SELECT count(*) FROM label_outbox") == 0
