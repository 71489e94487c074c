"""Puts a past into the log and decides it at once, as a worker would have done in its time.

Transactions and labels go into the transaction log in the order in which they became known, and through the real
pipeline, partition by partition, with the offsets that Kafka gave them. So whatever is stored, counted and published
is what a worker makes of it, and a loader that dies leaves a log with which a worker goes on.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.errors import StoreUnavailable
from contracts.label import ForwardedLabel, Label
from contracts.log import LogRecord
from contracts.topics import LABEL_HEADER
from contracts.transaction import Transaction, encode_transaction
from features.gazetteer import preload
from features.plan import PLAN
from pipeline.durability import Processed, Source
from pipeline.kafka_producer import producer_arguments
from pipeline.takeover import take_partition
from scoring_worker.parts import Parts, connected
from settings import Settings
from storage.label_outbox import LabelOutbox
from storage.labels import LabelRepository

BATCH_MAX = 2_000  # transactions of all partitions; a quarter of them, some fifteen hundred entities, is a script
OUTBOX_ROUNDS_MAX = 1_000  # of a thousand labels each

_encode_label = msgspec.json.Encoder().encode


class PastLoader:
    """Owns every partition of the log; no worker may run beside it. Use `past_loader`."""

    def __init__(self, settings: Settings, parts: Parts, producer: Any, sources: dict[int, Source]) -> None:
        self._topic = settings.topics.transactions
        self._signer = settings.signer
        self._parts = parts
        self._producer = producer
        self._sources = sources
        self._labels = LabelRepository(parts.pool, currency_default=settings.currency_default)
        self._outbox = LabelOutbox(parts.pool)
        self.done = Processed()

    async def transactions(self, transactions: Sequence[Transaction]) -> None:
        """Publish and decide these, which are in event-time order. Raises what the pipeline raises."""
        for lo in range(0, len(transactions), BATCH_MAX):
            part = transactions[lo : lo + BATCH_MAX]
            await self._process([(t.account.encode(), encode_transaction(t), False) for t in part])

    async def labels(self, labels: Sequence[Label]) -> None:
        """Forward labels of decided transactions, and count them."""
        await self._forward(await self._labels.take(labels, PLAN.label_delay))

    async def labels_given(self) -> None:
        """The same for labels that analysts' decisions left in the outbox."""
        for _ in range(OUTBOX_ROUNDS_MAX):
            async with self._outbox.taken() as labels:
                ready = await self._labels.take(labels, PLAN.label_delay)
            if not labels:
                break
            await self._forward(ready)
        await self._outbox.settle()

    async def fold_counts(self) -> None:
        """Fold the dashboards' counts, so that the first page is fast."""
        while await self._parts.rollups.fold():
            pass

    async def _forward(self, ready: Sequence[ForwardedLabel]) -> None:
        await self._process([(label.account.encode(), _encode_label(label), True) for label in ready])
        await self._labels.confirm(ready)

    async def _process(self, messages: Iterable[tuple[bytes, bytes, bool]]) -> None:
        by_partition: dict[int, list[LogRecord]] = defaultdict(list)
        for record in await self._published(messages):
            by_partition[record.partition].append(record)
        for number, records in sorted(by_partition.items()):
            records.sort(key=lambda record: record.offset)
            self.done += await self._parts.pipeline.process(self._sources[number], records)

    async def _published(self, messages: Iterable[tuple[bytes, bytes, bool]]) -> list[LogRecord]:
        """The records as Kafka keeps them."""
        sent = []
        try:
            for key, value, is_label in messages:
                headers: list[tuple[str, bytes | None]] = [(LABEL_HEADER, b"1")] if is_label else []
                if self._signer is not None:
                    headers += self._signer.headers(self._topic, key, value)
                future = await self._producer.send(self._topic, value, key, headers=headers)
                sent.append((key, value, tuple(headers), is_label, future))
            await self._producer.flush()
            records = []
            for key, value, kept, is_label, future in sent:
                place = await future
                records.append(
                    LogRecord(place.partition, place.offset, place.timestamp, key, value, kept, is_label=is_label)
                )
        except KafkaError as error:
            raise StoreUnavailable(f"Kafka does not take the history: {error!r}") from error
        return records


@asynccontextmanager
async def past_loader(settings: Settings) -> AsyncIterator[PastLoader]:
    """A loader that owns all partitions of an empty installation. Raises StoreUnavailable, ModelRefused, OffsetGap."""
    async with connected(settings) as parts:
        parts.model.refresh()
        _ = parts.model.current  # no model, no history
        parts.book.replace(await parts.clients.all())
        await asyncio.to_thread(preload)
        try:
            await parts.consumer.start()
            numbers = sorted(await _partitions(parts, settings))
            parts.consumer.assign([parts.kafka_log.place(number) for number in numbers])
            address = await parts.repairer.repair()
            sources = {}
            for number in numbers:
                sources[number], _start = await take_partition(
                    number,
                    await parts.kafka_log.committed(number),
                    await parts.kafka_log.beginning(number),
                    address,
                    parts.pipeline.state,
                    parts.pipeline.store,
                    parts.pipeline.publisher,
                )
            async with AIOKafkaProducer(**producer_arguments(settings)) as producer:
                yield PastLoader(settings, parts, producer, sources)
        except KafkaError as error:
            raise StoreUnavailable(f"Kafka cannot be reached: {error!r}") from error


async def _partitions(parts: Parts, settings: Settings) -> set[int]:
    await parts.consumer._client.force_metadata_update()  # partitions_for_topic reads a cache
    found: set[int] | None = parts.consumer.partitions_for_topic(settings.topics.transactions)
    return found or set(range(settings.kafka_partitions))
