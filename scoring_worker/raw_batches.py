"""Kafka's record batches, read leniently: what aiokafka refuses to decode comes out byte for byte.

Kafka takes header names that are not UTF-8 (and compressed data with something behind it); aiokafka raises at them, at
every attempt. The format: https://kafka.apache.org/documentation/#recordbatch
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from aiokafka.codec import gzip_decode, lz4_decode, snappy_decode, zstd_decode
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError
from aiokafka.record.default_records import DefaultRecordBase, DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatch
from aiokafka.record.util import decode_varint
from cramjam import DecompressionError

# What decoding raises at bytes that it does not understand; UnicodeDecodeError is a ValueError, BadGzipFile an OSError.
UNREADABLE = (
    ValueError, IndexError, OSError, EOFError, zlib.error, DecompressionError, CorruptRecordException,
    UnsupportedCodecError,
)  # fmt: skip
_LENGTH_AT, _AFTER_LENGTH, _MAGIC_AT = 8, 12, 16
_MAGIC_WITH_HEADERS = 2
_DECODERS = {
    DefaultRecordBase.CODEC_NONE: bytes,
    DefaultRecordBase.CODEC_GZIP: gzip_decode,
    DefaultRecordBase.CODEC_SNAPPY: snappy_decode,
    DefaultRecordBase.CODEC_LZ4: lz4_decode,
    DefaultRecordBase.CODEC_ZSTD: zstd_decode,
}


class WholeBatch(bytes):
    """In place of a value: a batch that cannot be taken apart, as it stands in the log."""


class RawRecord(NamedTuple):
    """One record. The bytes of a header name that is not UTF-8 stand as surrogates."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    checksum: None = None


class RawBatches:
    """The batches of one answer to a fetch, for aiokafka's `PartitionRecords`; a cut one at the end is left out."""

    def __init__(self, data: bytes) -> None:
        self._slices = _slices(data)
        self._next = next(self._slices, None)

    def has_next(self) -> bool:
        return self._next is not None

    def next_batch(self) -> Any:
        """The next batch; call it after `has_next`."""
        data, self._next = self._next or b"", next(self._slices, None)
        magic = data[_MAGIC_AT]
        return RawBatch(data) if magic >= _MAGIC_WITH_HEADERS else LegacyRecordBatch(data, magic)


class RawBatch:
    """One batch. If its records cannot be read, it gives one record at its last offset that holds all its bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._head = DefaultRecordBatch(data)
        self.base_offset: int = self._head.base_offset
        self.next_offset: int = self._head.next_offset
        self.producer_id: int = self._head.producer_id
        self.is_transactional: bool = self._head.is_transactional
        self.is_control_batch: bool = self._head.is_control_batch
        self._records: Iterator[RawRecord] | None = None

    def validate_crc(self) -> bool:
        """False: these are not the bytes that the producer sent, so nothing in them can be judged."""
        return bool(self._head.validate_crc())

    def __iter__(self) -> "RawBatch":
        return self

    def __next__(self) -> RawRecord:
        if self._records is None:
            self._records = iter(self._read())
        return next(self._records)

    def _read(self) -> list[RawRecord]:
        head = self._head
        try:
            return list(_records(self._payload(), head, DefaultRecordBase.HEADER_STRUCT.unpack_from(self._data)[-1]))
        except UNREADABLE:
            return [
                RawRecord(self.next_offset - 1, head.max_timestamp, head.timestamp_type, None, WholeBatch(self._data))
            ]

    def _payload(self) -> bytes:
        codec = self._head.compression_type
        if codec not in _DECODERS:
            raise UnsupportedCodecError(f"compression {codec}")
        return bytes(_DECODERS[codec](self._data[DefaultRecordBase.HEADER_STRUCT.size :]))


def _slices(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + _AFTER_LENGTH <= len(data):
        (length,) = struct.unpack_from(">i", data, at + _LENGTH_AT)
        end = at + _AFTER_LENGTH + length
        if end > len(data):
            return
        yield data[at:end]
        at = end


def _records(payload: bytes, head: Any, count: int) -> Iterator[RawRecord]:
    append_time = head.timestamp_type == DefaultRecordBase.LOG_APPEND_TIME
    buffer = bytearray(payload)  # what `decode_varint` takes
    at = 0
    for _ in range(count):
        length, at = decode_varint(buffer, at)
        end = at + length
        at += 1  # attributes: none are defined
        timestamp_delta, at = decode_varint(buffer, at)
        offset_delta, at = decode_varint(buffer, at)
        key, at = _sized(buffer, at)
        value, at = _sized(buffer, at)
        headers, at = _headers(buffer, at)
        if at != end:
            raise CorruptRecordException(f"a record of {length} bytes does not end where it says")
        timestamp = head.max_timestamp if append_time else head.first_timestamp + timestamp_delta
        yield RawRecord(head.base_offset + offset_delta, timestamp, head.timestamp_type, key, value, headers)


def _headers(buffer: bytearray, at: int) -> tuple[tuple[tuple[str, bytes | None], ...], int]:
    count, at = decode_varint(buffer, at)
    headers = []
    for _ in range(count):
        name, at = _sized(buffer, at)
        value, at = _sized(buffer, at)
        headers.append(((name or b"").decode("utf-8", "surrogateescape"), value))
    return tuple(headers), at


def _sized(buffer: bytearray, at: int) -> tuple[bytes | None, int]:
    """Bytes behind their length, or None for a negative one."""
    length, at = decode_varint(buffer, at)
    if length < 0:
        return None, at
    if at + length > len(buffer):
        raise IndexError(f"{length} bytes at {at} lie beyond the batch")
    return bytes(buffer[at : at + length]), at + length
