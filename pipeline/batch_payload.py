"""What a compressed record batch holds, unpacked piece by piece: its sender does not choose how much memory it takes.

Kafka limits a batch by its compressed size. Three hundred megabytes of zeros are 0.3 MB of gzip and a few kilobytes
of zstd, and every codec's one-shot function would make room for all of it before anybody has looked.
"""

import gzip
import io
import struct
import zlib
from collections.abc import Callable, Iterator

import cramjam
import lz4.frame
import zstandard
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError
from aiokafka.record.default_records import DefaultRecordBase

CHUNK_BYTES = 256 * 1024  # unpacked at a time
# Gone through, mostly without being kept, to find the readable messages of one batch: about a second of gzip, whose
# largest ratio (1032) a batch of 1 MiB cannot exceed this with. What zstd packs harder is read up to here.
WORK_BYTES_MAX = 1100 * 1024 * 1024
_WINDOW_BYTES_MAX = 128 * 1024 * 1024  # zstd's own default for decoders; memory of it is used as it is filled
_LZ4_FEED_BYTES = 16 * 1024  # becomes 4 MiB at most
_SNAPPY_RATIO_MAX = 24  # a copy of 64 bytes takes 3; a block that claims more lies
_SNAPPY_SLACK_BYTES = 64
_XERIAL_MAGIC = b"\x82SNAPPY\x00"
_XERIAL_HEAD_BYTES = 16

# What unpacking and parsing raise at bytes that they do not understand; UnicodeDecodeError is a ValueError,
# BadGzipFile an OSError, lz4 raises RuntimeError.
UNREADABLE = (
    ValueError, IndexError, OSError, EOFError, RuntimeError, struct.error, zlib.error, zstandard.ZstdError,
    cramjam.DecompressionError, CorruptRecordException, UnsupportedCodecError,
)  # fmt: skip


class WorkExceeded(Exception):
    """More would have to be unpacked than `WORK_BYTES_MAX`."""


class Payload:
    """Reads an unpacked payload from its beginning, holding one piece of it at a time."""

    def __init__(self, codec: int, data: bytes) -> None:
        """Raises UnsupportedCodecError."""
        self._chunks = chunks(codec, data)
        self._work_left = WORK_BYTES_MAX
        self._buffer = b""
        self._at = 0

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes. Raises IndexError at the end, WorkExceeded, or what UNREADABLE holds."""
        end = self._at + count
        if end <= len(self._buffer):
            piece = self._buffer[self._at : end]
            self._at = end
            return piece
        pieces = [self._buffer[self._at :]]
        missing = count - len(pieces[0])
        while missing > 0:
            self._next()
            pieces.append(self._buffer[:missing])
            self._at = len(pieces[-1])
            missing -= self._at
        return b"".join(pieces)

    def skip(self, count: int) -> None:
        """Pass over `count` bytes without keeping them. Raises as `read`."""
        while count > len(self._buffer) - self._at:
            count -= len(self._buffer) - self._at
            self._next()
        self._at += count

    def varint(self) -> int:
        """A signed variable-length number as Kafka writes it. Raises as `read`."""
        value = shift = 0
        while True:
            (byte,) = self.read(1)
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return (value >> 1) ^ -(value & 1)
            shift += 7
            if shift > 63:
                raise CorruptRecordException("a number has more than ten bytes")

    def _next(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise IndexError("the batch ends before its last record")
        self._work_left -= len(chunk)
        if self._work_left < 0:
            raise WorkExceeded
        self._buffer, self._at = chunk, 0


def unpacked(codec: int, data: bytes, bytes_max: int) -> bytes | None:
    """All of it, or None if it is more than `bytes_max`. Raises what UNREADABLE holds."""
    pieces, size = [], 0
    for chunk in chunks(codec, data):
        size += len(chunk)
        if size > bytes_max:
            return None
        pieces.append(chunk)
    return b"".join(pieces)


def chunks(codec: int, data: bytes) -> Iterator[bytes]:
    """The payload in pieces of bounded size. Raises UnsupportedCodecError; while it is read, what UNREADABLE holds."""
    if codec not in _CODECS:
        raise UnsupportedCodecError(f"compression {codec}")
    return _CODECS[codec](data)


def _plain(data: bytes) -> Iterator[bytes]:
    yield data


def _gzip(data: bytes) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _zstd(data: bytes) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES_MAX)
    with decompressor.stream_reader(data, read_across_frames=True) as reader:
        while chunk := reader.read(CHUNK_BYTES):
            yield chunk


def _lz4(data: bytes) -> Iterator[bytes]:
    rest = memoryview(data)
    decompressor = lz4.frame.LZ4FrameDecompressor()
    while rest:
        piece, rest = bytes(rest[:_LZ4_FEED_BYTES]), rest[_LZ4_FEED_BYTES:]
        while piece:
            if decompressor.eof:  # another frame may follow
                decompressor = lz4.frame.LZ4FrameDecompressor()
            if chunk := decompressor.decompress(piece):
                yield chunk
            piece = decompressor.unused_data or b""
    if not decompressor.eof:
        raise EOFError("the lz4 frame ends too early")


def _snappy(data: bytes) -> Iterator[bytes]:
    if not data.startswith(_XERIAL_MAGIC) or len(data) <= _XERIAL_HEAD_BYTES:
        yield _snappy_block(data)
        return
    at = _XERIAL_HEAD_BYTES
    while at < len(data):
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
        if not 0 < size <= len(data) - at:
            raise CorruptRecordException(f"a snappy block of {size} bytes does not lie within the batch")
        yield _snappy_block(data[at : at + size])
        at += size


def _snappy_block(data: bytes) -> bytes:
    if cramjam.snappy.decompress_raw_len(data) > _SNAPPY_RATIO_MAX * len(data) + _SNAPPY_SLACK_BYTES:
        raise CorruptRecordException("a snappy block claims to hold more than it can")
    return bytes(cramjam.snappy.decompress_raw(data))


_CODECS: dict[int, Callable[[bytes], Iterator[bytes]]] = {
    DefaultRecordBase.CODEC_NONE: _plain,
    DefaultRecordBase.CODEC_GZIP: _gzip,
    DefaultRecordBase.CODEC_SNAPPY: _snappy,
    DefaultRecordBase.CODEC_LZ4: _lz4,
    DefaultRecordBase.CODEC_ZSTD: _zstd,
}
