"""CSV at the speed of columns: rows are found by their line ends and counted by numpy, and taken apart by pyarrow.

A row whose number of cells is not the usual one is looked at by itself, line by line with the `csv` module, because a
stray quote makes one row of many lines; what still does not fit is handed on with its line. So one bad row costs one.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from analysis.extract.csv_dialect import SAMPLE_LINES, CsvDialect, cells_of, guess_dialect, start_of, table_of
from analysis.extract.encoding import guess_encoding, text_of
from analysis.extract.parts import RECORD_BYTES_MAX, Batch, FileRefused, LineCounts, Unusable, text_array
from analysis.extract.reading import Layout

NEWLINE, RETURN = 10, 13
SAMPLE_BYTES = 256 * 1024
_EMPTY_LAYOUT = Layout()
csv.field_size_limit(RECORD_BYTES_MAX)


class CsvReader:
    """A CSV file. Raises FileRefused where there is no row."""

    def __init__(self, path: Path, encoding: str | None = None, layout: Layout = _EMPTY_LAYOUT) -> None:
        self._path = path
        self.size = path.stat().st_size
        self.encoding = encoding or guess_encoding(path)
        lines = self._first_lines()
        if not any(line.strip() for line in lines):
            raise FileRefused("the file has no rows")
        self.dialect = _dialect_of(lines, layout)
        self.above = lines[: self.dialect.skip]
        table = table_of(lines, self.dialect)
        self.names, self._widths, self._header_lines = table.names, table.widths, table.header_lines
        self.counts = LineCounts()

    def batches(self) -> Iterator[Batch | Unusable]:
        """The rows below the header."""
        counts = self.counts = LineCounts()
        above = self.dialect.skip + self._header_lines
        is_open = False  # the last line has no end
        for block, line, done in self._blocks(above):
            counts.lines = line - 1 + block.count(b"\n")
            is_open = not block.endswith(b"\n")
            rows = 0
            for found in self._of_block(block, line, done):
                rows += len(found.lines) if isinstance(found, Batch) else 1
                yield found
            counts.blank += block.count(b"\n") - rows - self._inner_lines
            counts.continuation += self._inner_lines
        counts.lines = max(counts.lines, self._lines_above)
        if is_open:
            counts.lines, counts.blank = counts.lines + 1, counts.blank + 1
        counts.preamble = min(self.dialect.skip, counts.lines)
        counts.header = min(int(self.dialect.header), counts.lines - counts.preamble)
        counts.continuation += min(above, counts.lines) - counts.preamble - counts.header

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
        self._lines_above = 0
        pieces = text_of(self._path, self.encoding)
        for piece, at in pieces:
            text, done = self._with_newlines(piece), at
            if is_endless:  # the rest of a line that was handed on as too long
                end = text.find(b"\n")
                text, is_endless = (text[end:], False) if end >= 0 else (b"", True)
            rest += text
            while above and (end := rest.find(b"\n")) >= 0:
                rest, line, above = rest[end + 1 :], line + 1, above - 1
                self._lines_above += 1
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
        elif rest:
            self._lines_above += 1  # a header without rows or a line end

    def _with_newlines(self, piece: bytes) -> bytes:
        return piece.replace(b"\r", b"\n") if self._returns_only else piece

    def _of_block(self, block: bytes, line: int, done: int) -> Iterator[Batch | Unusable]:
        """The rows of a block as one batch in their order, and each unusable one."""
        data = np.frombuffer(block, np.uint8)
        quote = ord(self.dialect.quote)
        starts, ends, lines = _rows_of(data, quote, line)
        delimiters = _outside_quotes(data, ord(self.dialect.delimiter), quote)
        cells = np.searchsorted(delimiters, ends) - np.searchsorted(delimiters, starts) + 1
        # An empty cell in the only column looks like an empty line.
        good = (cells == self._widths.usual) & (ends - starts <= RECORD_BYTES_MAX)
        if good.all():
            text = block
        else:
            keep = np.repeat(good, np.diff(np.append(starts, len(data))))
            text = data[starts[0] if len(starts) else 0 :][keep].tobytes()
        table = self._table(text) if good.any() else None
        if table is not None and table.num_rows != int(good.sum()):
            table = None  # quotes where the standard has none: pyarrow and the count above disagree about them
        if table is None:
            good = np.zeros(len(good), bool)
        newlines = np.flatnonzero(data == NEWLINE)
        inner = np.searchsorted(newlines, ends) - np.searchsorted(newlines, starts)
        self._inner_lines = int(inner[good].sum())
        columns, kept = self._columns(table), lines[good]
        if table is not None and table.num_columns > len(self.names):
            surplus, kept, columns = self._surplus(table, kept, columns)
            yield from surplus
        bad = np.flatnonzero(~good)
        yield from self._one_by_one(block, (starts[bad], ends[bad], lines[bad]), columns, kept, done)

    def _table(self, text: bytes) -> pa.Table | None:
        names = [str(place) for place in range(self._widths.usual)]
        try:
            return pa_csv.read_csv(
                pa.BufferReader(text),
                pa_csv.ReadOptions(column_names=names, block_size=max(len(text) + 1, 1024)),
                pa_csv.ParseOptions(
                    delimiter=self.dialect.delimiter,
                    quote_char=self.dialect.quote,
                    newlines_in_values=self.dialect.quote.encode() in text,
                    ignore_empty_lines=True,
                    invalid_row_handler=lambda _: "skip",
                ),
                pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
                ),
            )
        except pa.ArrowInvalid:
            return None

    def _columns(self, table: pa.Table | None) -> list[pa.Array]:
        """The columns that have a name; one that the rows leave out is empty."""
        if table is None:
            return []
        found = [table.column(place).combine_chunks() for place in range(min(table.num_columns, len(self.names)))]
        empty = pa.repeat("", table.num_rows)
        return found + [empty] * (len(self.names) - len(found))

    def _surplus(
        self, table: pa.Table, lines: NDArray[np.int64], columns: list[pa.Array]
    ) -> tuple[list[Unusable], NDArray[np.int64], list[pa.Array]]:
        """Rows that have something in cells behind the last column, and the other ones."""
        is_over = np.zeros(table.num_rows, bool)
        for place in range(len(self.names), table.num_columns):
            is_empty = pc.equal(pc.utf8_trim_whitespace(table.column(place)), "")
            is_over |= ~is_empty.to_numpy().astype(bool)
        if not is_over.any():
            return [], lines, columns
        unusable = []
        for place in np.flatnonzero(is_over).tolist():
            cells = [str(cell) for cell in table.slice(place, 1).to_pylist()[0].values()]
            text = self.dialect.delimiter.join(cells)
            unusable.append(self._unusable(int(lines[place]), cells, text))
        mask = pa.array(~is_over)
        return unusable, lines[~is_over], [column.filter(mask) for column in columns]

    def _one_by_one(
        self,
        block: bytes,
        odd: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
        columns: list[pa.Array],
        lines: NDArray[np.int64],
        done: int,
    ) -> Iterator[Batch | Unusable]:
        """Odd rows, taken apart as the `csv` module does: a quote within a cell is a letter; then all rows in order."""
        found: list[list[str]] = []
        found_lines: list[int] = []
        for start, end, first in _regions(*odd):
            for line, cells, text in self._rows_in(block[start:end], first):
                fitted = self._widths.fitted(cells)
                if fitted is not None and len(text) <= RECORD_BYTES_MAX:
                    found.append(fitted)
                    found_lines.append(line)
                else:
                    yield self._unusable(line, cells, text)
        if found:
            added = [text_array(column) for column in zip(*found, strict=True)]
            lines = np.append(lines, np.array(found_lines, np.int64))
            order = np.argsort(lines, kind="stable")
            columns = (
                [pa.concat_arrays([*pair]).take(pa.array(order)) for pair in zip(columns, added, strict=True)]
                if columns
                else added
            )
            lines = lines[order]
        if len(lines):
            yield Batch(lines, dict(zip(self.names, columns, strict=True)), done)

    def _unusable(self, line: int, cells: list[str], text: str) -> Unusable:
        if len(text) > RECORD_BYTES_MAX:
            reason = f"the row has {len(text)} characters or more; {RECORD_BYTES_MAX} bytes are allowed"
            return Unusable(line, reason, excerpt=text[:200])
        reason = _count_reason(len(cells), len(self.names), text, self.dialect)
        return Unusable(line, reason, excerpt=text, cells=tuple(cells))

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
            is_row = self._widths.fitted(cells) is not None
            if end - at > 1 and not is_row:
                singly = ((first + i, self._cells(texts[i]), texts[i]) for i in range(at, min(end, len(texts))))
                yield from (row for row in singly if row[2].strip())
            elif texts[at].strip():
                self._inner_lines += end - at - 1
                yield first + at, cells, texts[at]
            at = end

    def _cells(self, text: str) -> list[str]:
        try:
            return cells_of(text, self.dialect)
        except csv.Error:
            return []


def _dialect_of(lines: list[str], layout: Layout) -> CsvDialect:
    """The dialect: what the layout says, and a guess of the rest."""
    guessed = guess_dialect(lines)
    delimiter, quote = layout.delimiter or guessed.delimiter, layout.quote or guessed.quote
    if (delimiter, quote) != (guessed.delimiter, guessed.quote):
        guessed = start_of(lines, delimiter, quote)
    return guessed.model_copy(update=layout.model_dump(include={"skip", "header"}, exclude_none=True))


def _regions(
    starts: NDArray[np.int64], ends: NDArray[np.int64], lines: NDArray[np.int64]
) -> Iterator[tuple[int, int, int]]:
    """(start, end, first line) of rows that follow one another: a stray quote cuts them in wrong places."""
    breaks = np.flatnonzero(starts[1:] > ends[:-1] + 1) + 1
    for group in np.split(np.arange(len(starts)), breaks) if len(starts) else ():
        yield int(starts[group[0]]), int(ends[group[-1]]), int(lines[group[0]])


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
