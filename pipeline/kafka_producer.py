"""Kafka's producer of decisions and alerts: keyword arguments from the settings."""

from typing import Any

from riskstream_client.batches import BATCH_BYTES
from riskstream_client.connection import connection_arguments
from settings import Settings


def broker_arguments(settings: Settings) -> dict[str, Any]:
    """Address and security, for any aiokafka client."""
    return connection_arguments(settings.kafka_bootstrap_servers, **settings.kafka_security)


def producer_arguments(settings: Settings) -> dict[str, Any]:
    """For decisions and alerts: acknowledged by all replicas.

    Not idempotent on purpose: after a batch that timed out aiokafka's idempotent producer is unusable, while
    the pipeline just publishes again, and consumers know a repeat by its transaction id.
    """
    return {
        **broker_arguments(settings),
        "acks": "all",
        "compression_type": "lz4",
        "max_batch_size": min(BATCH_BYTES, settings.kafka_message_bytes_max),
        "max_request_size": settings.kafka_message_bytes_max,
    }
