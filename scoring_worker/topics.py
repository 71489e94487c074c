"""Making the five topics where they are missing, with the settings that the promises rest on."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from contracts.errors import StoreUnavailable
from contracts.topics import DEAD_LETTER_SIZE_FACTOR, Topics
from pipeline.kafka_producer import broker_arguments
from settings import DAY_S, Settings

DEAD_LETTER_RETENTION_DAYS = 90  # longer than Kafka's week: people look at dead letters late
_CREATE_TIMEOUT_MS = 30_000


async def ensure_topics(settings: Settings) -> list[str]:
    """Create what is missing; topics that exist are left as they are. Returns the names of the new ones.

    The inputs stamp append time (an event's age is measured against it). Raises StoreUnavailable.
    """
    topics = settings.topics
    admin = AIOKafkaAdminClient(**broker_arguments(settings))
    try:
        await admin.start()
        present = set(await admin.list_topics())
        new = [topic for topic in _wanted(topics, settings) if topic.name not in present]
        if not new:
            return []
        response = await admin.create_topics(new, timeout_ms=_CREATE_TIMEOUT_MS)
        for name, code, *rest in response.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:  # another process was faster
                raise StoreUnavailable(f"Kafka does not make the topic {name}: {rest[0] if rest else error.__name__}")
    except KafkaError as error:
        raise StoreUnavailable(f"Kafka cannot be reached to make the topics: {error}") from error
    finally:
        await admin.close()
    return [topic.name for topic in new]


def _wanted(topics: Topics, settings: Settings) -> list[NewTopic]:
    limit = settings.kafka_message_bytes_max
    append_time = {"message.timestamp.type": "LogAppendTime"}
    dead = {
        "max.message.bytes": str(limit * DEAD_LETTER_SIZE_FACTOR),
        "retention.ms": str(DEAD_LETTER_RETENTION_DAYS * DAY_S * 1000),
    }
    own = {"max.message.bytes": str(limit)}
    configs = {
        topics.transactions: own | append_time,
        topics.labels: own | append_time,
        topics.dead_letters: dead,
        topics.decisions: own,
        topics.alerts: own,
    }
    return [
        NewTopic(name, settings.kafka_partitions, settings.kafka_replication_factor, topic_configs=config)
        for name, config in configs.items()
    ]
