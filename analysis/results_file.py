"""Results as a file: CSV, Parquet or Excel, written a few thousand rows at a time.

What stands in an uploaded file must not become a formula in a spreadsheet: texts go through `safe_cell`, in CSV as in
Excel. Parquet holds them as they are; it has no formulas.
"""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from analysis.safe_cell import safe_cell

MINOR_DECIMALS = 4
ROWS_MAX_EXCEL = 1_000_000  # of a sheet; a run keeps at most 100,000
CELL_MAX = 32_000  # characters that Excel takes

# column → its type in Parquet
COLUMNS: dict[str, pa.DataType] = {
    "rank": pa.int32(),
    "score": pa.float64(),
    "row": pa.int64(),
    "transaction_id": pa.string(),
    "account": pa.string(),
    "time": pa.timestamp("ms", tz="UTC"),
    "amount": pa.decimal128(23, MINOR_DECIMALS),
    "currency": pa.string(),
    "counterparty": pa.string(),
    "merchant": pa.string(),
    "category": pa.string(),
    "channel": pa.string(),
    "country": pa.string(),
    "device": pa.string(),
    "ip": pa.string(),
    "text": pa.string(),
    "shares": pa.string(),
    "reasons": pa.string(),
    "alert_id": pa.string(),
    "verdict": pa.string(),
}
SCHEMA = pa.schema(list(COLUMNS.items()))


class Format(StrEnum):
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Found(Protocol):
    """What a line of the file is made of: an anomaly with its row."""

    @property
    def rank(self) -> int: ...
    @property
    def score(self) -> float: ...
    @property
    def row(self) -> int: ...
    @property
    def shares(self) -> Mapping[str, float]: ...
    @property
    def reasons(self) -> Mapping[str, str]: ...
    @property
    def record(self) -> Mapping[str, Any]: ...


class _Sheet(Protocol):
    """One format: lines with all COLUMNS in their order."""

    def put(self, lines: Sequence[dict[str, Any]]) -> None: ...

    def close(self) -> None: ...


class ResultsFile:
    """Use as a context manager; `write` takes some anomalies at a time. Raises OSError."""

    def __init__(self, path: Path, form: Format) -> None:
        sheets: dict[Format, Callable[[Path], _Sheet]] = {
            Format.CSV: _Csv, Format.PARQUET: _Parquet, Format.XLSX: _Excel,
        }  # fmt: skip
        self._sheet = sheets[form](path)

    def __enter__(self) -> "ResultsFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._sheet.close()

    def write(self, found: Iterable[Found]) -> None:
        self._sheet.put([_line(each) for each in found])


class _Csv:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def put(self, lines: Sequence[dict[str, Any]]) -> None:
        for line in lines:
            self._writer.writerow([_plain(value) for value in line.values()])

    def close(self) -> None:
        self._file.close()


class _Parquet:
    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")

    def put(self, lines: Sequence[dict[str, Any]]) -> None:
        if lines:
            self._writer.write_table(pa.Table.from_pylist(list(lines), schema=SCHEMA))

    def close(self) -> None:
        self._writer.close()


class _Excel:
    def __init__(self, path: Path) -> None:
        # Row by row to disk; and nothing of a text is read as a formula, an address or a number.
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(str(path), options)
        self._sheet = self._book.add_worksheet("anomalies")
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._sheet.write_row(0, 0, list(COLUMNS))
        self._next = 1

    def put(self, lines: Sequence[dict[str, Any]]) -> None:
        for line in lines[: max(0, ROWS_MAX_EXCEL - self._next + 1)]:
            for column, value in enumerate(line.values()):
                self._cell(column, value)
            self._next += 1

    def _cell(self, column: int, value: Any) -> None:
        if isinstance(value, str):
            self._sheet.write_string(self._next, column, safe_cell(value)[:CELL_MAX])
        elif isinstance(value, datetime):
            # Excel knows no time zones, and no day before 1900.
            plain = value.replace(tzinfo=None)
            if plain.year >= 1900:
                self._sheet.write_datetime(self._next, column, plain, self._time)
            else:
                self._sheet.write_string(self._next, column, plain.isoformat())
        elif value is not None:
            self._sheet.write_number(self._next, column, float(value))

    def close(self) -> None:
        self._book.close()


def _line(found: Found) -> dict[str, Any]:
    """One row of the file, with all COLUMNS in their order."""
    record = found.record
    minor, time_ms = record.get("amount_minor"), record.get("time_ms")
    line = {name: record.get(name) for name in COLUMNS}
    alert_id = getattr(found, "alert_id", None)
    return line | {
        "rank": found.rank,
        "score": found.score,
        "row": found.row,
        "time": None if time_ms is None else datetime.fromtimestamp(time_ms / 1000, UTC),
        "amount": None if minor is None else Decimal(minor).scaleb(-MINOR_DECIMALS),
        "shares": "; ".join(f"{name} {share:g}" for name, share in found.shares.items()),
        "reasons": "; ".join(found.reasons.values()),
        "alert_id": None if alert_id is None else str(alert_id),
        "verdict": getattr(found, "verdict", None),
    }


def _plain(value: Any) -> Any:
    """A value as it may stand in a CSV file."""
    if isinstance(value, str):
        return safe_cell(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value
