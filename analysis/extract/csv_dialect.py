"""How a CSV file is laid out: delimiter, quote, what stands above the header, and whether there is one."""

import csv
import re
from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'")
SAMPLE_LINES = 200
PREAMBLE_MAX = 50  # lines above the header: a bank's address, the account, the period
_VALUE = re.compile(r"[-+(]?[\d.,'\s]+%?\)?|\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}.*|\d{4}-\d{2}-\d{2}T.*")


class CsvDialect(BaseModel):
    """`skip`: lines above the header, or above the first row where `header` is false."""

    model_config = ConfigDict(frozen=True)

    delimiter: str
    quote: str
    skip: int
    header: bool


def guess_dialect(lines: Sequence[str]) -> CsvDialect:
    """From the first lines of a file, without their line ends."""
    quote = _quote_of(lines)
    delimiter = max(DELIMITERS, key=lambda each: _agreement(lines, each, quote))
    counts = [len(cells) for cells in csv.reader(lines, delimiter=delimiter, quotechar=quote)]
    width = usual(counts)
    rows = [next(csv.reader([line], delimiter=delimiter, quotechar=quote), []) for line in lines]
    skip = above_header([row if len(row) == width else [] for row in rows])
    return CsvDialect(delimiter=delimiter, quote=quote, skip=skip, header=_has_header(lines[skip:], delimiter, quote))


def above_header(rows: Sequence[Sequence[str]]) -> int:
    """How many rows stand above the header: titles, periods, addresses fill fewer cells than it does."""
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    enough = usual([count for count in filled if count]) * 0.6
    skip = next((place for place, count in enumerate(filled) if count >= max(enough, 1)), 0)
    return skip if skip <= PREAMBLE_MAX else 0


def cells_of(line: str, dialect: CsvDialect) -> list[str]:
    """The cells of one line; a stray quote is a letter like any other."""
    return next(csv.reader([line], delimiter=dialect.delimiter, quotechar=dialect.quote), [])


def _agreement(lines: Sequence[str], delimiter: str, quote: str) -> tuple[float, int]:
    """How many lines agree on a number of cells above one, then how many cells."""
    try:
        counts = [len(cells) for cells in csv.reader(lines, delimiter=delimiter, quotechar=quote) if cells]
    except csv.Error:
        return 0.0, 0
    width = usual(counts)
    return (0.0, 0) if width < 2 else (counts.count(width) / len(counts), width)


def usual(counts: Sequence[int]) -> int:
    """The number that is there most often; of several the largest."""
    found = Counter(counts).most_common()
    return max((width for width, count in found if count == found[0][1]), default=0)


def _quote_of(lines: Sequence[str]) -> str:
    """The one that stands beside delimiters more often."""
    text = "\n".join(lines)
    seen = {q: len(re.findall(rf"(?:^|[,;\t|]){q}|{q}(?:$|[,;\t|])", text, re.MULTILINE)) for q in QUOTES}
    return "'" if seen["'"] > 4 and seen['"'] == 0 else '"'


def _has_header(lines: Sequence[str], delimiter: str, quote: str) -> bool:
    """A header has no number and no date in it, and no cell twice."""
    rows = list(csv.reader(lines[:20], delimiter=delimiter, quotechar=quote))
    if not rows:
        return True
    return is_header(rows[0])


def is_header(cells: Sequence[str]) -> bool:
    """Whether these may be names of columns."""
    named = [cell.strip() for cell in cells if cell.strip()]
    return bool(named) and len(set(named)) == len(named) and not any(map(_VALUE.fullmatch, named))
