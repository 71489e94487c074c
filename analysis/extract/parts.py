"""What readers hand on, and how a file as a whole is refused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.extract.reading import COLUMN_NAME_MAX

BATCH_ROWS = 20_000  # of readers that make Python objects: some tens of megabytes
COLUMNS_MAX = 500  # of one file
RECORD_BYTES_MAX = 1024 * 1024  # of one row; a larger one is no row of a ledger
CELL_BYTES_MAX = 32_767  # of one cell, as in Excel


class FileRefused(Exception):
    """Nothing of the file can be used; the text is a sentence for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows as a reader found them.

    `lines`: where each stands (a line, a sheet's row, an object), from 1. `columns`: text, "" where empty. `extra`: a
    JSON object a row ("" for none) of what no column holds. `done`: bytes of the file read so far.
    """

    lines: NDArray[np.int64]
    columns: dict[str, pa.Array]
    done: int
    extra: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Unusable:
    """A row that a reader could not take apart. `cells`: those that it found, if the row has another number of them."""

    line: int
    reason: str
    column: str = ""
    excerpt: str = ""
    cells: tuple[str, ...] = ()


@dataclass(slots=True)
class LineCounts:
    """How many lines a file has, and how many of them are no rows; complete when `batches` has ended.

    Of formats without lines: records. See Accounting for the kinds.
    """

    lines: int = 0
    header: int = 0
    preamble: int = 0
    continuation: int = 0
    total: int = 0
    blank: int = 0


class Reader(Protocol):
    """A file of one format, opened. `names` are its columns; `size` its bytes, of which a batch's `done` are read."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def size(self) -> int: ...

    def batches(self) -> Iterator[Batch | Unusable]:
        """Every row once, as a part of a batch or by itself. Raises FileRefused. Each call begins anew."""
        ...


def unique_names(cells: Sequence[str]) -> list[str]:
    """Column names out of a header: none empty, none twice. Raises FileRefused where there are too many."""
    if len(cells) > COLUMNS_MAX:
        raise FileRefused(f"the file has {len(cells)} columns; {COLUMNS_MAX} are allowed")
    names: list[str] = []
    taken: set[str] = set()
    for place, cell in enumerate(cells, 1):
        name = " ".join(cell.replace("\x00", " ").split())[:COLUMN_NAME_MAX] or f"column {place}"
        wanted, number = name, 2
        while wanted in taken:
            wanted, number = f"{name} ({number})", number + 1
        taken.add(wanted)
        names.append(wanted)
    return names


def text_array(cells: Sequence[str]) -> pa.Array:
    return pa.array(cells, pa.string())


def batches_of(
    found: Iterator[tuple[int, dict[str, str] | Unusable, int]], names: Sequence[str]
) -> Iterator[Batch | Unusable]:
    """Batches out of rows as dicts, each with its line and the bytes read by then; what is unusable goes by itself."""
    lines: list[int] = []
    rows: list[dict[str, str]] = []
    done = 0
    for line, row, done in found:
        if isinstance(row, Unusable):
            yield row
            continue
        lines.append(line)
        rows.append(row)
        if len(rows) >= BATCH_ROWS:
            yield _batch(lines, rows, names, done)
            lines, rows = [], []
    if rows:
        yield _batch(lines, rows, names, done)


def _batch(lines: list[int], rows: list[dict[str, str]], names: Sequence[str], done: int) -> Batch:
    columns = {name: text_array([row.pop(name, "") for row in rows]) for name in names}
    extra = [msgspec.json.encode(row).decode() if row else "" for row in rows]
    return Batch(np.array(lines, np.int64), columns, done, extra)
