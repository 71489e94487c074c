"""Kafka's consumer within bounds: whatever a batch unpacks to, reading it takes a bounded amount of memory.

aiokafka unpacks a batch with one-shot functions, whose result is as large as the sender likes. Here its fetcher is
given batches that are measured first: importing this module bounds every consumer of the process, Faust's too. What
cannot be read arrives as a record whose value is a `WholeBatch`, so that the reader goes on and decides itself what to
do with it.
"""

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBase, DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatch

from pipeline.batch_payload import UNREADABLE, unpacked
from pipeline.raw_batches import (
    BATCH_BYTES_MAX,
    RECORDS_MAX,
    Bounds,
    OversizeBatch,
    RawRecord,
    WholeBatch,
    batch_slices,
    raw_records,
    record_count,
)

POLL_BYTES_MAX = 32 * 1024 * 1024  # of one partition's records in one poll; many small bombs are a large one
_HEAD_BYTES = DefaultRecordBase.HEADER_STRUCT.size
_MAGIC_AT, _ATTRIBUTES_END = 16, DefaultRecordBase.ATTRIBUTES_OFFSET + 2
_MAGIC_WITH_HEADERS = 2
_LEGACY_ATTRIBUTES_AT, _LEGACY_KEY_AT = 17, {0: 18, 1: 26}  # by magic
_bounds = Bounds()


def bound_batches(message_bytes_max: int) -> None:
    """Make room for messages of this size in every consumer of this process, those of libraries included."""
    global _bounds  # the fetcher takes a class, not an object that could carry it
    batch_bytes = max(_bounds.batch_bytes, BATCH_BYTES_MAX, 4 * message_bytes_max)
    _bounds = Bounds(batch_bytes, max(_bounds.record_bytes, message_bytes_max))


def bounded_consumer(message_bytes_max: int, **arguments: Any) -> AIOKafkaConsumer:
    """A consumer, not started, with aiokafka's arguments; `message_bytes_max` is its topics' limit."""
    bound_batches(message_bytes_max)
    return AIOKafkaConsumer(**arguments)


class BoundedBatches:
    """The batches of one answer to a fetch, in place of aiokafka's `MemoryRecords`."""

    def __init__(self, data: bytes) -> None:
        self._size = len(data)
        self._slices = batch_slices(data)
        self._next = next(self._slices, None)

    def size_in_bytes(self) -> int:
        return self._size

    def has_next(self) -> bool:
        return self._next is not None

    def next_batch(self) -> Any:
        """The next batch; call it after `has_next`."""
        data, self._next = self._next or b"", next(self._slices, None)
        if len(data) <= _MAGIC_AT:
            raise CorruptRecordException(f"a batch of {len(data)} bytes")
        return (BoundedBatch if data[_MAGIC_AT] >= _MAGIC_WITH_HEADERS else BoundedLegacyBatch)(data)


class BoundedBatch:
    """One batch, unpacked when its first record is asked for: after its checksum and its transaction are judged."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._head = DefaultRecordBatch(data)
        self.base_offset: int = self._head.base_offset
        self.next_offset: int = self._head.next_offset
        self.producer_id: int = self._head.producer_id
        self.is_transactional: bool = self._head.is_transactional
        self.is_control_batch: bool = self._head.is_control_batch
        self._records: Iterator[Any] | None = None

    def validate_crc(self) -> bool:
        """False: these are not the bytes that the producer sent, so nothing in them can be judged."""
        return bool(self._head.validate_crc())

    def __iter__(self) -> Iterator[Any]:
        self._records = self._records or self._read()
        return self._records

    def __next__(self) -> Any:
        return next(iter(self))

    def _read(self) -> Iterator[Any]:
        """What aiokafka reads; where it gives up, what can be read of the rest.

        It takes a record's attributes for a number of any length, so that one with a high bit gets another offset.
        """
        bounds, offset = replace(_bounds, record_bytes=_bounds.batch_bytes), self.base_offset
        try:
            batch = self._plain()
            if batch is None:
                bounds = _bounds
            else:
                for record in batch:
                    if record.offset != offset:  # or a topic is compacted
                        break
                    yield record
                    offset += 1
                else:
                    return
        except UNREADABLE:
            pass
        yield from (record for record in raw_records(self._data, bounds) if record.offset >= offset)

    def _plain(self) -> Any:
        """The batch without compression; None if it holds too much."""
        if record_count(self._data) > RECORDS_MAX:
            return None
        codec = self._head.compression_type
        if codec == DefaultRecordBase.CODEC_NONE:
            return self._head
        payload = unpacked(codec, self._data[_HEAD_BYTES:], _bounds.batch_bytes)
        if payload is None:
            return None
        head = bytearray(self._data[:_HEAD_BYTES])
        head[_ATTRIBUTES_END - 1] &= ~DefaultRecordBase.CODEC_MASK
        return DefaultRecordBatch(bytes(head + payload))


class BoundedLegacyBatch:
    """A message, or a compressed set of them, in the format that Kafka had before 0.11."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._batch = LegacyRecordBatch(data, data[_MAGIC_AT])
        (self.base_offset,) = struct.unpack_from(">q", data)  # of its last message, if it holds several
        self.next_offset: int = self._batch.next_offset
        self.producer_id: None = None
        self.is_transactional = self.is_control_batch = False

    def validate_crc(self) -> bool:
        return bool(self._batch.validate_crc())

    def __iter__(self) -> Iterator[Any]:
        try:
            if self._fits():
                yield from self._batch
                return
            detail = f"the messages up to offset {self.base_offset} unpack to more than {_bounds.batch_bytes} bytes"
            value: WholeBatch = OversizeBatch.of(self._data, f"{detail}; their bytes are kept")
        except UNREADABLE:
            value = WholeBatch(self._data)
        yield RawRecord(self.base_offset, -1, 0, None, value)

    def _fits(self) -> bool:
        codec = self._data[_LEGACY_ATTRIBUTES_AT] & DefaultRecordBase.CODEC_MASK
        if not codec:
            return True
        at = _LEGACY_KEY_AT[self._data[_MAGIC_AT]]
        for _ in ("key", "value"):  # each after its length, which is negative for none
            size = int.from_bytes(self._data[at : at + 4], signed=True)
            start, at = at + 4, at + 4 + max(size, 0)
        return unpacked(codec, self._data[start:at], _bounds.batch_bytes) is not None


class BoundedResult(fetcher.FetchResult):  # type: ignore[misc]  # aiokafka has no types
    """What was fetched of one partition; a poll ends before it holds too much."""

    _partition_records: Any

    def getall(self, max_records: int | None = None) -> list[Any]:
        """At most `max_records`, and no more bytes than POLL_BYTES_MAX but for the last record.

        Nor more than one batch that had to be gone through piece by piece: that can take a second.
        """
        if not self.check_assignment(self._topic_partition) or not self.has_more():
            return []
        found: list[Any] = []
        records = self._partition_records
        room = POLL_BYTES_MAX
        while room > 0 and len(found) != max_records:
            record = next(records, None)
            if record is None:
                self._update_position()
                self._partition_records = None
                return found
            found.append(record)
            room -= len(record.key or b"") + len(record.value or b"")
            if isinstance(record.value, OversizeBatch):
                break
        self._update_position()
        return found


# Here, and not where the first consumer is made: a fetch that is under way knows its results by this class.
fetcher.MemoryRecords = BoundedBatches
fetcher.FetchResult = BoundedResult
