"""Small sources of rows for tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from analysis.rows import ParquetRows, Rows, RowWriter

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MONDAY_MS = 1_767_571_200_000  # 2026-01-05


def written(path: Path, rows: Sequence[dict[str, Any]]) -> ParquetRows:
    """A Parquet source of these rows; `amount` is in units, `row` counts from 2 on where it is not given."""
    names = {name for row in rows for name in row} - {"amount"}
    columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in names}
    columns["amount_minor"] = [round(row["amount"] * 10_000) for row in rows]
    columns.setdefault("row", list(range(2, len(rows) + 2)))
    with RowWriter(path) as writer:
        writer.write(columns)
    return ParquetRows(path)


@dataclass
class Cut:
    """The same source in smaller chunks."""

    source: ParquetRows
    size: int

    @property
    def count(self) -> int:
        return self.source.count

    def word(self, column: str, number: int) -> str:
        return self.source.word(column, number)

    def chunks(self) -> Iterator[Rows]:
        for rows in self.source.chunks():
            for start in range(0, len(rows), self.size):
                part = slice(start, start + self.size)
                yield replace(
                    rows,
                    start=rows.start + start,
                    row=rows.row[part],
                    time_ms=rows.time_ms[part],
                    amount=rows.amount[part],
                    words={column: numbers[part] for column, numbers in rows.words.items()},
                )


def habits(count: int = 400, accounts: int = 4, seed: int = 1) -> list[dict[str, Any]]:
    """Payments of a few accounts at office hours on working days, around 50, to a few counterparties."""
    chance = np.random.default_rng(seed)
    rows = []
    for i in range(count):
        day = i * 120 // count
        if day % 7 >= 5:
            day += 2
        rows.append(
            {
                "transaction_id": f"t{i}",
                "account": f"a{int(chance.integers(accounts))}",
                "time_ms": MONDAY_MS + day * DAY_MS + int(chance.uniform(9, 17) * HOUR_MS),
                "amount": round(float(chance.lognormal(3.9, 0.3)), 2),
                "counterparty": f"c{int(chance.integers(5))}",
                "category": f"k{int(chance.integers(2))}",
            }
        )
    return sorted(rows, key=lambda row: row["time_ms"])
