"""Messages that no well-behaved client sends, built byte by byte and handed to the broker as they are."""

import asyncio
import struct
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, NoError, for_code
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBase
from aiokafka.record.util import calc_crc32c, encode_varint
from aiokafka.structs import TopicPartition

from pipeline.kafka_producer import broker_arguments
from settings import Settings

PRODUCE_TIMEOUT_S = 20.0
Message = tuple[bytes | None, bytes | None, Sequence[tuple[bytes, bytes | None]]]  # key, value, headers


def batch_of(
    messages: Sequence[Message], *, codec: int = 0, compress: Callable[[bytes], bytes] = bytes, attributes: int = 0
) -> bytes:
    """A record batch; `attributes` is each record's attribute byte."""
    payload = compress(b"".join(record_of(number, attributes, *message) for number, message in enumerate(messages)))
    last = len(messages) - 1
    length = DefaultRecordBase.HEADER_STRUCT.size - DefaultRecordBase.AFTER_LEN_OFFSET + len(payload)
    head = (0, length, -1, 2, 0, codec, last, 1_000, 2_000, -1, -1, -1, len(messages))
    batch = bytearray(DefaultRecordBase.HEADER_STRUCT.pack(*head) + payload)
    checksum = calc_crc32c(batch[DefaultRecordBase.ATTRIBUTES_OFFSET :])
    struct.pack_into(">I", batch, DefaultRecordBase.CRC_OFFSET, checksum)
    return bytes(batch)


def record_of(
    number: int,
    attributes: int,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[tuple[bytes, bytes | None]],
) -> bytes:
    body = bytearray([attributes])
    encode_varint(number, body.append)  # timestamp
    encode_varint(number, body.append)  # offset
    for content in (key, value):
        _sized(body, content)
    encode_varint(len(headers), body.append)
    for name, content in headers:
        _sized(body, name)
        _sized(body, content)
    record = bytearray()
    encode_varint(len(body), record.append)
    return bytes(record + body)


async def produce_raw(settings: Settings, topic: str, partition: int, batch: bytes) -> int:
    """The offset that the broker gave the batch; fails if it refused it."""
    async with asyncio.timeout(PRODUCE_TIMEOUT_S):
        while True:  # a topic that was just made may have no leader yet
            error, offset = await _produce(settings, topic, partition, batch)
            if not error.retriable:
                assert error is NoError, error
                return offset


async def _produce(settings: Settings, topic: str, partition: int, batch: bytes) -> tuple[type[KafkaError], int]:
    client = AIOKafkaClient(**broker_arguments(settings))
    try:
        await client.bootstrap()
        await client.set_topics([topic])
        leader: Any = client.cluster.leader_for_partition(TopicPartition(topic, partition))
        request = ProduceRequest(None, -1, 30_000, [(topic, [(partition, batch)])])
        response = await client.send(leader, request)
    finally:
        await client.close()
    [(_, [(_, error_code, offset, *_rest)])] = response.topics
    return for_code(error_code), offset


def _sized(buffer: bytearray, content: bytes | None) -> None:
    encode_varint(-1 if content is None else len(content), buffer.append)
    buffer.extend(content or b"")
