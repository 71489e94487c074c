"""Where a table begins: the line that names its columns, what stands above it, and whether any line does.

A header is told from rows by what differs: words above numbers and dates, names that are known. So a header may have a
name twice or a number for a name, and the lines above it may outnumber the rows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from analysis.extract.kinds import Kind, columns_of, kind_of
from analysis.extract.names import is_known
from analysis.extract.parts import COLUMNS_MAX
from contracts.currency import READABLE_CURRENCIES

PREAMBLE_MAX = 50  # lines above the header: a bank's address, the account, the period
BELOW_MAX = 60  # rows that a header is compared with
KNOWN, CONTRAST, SAME, REPEATED, UNNAMED, ROW_ABOVE = 2.0, 1.0, -2.0, -1.0, -0.5, -1.0
_LONG_NUMBER = re.compile(r"[0-9]{4}")
VALUES: tuple[Kind, ...] = ("number", "date", "clock")


@dataclass(frozen=True, slots=True)
class TableStart:
    """`skip`: lines above the header, or above the first row where `header` is false. `score`: how well it shows."""

    skip: int
    header: bool
    score: float


def table_start(rows: Sequence[Sequence[str]]) -> TableStart:
    """Of the first lines of a file, taken apart; an empty line is an empty row."""
    filled = [place for place, row in enumerate(rows) if any(cell.strip() for cell in row)]
    best = TableStart(0, False, 0.0)
    seen: list[list[str]] = []
    counts = [_filled(rows[place]) for place in filled]
    usual = median(
        [count for count, place in zip(counts, filled, strict=True) if _is_row(rows[place])] or counts or [0]
    )
    above = 0  # rows that look like rows
    for number, place in enumerate(filled):
        cells = _bare(rows[place])
        if cells in seen:  # the header once more, as on each page of a print
            continue
        seen.append(cells)
        if _is_row(cells) or _is_label(cells, usual):
            above += _is_row(cells)
            continue
        below = [rows[other] for other in filled[number + 1 : number + 1 + BELOW_MAX] if _bare(rows[other]) != cells]
        if place > PREAMBLE_MAX or (not below and number):
            break
        score = _score(rows[place], below) + ROW_ABOVE * above
        if score > best.score:
            best = TableStart(place, True, score)
    if best.header:
        return best
    first = _first_row(rows, [place for place in filled if not _is_label(rows[place], usual)] or filled)
    return TableStart(first, not _has_values(rows[first]) if filled else True, 0.0)


def _bare(cells: Sequence[str]) -> list[str]:
    """Without outer spaces and empty cells at the end."""
    bare = [cell.strip() for cell in cells]
    while bare and not bare[-1]:
        bare.pop()
    return bare


def _score(cells: Sequence[str], below: Sequence[Sequence[str]]) -> float:
    """How much these cells look like the names of the columns below them; above 0 if they do."""
    width = min(max([len(cells), *(len(row) for row in below)]), COLUMNS_MAX + 1)
    score = 0.0
    for place, column in enumerate(columns_of(below, width)):
        name = cells[place].strip() if place < len(cells) else ""
        score += _score_of_name(name, [cell.strip() for cell in column if cell.strip()])
    return score


def _score_of_name(name: str, values: Sequence[str]) -> float:
    if not name:
        return UNNAMED * len(values) / BELOW_MAX if values else 0.0
    kind = kind_of(name)
    if kind in VALUES:
        same = sum(kind_of(value) == kind for value in values)
        return SAME * same / len(values) if values else 0.0
    score = KNOWN if is_known(name) else 0.0
    if values:
        score += CONTRAST * sum(kind_of(value) in VALUES for value in values) / len(values)
        score += REPEATED if not score and name in values else 0.0
    return score


def _first_row(rows: Sequence[Sequence[str]], filled: Sequence[int]) -> int:
    """The first row of a file without a header: titles and addresses fill fewer cells than it does."""
    counts = [sum(1 for cell in rows[place] if cell.strip()) for place in filled]
    enough = max(max(counts, default=0) * 0.6, 1)
    found = next((place for place, count in zip(filled, counts, strict=True) if count >= enough), 0)
    return found if found <= PREAMBLE_MAX else 0


def _is_row(cells: Sequence[str]) -> bool:
    """Whether they hold a date and a number: few lines above a header do."""
    return {"date", "number"} <= {kind_of(cell) for cell in cells}


def _is_label(cells: Sequence[str], usual: float) -> bool:
    """Whether few cells are filled, or one beside a name holds its value: "IBAN, DE89370400440532", "Currency, EUR"."""
    count = _filled(cells)
    if count != 2 or count >= usual:
        return count * 2 < usual
    value = [cell.strip() for cell in cells if cell.strip()][1]
    return count * 2 <= usual or bool(_LONG_NUMBER.search(value)) or value in READABLE_CURRENCIES


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell.strip())


def _has_values(row: Sequence[str]) -> bool:
    return any(kind_of(cell) in VALUES for cell in row)
