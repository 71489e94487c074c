"""Rows of a file of JSON lines."""

from collections.abc import Iterator
from typing import IO, Any

import msgspec

from riskstream_client.errors import FileError
from riskstream_client.mapping import Mapping
from riskstream_client.rows import Refused, Row

LINE_BYTES_MAX = 16 * 1024 * 1024  # sixteen times what a topic takes: a file without line ends must not fill the memory

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class JsonRows:
    """Reads JSON lines; blank lines are passed over. With `as_is` the lines are not looked into."""

    def __init__(self, stream: IO[bytes], name: str, mapping: Mapping, *, as_is: bool) -> None:
        self._stream, self._name, self._as_is = stream, name, as_is
        self._renamed = [(field, column) for field, column in mapping.columns.items() if field != column]
        self.columns = dict(mapping.columns)
        self.raw_header = b""

    def __iter__(self) -> Iterator[Row | Refused]:
        number = 0
        while line := self._next(number):
            number += 1
            if line.isspace():
                continue
            if number == 1:
                line = self._first(line)
            yield Row(number, None, line.rstrip(b"\r\n")) if self._as_is else self._row(number, line)

    def raw_of(self, source: Any) -> bytes:
        return bytes(source).rstrip(b"\r\n") + b"\n"

    def _next(self, number: int) -> bytes:
        try:
            line = self._stream.readline(LINE_BYTES_MAX)
        except (EOFError, OSError) as error:
            raise FileError(f"{self._name} breaks off after line {number}: {error}") from error
        if len(line) == LINE_BYTES_MAX:
            raise FileError(
                f"{self._name}, line {number + 1}: longer than {LINE_BYTES_MAX:,} bytes; is this JSON lines?"
            )
        return line

    def _first(self, line: bytes) -> bytes:
        line = line.removeprefix(b"\xef\xbb\xbf")
        if line.lstrip().startswith(b"["):
            raise FileError(f"{self._name} is one JSON array; it must hold one object a line (jq -c '.[]' makes them)")
        return line

    def _row(self, number: int, line: bytes) -> Row | Refused:
        try:
            fields = _decode(line)
        except UnicodeDecodeError:
            return Refused(number, None, "not valid UTF-8", line)
        except (msgspec.DecodeError, RecursionError) as error:
            return Refused(number, None, f"not a JSON object: {error}", line)
        values = [(field, fields.pop(column, None)) for field, column in self._renamed]
        fields.update((field, value) for field, value in values if value is not None)
        return Row(number, fields, line)
