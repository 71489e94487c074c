"""JSON and JSON lines: objects are cut out of the text one by one, so that a broken one costs one, and none is large.

A document's rows are the first list of objects in it, wherever that stands; a document without one is a single row. A
parser of the whole document would hold it in memory, and stop at the first error. Rows are numbered by line in JSON
lines, and by object in a document, which often is a single line.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from analysis.extract.encoding import guess_encoding, text_of
from analysis.extract.parts import (
    COLUMNS_MAX,
    RECORD_BYTES_MAX,
    Batch,
    FileRefused,
    Unusable,
    batches_of,
)
from analysis.extract.reading import COLUMN_NAME_MAX

NAMING_RECORDS = 1_000  # the first ones, whose fields are the columns; what later ones have beside goes into `extra`
DEPTH_MAX = 4  # of objects in a row whose fields become columns of their own: "amount.value"
_TOKEN = re.compile(rb'"[^"\\\n]*(?:\\.[^"\\\n]*)*"|["{}\[\]]')
NESTED_MAX = 1_000  # brackets
_FOLLOWS = re.compile(rb"\s*(\S)")
_BETWEEN = re.compile(rb"[\s,]*")
_decode = msgspec.json.Decoder(float_hook=str).decode  # an amount keeps its digits

Record = tuple[int, bytes, int]  # line or number, the object's text, bytes of the file read so far


class JsonReader:
    """A file of objects. Raises FileRefused where there is none."""

    def __init__(self, path: Path, encoding: str | None = None, *, by_line: bool = False) -> None:
        self._path = path
        self._by_line = by_line
        self.size = path.stat().st_size
        self.encoding = encoding or guess_encoding(path)
        self.names = self._first_names()

    def batches(self) -> Iterator[Batch | Unusable]:
        """The objects, flat."""
        return batches_of(self._rows(), self.names)

    def _rows(self) -> Iterator[tuple[int, dict[str, str] | Unusable, int]]:
        done = 0
        for found in self._records():
            if isinstance(found, Unusable):
                yield found.line, found, done
                continue
            line, text, done = found
            row = flat_of(text)
            if isinstance(row, str):
                yield line, Unusable(line, row, excerpt=text[:200].decode("utf-8", "replace")), done
            else:
                yield line, row, done

    def _records(self) -> Iterator[Record | Unusable]:
        pieces = text_of(self._path, self.encoding)
        return records_by_line(pieces) if self._by_line else records_of_document(pieces)

    def _first_names(self) -> list[str]:
        names: dict[str, None] = {}
        for _, found in zip(range(NAMING_RECORDS), self._records(), strict=False):
            row = flat_of(found[1]) if not isinstance(found, Unusable) else ""
            if isinstance(row, dict):
                names |= dict.fromkeys(row)
        if not names:
            raise FileRefused("the file holds no objects with fields, one for each row")
        return list(names)[:COLUMNS_MAX]


def records_by_line(pieces: Iterator[tuple[bytes, int]]) -> Iterator[Record | Unusable]:
    """Each line that is not empty."""
    rest, line, done, is_endless = b"", 0, 0, False
    for piece, at in pieces:
        *whole, rest = (rest + piece.replace(b"\x00", b"\\u0000")).split(b"\n")
        done = at
        for text in whole:
            line += 1
            if is_endless:
                is_endless = False
            elif len(text) > RECORD_BYTES_MAX:
                yield _too_long(line, text)
            elif text.strip():
                yield line, text, done
        if len(rest) > RECORD_BYTES_MAX:
            if not is_endless:
                yield _too_long(line + 1, rest)
            rest, is_endless = b"", True
    if rest.strip() and not is_endless:
        yield line + 1, rest, done


def records_of_document(pieces: Iterator[tuple[bytes, int]]) -> Iterator[Record | Unusable]:
    """The objects of the first list of objects; the document itself where it has none."""
    cut = _Cutter()
    for piece, at in pieces:
        yield from cut.more(piece, at)
        if cut.is_over:
            return
    yield from cut.end()


class _Cutter:
    """Follows brackets and strings through the text. Nothing is looked at twice but an object that is not complete."""

    def __init__(self) -> None:
        self._text = b""
        self._number = 1  # of the next object
        self._at = 0  # everything before it is looked at
        self._depth = 0
        self._list_depth: int | None = None  # of what stands in the list of objects
        self._from: int | None = None  # where the object begins that is being followed
        self._behind = 0  # where the object before it ended
        self._done = 0
        self.is_over = False

    def more(self, piece: bytes, done: int) -> Iterator[Record | Unusable]:
        self._text += piece.replace(b"\x00", b"\\u0000")
        self._done = done
        while not self.is_over and (token := self._next()) is not None:
            yield from self._take(token)
        self._forget()
        if self._list_depth is not None and len(self._text) > RECORD_BYTES_MAX:
            yield Unusable(self._number, f"here begins more than {RECORD_BYTES_MAX} bytes that are no complete row")
            self.is_over = True
        elif len(self._text) > 4 * RECORD_BYTES_MAX + len(piece):
            raise FileRefused("the file holds no list of objects")

    def end(self) -> Iterator[Record | Unusable]:
        """What is left when the file is over."""
        if self._list_depth is not None:
            yield Unusable(self._number, "the file ends here, within its list of rows")
        elif self._text.strip():
            if len(self._text) > RECORD_BYTES_MAX:
                raise FileRefused("the file holds no list of objects")
            yield 1, self._text.removeprefix("\ufeff".encode()), self._done

    def _next(self) -> re.Match[bytes] | None:
        """The next bracket or string; None where the rest of it has not been read yet."""
        token = _TOKEN.search(self._text, self._at)
        while token is not None and token[0] == b'"':
            if self._text.find(b"\n", token.start()) < 0:
                return None  # a string that is not read to its end
            token = _TOKEN.search(self._text, token.end())  # a quote that is never closed: the object tells
        if (
            token is not None
            and token[0] == b"["
            and self._list_depth is None
            and not self._text[token.end() :].strip()
        ):
            return None  # what the list holds is not read yet
        return token

    def _first_in(self, token: re.Match[bytes]) -> bytes:
        """What follows, but for space."""
        found = _FOLLOWS.match(self._text, token.end())
        return found[1] if found else b""

    def _take(self, token: re.Match[bytes]) -> Iterator[Record | Unusable]:
        self._at = token.end()
        mark = token[0]
        if mark in b"{[":
            if self._list_depth is None and mark == b"[" and self._first_in(token) == b"{":
                self._list_depth, self._behind = self._depth + 1, self._at
            elif self._depth == self._list_depth and self._from is None:
                self._from = token.start()
            self._depth += 1
            if self._depth > NESTED_MAX:
                raise FileRefused(f"object {self._number}: the JSON is nested more than {NESTED_MAX} deep")
        elif mark in b"}]":
            self._depth -= 1
            if self._list_depth is not None and self._depth < self._list_depth:
                self.is_over = True
                yield from self._stray(token.start())
            elif self._depth == self._list_depth and self._from is not None:
                yield from self._complete()

    def _complete(self) -> Iterator[Record | Unusable]:
        assert self._from is not None
        start, self._from = self._from, None
        yield from self._stray(start)
        self._behind = self._at
        yield self._number, self._text[start : self._at], self._done
        self._number += 1

    def _stray(self, start: int) -> Iterator[Unusable]:
        """What stands between two objects and is not a comma."""
        between = self._text[self._behind : start]
        if not _BETWEEN.fullmatch(between):
            shown = between.strip(b", \r\n\t")
            reason = "what stands before this object is none"
            yield Unusable(self._number, reason, excerpt=shown[:200].decode("utf-8", "replace"))

    def _forget(self) -> None:
        """Drop what is done with."""
        if self._list_depth is None:
            return
        keep = self._behind
        self._text = self._text[keep:]
        self._at, self._behind = self._at - keep, 0
        if self._from is not None:
            self._from -= keep


def flat_of(text: bytes) -> dict[str, str] | str:
    """The fields of an object as text, those of objects within it by their path; or why that cannot be."""
    try:
        found = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"this is no JSON: {str(error)[:100] or 'it is nested too deep'}"
    if not isinstance(found, dict):
        return "this is no object"
    flat: dict[str, str] = {}
    _flatten(found, "", 1, flat)
    return flat


def _flatten(fields: dict[Any, Any], path: str, depth: int, flat: dict[str, str]) -> None:
    for key, value in fields.items():
        name = f"{path}{key}"[:COLUMN_NAME_MAX]
        if isinstance(value, dict) and value and depth < DEPTH_MAX:
            _flatten(value, f"{name}.", depth + 1, flat)
        else:
            flat[name] = text_of_value(value)


def text_of_value(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else msgspec.json.encode(value).decode()


def _too_long(line: int, text: bytes) -> Unusable:
    reason = f"the row has {len(text)} bytes or more; {RECORD_BYTES_MAX} are allowed"
    return Unusable(line, reason, excerpt=text[:200].decode("utf-8", "replace"))
