"""Bounded batches give what aiokafka's own give, and read on where those raise or would fill the memory."""

import gzip
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lz4.frame
import pytest
import zstandard
from aiokafka import TopicPartition
from aiokafka.codec import gzip_encode, lz4_encode, snappy_encode, zstd_encode
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kafka_consumer import BoundedBatches
from pipeline.raw_batches import BATCH_BYTES_MAX, Bounds, OversizeBatch, WholeBatch, raw_records
from tests.scoring_worker.raw_produce import Message, batch_of

Compress = Callable[[bytes], bytes]
CODECS: list[tuple[int, Compress]] = [
    (0, bytes), (1, gzip_encode), (2, snappy_encode), (2, lambda data: snappy_encode(data, xerial_compatible=False)),
    (3, lz4_encode), (4, zstd_encode), (4, lambda data: zstandard.compress(data[:9]) + zstandard.compress(data[9:])),
    (3, lambda data: lz4.frame.compress(data[:9]) + lz4.frame.compress(data[9:])),
]  # fmt: skip
COMPRESSED = [
    pytest.param(1, gzip_encode, id="gzip"),
    pytest.param(2, snappy_encode, id="snappy, xerial"),
    pytest.param(2, lambda data: snappy_encode(data, xerial_compatible=False), id="snappy, raw"),
    pytest.param(3, lz4_encode, id="lz4"),
    pytest.param(4, zstd_encode, id="zstd"),
]
TEXTS = st.text(max_size=8).map(str.encode)
NULLABLE = st.none() | st.binary(max_size=40)
GOOD: Message = (b"k", b"good", [(b"n", b"v")])
MEMORY_MAX = 4 * BATCH_BYTES_MAX  # the piece at hand, what is kept of it, and the buffers of the codec


def messages(names: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[Message]]:
    headers = st.lists(st.tuples(names, NULLABLE), max_size=3)
    return st.lists(st.tuples(NULLABLE, NULLABLE, headers), min_size=1, max_size=5)


def records_of(data: bytes) -> list[Any]:
    """Everything in the batches, as a consumer gets it."""
    batches, found = BoundedBatches(data), []
    while batches.has_next():
        found += list(batches.next_batch())
    return found


