"""A file's rows as chunks of Arrow columns: CSV, JSON lines or Parquet."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from contracts.errors import DataRefused
from contracts.field_names import REPEATED_HEADER
from contracts.file_kind import HEAD_BYTES, binary_kind
from training.column_fold import CHUNK_ROWS
from training.loaders.options import LoadOptions

BLOCK_BYTES = 2 * 1024 * 1024  # of CSV parsed at once; longer than any row
LINE_BYTES_MAX = 1024 * 1024
_KINDS = {".parquet": "parquet", ".pq": "parquet", ".jsonl": "json", ".ndjson": "json", ".json": "json"}
_GZIP_MAGIC = b"\x1f\x8b"
_DELIMITERS = ",;\t|"
_BOM = b"\xef\xbb\xbf"
_decode = msgspec.json.Decoder(dict[str, Any]).decode

Read = Callable[[int], None]  # told how many bytes of the file are read


class Chunk(NamedTuple):
    """Some rows: the file's columns by their names, and each row's line in the file (Parquet: its number from 1)."""

    table: pa.Table
    lines: npt.NDArray[np.int64]


class Source:
    """An opened file: `names` of its columns, then `chunks` of those that are wanted.

    `broken` collects (line, what is wrong with it) of lines that have no columns at all.
    """

    def __init__(self, path: Path, options: LoadOptions) -> None:
        self._path, self._options = path, options
        self.broken: list[tuple[int, str]] = []
        suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
        self._kind = {
            ".parquet": "parquet",
            ".pq": "parquet",
            ".jsonl": "json",
            ".ndjson": "json",
            ".json": "json",
        }.get(suffixes[-1] if suffixes else "", "csv")
        try:
            self.size_bytes = path.stat().st_size
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
            self._gzip = head.startswith(_GZIP_MAGIC)
            self._refuse_binary(head)
            self.names = self._names()
        except UnicodeDecodeError as error:
            raise DataRefused(f"{path} is not {options.encoding}; name its encoding with --encoding") from error
        except (OSError, pa.ArrowException, EOFError) as error:
            raise DataRefused(f"{path} cannot be read: {error}") from error

    def chunks(self, wanted: list[str], read: Read = lambda _bytes: None) -> Iterator[Chunk]:
        """Chunks of about CHUNK_ROWS rows with the columns `wanted`. Raises DataRefused where the file breaks off."""
        reader = {"csv": self._csv, "json": self._json, "parquet": self._parquet}[self._kind]
        try:
            yield from reader(wanted, read)
        except (OSError, pa.ArrowException, EOFError, UnicodeDecodeError) as error:
            raise DataRefused(f"{self._path} cannot be read: {error}") from error

    def _refuse_binary(self, head: bytes) -> None:
        kind = binary_kind(head)
        if kind is not None and not self._gzip and self._kind != "parquet":
            raise DataRefused(f"{self._path} is {kind}; save its table as CSV, JSON lines or Parquet")

    def _names(self) -> list[str] | None:
        """None for JSON lines: every line has its own."""
        if self._kind == "parquet":
            return list(parquet.read_schema(self._path).names)
        if self._kind == "json":
            return None
        with self._stream()[1] as stream:
            lines = stream.read(BLOCK_BYTES).split(b"\n", self._options.skip_lines + 1)
        if len(lines) <= self._options.skip_lines:
            raise DataRefused(f"{self._path} has no header after {self._options.skip_lines} lines")
        first = lines[self._options.skip_lines].decode(self._options.encoding).removeprefix("\ufeff")
        self._delimiter = self._options.delimiter or max(_DELIMITERS, key=first.count)
        names = [name.strip() for name in next(csv.reader([first], delimiter=self._delimiter), [])]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise DataRefused(f"{self._path} has more than one column named {', '.join(doubled)}")
        return names

    def _stream(self) -> tuple[pa.NativeFile, pa.NativeFile]:
        raw = pa.OSFile(str(self._path))
        return raw, pa.CompressedInputStream(raw, "gzip") if self._gzip else raw

    def _csv(self, wanted: list[str], read: Read) -> Iterator[Chunk]:
        raw, stream = self._stream()
        skipped: list[int] = []

        def invalid(row: Any) -> str:
            skipped.append(row.number)
            if row.text:
                self.broken.append(
                    (row.number, f"has {row.actual_columns} columns; the header has {row.expected_columns}")
                )
            return "skip"

        with (
            stream,
            arrow_csv.open_csv(
                stream,
                arrow_csv.ReadOptions(
                    use_threads=False,
                    block_size=BLOCK_BYTES,
                    encoding=self._options.encoding,
                    column_names=self.names,
                    skip_rows=1 + self._options.skip_lines,
                ),
                arrow_csv.ParseOptions(
                    delimiter=self._delimiter, ignore_empty_lines=False, invalid_row_handler=invalid
                ),
                arrow_csv.ConvertOptions(include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string())),
            ) as reader,
        ):
            next_line, gathered, rows = 2 + self._options.skip_lines, [], 0
            for batch in reader:
                gathered.append(batch)
                rows += len(batch)
                read(raw.tell())
                if rows >= CHUNK_ROWS:
                    yield self._chunk(gathered, lines := _lines(next_line, rows, skipped))
                    next_line, gathered, rows = int(lines[-1]) + 1, [], 0
            if rows:
                yield self._chunk(gathered, _lines(next_line, rows, skipped))

    def _chunk(self, batches: list[pa.RecordBatch], lines: npt.NDArray[np.int64]) -> Chunk:
        """Without the rows of blank lines and of headers that come again; the latter are told."""
        table = pa.Table.from_batches(batches)
        headers = _all_equal(table, table.column_names)
        self.broken += [(line, REPEATED_HEADER) for line in lines[headers].tolist()]
        kept = ~headers & ~_all_equal(table, [""] * table.num_columns)
        return Chunk(table, lines) if kept.all() else Chunk(table.filter(pa.array(kept)), lines[kept])

    def _parquet(self, wanted: list[str], read: Read) -> Iterator[Chunk]:
        with parquet.ParquetFile(self._path) as file:
            total, done = max(file.metadata.num_rows, 1), 0
            for batch in file.iter_batches(batch_size=CHUNK_ROWS, columns=wanted):
                yield Chunk(pa.Table.from_batches([batch]), np.arange(done + 1, done + len(batch) + 1))
                done += len(batch)
                read(self.size_bytes * done // total)

    def _json(self, wanted: list[str], read: Read) -> Iterator[Chunk]:
        raw, stream = self._stream()
        with stream:
            gathered: dict[str, list[str | None]] = {name: [] for name in wanted}
            lines: list[int] = []
            for number, line in enumerate(_text_lines(stream, self._path), start=1):
                if line.isspace():
                    continue
                try:
                    row = _decode(line.removeprefix(_BOM) if number == 1 else line)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                    self.broken.append((number, f"is not a JSON object: {error}"))
                    continue
                lines.append(number)
                for name, column in gathered.items():
                    value = row.get(name)
                    column.append(None if value is None else value if type(value) is str else str(value))
                if len(lines) == CHUNK_ROWS:
                    read(raw.tell())
                    yield Chunk(pa.table(gathered), np.array(lines))
                    gathered, lines = {name: [] for name in wanted}, []
            if lines:
                yield Chunk(pa.table({n: pa.array(c, pa.string()) for n, c in gathered.items()}), np.array(lines))


def _all_equal(table: pa.Table, values: list[str]) -> npt.NDArray[np.bool_]:
    """The rows whose columns hold these values, a missing one being empty."""
    found = np.ones(len(table), bool)
    for column, value in zip(table.columns, values, strict=True):
        if found.any():
            found &= np.asarray(compute.equal(column.fill_null(""), value))
    return found


def _lines(first: int, rows: int, skipped: list[int]) -> npt.NDArray[np.int64]:
    """Numbers of `rows` lines from `first` on, without those that were skipped."""
    numbers = np.arange(first, first + rows + len(skipped))
    return numbers[~np.isin(numbers, np.array(skipped, np.int64))][:rows]


def _text_lines(stream: pa.NativeFile, path: Path) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(BLOCK_BYTES):
        *whole, rest = (rest + block).split(b"\n")
        yield from (line + b"\n" for line in whole)
        if len(rest) > LINE_BYTES_MAX:
            raise DataRefused(f"{path} has a line longer than {LINE_BYTES_MAX:,} bytes; is this JSON lines?")
    if rest:
        yield rest
