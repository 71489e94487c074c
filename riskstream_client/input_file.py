"""Opening what is to be published: a file, compressed or not, or standard input."""

import gzip
import io
import sys
from pathlib import Path
from typing import IO, Self, cast

from contracts.file_kind import HEAD_BYTES, binary_kind
from riskstream_client.errors import FileError

_GZIP_MAGIC = b"\x1f\x8b"
_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".tsv": "csv", ".txt": "csv"}
FORMATS = ("jsonl", "csv", "handbook")


class InputFile:
    """An opened input. `stream` gives its decompressed bytes; `progress` says how far the file itself is read."""

    def __init__(self, path: str) -> None:
        self.name = "standard input" if path == "-" else path
        self.size_bytes: int | None = None
        self._raw = self._open(path)
        self.stream: IO[bytes] = self._raw
        head = self._raw.peek(HEAD_BYTES)[:HEAD_BYTES]
        if head.startswith(_GZIP_MAGIC):
            self.stream = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw, mode="rb"))
        elif (kind := binary_kind(head)) is not None:
            self.__exit__()
            raise FileError(f"{self.name} is {kind}; save its table as CSV or JSON lines")

    def _open(self, path: str) -> io.BufferedReader:
        if path == "-":
            return cast("io.BufferedReader", sys.stdin.buffer)
        file = Path(path)
        try:
            self.size_bytes = file.stat().st_size
            opened = file.open("rb")
        except FileNotFoundError as error:
            raise FileError(f"there is no file {path}") from error
        except IsADirectoryError as error:
            raise FileError(f"{path} is a folder; name a file in it") from error
        except PermissionError as error:
            raise FileError(f"{path} may not be read by this user") from error
        if self.size_bytes == 0:
            opened.close()
            raise FileError(f"{path} is empty")
        return opened

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.size_bytes is not None:
            self._raw.close()

    @property
    def progress_bytes(self) -> int:
        """How many of the file's own (compressed) bytes have been read; 0 for standard input."""
        return self._raw.tell() if self.size_bytes is not None else 0


def format_of(path: str, named: str | None) -> str:
    """The format: as named, else by the file's ending. Raises FileError."""
    if named is not None:
        if named not in FORMATS:
            raise FileError(f"{named!r} is not a format; there are: {', '.join(FORMATS)}")
        return named
    if path == "-":
        return "jsonl"
    name = path.lower().removesuffix(".gz")
    found = _SUFFIXES.get(Path(name).suffix)
    if found is None:
        if Path(path).is_file():
            InputFile(path).__exit__()  # raises where it is no text at all
        raise FileError(
            f"the format of {path} cannot be told from its name; say it with --format jsonl, csv or handbook"
        )
    return found
