"""Excel, new and old, by calamine: twenty times as quick as what is written in Python.

It unpacks a sheet whole and as a full rectangle, so what a workbook would become is measured before: how much its
parts unpack to, and how far its cells reach.
"""

import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import numpy as np
import python_calamine as calamine

from analysis.extract.header import table_start
from analysis.extract.parts import (
    BATCH_ROWS,
    COLUMNS_MAX,
    Batch,
    FileRefused,
    LineCounts,
    Unusable,
    text_array,
    unique_names,
)

EXPANDED_BYTES_MAX = 1024**3  # of all parts of a workbook; a full sheet of ledger rows has some 600 MB
RATIO_MAX = (
    200  # of a large part to what it takes packed; cells of real sheets pack to a tenth, empty ones to a fiftieth
)
RATIO_FROM_BYTES = 32 * 1024**2
PARTS_MAX = 10_000
CELLS_MAX = 20_000_000  # of one sheet's rectangle; some 600 MB
COLUMNS_IN_SHEET_MAX = 16_384
READ_BYTES = 1024 * 1024
SAMPLE_ROWS = 200
WRITTEN_OUT_BELOW = 1e40  # no number of a ledger is larger
_ROW_OR_CELL = re.compile(rb'<(?:\w+:)?(?:row\b|c\b)(?:[^<>]*?\sr="([A-Z]{0,3})(\d{0,7})")?')
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


