"""The dead-letter topic: every message that cannot be used, byte for byte but for card data, with the reason."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from contracts.card_numbers import cleaned_text
from contracts.card_policy import without_card_data
from contracts.deadletter import DeadLetterReason, Rejection
from contracts.errors import StoreUnavailable
from contracts.log import LogRecord
from contracts.store_errors import meaning_of
from contracts.topics import Topics
from contracts.transaction import EPOCH
from pipeline.raw_batches import BATCH_BYTES_MAX
from riskstream_client.batches import partition_count
from riskstream_client.partitioner import partition_of
from scoring_worker.dead_letter_parts import PART_HEADER, split, whole
from scoring_worker.log_reader import is_text
from storage.dead_letters import DeadLetter as RegisteredDeadLetter
from storage.dead_letters import DeadLetterRepository

ERROR_HEADERS = "__connect.errors."  # Kafka Connect's names, which tools know
ORIGINAL_HEADERS = "riskstream.original.headers"  # how many of the headers, from the first, are the original's own
EXACT_NAMES = "riskstream.original.header.names"  # hex, where a name is not UTF-8 and stands escaped in its header
UNCUT_BYTES_MAX = BATCH_BYTES_MAX // 2  # a larger one goes in parts: no reader unpacks it otherwise
DETAIL_BYTES_MAX = 400  # in the header: with the names it fits beside a message at the smallest limit there can be

Headers = list[tuple[str, bytes | None]]


class DeadLetter(msgspec.Struct, frozen=True):
    """One message that cannot be used: where it was, what it was, and why."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    rejection: Rejection
    stage: str = "VALUE_CONVERTER"


def dead_letter_of(topic: str, record: LogRecord, rejection: Rejection) -> DeadLetter:
    """A record of `topic` that cannot be used: byte for byte, but for digits of card numbers, which nobody may keep."""
    return DeadLetter(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.append_ms,
        key=without_card_data(record.key),
        value=without_card_data(record.value),
        headers=[(cleaned_text(name)[0], without_card_data(value)) for name, value in record.headers],
        rejection=rejection,
        stage="HEADER_CONVERTER" if rejection.reason is DeadLetterReason.UNREADABLE_HEADERS else "VALUE_CONVERTER",
    )


class DeadLetterSink:
    """Sends dead letters over a started producer (`kafka.dead_letter_producer_arguments`) and registers them.

    A crash between the two, or a repeat of the batch, sends the same dead letter to the topic again; the
    register keeps the first one per source topic, partition and offset, so it counts each once.
    A message that the topic does not take even compressed is sent in parts of `part_bytes`.
    """

    def __init__(self, producer: Any, repository: DeadLetterRepository, topics: Topics, part_bytes: int) -> None:
        """`part_bytes`: the input's limit, so that a part fits uncompressed with its reason."""
        self._producer = producer
        self._repository = repository
        self._topic = topics.dead_letters
        self._part_bytes = part_bytes

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        """Return when Kafka has acknowledged all of them and the register holds them. Raises StoreUnavailable."""
        if not letters:
            return
        try:
            places = await self._produce(letters)
        except KafkaError as error:
            sentence = f"the dead-letter topic {self._topic} does not take messages: {error}"
            raise StoreUnavailable(sentence, meaning_of(error).outcome) from error
        await self._repository.register([_row(letter, *place) for letter, place in zip(letters, places, strict=True)])

    async def _produce(self, letters: Sequence[DeadLetter]) -> list[tuple[int, int]]:
        """The (partition, offset) that each letter got in the dead-letter topic."""
        partitions = await partition_count(self._producer, self._topic)
        filling: dict[int, tuple[Any, list[int]]] = {}
        sent: list[tuple[asyncio.Future[Any], list[int]]] = []
        for index, letter in enumerate(letters):
            if _is_cut(letter):
                continue
            key = letter.key
            partition = letter.partition % partitions if key is None else partition_of(key, partitions)
            batch, indices = filling.setdefault(partition, (self._producer.create_batch(), []))
            headers = error_headers(letter)
            if batch.append(timestamp=None, key=key, value=letter.value, headers=headers) is None:
                sent.append(await self._ship(partition, batch, indices))
                batch, indices = filling[partition] = (self._producer.create_batch(), [])
                batch.append(timestamp=None, key=key, value=letter.value, headers=headers)
            indices.append(index)
        sent += [await self._ship(partition, *full) for partition, full in filling.items()]
        places = await self._places(sent, letters)
        for index, letter in enumerate(letters):
            if _is_cut(letter):
                places[index] = await self._send_parts(letter)
        return places

    async def _ship(self, partition: int, batch: Any, indices: list[int]) -> tuple[asyncio.Future[Any], list[int]]:
        batch.close()
        return await self._producer.send_batch(batch, self._topic, partition=partition), indices

    async def _places(
        self, sent: list[tuple["asyncio.Future[Any]", list[int]]], letters: Sequence[DeadLetter]
    ) -> list[tuple[int, int]]:
        places = [(-1, -1)] * len(letters)
        outcomes = await asyncio.gather(*(future for future, _ in sent), return_exceptions=True)
        for outcome, (_, indices) in zip(outcomes, sent, strict=True):
            if isinstance(outcome, MessageSizeTooLargeError | RecordListTooLargeError):
                for index in indices:
                    places[index] = await self._send_parts(letters[index])
                continue
            if isinstance(outcome, BaseException):
                raise outcome
            for position, index in enumerate(indices):
                places[index] = (outcome.partition, outcome.offset + position)
        return places

    async def _send_parts(self, letter: DeadLetter) -> tuple[int, int]:
        """One after the other into one partition; the place of the first is the letter's."""
        partition = letter.partition % await partition_count(self._producer, self._topic)
        ours = error_headers(msgspec.structs.replace(letter, headers=()))
        parts = split(whole(letter.key, letter.value, letter.headers), self._part_bytes)
        places = []
        for number, part in enumerate(parts, 1):
            headers = [*ours, (PART_HEADER, f"{number}/{len(parts)}".encode())]
            placed = await self._producer.send_and_wait(self._topic, part, partition=partition, headers=headers)
            places.append((placed.partition, placed.offset))
        return places[0]


