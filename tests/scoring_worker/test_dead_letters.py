import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from contracts.deadletter import DeadLetterReason, Rejection
from contracts.topics import Topics
from contracts.transaction import decode_transaction
from pipeline.kafka_producer import broker_arguments
from scoring_worker.dead_letter_parts import PART_HEADER, join
from scoring_worker.dead_letter_replay import DeadLetterReader, hex_dump, printable, replay, shown
from scoring_worker.dead_letters import (
    EXACT_NAMES,
    DeadLetter,
    DeadLetterSink,
    dead_letter_of,
    error_headers,
    original_headers,
)
from scoring_worker.kafka import consumer_arguments
from scoring_worker.log_reader import log_record
from settings import Settings
from storage.database import Pool
from storage.dead_letters import DeadLetterRepository
from tests.scoring_worker.conftest import MESSAGE_BYTES_MAX

pytestmark = pytest.mark.stack
Read = Callable[[str], Awaitable[list[ConsumerRecord]]]

HEADERS = [("trace", b"\x00\xff"), ("trace", None), ("__connect.errors.topic", b"an older one"), ("é", b"")]
# A batch's and a record's head: what is left of the limit for the body of a message with this key and no header.
LARGEST = MESSAGE_BYTES_MAX - 61 - 12 - len(b"k")
BAD: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]] = [
    (b"k", None, []),
    (None, None, []),
    (b"", b"", HEADERS),
    (b"\xff\x00", b"\xff\xfe\x00not utf-8", HEADERS),
    (b"k", b'{"transaction_id":"a","amount":NaN}', []),
    (None, b'{"transaction_id":"a","amount":"12"}', HEADERS),
    (b"k", b"\x1b[31mred", []),
    (b"k", b"x" * LARGEST, []),
]


async def put(producer: Any, topic: str) -> list[tuple[int, int]]:
    """The bad messages, each in a batch of its own, with no timestamps or sizes checked on our side."""
    places = []
    for key, value, headers in BAD:
        batch = producer.create_batch()
        batch.append(timestamp=None, key=key, value=value, headers=headers)
        batch.close()
        placed = await (await producer.send_batch(batch, topic, partition=1))
        places.append((placed.partition, placed.offset))
    return places


def letters_of(records: list[ConsumerRecord]) -> list[DeadLetter]:
    letters = []
    for record in records:
        rejection = decode_transaction(record.value)
        assert isinstance(rejection, Rejection)
        letters.append(dead_letter_of(record.topic, log_record(record), rejection))
    return letters


async def test_every_bad_message_is_kept_byte_for_byte_and_registered_once(
    settings: Settings, topics: Topics, producer: Any, dead_letter_producer: Any, pool: Pool, read_topic: Read
) -> None:
    await put(producer, topics.transactions)
    letters = letters_of(await read_topic(topics.transactions))
    assert len(letters) == len(BAD)
    repository = DeadLetterRepository(pool)
    sink = DeadLetterSink(dead_letter_producer, repository, topics, MESSAGE_BYTES_MAX)
    await sink.send(letters)
    kept = {(r.partition, r.offset): r for r in await read_topic(topics.dead_letters)}
    assert len(kept) == len(BAD)
    for row in await repository.page():
        record = kept[row.dlq_partition, row.dlq_offset]
        key, value, headers = BAD[row.source_offset]
        assert (record.key, record.value) == (key, value)
        assert original_headers(record.headers) == headers
        ours = dict(record.headers[len(headers) :])
        assert ours["__connect.errors.topic"] == topics.transactions.encode()
        assert ours["__connect.errors.partition"] == b"1"
        assert ours["__connect.errors.offset"] == str(row.source_offset).encode()
        assert ours["__connect.errors.exception.class.name"] == row.reason.encode()
        assert row.detail.startswith(ours["__connect.errors.exception.message"].decode())
    await sink.send(letters)  # the batch is repeated after a crash
    assert await repository.count() == len(BAD)
    assert len(await read_topic(topics.dead_letters)) == 2 * len(BAD)


async def test_a_compressed_message_larger_than_the_limit_is_kept_too(
    topics: Topics, dead_letter_producer: Any, pool: Pool, read_topic: Read
) -> None:
    body = b"[" * (8 * MESSAGE_BYTES_MAX)
    letter = DeadLetter(topics.transactions, 0, 7, 0, None, body, [], Rejection(DeadLetterReason.NOT_JSON, "x"))
    await DeadLetterSink(dead_letter_producer, DeadLetterRepository(pool), topics, MESSAGE_BYTES_MAX).send([letter])
    (record,) = await read_topic(topics.dead_letters)
    assert record.value == body