@given(st.lists(messages(TEXTS), min_size=1, max_size=3), st.sampled_from(CODECS), st.integers(0, 30))
def test_what_aiokafka_reads_is_read_the_same(
    batches: list[list[Message]], codec: tuple[int, Compress], cut: int
) -> None:
    data = b"".join(batch_of(batch, codec=codec[0], compress=codec[1]) for batch in batches)
    plain = b"".join(batch_of(batch) for batch in batches)
    complete = 0
    whole = BoundedBatches(data[: len(data) - cut])
    theirs, ours = MemoryRecords(plain), whole
    while ours.has_next():
        complete += 1
        expected, batch = theirs.next_batch(), ours.next_batch()
        assert batch.validate_crc()
        assert (batch.base_offset, batch.next_offset) == (expected.base_offset, expected.next_offset)
        assert [(r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in batch] == [
            (r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in expected
        ]
    assert complete == len(batches) if cut == 0 else complete < len(batches)


@given(messages(st.binary(max_size=8)), st.sampled_from(CODECS))
def test_names_that_are_no_text_can_be_had_back(batch: list[Message], codec: tuple[int, Compress]) -> None:
    data = batch_of(batch, codec=codec[0], compress=codec[1])
    for records in (records_of(data), raw_records(data, Bounds())):
        assert [
            (r.key, r.value, [(name.encode("utf-8", "surrogateescape"), value) for name, value in r.headers])
            for r in records
        ] == [(key, value, list(headers)) for key, value, headers in batch]


@pytest.mark.parametrize(
    ("codec", "compress"),
    [
        (1, lambda data: gzip.compress(data) + b"behind it"),
        (4, lambda data: b"no zstd"),
        (3, lambda data: b"no lz4"),
        (3, lambda data: lz4_encode(data)[:-20]),
        (2, lambda data: b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01\xff\xff\xff\xff"),
        (2, lambda data: b"\xff\xff\xff\xff\x0f" + data),  # four gigabytes, it says
        (7, bytes),
        (0, lambda data: data[:-1]),
    ],
)
def test_a_batch_that_cannot_be_taken_apart_is_one_record(codec: int, compress: Compress) -> None:
    data = batch_of([(b"k", b"one", []), (b"k", b"two", [(b"n", b"v")])], codec=codec, compress=compress)
    record = raw_records(data, Bounds())[-1]
    assert record.offset == 1, "the last of the batch: reading goes on after it"
    assert isinstance(record.value, WholeBatch)
    assert not isinstance(record.value, OversizeBatch)
    assert record.value == data
    assert records_of(data)[-1] == record


def test_a_record_with_other_attributes_keeps_its_offset() -> None:
    damaged = batch_of([GOOD, GOOD], attributes=0x80)
    assert [(r.offset, r.key, r.value) for r in records_of(damaged)] == [(0, b"k", b"good"), (1, b"k", b"good")]


@pytest.mark.parametrize(("codec", "compress"), COMPRESSED)
def test_a_bomb_takes_bounded_memory_and_its_other_messages_are_read(codec: int, compress: Compress) -> None:
    zeros = bytes(300_000_000 if codec != 2 else 100_000_000)
    data = batch_of([GOOD, (b"k", zeros, []), GOOD, (None, None, [])], codec=codec, compress=compress)
    del zeros
    after = batch_of([GOOD])
    tracemalloc.start()  # the libraries' buffers are small beside what they hand over, which is counted here
    try:
        records = records_of(data + after)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    snappy_whole = len(data) * 24 if codec == 2 else 0  # a raw block cannot be read in pieces; it is no bomb, either
    assert peak < MEMORY_MAX + 2 * snappy_whole
    assert [(r.offset, r.value) for r in records] == [
        (0, b"good"), (1, data), (2, b"good"), (3, None), (0, b"good"),
    ]  # fmt: skip
    batch = records[1].value
    assert isinstance(batch, OversizeBatch)
    assert "the batch of offsets 0 to 3" in batch.detail
    assert "not read: 1;" in batch.detail


def test_what_packs_harder_than_its_sender_may_ask_of_us_is_not_gone_through() -> None:
    piece = zstandard.compress(bytes(2**22), 19)
    head = batch_of([GOOD])[61:]
    huge = bytearray(b"\x00\x00\x02\x01")  # attributes, time, offset 1, no key; then a value that never ends
    length = _varint(2**40)
    data = batch_of(
        [GOOD, GOOD, GOOD],
        codec=4,
        compress=lambda _: zstandard.compress(head + length + huge + _varint(2**40 - 99)) + piece * 5_000,
    )
    good, batch = records_of(data)
    assert (good.offset, good.value) == (0, b"good")
    assert (batch.offset, batch.value) == (2, data)
    assert "not read: 1 to 2;" in batch.value.detail


def test_more_messages_than_anybody_sends_at_once_are_not_read() -> None:
    data = batch_of([(None, None, [])] * 100_002, codec=4, compress=zstd_encode)
    *read, batch = records_of(data)
    assert len(read) == 100_000
    assert (batch.offset, batch.value) == (100_001, data)
    assert "not read: 100000 to 100001;" in batch.value.detail


@pytest.mark.parametrize("size", [10, BATCH_BYTES_MAX + 1])
def test_the_old_format_is_bounded_too(size: int) -> None:
    builder = LegacyRecordBatchBuilder(magic=1, compression_type=1, batch_size=2 * BATCH_BYTES_MAX)
    builder.append(0, timestamp=1, key=b"k", value=bytes(size))
    data = bytes(builder.build())
    (record,) = records_of(data)
    assert isinstance(record.value, OversizeBatch) == (size > 10)
    assert record.value == (data if size > 10 else bytes(10))


def test_a_poll_of_many_small_bombs_ends_early() -> None:
    value = bytes(BATCH_BYTES_MAX - 1000)
    data = b"".join(_moved(batch_of([(b"k", value, [])], codec=4, compress=zstd_encode), at) for at in range(6))
    polled = []
    place = TopicPartition("t", 0)
    records = fetcher.PartitionRecords(place, BoundedBatches(data), [], 0, None, None, False, 0)
    result = fetcher.FetchResult(place, partition_records=records, assignment=_Assignment(records), backoff=0)
    while result.has_more():
        polled.append([record.offset for record in result.getall(100)])
    assert polled == [[0, 1, 2], [3, 4, 5], []]


def test_no_consumer_is_made_without_bounds() -> None:
    makers = {"pipeline/kafka_consumer.py"}
    root = Path(__file__).parents[2]
    for room in ("analysis", "api", "features", "pipeline", "scoring", "scoring_worker", "storage", "training"):
        for path in (root / room).rglob("*.py"):
            text = path.read_text()
            if "AIOKafkaConsumer(" in text or "Fetcher(" in text:
                assert str(path.relative_to(root)) in makers
            assert "faust.App(" not in text or "bound_batches(" in text


class _Assignment:
    """Of aiokafka, as much as its fetch result asks: the position moves with what is handed over."""

    active, paused = True, False

    def __init__(self, records: Any) -> None:
        self.position = records.next_fetch_offset

    def state_value(self, _place: Any) -> "_Assignment":
        return self

    def consumed_to(self, position: int) -> None:
        self.position = position


def _moved(batch: bytes, offset: int) -> bytes:
    moved = struct.pack(">q", offset) + batch[8:]
    assert DefaultRecordBatch(moved).base_offset == offset
    return moved


def _varint(value: int) -> bytes:
    out = bytearray()
    value <<= 1
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