def error_headers(letter: DeadLetter) -> Headers:
    """The original's headers, untouched and first, then ours in Kafka Connect's names.

    A name that is not UTF-8 is escaped, so that everybody can read the topic; its bytes stand in a header beside it.
    """
    detail = letter.rejection.detail.encode("utf-8", "replace")[:DETAIL_BYTES_MAX]
    return [
        *((readable(name), value) for name, value in letter.headers),
        *_exact_names(letter.headers),
        (ORIGINAL_HEADERS, str(len(letter.headers)).encode()),
        (f"{ERROR_HEADERS}topic", letter.topic.encode()),
        (f"{ERROR_HEADERS}partition", str(letter.partition).encode()),
        (f"{ERROR_HEADERS}offset", str(letter.offset).encode()),
        (f"{ERROR_HEADERS}timestamp", str(letter.timestamp_ms).encode()),
        (f"{ERROR_HEADERS}stage", letter.stage.encode()),
        (f"{ERROR_HEADERS}exception.class.name", letter.rejection.reason.value.encode()),
        (f"{ERROR_HEADERS}exception.message", detail.decode("utf-8", "ignore").encode()),
    ]


def _is_cut(letter: DeadLetter) -> bool:
    """Whether a letter has to go in parts, however well it can be compressed."""
    headers = sum(len(name) + len(value or b"") for name, value in letter.headers)
    return len(letter.key or b"") + len(letter.value or b"") + headers > UNCUT_BYTES_MAX


def readable(name: str) -> str:
    """A header's name as text; bytes of it that are none (surrogates here) as hex escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _exact_names(headers: Sequence[tuple[str, bytes | None]]) -> Headers:
    if all(is_text(name) for name, _ in headers):
        return []
    names = (name.encode("utf-8", "surrogateescape").hex() for name, _ in headers)
    return [(EXACT_NAMES, ",".join(names).encode())]


def original_headers(headers: Sequence[tuple[str, bytes | None]]) -> Headers:
    """The headers that the message had before it became a dead letter; names that were no UTF-8 stay escaped."""
    names = [name for name, _ in headers]
    if ORIGINAL_HEADERS not in names:
        return [header for header in headers if not header[0].startswith(ERROR_HEADERS)]
    last = len(names) - 1 - names[::-1].index(ORIGINAL_HEADERS)  # a replayed letter may carry an older one before it
    return list(headers[: int(headers[last][1] or b"0")])


def _row(letter: DeadLetter, dlq_partition: int, dlq_offset: int) -> RegisteredDeadLetter:
    return RegisteredDeadLetter(
        source_topic=letter.topic,
        source_partition=letter.partition,
        source_offset=letter.offset,
        reason=letter.rejection.reason.value,
        detail=letter.rejection.detail,
        size_bytes=len(letter.value or b""),
        key=letter.key,
        received_at=EPOCH + timedelta(milliseconds=letter.timestamp_ms)
        if letter.timestamp_ms >= 0
        else datetime.now(UTC),
        dlq_partition=dlq_partition,
        dlq_offset=dlq_offset,
    )
