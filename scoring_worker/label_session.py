"""One spell of label forwarding, from joining the group to leaving it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import (
    IllegalOperation,
    InvalidProducerEpoch,
    KafkaError,
    OffsetOutOfRangeError,
    ProducerFenced,
)

from contracts.card_policy import REFUSE, CardPolicy
from contracts.deadletter import DeadLetterReason, Rejection
from contracts.errors import OffsetGap, PartitionLost, StoreUnavailable
from contracts.label import PRODUCER_REVISION_MAX, ForwardedLabel, Label, decode_label
from contracts.log import LogRecord
from contracts.look_alikes import complaint_about_label
from contracts.producers import Producers
from contracts.topics import LABEL_HEADER, Topics
from features.plan import PLAN
from pipeline.kafka_consumer import bounded_consumer
from scoring_worker.careful import CarefulReader
from scoring_worker.dead_letters import DeadLetter, DeadLetterSink, dead_letter_of
from scoring_worker.log_reader import LogReader
from scoring_worker.single_owner import SingleOwnerAssignor
from storage.labels import LabelRepository

BATCH_MAX = 1_000  # labels a Kafka transaction, and a statement of Postgres
POLL_MS = 500  # an idle spell looks this often whether it shall end
WAITING_INTERVAL_S = 5.0  # between looks for transactions that were decided since their label came

_encode = msgspec.json.Encoder().encode


class LabelSession(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Owns the labels' topic while its consumer is the group's owner; stands by otherwise.

    One step stands in this order, each for the reason beside it:

    1. Poll, decode. What cannot be used goes to the dead-letter topic, flushed, before its offset is committed.
    2. Take into Postgres: from here on a label outlives us, and its change of count is fixed.
    3. Write what is ready and the consumer's offsets in one Kafka transaction: both or neither.
    4. Confirm in Postgres, never before Kafka's commit. A crash in between leaves the labels unconfirmed; the next
       owner writes them once more, and the worker counts a revision once.
    """

    def __init__(
        self,
        consumer_arguments: dict[str, Any],
        producer_arguments: dict[str, Any],
        repository: LabelRepository,
        dead_letters: DeadLetterSink,
        topics: Topics,
        *,
        producers: Producers | None,
        make_careful: Callable[[TopicPartition, Any], CarefulReader],
        monotonic: Callable[[], float],
        cards: CardPolicy = REFUSE,
    ) -> None:
        self._consumer_arguments = consumer_arguments
        self._producer_arguments = producer_arguments
        self._repository = repository
        self._dead_letters = dead_letters
        self._topics = topics
        self._producers = producers
        self._make_careful = make_careful
        self._careful: dict[TopicPartition, CarefulReader] = {}
        self._monotonic = monotonic
        self._cards = cards
        self._group: str = consumer_arguments["group_id"]
        self._consumer: Any = None
        self._producer: Any = None
        self._positions: dict[TopicPartition, int] = {}
        self._next_look_s = 0.0
        self._working = asyncio.Lock()
        self._failure: Exception | None = None

    @property
    def owns(self) -> bool:
        """Whether this session forwards; False while another one does."""
        return self._producer is not None

    async def open(self) -> None:
        """Join the group. Raises StoreUnavailable."""
        self._consumer = bounded_consumer(
            0, **self._consumer_arguments, partition_assignment_strategy=[SingleOwnerAssignor]
        )
        self._consumer.subscribe([self._topics.labels], listener=self)
        try:
            await self._consumer.start()
        except KafkaError as error:
            raise _ours(error) from error

    async def close(self) -> None:
        """Leave the group; an unfinished transaction is aborted by the next owner."""
        if self._consumer is not None:
            await self._consumer.stop()
        await self._give_up()

    async def withdraw(self) -> None:
        """Say that this process lives, whatever it ended with: what it had in hand kills nobody."""
        for careful in self._careful.values():
            await careful.end()
        self._careful.clear()

    async def on_partitions_revoked(self, _revoked: Sequence[TopicPartition]) -> None:
        """Finish the step at hand, then let go."""
        async with self._working:
            await self.withdraw()
            await self._give_up()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Take over. First fence the predecessor (its open transaction ends), only then read the offsets."""
        if not assigned:
            return
        async with self._working:
            try:
                self._producer = AIOKafkaProducer(**self._producer_arguments)
                await self._producer.start()
                for place in assigned:
                    committed = await self._consumer.committed(place)
                    if committed is None:
                        committed = (await self._consumer.beginning_offsets([place]))[place]
                    self._consumer.seek(place, committed)
                    self._positions[place] = committed
                    careful = self._careful[place] = self._make_careful(place, self._consumer)
                    await careful.take(committed, BATCH_MAX)
                await self._forward_unconfirmed()
            except (KafkaError, StoreUnavailable, PartitionLost) as error:
                self._failure = error  # raised by the next step: aiokafka would only log it here

    async def step(self) -> int:
        """One pass; returns how many labels went into the log.

        Raises StoreUnavailable, PartitionLost or OffsetGap; then close this session, and open another but for the last.
        """
        producer = self._producer
        try:
            batches = await self._poll()
            async with self._working:
                if self._failure is not None:
                    raise self._failure
                if not self.owns or self._producer is not producer:
                    self._read_again()  # this poll began before we took over
                    return 0
                count = await self._forward_new(batches) if batches else 0
                return count + await self._forward_waiting()
        except KafkaError as error:
            raise _ours(error) from error

    async def _poll(self) -> dict[TopicPartition, list[LogRecord]]:
        for place, careful in list(self._careful.items()):
            position = self._positions.get(place)
            if position is not None and position < careful.until:
                records = await careful.next_records(position)
                return {place: records} if records else {}
        reader = LogReader(self._consumer)
        return await reader.poll(dict(self._positions), POLL_MS, BATCH_MAX)

    def _read_again(self) -> None:
        """A poll that spanned the takeover may hold what lies behind the new positions; left out, it would be lost."""
        for place, position in self._positions.items():
            self._consumer.seek(place, position)

    async def _forward_new(self, batches: dict[TopicPartition, list[LogRecord]]) -> int:
        records = [record for records in batches.values() for record in records]
        decoded = [record.rejection or self._decoded(record.value) for record in records]
        given = await self._repository.given([label for label in decoded if _is_reserved(label)])
        labels: list[Label] = []
        bad: list[DeadLetter] = []
        refused = await self._look_alikes([label for label in decoded if isinstance(label, Label)])
        for record, label in zip(records, decoded, strict=True):
            if isinstance(label, Label):
                label = refused.get((label.client_id, label.transaction_id), label)
            if isinstance(label, Rejection):
                bad.append(dead_letter_of(self._topics.labels, record, label))
            elif complaint := self._complaint(record, label):
                rejection = Rejection(DeadLetterReason.NOT_AUTHORISED, complaint)
                bad.append(dead_letter_of(self._topics.labels, record, rejection))
            elif _is_reserved(label) and (label.client_id, label.transaction_id, label.revision) not in given:
                detail = f"revision: producers may use at most {PRODUCER_REVISION_MAX}; those above are given over HTTP"
                rejection = Rejection(DeadLetterReason.NOT_AUTHORISED, detail)
                bad.append(dead_letter_of(self._topics.labels, record, rejection))
            else:
                labels.append(label)
        await self._dead_letters.send(bad)
        ready = await self._repository.take(labels, PLAN.label_delay)
        offsets = {place: records[-1].offset + 1 for place, records in batches.items() if records}
        await self._write(ready, offsets)
        self._positions |= offsets
        return len(ready)

    def _complaint(self, record: LogRecord, label: Label) -> str | None:
        if self._producers is None:
            return None
        return self._producers.complaint(self._topics.labels, record.key, record.value, record.headers, label.client_id)

    def _decoded(self, value: bytes | None) -> Label | Rejection:
        body = self._cards.applied(value or b"")
        return body if isinstance(body, Rejection) else decode_label(body)

    async def _look_alikes(self, labels: Sequence[Label]) -> dict[tuple[int, str], Rejection]:
        """Refuse ids that no transaction can have. One stored before their spelling mattered keeps its labels."""
        odd = {
            (label.client_id, label.transaction_id): Rejection(DeadLetterReason.INVALID_FIELD, complaint)
            for label in labels
            if (complaint := complaint_about_label(label))
        }
        stored = await self._repository.decided(sorted(odd))
        return {key: rejection for key, rejection in odd.items() if key not in stored}

    async def _forward_waiting(self) -> int:
        if self._monotonic() < self._next_look_s:
            return 0
        ready = await self._repository.take_waiting(PLAN.label_delay)
        if not ready:
            self._next_look_s = self._monotonic() + WAITING_INTERVAL_S
        await self._write(ready, {})
        return len(ready)

    async def _forward_unconfirmed(self) -> None:
        while ready := await self._repository.unconfirmed():
            await self._write(ready, {})

    async def _write(self, ready: Sequence[ForwardedLabel], offsets: dict[TopicPartition, int]) -> None:
        if not ready and not offsets:
            return
        async with self._producer.transaction():
            # One after the other: an account's labels keep their order.
            sent = [await self._send(label) for label in ready]
            if sent:
                await asyncio.gather(*sent)
            if offsets:
                await self._producer.send_offsets_to_transaction(offsets, self._group)
        await self._repository.confirm(ready)

    async def _send(self, label: ForwardedLabel) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = await self._producer.send(
            self._topics.transactions, _encode(label), label.account.encode(), headers=[(LABEL_HEADER, b"1")]
        )
        return future

    async def _give_up(self) -> None:
        producer, self._producer = self._producer, None
        self._positions.clear()
        if producer is not None:
            await producer.stop()


def _is_reserved(label: Label | Rejection) -> TypeGuard[Label]:
    """Whether a label has a number that only those have which were given over HTTP."""
    return isinstance(label, Label) and label.revision > PRODUCER_REVISION_MAX


def _ours(error: KafkaError) -> Exception:
    if isinstance(error, ProducerFenced | InvalidProducerEpoch | IllegalOperation):
        return PartitionLost(f"another label forwarder has taken over: {error!r}")
    if isinstance(error, OffsetOutOfRangeError):
        return OffsetGap(
            f"the labels' topic no longer holds the offset at which forwarding stopped ({error});"
            " labels were removed unread: publish them again, then set the group's offsets by hand"
        )
    return StoreUnavailable(f"Kafka does not serve the label forwarder: {error!r}")