async def test_what_the_topic_does_not_take_is_kept_in_parts(
    settings: Settings, topics: Topics, dead_letter_producer: Any, pool: Pool, read_topic: Read
) -> None:
    body, key = random.Random(1).randbytes(5 * MESSAGE_BYTES_MAX), b"k" * 500
    headers = [("h\udcff", b"\x00"), ("h", None)]
    rejection = Rejection(DeadLetterReason.NOT_UTF8, "x")
    letters = [
        DeadLetter(topics.transactions, 0, 6, 0, b"k", b"before", [], rejection),
        DeadLetter(topics.transactions, 0, 7, 0, key, body, headers, rejection),
        DeadLetter(topics.transactions, 0, 8, 0, None, None, [], rejection),
    ]
    repository = DeadLetterRepository(pool)
    sink = DeadLetterSink(dead_letter_producer, repository, topics, MESSAGE_BYTES_MAX)
    await sink.send(letters)
    await sink.send(letters[1:])  # repeated after a crash
    rows = {row.source_offset: row for row in await repository.page()}
    parts = [r for r in await read_topic(topics.dead_letters) if PART_HEADER in dict(r.headers)]
    assert len(parts) == 12
    packed = join([part.value for part in parts[:6]])
    assert packed == (key, body, [(b"h\xff", b"\x00"), (b"h", None)])
    async with DeadLetterReader(topics.dead_letters, broker_arguments(settings)) as reader:
        kept = {offset: await reader.read(row.dlq_partition, row.dlq_offset) for offset, row in rows.items()}
    assert [(kept[n].key, kept[n].value) for n in (6, 7, 8)] == [(b"k", b"before"), (key, body), (None, None)]
    assert original_headers(kept[7].headers) == [("h\\xff", b"\x00"), ("h", None)]
    assert dict(kept[7].headers)["__connect.errors.offset"] == b"7"


def test_header_names_that_are_no_text_are_escaped_and_kept() -> None:
    headers = [("a\udcff", b"1"), ("é", None)]
    ours = error_headers(DeadLetter("t", 0, 1, 2, None, None, headers, Rejection(DeadLetterReason.EMPTY, "x")))
    assert original_headers(ours) == [("a\\xff", b"1"), ("é", None)]
    assert [bytes.fromhex(name) for name in dict(ours)[EXACT_NAMES].decode().split(",")] == [b"a\xff", "é".encode()]


async def test_a_replay_brings_the_original_back_to_its_topic(
    settings: Settings, topics: Topics, producer: Any, dead_letter_producer: Any, pool: Pool, read_topic: Read
) -> None:
    await put(producer, topics.transactions)
    before = await read_topic(topics.transactions)
    repository = DeadLetterRepository(pool)
    await DeadLetterSink(dead_letter_producer, repository, topics, MESSAGE_BYTES_MAX).send(letters_of(before))
    async with DeadLetterReader(topics.dead_letters, broker_arguments(settings)) as reader:
        for row in reversed(await repository.page()):
            record = await reader.read(row.dlq_partition, row.dlq_offset)
            await replay(dead_letter_producer, row.source_topic, row.source_partition, record, record.value)
            assert await repository.mark_replayed(row.dead_letter_id)
            assert not await repository.mark_replayed(row.dead_letter_id)
    after = await read_topic(topics.transactions)
    again = [r for r in after if (r.partition, r.offset) not in {(b.partition, b.offset) for b in before}]
    assert sorted((repr(r.key), r.value or b"", list(r.headers)) for r in again) == sorted(
        (repr(r.key), r.value or b"", list(r.headers)) for r in before
    )


@given(
    st.lists(st.tuples(st.text(max_size=8), st.none() | st.binary(max_size=8)), max_size=4),
    st.text(max_size=2_000),
)
def test_the_original_headers_come_back_and_the_detail_is_bounded(
    headers: list[tuple[str, bytes | None]], detail: str
) -> None:
    letter = DeadLetter("t", 0, 1, 2, None, None, headers, Rejection(DeadLetterReason.EMPTY, detail))
    ours = error_headers(letter)
    assert original_headers(ours) == headers
    again = DeadLetter("t", 0, 9, 2, None, None, ours, Rejection(DeadLetterReason.EMPTY, detail))
    assert original_headers(error_headers(again)) == ours, "a dead letter of a dead letter"
    added = sum(len(name) + len(value or b"") + 10 for name, value in ours[len(headers) :])
    assert added < 1024, "fits beside a message at the smallest limit that the settings allow"


@given(st.text())
def test_what_is_shown_is_safe_for_a_terminal(text: str) -> None:
    assert all(line.isprintable() for line in shown(text.encode("utf-8", "replace"), 1 << 20))
    assert printable("\x1b[2J\u202e") == "\\x1b[2J\\u202e"


def test_bytes_that_are_no_text_are_dumped() -> None:
    assert hex_dump(b"\xffABC\x00" + b"z" * 12) == [
        "00000000  ff 41 42 43 00 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a  .ABC.zzzzzzzzzzz",
        "00000010  7a                                               z",
    ]
    assert shown(None, 10) == ["(no value)"]
    assert shown(b"abcdef", 3) == ["abc", "(3 more bytes; --all shows them)"]


def test_a_cut_inside_a_character_is_still_text() -> None:
    assert shown("aé".encode(), 2) == ["a", "(1 more bytes; --all shows them)"]


async def test_consumers_skip_nothing_on_their_own(settings: Settings, topics: Topics) -> None:
    arguments = consumer_arguments(settings)
    assert arguments["auto_offset_reset"] == "none"
    async with AIOKafkaConsumer(**arguments) as consumer:
        consumer.assign([TopicPartition(topics.transactions, 0)])
        assert await consumer.committed(TopicPartition(topics.transactions, 0)) is None