class ExcelReader:
    """A sheet of a workbook. Raises FileRefused where none has rows."""

    def __init__(
        self,
        path: Path,
        file_format: Literal["xlsx", "xls"],
        sheet: str | None = None,
        skip: int | None = None,
        header: bool | None = None,
    ) -> None:
        self.size = path.stat().st_size
        if file_format == "xlsx":
            check_workbook(path)
        workbook = _opened(path)
        self.sheet, self._sheet = _sheet_of(workbook, sheet)
        first = [row for _, row in zip(range(SAMPLE_ROWS), self._texts(), strict=False)]
        start = table_start(first)
        self.skip = start.skip if skip is None else skip
        if len(first) <= self.skip:
            raise FileRefused(f"the sheet {self.sheet!r} has no rows")
        self.header = start.header if header is None else header
        named = first[self.skip]
        self.names = unique_names(named if self.header else [""] * len(named))
        self.above = ["\t".join(cell for cell in row if cell) for row in first[: self.skip]]
        self.counts = LineCounts()

    def batches(self) -> Iterator[Batch | Unusable]:
        """The rows below the header; empty ones are none."""
        total = max(self._sheet.height, 1)
        lines: list[int] = []
        rows: list[list[str]] = []
        counts = self.counts = LineCounts()
        for line, cells in enumerate(self._texts(), 1):
            counts.lines = line
            if line <= self.skip + self.header:
                counts.preamble, counts.header = min(line, self.skip), int(line > self.skip)
                continue
            if not any(cells):
                counts.blank += 1
                continue
            lines.append(line)
            rows.append(cells)
            if len(rows) >= BATCH_ROWS:
                yield self._batch(lines, rows, self.size * line // total)
                lines, rows = [], []
        if rows:
            yield self._batch(lines, rows, self.size)

    def _batch(self, lines: list[int], rows: list[list[str]], done: int) -> Batch:
        columns = {name: text_array(column) for name, column in zip(self.names, zip(*rows, strict=True), strict=True)}
        return Batch(np.array(lines, np.int64), columns, min(done, self.size))

    def _texts(self) -> Iterator[list[str]]:
        return ([text_of_cell(cell) for cell in row] for row in self._sheet.iter_rows())


def check_workbook(path: Path) -> None:
    """Unpack every part once, keeping nothing. Raises FileRefused before it would cost much."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > PARTS_MAX:
                raise FileRefused(f"the workbook has {len(parts)} parts")
            expanded = 0
            for part in parts:
                expanded = _check_part(archive, part, expanded)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise FileRefused(f"the workbook is damaged or locked: {str(error)[:120]}") from error


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, before: int) -> int:
    """The bytes of all parts up to this one."""
    extent = _Extent() if _SHEET.fullmatch(part.filename) else None
    size = 0
    with archive.open(part) as content:
        while piece := content.read(READ_BYTES):
            size += len(piece)
            packed = max(part.compress_size, 1)
            if before + size > EXPANDED_BYTES_MAX or (size > RATIO_FROM_BYTES and size > packed * RATIO_MAX):
                raise FileRefused("the workbook unpacks to far more than a workbook of this size holds")
            if extent is not None:
                extent.more(piece)
    return before + size


class _Extent:
    """How far a sheet's cells reach, from its text as it is unpacked."""

    def __init__(self) -> None:
        self._rest = b""
        self._width = self._height = self._in_row = self._rows = 0

    def more(self, piece: bytes) -> None:
        text = self._rest + piece
        end = text.rfind(b">") + 1
        self._rest = text[end:][-256:]  # a tag that is cut
        for found in _ROW_OR_CELL.finditer(text, 0, end):
            letters, digits = found.groups()
            if b"row" in found[0][:12]:
                self._rows, self._in_row = max(self._rows + 1, int(digits or 0)), 0
            else:
                self._in_row = _column(letters) if letters else self._in_row + 1
                self._width = max(self._width, self._in_row)
                self._height = max(self._height, int(digits or 0))
        if max(self._height, self._rows) * self._width > CELLS_MAX or self._width > COLUMNS_IN_SHEET_MAX:
            raise FileRefused(
                f"a sheet reaches over {max(self._height, self._rows)} rows and {self._width} columns;"
                f" {CELLS_MAX} cells are allowed"
            )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _opened(path: Path) -> "calamine.CalamineWorkbook":
    try:
        return calamine.load_workbook(path)
    except calamine.PasswordError as error:
        raise FileRefused("the workbook is locked with a password") from error
    except calamine.CalamineError as error:
        raise FileRefused(f"the workbook cannot be read: {str(error)[:120]}") from error
    except BaseException as error:
        raise _of_panic(error) from error


def _sheet_of(workbook: "calamine.CalamineWorkbook", wanted: str | None) -> tuple[str, "calamine.CalamineSheet"]:
    """The sheet with this name; else the first one with more than one row."""
    names = workbook.sheet_names
    if wanted is not None and wanted not in names:
        raise FileRefused(f"the workbook has no sheet {wanted!r}")
    for name in [wanted] if wanted is not None else names:
        try:
            sheet = workbook.get_sheet_by_name(name)
        except calamine.CalamineError:
            continue  # a chart, or a damaged one
        except BaseException as error:
            raise _of_panic(error) from error
        if wanted is not None or sheet.height > 1:
            if sheet.width > COLUMNS_MAX:
                raise FileRefused(f"the sheet {name!r} has {sheet.width} columns; {COLUMNS_MAX} are allowed")
            return name, sheet
    raise FileRefused("the workbook has no sheet with rows")


def _of_panic(error: BaseException) -> BaseException:
    """What the library did not foresee in a damaged file comes as an exception of its own, beside Exception."""
    if type(error).__name__ == "PanicException":
        return FileRefused("the workbook is damaged")
    return error


def text_of_cell(cell: Any) -> str:
    """As it would stand in a CSV file: times in ISO, numbers with a point."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return _text_of_number(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return "" if cell is None else str(cell) if isinstance(cell, int | timedelta) else ""


def _text_of_number(cell: float) -> str:
    """All digits of a whole number, which may be an account's; of others the 15 that Excel shows."""
    if not math.isfinite(cell) or abs(cell) >= WRITTEN_OUT_BELOW:
        return repr(cell)
    digits = Decimal(repr(cell) if cell.is_integer() else f"{cell:.15g}")
    return f"{digits:f}".removesuffix(".0")
