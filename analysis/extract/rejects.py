"""The rows that did not land, each with its line, column and reason, in a Parquet file that is read by pages."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.extract.parts import FileRefused
from contracts.card_numbers import cleaned_text

SCHEMA = pa.schema([("line", pa.int64()), ("column", pa.string()), ("reason", pa.string()), ("excerpt", pa.string())])
EXCERPT_MAX = 120  # characters of the cell or row that is at fault
REJECTS_MAX = 1_000_000  # of one file; with more of them it is being read in a wrong way
FLUSH_ROWS = 16_384  # a row group, and all that is held in memory


class RejectWriter:
    """Use as a context manager; an exception leaves no file behind."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_suffix(".partial-rejects")
        self._pending: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
        self.count = 0

    def __enter__(self) -> "RejectWriter":
        self._writer = pq.ParquetWriter(self._partial, SCHEMA, compression="zstd")
        return self

    def add(self, line: int, column: str, reason: str, excerpt: str) -> None:
        """Raises FileRefused from REJECTS_MAX on."""
        self.count += 1
        if self.count > REJECTS_MAX:
            raise FileRefused(
                f"more than {REJECTS_MAX} rows cannot be used, the last one in line {line}: {column}: {reason}"
            )
        told = (cleaned_text(column)[0], cleaned_text(reason)[0], _shown(cleaned_text(excerpt)[0]))
        for name, value in zip(SCHEMA.names, (line, *told), strict=True):
            self._pending[name].append(value)
        if len(self._pending["line"]) >= FLUSH_ROWS:
            self._flush()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._writer.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._pending["line"]:
            self._writer.write_table(pa.table(self._pending, schema=SCHEMA))
            self._pending = {name: [] for name in SCHEMA.names}


def read_rejects(path: Path, start: int, count: int) -> list[dict[str, Any]]:
    """The rejects from place `start` on, at most `count`, reading only the row groups that hold them."""
    found: list[dict[str, Any]] = []
    with pq.ParquetFile(path) as file:
        first = 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            inside = max(start - first, 0)
            if inside < rows and len(found) < count:
                found += file.read_row_group(group).slice(inside, count - len(found)).to_pylist()
            first += rows
    return found


def _shown(text: str) -> str:
    """An excerpt without control characters, which Postgres, terminals and logs do not take."""
    cut = text if len(text) <= EXCERPT_MAX else text[: EXCERPT_MAX - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)
