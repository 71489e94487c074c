"""The transaction log as the pipeline sees it: offsets committed and looked up."""

from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.structs import OffsetAndMetadata

from contracts.errors import PartitionLost, StoreUnavailable
from contracts.store_errors import meaning_of

_NOT_OURS = (CommitFailedError, IllegalGenerationError, UnknownMemberIdError, RebalanceInProgressError)


class ConsumerLog:
    """Implements `pipeline.protocols.Log` over a started consumer."""

    def __init__(self, consumer: Any, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic

    def place(self, partition: int) -> TopicPartition:
        return TopicPartition(self._topic, partition)

    async def commit(self, partition: int, offset: int) -> None:
        """Raises PartitionLost if the group took the partition away, StoreUnavailable if Kafka does not answer."""
        try:
            await self._consumer.commit({self.place(partition): OffsetAndMetadata(offset, "")})
        except (*_NOT_OURS, IllegalStateError) as error:
            raise PartitionLost(f"partition {partition} was given to another worker: {error}") from error
        except KafkaError as error:
            sentence = f"Kafka does not take the offset of partition {partition}: {error}"
            raise StoreUnavailable(sentence, meaning_of(error).outcome) from error

    async def committed(self, partition: int) -> int | None:
        """Kafka's committed offset. Raises StoreUnavailable."""
        try:
            offset: int | None = await self._consumer.committed(self.place(partition))
        except KafkaError as error:
            raise StoreUnavailable(f"Kafka does not say the offset of partition {partition}: {error}") from error
        return offset

    async def beginning(self, partition: int) -> int:
        """The log's first offset. Raises StoreUnavailable."""
        place = self.place(partition)
        try:
            offsets = await self._consumer.beginning_offsets([place])
        except KafkaError as error:
            raise StoreUnavailable(f"Kafka does not say where partition {partition} begins: {error}") from error
        return int(offsets[place])
