"""Reading dead letters back from their topic, and putting them into the topic they came from once more."""

import asyncio
import codecs
from dataclasses import replace
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from contracts.errors import RiskstreamError, StoreUnavailable
from contracts.producers import Signer
from pipeline.kafka_consumer import bounded_consumer
from riskstream_client.batches import partition_count
from riskstream_client.partitioner import partition_of
from scoring_worker.dead_letter_parts import PART_HEADER, join, number_of
from scoring_worker.dead_letters import ERROR_HEADERS, ORIGINAL_HEADERS, original_headers, readable

READ_TIMEOUT_S = 15.0
_SOURCE = tuple(f"{ERROR_HEADERS}{name}" for name in ("topic", "partition", "offset"))


class DeadLetterReader:
    """Reads single messages of the dead-letter topic by their place. An async context manager."""

    def __init__(self, topic: str, arguments: dict[str, Any]) -> None:
        """`arguments`: `kafka.broker_arguments`, with room for a message of twice the input's limit."""
        self._topic = topic
        self._arguments = arguments
        self._consumer: Any = None

    async def __aenter__(self) -> "DeadLetterReader":
        self._consumer = bounded_consumer(
            0, **self._arguments, enable_auto_commit=False, auto_offset_reset="none", isolation_level="read_committed"
        )
        try:
            await self._consumer.start()
        except KafkaError as error:
            await self._consumer.stop()
            raise StoreUnavailable(f"Kafka cannot be reached: {error}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def read(self, partition: int, offset: int) -> ConsumerRecord:
        """The dead letter at that place, put together if it was kept in parts.

        Raises RiskstreamError when the topic no longer holds it.
        """
        place = TopicPartition(self._topic, partition)
        try:
            begin = (await self._consumer.beginning_offsets([place]))[place]
            end = (await self._consumer.end_offsets([place]))[place]
            if not begin <= offset < end:
                raise RiskstreamError(
                    f"{self._topic} holds {begin} to {end - 1} in partition {partition}, not {offset}:"
                    " its retention has removed the message, or the topic was made anew"
                )
            self._consumer.assign([place])
            self._consumer.seek(place, offset)  # at once: without a position aiokafka would look for one itself
            async with asyncio.timeout(READ_TIMEOUT_S):
                record = await self._consumer.getone(place)
                if record.offset == offset and PART_HEADER in dict(record.headers):
                    return await self._rest_of(record, place, end)
        except (KafkaError, TimeoutError) as error:
            raise StoreUnavailable(f"the dead letter cannot be read from {self._topic}: {error}") from error
        if record.offset != offset:
            raise RiskstreamError(f"{self._topic} no longer holds offset {offset} of partition {partition}")
        return record

    async def _rest_of(self, first: ConsumerRecord, place: TopicPartition, end: int) -> ConsumerRecord:
        """The parts behind the first one; other letters, or the same one's repeat, may stand between them."""
        parts = [first.value]
        _, count = number_of(dict(first.headers)[PART_HEADER])
        while len(parts) < count:
            if await self._consumer.position(place) >= end:
                raise RiskstreamError(f"{self._topic} holds {len(parts)} of the {count} parts of this dead letter")
            record = await self._consumer.getone(place)
            headers = dict(record.headers)
            if source_of(headers) == source_of(dict(first.headers)) and PART_HEADER in headers:
                number, _ = number_of(headers[PART_HEADER])
                if number == len(parts) + 1:
                    parts.append(record.value)
        key, value, original = join(parts)
        names = [(readable(name.decode("utf-8", "surrogateescape")), content) for name, content in original]
        ours = [(name, content) for name, content in first.headers if name not in (PART_HEADER, ORIGINAL_HEADERS)]
        headers_now = (*names, (ORIGINAL_HEADERS, str(len(names)).encode()), *ours)
        return replace(first, key=key, value=value, headers=headers_now)


def source_of(headers: dict[str, bytes | None]) -> tuple[bytes | None, ...]:
    """Topic, partition and offset that a dead letter came from."""
    return tuple(headers.get(name) for name in _SOURCE)


async def replay(
    producer: Any,
    topic: str,
    source_partition: int,
    record: ConsumerRecord,
    body: bytes | None,
    signer: Signer | None = None,
) -> tuple[int, int]:
    """Produce the original (or `body` in its place) to `topic` with its key and its own headers.

    What an operator has changed is signed by this installation; what stands as it was is its producer's to answer for.

    Returns (partition, offset). The message lies behind later ones of its account now. Sending it twice is
    harmless where it holds a transaction: one id is decided once. Raises StoreUnavailable.
    """
    try:
        partitions = await partition_count(producer, topic)
        partition = source_partition % partitions if record.key is None else partition_of(record.key, partitions)
        batch = producer.create_batch()
        headers = original_headers(record.headers)
        if signer is not None and body != record.value:
            headers = [*headers, *signer.headers(topic, record.key, body)]
        batch.append(timestamp=None, key=record.key, value=body, headers=headers)
        batch.close()
        placed = await (await producer.send_batch(batch, topic, partition=partition))
    except KafkaError as error:
        raise StoreUnavailable(f"{topic} did not take the message: {error}") from error
    return placed.partition, placed.offset


def shown(body: bytes | None, limit: int) -> list[str]:
    """A body for a terminal, line by line: text with control characters escaped, else a hex dump."""
    if body is None:
        return ["(no value)"]
    cut = body[:limit]
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(cut, final=len(cut) == len(body))
    except UnicodeDecodeError:
        lines = hex_dump(cut)
    else:
        lines = [printable(line) for line in text.split("\n")]
    return lines if len(body) <= limit else [*lines, f"({len(body) - limit:,} more bytes; --all shows them)"]


def printable(text: str) -> str:
    """Safe for a terminal: whatever is not printable (escape sequences, direction marks) as its escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


def hex_dump(body: bytes) -> list[str]:
    """Sixteen bytes a line: offset, hex, ASCII."""
    return [_hex_line(start, body[start : start + 16]) for start in range(0, len(body), 16)]


def _hex_line(start: int, part: bytes) -> str:
    ascii_ = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
    return f"{start:08x}  {part.hex(' '):<47}  {ascii_}"
