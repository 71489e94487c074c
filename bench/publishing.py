"""Putting a workload into the log of a lane."""

from bench.harness import Lane
from bench.workload import Sent
from riskstream_client.publisher import Publisher


async def publish(lane: Lane, sent: list[Sent]) -> None:
    """Publish all, in order. Raises StoreUnavailable."""
    settings = lane.settings
    async with Publisher(
        settings.kafka_bootstrap_servers,
        settings.topics.transactions,
        message_bytes_max=settings.kafka_message_bytes_max,
    ) as publisher:
        for message in sent:
            await publisher.publish_raw(message.key, message.value)
