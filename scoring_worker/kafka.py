"""Kafka's clients as the worker needs them: keyword arguments from the settings."""

from typing import Any

from contracts.topics import DEAD_LETTER_SIZE_FACTOR
from pipeline.kafka_producer import broker_arguments, producer_arguments
from settings import Settings

SCORER_GROUP = "riskstream-scorer"
FORWARDER_GROUP = "riskstream-labels"
_FETCH_BYTES_PARTITION = 2 * 1024 * 1024  # several micro-batches; a larger message is still fetched alone
_SESSION_TIMEOUT_MS = 10_000  # a dead worker's partitions are taken over within it
_POLL_INTERVAL_MAX_MS = 120_000  # a worker that polls less often than this makes no progress


def consumer_arguments(settings: Settings, group: str = SCORER_GROUP) -> dict[str, Any]:
    """For a consumer of an input topic: manual offsets, no automatic reset, no aborted transactions' records."""
    return {
        **broker_arguments(settings),
        "group_id": f"{settings.kafka_topic_prefix}{group}",
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "isolation_level": "read_committed",
        "max_partition_fetch_bytes": max(_FETCH_BYTES_PARTITION, settings.kafka_message_bytes_max),
        "session_timeout_ms": _SESSION_TIMEOUT_MS,
        "heartbeat_interval_ms": _SESSION_TIMEOUT_MS // 4,
        "max_poll_interval_ms": _POLL_INTERVAL_MAX_MS,
    }


def dead_letter_producer_arguments(settings: Settings) -> dict[str, Any]:
    """For the dead-letter topic: twice the input's limit, so that the largest message fits with its reason.

    Compressed, because a bad message may have been compressed on its way in and be larger than the limit.
    """
    limit = settings.kafka_message_bytes_max * DEAD_LETTER_SIZE_FACTOR
    return {**producer_arguments(settings), "compression_type": "zstd", "max_request_size": limit}


def forwarder_producer_arguments(settings: Settings) -> dict[str, Any]:
    """For the label forwarder: transactional under a fixed id, which fences a predecessor that still lives."""
    return {
        **broker_arguments(settings),
        "transactional_id": f"{settings.kafka_topic_prefix}{FORWARDER_GROUP}",
        "acks": "all",
        "compression_type": "lz4",
    }
