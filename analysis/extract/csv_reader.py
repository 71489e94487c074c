"""CSV at the speed of columns: rows are found by their line ends and counted by numpy, and taken apart by pyarrow.

A row whose number of cells is not the header's is looked at by itself, line by line with the `csv` module, because a
stray quote makes one row of many lines; what still does not fit is handed on with its line. So one bad row costs one.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from analysis.extract.csv_dialect import SAMPLE_LINES, CsvDialect, cells_of, guess_dialect
from analysis.extract.encoding import guess_encoding, text_of
from analysis.extract.parts import RECORD_BYTES_MAX, Batch, FileRefused, Unusable, text_array, unique_names

NEWLINE, RETURN = 10, 13
SAMPLE_BYTES = 256 * 1024
csv.field_size_limit(RECORD_BYTES_MAX)


class CsvReader:
    """A CSV file. Raises FileRefused where there is no row."""

    def __init__(self, path: Path, encoding: str | None = None, dialect: CsvDialect | None = None) -> None:
        self._path = path
        self.size = path.stat().st_size
        self.encoding = encoding or guess_encoding(path)
        lines = self._first_lines()
        if not any(line.strip() for line in lines):
            raise FileRefused("the file has no rows")
        self.dialect = dialect or guess_dialect(lines)
        below = lines[self.dialect.skip :]
        cells = cells_of(below[0], self.dialect) if below else []
        if not cells:
            raise FileRefused(f"there is no header behind {self.dialect.skip} lines")
        self.names = unique_names(cells if self.dialect.header else [""] * len(cells))

    def batches(self) -> Iterator[Batch | Unusable]:
        """The rows below the header."""
        above = self.dialect.skip + self.dialect.header
        for block, line, done in self._blocks(above):
            yield from self._of_block(block, line, done)

    def _first_lines(self) -> list[str]:
        piece, done = next(text_of(self._path, self.encoding), (b"", 0))
        self._returns_only = b"\n" not in piece and b"\r" in piece  # lines as on an old Macintosh
        text = self._with_newlines(piece[:SAMPLE_BYTES]).decode("utf-8", "replace").removeprefix("\ufeff")
        lines = text.replace("\r\n", "\n").replace("\r", " ").split("\n")
        if len(piece) > SAMPLE_BYTES or done < self.size:
            lines = lines[:-1] or lines  # the last one is cut
        return lines[:SAMPLE_LINES]

    def _blocks(self, above: int) -> Iterator[tuple[bytes, int, int]]:
        """(whole rows, the line of the first one, bytes of the file read so far); `above` lines are left out."""
        quote = ord(self.dialect.quote)
        rest, line, done, is_endless = b"", 1, 0, False
        pieces = text_of(self._path, self.encoding)
        for piece, at in pieces:
            text, done = self._with_newlines(piece), at
            if is_endless:  # the rest of a line that was handed on as too long
                end = text.find(b"\n")
                text, is_endless = (text[end:], False) if end >= 0 else (b"", True)
            rest += text
            while above and (end := rest.find(b"\n")) >= 0:
                rest, line, above = rest[end + 1 :], line + 1, above - 1
            if at >= self.size:
                break
            end = 0 if above else _end_of_rows(rest, quote)
            if not end and len(rest) > RECORD_BYTES_MAX:
                end = rest.rfind(b"\n") + 1 or len(rest)  # a quote that stays open, or a line without end
                is_endless = not rest.endswith(b"\n", 0, end)
            if end:
                yield rest[:end], line, done
                line += rest.count(b"\n", 0, end)
                rest = rest[end:]
        rest += b"".join(self._with_newlines(piece) for piece, _ in pieces)  # what a decoder held back
        if rest and not above:
            yield rest, line, self.size

    def _with_newlines(self, piece: bytes) -> bytes:
        return piece.replace(b"\r", b"\n") if self._returns_only else piece

    def _of_block(self, block: bytes, line: int, done: int) -> Iterator[Batch | Unusable]:
        data = np.frombuffer(block, np.uint8)
        starts, ends, lines = _rows_of(data, ord(self.dialect.quote), line)
        delimiters = _outside_quotes(data, ord(self.dialect.delimiter), ord(self.dialect.quote))
        cells = np.searchsorted(delimiters, ends) - np.searchsorted(delimiters, starts) + 1
        # An empty cell in the only column looks like an empty line.
        good = (cells == len(self.names)) & (ends - starts <= RECORD_BYTES_MAX)
        if good.all():
            text = block
        else:
            keep = np.repeat(good, np.diff(np.append(starts, len(data))))
            text = data[starts[0] if len(starts) else 0 :][keep].tobytes()
        if good.any():
            table = self._table(text)
            if table is not None and table.num_rows == int(good.sum()):
                yield _batch(table, lines[good], done)
            else:  # quotes where the standard has none: pyarrow and the count above disagree about them
                good = np.zeros(len(good), bool)
        bad = np.flatnonzero(~good)
        yield from self._one_by_one(block, starts[bad], ends[bad], lines[bad], done)

    def _table(self, text: bytes) -> pa.Table | None:
        try:
            return pa_csv.read_csv(
                pa.BufferReader(text),
                pa_csv.ReadOptions(column_names=self.names, block_size=max(len(text) + 1, 1024)),
                pa_csv.ParseOptions(
                    delimiter=self.dialect.delimiter,
                    quote_char=self.dialect.quote,
                    newlines_in_values=self.dialect.quote.encode() in text,
                    ignore_empty_lines=True,
                    invalid_row_handler=lambda _: "skip",
                ),
                pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(self.names, pa.string()), strings_can_be_null=False, check_utf8=False
                ),
            )
        except pa.ArrowInvalid:
            return None

    def _one_by_one(
        self, block: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], lines: NDArray[np.int64], done: int
    ) -> Iterator[Batch | Unusable]:
        """Rows that do not look right, taken apart as the `csv` module does: a quote within a cell is a letter."""
        found: list[list[str]] = []
        found_lines: list[int] = []
        for start, end, first in _regions(starts, ends, lines):
            for line, cells, text in self._rows_in(block[start:end], first):
                if len(cells) == len(self.names):
                    found.append(cells)
                    found_lines.append(line)
                elif len(text) > RECORD_BYTES_MAX:
                    reason = f"the row has {len(text)} characters or more; {RECORD_BYTES_MAX} bytes are allowed"
                    yield Unusable(line, reason, excerpt=text[:200])
                else:
                    reason = _count_reason(len(cells), len(self.names), text, self.dialect)
                    yield Unusable(line, reason, excerpt=text)
        if found:
            by_column = zip(self.names, zip(*found, strict=True), strict=True)
            columns = {name: text_array(column) for name, column in by_column}
            yield Batch(np.array(found_lines, np.int64), columns, done)

    def _rows_in(self, region: bytes, first: int) -> Iterator[tuple[int, list[str], str]]:
        """(line, cells, text) of each row; of several lines that make no row together each is one by itself."""
        texts = _decoded(region).replace("\r\n", "\n").removesuffix("\r").split("\n")
        reader = csv.reader(
            (f"{text}\n" for text in texts), delimiter=self.dialect.delimiter, quotechar=self.dialect.quote
        )
        at = 0
        while at < len(texts):
            try:
                cells = next(reader, [])
            except csv.Error:
                cells = []
            end = max(reader.line_num, at + 1)
            if end - at > 1 and len(cells) != len(self.names):
                singly = ((first + i, self._cells(texts[i]), texts[i]) for i in range(at, min(end, len(texts))))
                yield from (row for row in singly if row[2].strip())
            elif texts[at].strip():
                yield first + at, cells, texts[at]
            at = end

    def _cells(self, text: str) -> list[str]:
        try:
            return cells_of(text, self.dialect)
        except csv.Error:
            return []


def _regions(
    starts: NDArray[np.int64], ends: NDArray[np.int64], lines: NDArray[np.int64]
) -> Iterator[tuple[int, int, int]]:
    """(start, end, first line) of rows that follow one another: a stray quote cuts them in wrong places."""
    breaks = np.flatnonzero(starts[1:] > ends[:-1] + 1) + 1
    for group in np.split(np.arange(len(starts)), breaks) if len(starts) else ():
        yield int(starts[group[0]]), int(ends[group[-1]]), int(lines[group[0]])


def _batch(table: pa.Table, lines: NDArray[np.int64], done: int) -> Batch:
    columns = {name: table.column(name).combine_chunks() for name in table.column_names}
    return Batch(lines, columns, done)


def _rows_of(
    data: NDArray[np.uint8], quote: int, line: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of each row that is not empty: where it starts and ends (without its line end), and its line."""
    newlines = np.flatnonzero(data == NEWLINE)
    outside = _outside_quotes(data, NEWLINE, quote)
    ends = outside if len(outside) and outside[-1] == len(data) - 1 else np.append(outside, len(data))
    starts = np.append(0, ends[:-1] + 1)
    lines = line + np.searchsorted(newlines, starts)
    is_return = (ends > starts) & (data[np.maximum(ends - 1, 0)] == RETURN)
    filled = ends - is_return > starts
    return starts[filled], ends[filled], lines[filled]


def _outside_quotes(data: NDArray[np.uint8], byte: int, quote: int) -> NDArray[np.int64]:
    """Where a byte stands outside of quotes: behind an even number of them."""
    places = np.flatnonzero(data == byte)
    quotes = np.flatnonzero(data == quote)
    return places[np.searchsorted(quotes, places) % 2 == 0] if len(quotes) else places


def _end_of_rows(data: bytes, quote: int) -> int:
    """Behind the last line end that is not within quotes; 0 where there is none."""
    outside = _outside_quotes(np.frombuffer(data, np.uint8), NEWLINE, quote)
    return int(outside[-1]) + 1 if len(outside) else 0


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _count_reason(found: int, wanted: int, text: str, dialect: CsvDialect) -> str:
    if text.count(dialect.quote) % 2:
        return f"a quote ({dialect.quote}) is opened and not closed"
    if "\r" in text:
        return "a line end stands within the row"
    return f"the row has {found} cells, the header {wanted}"
