"""Rows that are shorter or longer than their header, or than one another.

Programs leave out empty cells at the end, end rows (or only the header) with a delimiter, and fill more columns than
they name. Where that is how the file is written, a row lands in its columns; a row that is short or long by accident
has its cells in places that nobody knows, and is listed.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.extract.kinds import columns_of, usual_kind

USUAL_SHARE = 0.2  # of the rows have a width that is meant
REMARK_BELOW = 2  # columns; in a wider table a line of one cell is a remark, however many there are
WIDER_SHARE = 0.5  # of the rows go beyond the header, and have columns that it does not name


@dataclass(frozen=True, slots=True)
class RowWidths:
    """`columns`: how many there are. `usual`: the cells of most rows. `shorter`: numbers of cells that are meant."""

    columns: int
    usual: int
    shorter: frozenset[int] = frozenset()

    def fitted(self, cells: Sequence[str]) -> list[str] | None:
        """The cells of a row, one for each column; None where nobody knows which belongs where."""
        count = len(cells)
        if count == self.columns:
            return list(cells)
        if count > self.columns:
            return None if any(cell.strip() for cell in cells[self.columns :]) else list(cells[: self.columns])
        return [*cells, *[""] * (self.columns - count)] if count in self.shorter else None


def row_widths(header: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> RowWidths:
    """From a header, if there is one, and the first rows, none of them empty.

    Remarks of one cell, such as a footer of several lines, say nothing of how wide rows are.
    """
    rows = [row for row in rows if len(row) >= REMARK_BELOW] or rows
    counts = Counter(len(row) for row in rows)
    usual = max((width for width, count in counts.items() if count == max(counts.values())), default=0)
    meant = {width for width, count in counts.items() if width == usual or count >= max(len(rows) * USUAL_SHARE, 2)}
    if header is None:
        columns = max(meant, default=1)
    else:
        columns = len(header) if usual >= len(header) else max(_filled(header), usual)
        agreeing = sum(len(row) == usual for row in rows)
        wider = [width for row in rows if (width := _filled(row)) > columns]
        if len(wider) >= max(len(rows) * WIDER_SHARE, 1):
            columns = max(wider)
        elif wider and usual > columns and agreeing >= len(rows) * WIDER_SHARE:
            columns = usual  # each row has a cell more than the header, most often an empty one
    if counts[columns - 1] >= max(len(rows) * USUAL_SHARE, 1) and _lacks_last(rows, columns):
        meant.add(columns - 1)
    meant = {width for width in meant if width > 1 or columns <= REMARK_BELOW}
    return RowWidths(columns, usual or columns, frozenset(width for width in meant if width < columns))


def _lacks_last(rows: Sequence[Sequence[str]], columns: int) -> bool:
    """Whether rows with a cell less than the others are like them without their end, dates under dates."""
    whole = columns_of([row for row in rows if len(row) == columns], columns)
    short = columns_of([row for row in rows if len(row) == columns - 1], columns - 1)
    kinds = [usual_kind(cells, 1.0) for cells in whole]
    if not {"date", "number"} <= set(kinds[:-1]):
        return False
    return all(
        usual_kind(cells, 1.0) in (kind, "") or kind in ("word", "")
        for cells, kind in zip(short, kinds[:-1], strict=True)
    )


def _filled(row: Sequence[str]) -> int:
    """The place of the last cell that is not empty, from 1."""
    return max((place for place, cell in enumerate(row, 1) if cell.strip()), default=0)
