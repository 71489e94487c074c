"""The gateway's way to the outgoing topics: started when Kafka is there, calls published in groups."""

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.decision import Alert, Decision
from contracts.errors import StoreUnavailable
from pipeline.background import Spawn
from pipeline.grouped import Grouped
from pipeline.kafka_producer import producer_arguments
from pipeline.outgoing import KafkaPublisher
from settings import Settings

GROUP_MAX = 200  # calls a flush
WAITING_MAX = 2_000  # calls; what is beyond waits in its journal entry, and the sweeper publishes it
GATHER_S = 0.03  # a flush costs the gateway, and the broker, as much as storing a call; its caller has the answer
RETRY_S = 1.0  # between two tries to reach the broker

Outputs = tuple[Sequence[Decision], Sequence[Alert]]

log = structlog.get_logger()


class GroupPublisher:
    """Implements `pipeline.protocols.Publisher`. `run` keeps the producer; without it everything is unavailable."""

    def __init__(self, settings: Settings, spawn: Spawn) -> None:
        self._settings = settings
        self._publisher: KafkaPublisher | None = None
        self._groups: Grouped[Outputs, None] = Grouped(
            self._publish, spawn, size_max=GROUP_MAX, waiting_max=WAITING_MAX, gather_s=GATHER_S
        )

    async def publish(self, decisions: Sequence[Decision], alerts: Sequence[Alert]) -> None:
        if self._publisher is None:
            raise StoreUnavailable("Kafka has not been reached yet")
        await self._groups.do((decisions, alerts))

    async def run(self) -> None:
        """Until cancelled. A producer that has started finds its broker again by itself."""
        while True:
            producer = AIOKafkaProducer(**producer_arguments(self._settings))
            try:
                await producer.start()
                self._publisher = KafkaPublisher(producer, self._settings.topics)
                await asyncio.Event().wait()
            except (KafkaError, OSError) as error:
                log.debug("outgoing_waits_for_kafka", reason=str(error))
            finally:
                self._publisher = None
                await producer.stop()
            await asyncio.sleep(RETRY_S)

    async def _publish(self, group: Sequence[Outputs]) -> None:
        if self._publisher is None:
            raise StoreUnavailable("Kafka has gone away")
        decisions = [decision for each, _ in group for decision in each]
        await self._publisher.publish(decisions, [alert for _, each in group for alert in each])
