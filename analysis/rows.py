"""The rows that detectors work on: one schema, whatever they came from, read in chunks in order of time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analysis.chunks import CHUNK_ROWS, MINOR, MISSING, NO_TIME, WORDS, Rows, RowSource
from analysis.progress import Progress

__all__ = [
    "CHUNK_ROWS",
    "MINOR",
    "MISSING",
    "NO_TIME",
    "SCHEMA",
    "WORDS",
    "ParquetRows",
    "RowSource",
    "RowWriter",
    "Rows",
]

SCHEMA = pa.schema(
    [
        ("row", pa.int64()),  # where it stood: the line of a file, or the place in a stored period
        ("transaction_id", pa.string()),
        ("account", pa.string()),
        ("time_ms", pa.int64()),  # since 1970 UTC; a date without a time is its midnight; null where none was given
        ("amount_minor", pa.int64()),  # 1e-4 units of the currency; negative: money out of a ledger's account
        ("currency", pa.string()),
        ("counterparty", pa.string()),
        ("merchant", pa.string()),
        ("category", pa.string()),
        ("channel", pa.string()),
        ("country", pa.string()),
        ("device", pa.string()),
        ("ip", pa.string()),
        ("text", pa.string()),
        ("balance_minor", pa.int64()),
        ("extra", pa.string()),  # a JSON object: columns that mean nothing to the detectors
    ]
)


@dataclass
class ParquetRows:
    """Rows of a Parquet file of SCHEMA. Raises OSError or pyarrow.ArrowInvalid when the file is no such thing."""

    path: Path
    _numbers: dict[str, dict[str, int]] = field(default_factory=lambda: {column: {} for column in WORDS})
    _spelled: dict[str, list[str]] = field(default_factory=lambda: {column: [] for column in WORDS})

    @property
    def count(self) -> int:
        return int(pq.ParquetFile(self.path).metadata.num_rows)

    def chunks(self) -> Iterator[Rows]:
        columns = ["row", "time_ms", "amount_minor", *WORDS]
        start = 0
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(CHUNK_ROWS, columns=columns):
                yield self._rows(start, batch)
                start += batch.num_rows

    def word(self, column: str, number: int) -> str:
        return self._spelled[column][number] if number >= 0 else ""

    def records(self, places: Sequence[int]) -> list[dict[str, Any]]:
        """The whole records at these places, in ascending order of place."""
        wanted = sorted(places)
        found: list[dict[str, Any]] = []
        with pq.ParquetFile(self.path) as file:
            start = 0
            for group in range(file.num_row_groups):
                stop = start + file.metadata.row_group(group).num_rows
                inside = [place - start for place in wanted if start <= place < stop]
                if inside:
                    found += file.read_row_group(group).take(pa.array(inside)).to_pylist()
                start = stop
        return found

    def _rows(self, start: int, batch: pa.RecordBatch) -> Rows:
        amount = batch.column("amount_minor").fill_null(0).to_numpy(zero_copy_only=False)
        return Rows(
            start=start,
            row=batch.column("row").to_numpy(zero_copy_only=False),
            time_ms=pc.fill_null(batch.column("time_ms"), NO_TIME).to_numpy(zero_copy_only=False),
            amount=amount / MINOR,
            words={column: self._numbered(column, batch.column(column)) for column in WORDS},
        )

    def _numbered(self, column: str, array: pa.Array) -> NDArray[np.int32]:
        coded = array.dictionary_encode()
        numbers, spelled = self._numbers[column], self._spelled[column]
        table = np.empty(len(coded.dictionary) + 1, np.int32)
        table[-1] = MISSING
        for place, word in enumerate(coded.dictionary.to_pylist()):
            number = numbers.setdefault(word, len(spelled))
            if number == len(spelled):
                spelled.append(word)
            table[place] = number
        indices = coded.indices.fill_null(len(coded.dictionary)).to_numpy(zero_copy_only=False)
        numbered: NDArray[np.int32] = table[indices]
        return numbered


class RowWriter:
    """Writes SCHEMA in order of time: what comes unsorted is kept aside and sorted at the end.

    Use as a context manager; an exception leaves no file behind.
    """

    def __init__(self, path: Path, progress: Progress = lambda _stage, _done, _total: None) -> None:
        self._path = path
        self._progress = progress
        self._partial = path.with_suffix(".partial")
        self._writer: pq.ParquetWriter | None = None
        self._newest = NO_TIME
        self._sorted = True
        self.count = 0

    def __enter__(self) -> "RowWriter":
        self._writer = pq.ParquetWriter(self._partial, SCHEMA, compression="zstd")
        return self

    def write(self, columns: Mapping[str, Sequence[Any] | pa.Array]) -> None:
        """Append rows; columns that are not given are null."""
        given = {name: column for name, column in columns.items() if column is not None}
        length = len(next(iter(given.values())))
        arrays = [
            pa.array(given[name], kind) if name in given else pa.nulls(length, kind)
            for name, kind in zip(SCHEMA.names, SCHEMA.types, strict=True)
        ]
        table = pa.Table.from_arrays(arrays, schema=SCHEMA)
        self._note_order(table)
        assert self._writer is not None
        self._writer.write_table(table, CHUNK_ROWS)
        self.count += length

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._writer is not None
        self._writer.close()
        if kind is not None:
            self._partial.unlink(missing_ok=True)
            return
        if not self._sorted:
            _sort(self._partial, self._progress)
        self._partial.replace(self._path)

    def _note_order(self, table: pa.Table) -> None:
        times = pc.fill_null(table.column("time_ms"), NO_TIME).to_numpy()
        if len(times) and self._sorted:
            self._sorted = bool(times[0] >= self._newest and np.all(times[1:] >= times[:-1]))
            self._newest = times[-1]


def _sort(path: Path, progress: Progress) -> None:
    """By time, then place. In memory: an upload's size is bounded, and a stored period comes sorted."""
    table = pq.read_table(path).combine_chunks()  # or each part of it would be put together anew
    progress("sort", 0, table.num_rows)
    keys = [("time_ms", "ascending", "at_start"), ("row", "ascending", "at_start")]
    order = pc.sort_indices(table, sort_keys=keys)
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for start in range(0, table.num_rows, CHUNK_ROWS):
            part = table.take(order.slice(start, CHUNK_ROWS))
            writer.write_table(part, CHUNK_ROWS)
            progress("sort", start + part.num_rows, table.num_rows)
