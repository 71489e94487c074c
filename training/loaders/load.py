"""A file of labelled transactions as chunks of columns, checked row by row."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from contracts.errors import DataRefused
from contracts.field_names import value_hint
from riskstream_client.mapping import LABEL_FIELDS, TRANSACTION_FIELDS, Mapping
from training.columns import Columns
from training.loaders.options import LoadOptions, OnBadRow
from training.loaders.order import Order
from training.loaders.parsing import Mask
from training.loaders.rows import RowReader, constants, renamed, shown
from training.loaders.tables import Chunk, Read, Source

_REQUIRED = ("transaction_id", "amount", "timestamp")


class Loader:
    """Reads one file. `dropped` counts what was left out, by reason; it is complete when `chunks` has ended."""

    def __init__(self, path: Path, options: LoadOptions) -> None:
        self._path, self._options = path, options
        self._source = Source(path, options)
        self._columns = _planned(path, self._source.names, options.mapping)
        self.dropped: Counter[str] = Counter()
        self.first_dropped: dict[str, str] = {}  # reason -> the first such row, in words
        self.rows = 0
        self.size_bytes = self._source.size_bytes

    def chunks(self, read: Read = lambda _bytes: None) -> Iterator[Columns]:
        """Columns in the file's order. Raises DataRefused, naming file, line, column and value, for a row that is bad
        (unless bad rows are dropped), older than the row before it, or a repeat.
        """
        order = Order()
        for chunk in self._source.chunks(sorted(set(self._columns.values())), read):
            columns = self._checked(chunk, order)
            self.rows += len(columns)
            yield columns
        self._broken()
        if not self.rows:
            raise DataRefused(f"{self._path} holds no transactions")

    def _checked(self, chunk: Chunk, order: Order) -> Columns:
        self._broken()
        table = constants(renamed(chunk.table, self._columns), self._options.mapping.constants)
        named = Chunk(table, chunk.lines)
        reader = RowReader(table, self._options, lambda name, bad, reason: self._complain(named, name, bad, reason))
        columns = reader.columns()
        kept = np.flatnonzero(~reader.bad)
        if len(kept) < len(columns):
            columns = chosen(columns, kept)
        late = _placed(order.unsorted(columns.time_ms), kept, len(table))
        if late.any():
            row = int(np.flatnonzero(late)[0])
            raise DataRefused(
                f"{self._at(named, row, 'timestamp')} is older than the row before it; sort the file by time"
            )
        again = order.repeated(columns.transactions)
        if again.any():
            self._complain(named, "transaction_id", _placed(again, kept, len(table)), "came before in the file")
            columns = chosen(columns, np.flatnonzero(~again))
        return columns

    def _broken(self) -> None:
        for line, reason in self._source.broken:
            self._refuse_or_count(f"{self._path}, line {line} {reason}", reason.split(":")[0], 1)
        self._source.broken.clear()

    def _complain(self, chunk: Chunk, name: str, bad: Mask, reason: str) -> None:
        row = int(np.flatnonzero(bad)[0])
        value = chunk.table[name][row].as_py() if name in chunk.table.column_names else None
        hint = value_hint(name, value) if isinstance(value, str) else None
        told = f"{reason.partition(';')[0]}: {hint}" if hint else reason
        self._refuse_or_count(f"{self._at(chunk, row, name)}: {told}", f"{name}: {reason}", int(bad.sum()))

    def _refuse_or_count(self, sentence: str, reason: str, count: int) -> None:
        if self._options.on_bad_row is OnBadRow.REFUSE:
            raise DataRefused(f"{sentence} (--on-bad-row drop leaves such rows out)")
        self.dropped[reason] += count
        self.first_dropped.setdefault(reason, sentence)

    def _at(self, chunk: Chunk, row: int, name: str) -> str:
        column = self._columns.get(name, name)
        return f"{self._path}, line {chunk.lines[row]}, column {column}, value {shown(chunk.table, name, row)}"


def chosen(columns: Columns, rows: npt.NDArray[np.intp]) -> Columns:
    """These rows (rising) with their labels."""
    new = np.full(len(columns), -1, np.int64)
    new[rows] = np.arange(len(rows))
    labels = columns.labels.copy()
    labels["row"] = new[labels["row"]]
    return replace(columns.take(rows), labels=labels[labels["row"] >= 0])


def _placed(mask: Mask, rows: npt.NDArray[np.intp], n: int) -> Mask:
    """A mask over `rows` as one over all n rows of the chunk."""
    whole = np.zeros(n, bool)
    whole[rows[mask]] = True
    return whole


def _planned(path: Path, names: list[str] | None, mapping: Mapping) -> dict[str, str]:
    """Field -> column. A column that is named like a field is that field. Raises DataRefused for what is missing."""
    fields = (*TRANSACTION_FIELDS, *LABEL_FIELDS)
    columns = {name: name for name in fields if names is None or name in names} | mapping.columns
    if names is None:
        return columns
    if columns.get("typology") not in names:
        columns.pop("typology", None)  # a help for reports, needed by nothing
    missing = sorted({column for column in columns.values() if column not in names})
    missing += [f for f in _REQUIRED if f not in columns and f not in mapping.constants]
    if not {"account_id", "phone_number"} & {*columns, *mapping.constants}:
        missing.append("account_id (or phone_number)")
    if missing:
        raise DataRefused(
            f"{path} has no column {', '.join(missing)}; it has: {', '.join(names)}."
            " Say which column is which field in a mapping file, for instance amount: VALUE"
        )
    return columns
