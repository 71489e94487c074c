"""What landed of a file, and what did not, as CSV: one line a row, with its line in the file."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.extract.rejects import SCHEMA as REJECTS_SCHEMA
from analysis.rows import MINOR, SCHEMA
from analysis.safe_cell import safe_cell

SORTED_ROWS_MAX = 2_000_000  # put into the file's order in memory; longer ones stay in order of time
BATCH_ROWS = 16_384

# heading → column of the rows; these always, the others where the file has them
_ALWAYS = {
    "line": "row", "id": "transaction_id", "account": "account", "amount": "amount_minor", "currency": "currency",
    "time": "time_ms", "merchant": "merchant", "text": "text",
}  # fmt: skip
_WHERE_MAPPED = {
    "counterparty": "counterparty", "category": "category", "channel": "channel", "country": "country",
    "device": "device", "ip": "ip", "balance": "balance_minor", "extra": "extra",
}  # fmt: skip
assert {*_ALWAYS.values(), *_WHERE_MAPPED.values()} == set(SCHEMA.names)


def write_rows(rows: Path, out: Path) -> None:
    """Write the rows of a Parquet file of `analysis.rows.SCHEMA`. Raises OSError.

    Amounts are decimals with at least two digits after the point, negative for money out; times are RFC 3339 in UTC. A
    text that a spreadsheet would take for a formula gets a quote in front.
    """
    columns = _ALWAYS | {name: column for name, column in _WHERE_MAPPED.items() if _is_filled(rows, column)}
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in _in_order(rows, list(columns.values())):
            writer.writerow(_cell(column, row[column]) for column in columns.values())


def write_rejects(rejects: Path, out: Path) -> None:
    """Write the rows of a Parquet file of rejects: line, column, reason, excerpt. Raises OSError."""
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(REJECTS_SCHEMA.names)
        with pq.ParquetFile(rejects) as source:
            for batch in source.iter_batches(BATCH_ROWS):
                writer.writerows([safe_cell(str(value)) for value in row.values()] for row in batch.to_pylist())


def _in_order(path: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    """The rows as they stand in the file."""
    with pq.ParquetFile(path) as file:
        if file.metadata.num_rows <= SORTED_ROWS_MAX:
            table = file.read(columns)
            table = table.take(pc.sort_indices(table, [("row", "ascending")]))
            for batch in table.to_batches(BATCH_ROWS):
                yield from batch.to_pylist()
            return
        for batch in file.iter_batches(BATCH_ROWS, columns=columns):
            yield from batch.to_pylist()


def _is_filled(path: Path, column: str) -> bool:
    with pq.ParquetFile(path) as file:
        return any(batch.column(0).null_count < len(batch) for batch in file.iter_batches(BATCH_ROWS, columns=[column]))


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    if column in ("amount_minor", "balance_minor"):
        return decimal_text(value)
    if column == "time_ms":
        moment = datetime.fromtimestamp(value / 1000, UTC)
        return moment.isoformat(timespec="milliseconds" if value % 1000 else "seconds").replace("+00:00", "Z")
    return str(value) if column == "row" else safe_cell(value)


def decimal_text(minor: int) -> str:
    """Write 1e-4 units as a decimal with two to four digits after the point: `-10.00`, `0.125`."""
    text = f"{Decimal(minor) / MINOR:.4f}"
    return text[:-2] + text[-2:].rstrip("0")
