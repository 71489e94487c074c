"""Kafka's record batches, read leniently and within bounds: what cannot be decoded comes out byte for byte.

Kafka takes header names that are not UTF-8 (and compressed data with something after it); aiokafka raises at them, at
every attempt. The format: https://kafka.apache.org/documentation/#recordbatch
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBase, DefaultRecordBatch
from aiokafka.record.util import decode_varint

from pipeline.batch_payload import UNREADABLE, Payload, WorkExceeded

BATCH_BYTES_MAX = 16 * 1024 * 1024  # unpacked; producers fill batches of at most a few MB
RECORD_BYTES_MAX = 1024 * 1024  # a larger message would be refused anyway
RECORDS_MAX = 100_000  # of a batch: some thousand times what producers send
_LENGTH_AT, _AFTER_LENGTH = 8, 12
_HEAD = DefaultRecordBase.HEADER_STRUCT
_RECORD_HEAD_BYTES_MAX = 16  # attributes, time and offset stand in the first bytes of a record
_RUNS_SHOWN = 10  # of offsets, in the sentence about a batch


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes of a batch that are held in memory, and of the largest message that is read of a batch beyond that."""

    batch_bytes: int = BATCH_BYTES_MAX
    record_bytes: int = RECORD_BYTES_MAX


class WholeBatch(bytes):
    """In place of a value: a batch that cannot be taken apart, as it stands in the log."""


class OversizeBatch(WholeBatch):
    """A batch that unpacks to more than is read; the messages that could be read stand beside it."""

    detail = ""

    @classmethod
    def of(cls, data: bytes, detail: str) -> "OversizeBatch":
        """`detail` names the batch and the messages of it that were not read."""
        batch = cls(data)
        batch.detail = detail
        return batch


class RawRecord(NamedTuple):
    """One record. The bytes of a header name that is not UTF-8 stand as surrogates."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    checksum: None = None


def raw_records(data: bytes, bounds: Bounds) -> list[RawRecord]:
    """A batch's records in offset order.

    If they cannot be read, one record at its last offset that holds all its bytes. If it unpacks to more than the
    bounds allow, what can be read, and all its bytes in place of the last message that cannot.
    """
    head = DefaultRecordBatch(data)
    try:
        records, unread = _read(data, head, bounds)
    except UNREADABLE:
        return [_in_place_of(head.next_offset - 1, head, WholeBatch(data))]
    if not unread:
        return records
    batch = OversizeBatch.of(data, _sentence(head, unread, bounds))
    records.append(_in_place_of(unread[-1].stop - 1, head, batch))
    return sorted(records, key=lambda record: record.offset)


def batch_slices(data: bytes) -> Iterator[bytes]:
    """The batches of one answer to a fetch; a cut one at the end is left out."""
    at = 0
    while at + _AFTER_LENGTH <= len(data):
        (length,) = struct.unpack_from(">i", data, at + _LENGTH_AT)
        end = at + _AFTER_LENGTH + length
        if end > len(data):
            return
        yield data[at:end]
        at = end


def record_count(data: bytes) -> int:
    """How many records a batch says it holds."""
    return int(_HEAD.unpack_from(data)[-1])


def _read(data: bytes, head: Any, bounds: Bounds) -> tuple[list[RawRecord], list[range]]:
    """(records, runs of offsets that were passed over)."""
    payload = Payload(head.compression_type, data[_HEAD.size :])
    records: list[RawRecord] = []
    unread: list[range] = []
    kept = 0
    expected = head.base_offset
    try:
        for number in range(record_count(data)):
            if number == RECORDS_MAX:
                unread.append(range(expected, head.next_offset))
                break
            length = payload.varint()
            if length < 1:
                raise CorruptRecordException(f"a record of {length} bytes")
            if length <= min(bounds.record_bytes, bounds.batch_bytes - kept):
                record = _record(payload.read(length), head)
                records.append(record)
                kept += length
                expected = record.offset + 1
            else:
                beginning = payload.read(min(length, _RECORD_HEAD_BYTES_MAX))
                expected = _offset(beginning, head) + 1
                unread.append(range(expected - 1, expected))
                payload.skip(length - len(beginning))
    except WorkExceeded:
        if expected < head.next_offset:
            unread.append(range(expected, head.next_offset))
    return records, unread


def _in_place_of(offset: int, head: Any, batch: WholeBatch) -> RawRecord:
    return RawRecord(offset, head.max_timestamp, head.timestamp_type, None, batch)


def _sentence(head: Any, unread: Sequence[range], bounds: Bounds) -> str:
    runs = _merged(unread)
    shown = ", ".join(
        str(run.start) if len(run) == 1 else f"{run.start} to {run.stop - 1}" for run in runs[:_RUNS_SHOWN]
    )
    more = f" and {len(runs) - _RUNS_SHOWN} more runs" if len(runs) > _RUNS_SHOWN else ""
    return (
        f"the batch of offsets {head.base_offset} to {head.next_offset - 1} holds more than is read of one"
        f" ({bounds.batch_bytes} bytes, {RECORDS_MAX} messages); not read: {shown}{more}; its bytes are kept"
    )


def _merged(runs: Sequence[range]) -> list[range]:
    breaks = [0, *(at for at, (a, b) in enumerate(pairwise(runs), 1) if a.stop != b.start), len(runs)]
    return [range(runs[first].start, runs[last - 1].stop) for first, last in pairwise(breaks)]


def _offset(beginning: bytes, head: Any) -> int:
    buffer = bytearray(beginning)
    _, at = decode_varint(buffer, 1)  # after the attributes: the time
    delta, _ = decode_varint(buffer, at)
    return int(head.base_offset + delta)


def _record(data: bytes, head: Any) -> RawRecord:
    append_time = head.timestamp_type == DefaultRecordBase.LOG_APPEND_TIME
    buffer = bytearray(data)  # what `decode_varint` takes
    timestamp_delta, at = decode_varint(buffer, 1)  # after the attributes: none are defined
    offset_delta, at = decode_varint(buffer, at)
    key, at = _sized(buffer, at)
    value, at = _sized(buffer, at)
    headers, at = _headers(buffer, at)
    if at != len(buffer):
        raise CorruptRecordException(f"a record of {len(buffer)} bytes does not end where it says")
    timestamp = head.max_timestamp if append_time else head.first_timestamp + timestamp_delta
    return RawRecord(head.base_offset + offset_delta, timestamp, head.timestamp_type, key, value, headers)


def _headers(buffer: bytearray, at: int) -> tuple[tuple[tuple[str, bytes | None], ...], int]:
    count, at = decode_varint(buffer, at)
    headers = []
    for _ in range(count):
        name, at = _sized(buffer, at)
        value, at = _sized(buffer, at)
        headers.append(((name or b"").decode("utf-8", "surrogateescape"), value))
    return tuple(headers), at


def _sized(buffer: bytearray, at: int) -> tuple[bytes | None, int]:
    """Bytes after their length, or None for a negative one."""
    length, at = decode_varint(buffer, at)
    if length < 0:
        return None, at
    if at + length > len(buffer):
        raise IndexError(f"{length} bytes at {at} lie beyond the record")
    return bytes(buffer[at : at + length]), at + length
