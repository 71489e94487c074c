"""What Kafka keeps of accounts that were erased: records up to the erasure are deleted from our topics.

DeleteRecords moves the beginning of a partition, so it takes the records of everybody up to there. What was not stored
or forwarded yet is never deleted: the erasure stays pending, and the next run goes on.
"""

from datetime import datetime, timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from contracts.errors import StoreUnavailable
from pipeline.kafka_consumer import bounded_consumer
from pipeline.kafka_producer import broker_arguments
from scoring_worker.kafka import FORWARDER_GROUP
from settings import Settings
from storage.database import Pool, session

SLACK = timedelta(seconds=60)  # what was counted before the erasure is published by then
_NEXT_OFFSETS = "SELECT partition, next_offset FROM partition_offsets WHERE topic = $1"


async def delete_records_until(settings: Settings, pool: Pool, moment: datetime) -> bool:
    """Delete what the topics held at that moment; whether all of it could be. Raises StoreUnavailable."""
    topics = settings.topics
    names = (topics.transactions, topics.labels, topics.dead_letters, topics.decisions, topics.alerts)
    arguments = broker_arguments(settings)
    consumer = bounded_consumer(settings.kafka_message_bytes_max, **arguments)
    admin = AIOKafkaAdminClient(**arguments)
    try:
        await consumer.start()
        await admin.start()
        wanted = await _offsets_at(consumer, names, moment + SLACK)
        allowed = await _read_until(settings, pool, admin)
        targets = {
            place: min(offset, allowed.get(place, 0 if place.topic in names[:2] else offset))
            for place, offset in wanted.items()
        }
        begun = await consumer.beginning_offsets(list(targets))
        fresh = {place: RecordsToDelete(offset) for place, offset in targets.items() if offset > begun[place]}
        if fresh:
            await admin.delete_records(fresh)
        return all(targets[place] == offset or offset <= begun[place] for place, offset in wanted.items())
    except KafkaError as error:
        raise StoreUnavailable(f"Kafka does not delete records: {error}") from error
    finally:
        await consumer.stop()
        await admin.close()


async def _offsets_at(
    consumer: AIOKafkaConsumer, names: tuple[str, ...], moment: datetime
) -> dict[TopicPartition, int]:
    places = [TopicPartition(name, partition) for name in names for partition in await _partitions(consumer, name)]
    ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
    found = await consumer.offsets_for_times(dict.fromkeys(places, int(moment.timestamp() * 1000)))
    return {place: ends[place] if found.get(place) is None else found[place].offset for place in places}


async def _partitions(consumer: AIOKafkaConsumer, name: str) -> list[int]:
    await consumer._client.add_topic(name)  # aiokafka by itself loads only subscribed topics
    return sorted(consumer.partitions_for_topic(name) or ())


async def _read_until(settings: Settings, pool: Pool, admin: AIOKafkaAdminClient) -> dict[TopicPartition, int]:
    """How far the inputs are stored, or forwarded."""
    topics = settings.topics
    async with session(pool) as connection:
        rows = await connection.fetch(_NEXT_OFFSETS, topics.transactions)
    found = {TopicPartition(topics.transactions, row["partition"]): row["next_offset"] for row in rows}
    group = f"{settings.kafka_topic_prefix}{FORWARDER_GROUP}"
    committed = await admin.list_consumer_group_offsets(group)
    return found | {place: each.offset for place, each in committed.items() if place.topic == topics.labels}
