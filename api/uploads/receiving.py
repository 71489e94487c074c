"""A multipart form with one file, written to disk while it arrives: nothing of it is held in memory but a megabyte."""

import asyncio
import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from api.problems import INVALID_REQUEST, MALFORMED, TOO_LARGE, UNSUPPORTED, Problem
from contracts.card_numbers import cleaned_text

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FIELD = "file"
FLUSH_BYTES = 1024 * 1024
PART_HEADER_BYTES_MAX = 8 * 1024
BOUNDARY_LENGTH_MAX = 200  # RFC 2046 allows 70
FILE_NAME_MAX = 200  # characters
CLOSE = {"Connection": "close"}  # the rest of the body is not read


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies on disk whole."""

    file_name: str
    size: int
    sha256: bytes


async def receive(request: Request, path: Path, bytes_max: int, extensions: frozenset[str]) -> Received:
    """Write the form's file to `path`. Raises a problem for a form that is none, and OSError where there is no room.

    What was written stays for the caller to remove.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= BOUNDARY_LENGTH_MAX:
        raise Problem(UNSUPPORTED, f"send multipart/form-data with a part named {FIELD!r}", headers=CLOSE)
    form = _Form(extensions)
    parser = MultipartParser(boundary, form.callbacks())
    with path.open("wb") as file:
        sink = _Sink(bytes_max)
        try:
            async for piece in request.stream():
                parser.write(piece)
                if form.pending_bytes >= FLUSH_BYTES:
                    await asyncio.to_thread(sink.write, file, form.take())
        except MultipartParseError as error:
            raise Problem(MALFORMED, "the body is no multipart form", headers=CLOSE) from error
        except ClientDisconnect as error:
            raise Problem(MALFORMED, "the caller went away") from error
        await asyncio.to_thread(sink.finish, file, form.take())
    if not form.is_over or form.file_name is None:
        raise Problem(MALFORMED, f"the form ends early, or has no part named {FIELD!r} with a file name")
    if sink.size == 0:
        raise Problem(INVALID_REQUEST, f"body.{FIELD}: the file is empty")
    return Received(form.file_name, sink.size, sink.digest.digest())


@dataclass
class _Sink:
    """What the file is so far."""

    bytes_max: int
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, file: BinaryIO, pieces: list[bytes]) -> None:
        for piece in pieces:
            self.size += len(piece)
            if self.size > self.bytes_max:
                raise Problem(TOO_LARGE, f"{self.bytes_max} bytes are allowed for a file", headers=CLOSE)
            self.digest.update(piece)
            file.write(piece)

    def finish(self, file: BinaryIO, pieces: list[bytes]) -> None:
        """To the disk itself: the upload's row must not outlive its file."""
        self.write(file, pieces)
        file.flush()
        os.fsync(file.fileno())


class _Form:
    """The parser's callbacks: the bytes of the one part that we take."""

    def __init__(self, extensions: frozenset[str]) -> None:
        self._extensions = extensions
        self._headers: dict[bytes, bytes] = {}
        self._name = b""
        self._value = b""
        self._header_bytes = 0
        self._pending: list[bytes] = []
        self.pending_bytes = 0
        self.file_name: str | None = None
        self.is_over = False

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def take(self) -> list[bytes]:
        pieces, self._pending, self.pending_bytes = self._pending, [], 0
        return pieces

    def _begin(self) -> None:
        self._headers, self._header_bytes = {}, 0

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if options.get(b"name") != FIELD.encode() or self.file_name is not None:
            raise Problem(INVALID_REQUEST, f"body: one part is allowed, named {FIELD!r}", headers=CLOSE)
        self.file_name = file_name_of(options.get(b"filename", b""), self._extensions)

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._pending.append(data[start:end])
        self.pending_bytes += end - start

    def _end(self) -> None:
        self.is_over = True

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > PART_HEADER_BYTES_MAX:
            raise Problem(MALFORMED, "the head of a part is too long", headers=CLOSE)


def file_name_of(given: bytes, extensions: frozenset[str]) -> str:
    """The name without folders and control characters; a problem where its ending is not allowed."""
    text = re.split(r"[\\/]", given.decode("utf-8", "replace"))[-1]
    name = "".join(c for c in text if c.isprintable()).strip()[-FILE_NAME_MAX:]
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in extensions:
        allowed = ", ".join(sorted(extensions))
        raise Problem(UNSUPPORTED, f"body.{FIELD}: files ending in {allowed} are accepted", headers=CLOSE)
    return cleaned_text(name)[0]
