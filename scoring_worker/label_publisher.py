"""Labels given over HTTP, from their outbox in Postgres to the labels' topic.

Runs in every worker; each takes rows that no other one has locked. A label is marked as published after Kafka has
acknowledged it, so a crash in between publishes it again, and the forwarder drops the repeat by its revision.
"""

from typing import Any

from contracts.label import encode_label
from contracts.producers import Signer
from contracts.topics import Topics
from riskstream_client.batches import BatchWriter
from storage.label_outbox import BATCH_MAX, LabelOutbox

PUBLISH_EVERY_S = 1.0  # an empty outbox is one look into an index of what is unpublished


class LabelPublisher:
    """Publishes over a started producer that waits for all replicas (`kafka.producer_arguments`)."""

    def __init__(self, producer: Any, outbox: LabelOutbox, topics: Topics, signer: Signer | None = None) -> None:
        self._producer = producer
        self._outbox = outbox
        self._topic = topics.labels
        self._signer = signer

    async def publish(self) -> None:
        """Publish all that waits, then settle what has arrived. Raises StoreUnavailable; then it can be repeated."""
        while await self._publish_batch() == BATCH_MAX:
            pass
        await self._outbox.settle()

    async def _publish_batch(self) -> int:
        async with self._outbox.taken() as labels:
            if labels:
                writer = BatchWriter(self._producer, self._topic)
                await writer.open()
                for label in labels:  # keyed by transaction, so that its revisions keep their order
                    key, value = label.transaction_id.encode(), encode_label(label)
                    headers = self._signer.headers(self._topic, key, value) if self._signer else None
                    await writer.add(key, value, headers)
                await writer.flush()
        return len(labels)
