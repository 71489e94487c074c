"""Topics and a migrated database of one test's own, on the real servers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from pipeline.kafka_producer import broker_arguments, producer_arguments
from scoring_worker.kafka import dead_letter_producer_arguments
from scoring_worker.topics import ensure_topics
from settings import Settings
from storage.database import Pool, connect
from tests.scoring import small_model

AGE_MAX_DAYS = 30  # of an event
MESSAGE_BYTES_MAX = 64 * 1024  # small, so that messages at the limit are cheap


@pytest.fixture
def settings(stack: Any, database_url: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in {
        "KAFKA_BOOTSTRAP_SERVERS": stack.kafka,
        "KAFKA_TOPIC_PREFIX": topic_prefix,
        "KAFKA_PARTITIONS": "3",
        "KAFKA_MESSAGE_BYTES_MAX": str(MESSAGE_BYTES_MAX),
        "DATABASE_URL": database_url,
    }.items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None)


@pytest.fixture
async def topics(settings: Settings) -> Any:
    await ensure_topics(settings)
    return settings.topics


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await connect(database_url, size_max=4)
    yield pool
    await pool.close()


@pytest.fixture
async def producer(settings: Settings, topics: Any) -> AsyncIterator[Any]:
    async with AIOKafkaProducer(**producer_arguments(settings)) as producer:
        yield producer


@pytest.fixture
async def dead_letter_producer(settings: Settings, topics: Any) -> AsyncIterator[Any]:
    async with AIOKafkaProducer(**dead_letter_producer_arguments(settings)) as producer:
        yield producer


@pytest.fixture
def read_topic(settings: Settings) -> Any:
    async def read(topic: str) -> list[ConsumerRecord]:
        """Everything committed in the topic, by partition and offset."""
        places = [TopicPartition(topic, number) for number in range(settings.kafka_partitions)]
        # Kafka answers a commit before its markers stand in the log, so the end is that of uncommitted reading.
        async with AIOKafkaConsumer(**broker_arguments(settings)) as consumer:
            ends = await consumer.end_offsets(places)
        arguments = {"auto_offset_reset": "earliest", "isolation_level": "read_committed"}
        async with AIOKafkaConsumer(**broker_arguments(settings), **arguments) as consumer:
            consumer.assign(places)
            records: list[ConsumerRecord] = []
            while any([await consumer.position(place) < ends[place] for place in places]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    records += batch
            return sorted(records, key=lambda record: (record.partition, record.offset))

    return read


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = bytes(small_model.booster().save_raw("ubj"))
    return small_model.write(tmp_path_factory.mktemp("model") / "small", raw, small_model.manifest_of(raw))


@pytest.fixture
def environment(stack: Any, settings: Settings, redis_prefix: str, model_path: Path) -> dict[str, str]:
    """What the worker needs besides the variables of the fixture `settings`."""
    return {
        "REDIS_URL": stack.redis_url,
        "REDIS_KEY_PREFIX": redis_prefix,
        "MODEL_PATH": str(model_path),
        "EVENT_AGE_MAX": str(AGE_MAX_DAYS),
        "SHUTDOWN_DEADLINE_S": "10",
    }
