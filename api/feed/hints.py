"""The alerts topic: each gateway reads all of it from the end, without a group, as a hint of what is new."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError

from api.metrics import FEED_BAD_HINTS
from contracts.decision import Alert
from contracts.errors import StoreUnavailable
from pipeline.kafka_consumer import bounded_consumer
from riskstream_client.connection import connection_arguments
from settings import Settings

RECORDS_MAX = 500  # a batch; sockets get their turn between two
WAIT_MS = 500  # for the first record of a batch
RETRY_S_MIN, RETRY_S_MAX = 0.5, 10.0  # between two tries while the broker is away

_decoder = msgspec.json.Decoder(Alert)
log = structlog.get_logger()


class Hints:
    """Reads the topic into `take` until cancelled, whatever happens to the broker."""

    def __init__(self, settings: Settings, take: Callable[[Iterable[Alert]], None]) -> None:
        self._settings = settings
        self._take = take
        self._consumer: AIOKafkaConsumer | None = None

    async def ping(self) -> None:
        """Ask the broker for its topics. Raises StoreUnavailable."""
        if self._consumer is None:
            raise StoreUnavailable("Kafka does not answer")
        try:
            await self._consumer.topics()
        except (KafkaError, OSError) as error:
            raise StoreUnavailable(f"Kafka does not answer: {error}") from error

    async def run(self) -> None:
        retry_s = RETRY_S_MIN
        while True:
            consumer = bounded_consumer(self._settings.kafka_message_bytes_max, **consumer_arguments(self._settings))
            try:
                await consumer.start()
                consumer.subscribe([self._settings.topics.alerts])
                self._consumer, retry_s = consumer, RETRY_S_MIN
                await self._read(consumer)
            except (KafkaError, OSError) as error:
                log.warning("feed_waits_for_kafka", error=str(error), retry_s=retry_s)
            finally:
                self._consumer = None
                await consumer.stop()
            await asyncio.sleep(retry_s)
            retry_s = min(retry_s * 2, RETRY_S_MAX)

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            batches = await consumer.getmany(timeout_ms=WAIT_MS, max_records=RECORDS_MAX)
            self._take(alert for records in batches.values() for alert in decode_alerts(records))


def decode_alerts(records: Iterable["ConsumerRecord[bytes, bytes]"]) -> list[Alert]:
    """The alerts among the records; what is none is counted and left: Postgres has what counts."""
    alerts = []
    for record in records:
        try:
            alerts.append(_decoder.decode(record.value or b""))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            FEED_BAD_HINTS.inc()
    return alerts


def consumer_arguments(settings: Settings) -> dict[str, Any]:
    """Arguments of `bounded_consumer` for a reader without a group that begins at the end."""
    return {
        **connection_arguments(settings.kafka_bootstrap_servers, **settings.kafka_security),
        "client_id": "riskstream-gateway",
        "group_id": None,
        "enable_auto_commit": False,
        "auto_offset_reset": "latest",
    }
