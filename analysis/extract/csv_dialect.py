"""How a CSV file is laid out: delimiter, quote, what stands above the header, and whether there is one."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

from analysis.extract.header import VALUES, TableStart, table_start
from analysis.extract.kinds import columns_of, kind_of, usual_kind
from analysis.extract.names import PART, rank_of
from analysis.extract.parts import COLUMNS_MAX, FileRefused, unique_names
from analysis.extract.reading import Meaning
from analysis.extract.widths import RowWidths, row_widths

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'")
SAMPLE_LINES = 200
ROW_LINES_MAX = 30  # of one row; more of them is a quote that was never closed
TYPED = 2.0  # what a column of numbers or dates counts for a delimiter
_WHOLE, _CENTS = re.compile(r"[-+]?\s?[0-9]{1,9}"), re.compile(r"[0-9]{2}")
_WORDED_NAMES: tuple[Meaning, ...] = ("currency", "direction")
_TYPED_NAMES: tuple[Meaning, ...] = ("amount", "money_in", "money_out", "balance", "time")


class CsvDialect(BaseModel):
    """`skip`: lines above the header, or above the first row where `header` is false."""

    model_config = ConfigDict(frozen=True)

    delimiter: str
    quote: str
    skip: int
    header: bool


@dataclass(frozen=True, slots=True)
class CsvTable:
    """The columns of a file: their names, how rows fill them, and how many lines the header takes."""

    names: list[str]
    widths: RowWidths
    header_lines: int


def guess_dialect(lines: Sequence[str]) -> CsvDialect:
    """From the first lines of a file, without their line ends: the delimiter that makes a table of them."""
    quote = _quote_of(lines)
    best, most, start = DELIMITERS[0], (-1.0, 0.0), None
    for delimiter in DELIMITERS:
        rows = rows_of(lines, delimiter, quote)
        found = table_start(rows)
        score = _sense(rows, found)
        if score > most:
            best, most, start = delimiter, score, found
    assert start is not None
    return CsvDialect(delimiter=best, quote=quote, skip=start.skip, header=start.header)


def start_of(lines: Sequence[str], delimiter: str, quote: str) -> CsvDialect:
    """The dialect of a file whose delimiter is known."""
    start = table_start(rows_of(lines, delimiter, quote))
    return CsvDialect(delimiter=delimiter, quote=quote, skip=start.skip, header=start.header)


def table_of(lines: Sequence[str], dialect: CsvDialect) -> CsvTable:
    """The columns of a file whose dialect is known. Raises FileRefused where amounts are cut by the delimiter."""
    below = rows_of(lines[dialect.skip :], dialect.delimiter, dialect.quote)
    if not below or not below[0]:
        raise FileRefused(f"there is no header behind {dialect.skip} lines")
    header = below[0] if dialect.header else None
    header_lines = 0
    if dialect.header:
        header_lines = next((place for place, row in enumerate(below[1:], 1) if row), len(below))
        header_lines = header_lines if below[1:header_lines] and lines[dialect.skip].count(dialect.quote) % 2 else 1
    rows = [row for row in below[header_lines:] if any(cell.strip() for cell in row)]
    if header is not None:
        _ = unique_names(header)  # too many are refused before their columns are looked at
    widths = row_widths(header, rows)
    if header is not None and widths.columns > len(header) and not _is_aligned(header, rows):
        widths = RowWidths(len(header), len(header))
    if dialect.delimiter == "," and (header is None or widths.usual > len(header)) and _cuts_decimals(rows):
        raise FileRefused(
            "amounts have a comma as their decimal sign, and the comma is the delimiter, too: which belongs where"
            " cannot be told; export the file with another delimiter, or with quotes around amounts"
        )
    cells = [*(header or [])[: widths.columns], *[""] * (widths.columns - len(header or []))]
    return CsvTable(unique_names(cells), widths, header_lines)


def rows_of(lines: Sequence[str], delimiter: str, quote: str) -> list[list[str]]:
    """The cells of each line; those of a row of several lines stand in its first one, the others are empty."""
    rows: list[list[str]] = [[] for _ in lines]
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, quotechar=quote)
    at = 0
    try:
        for cells in reader:
            if reader.line_num - at > ROW_LINES_MAX:
                raise csv.Error  # noqa: TRY301 - as if the module had noticed
            rows[at] = cells
            at = reader.line_num
    except csv.Error:
        return [_cells(line, delimiter, quote) for line in lines]
    return rows


def cells_of(line: str, dialect: CsvDialect) -> list[str]:
    """The cells of one line; a stray quote is a letter like any other."""
    return next(csv.reader([line], delimiter=dialect.delimiter, quotechar=dialect.quote), [])


def _cells(line: str, delimiter: str, quote: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, quotechar=quote), [])
    except csv.Error:
        return []


def _sense(rows: Sequence[Sequence[str]], start: TableStart) -> tuple[float, float]:
    """How much of a table it is: names, columns of numbers and dates; then how many rows agree on their width."""
    below = [row for row in rows[start.skip + start.header :] if any(cell.strip() for cell in row)]
    counts = Counter(len(row) for row in below or rows)
    cut = [item for item in counts.items() if item[0] > 1]  # few rows can be fewer than the lines of a footer
    if not cut:
        return (0.0, 0.0)
    usual, agreeing = max(cut, key=lambda item: (item[1], item[0]))
    kinds = [usual_kind(column) for column in columns_of(below, min(usual, COLUMNS_MAX + 1))]
    typed = sum(kind in VALUES for kind in kinds)
    share = agreeing / counts.total()
    return ((1 + TYPED * typed + start.score) * (0.5 + 0.5 * share), usual)


def _is_aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the columns that are called amounts and dates hold such: else the names are of other columns."""
    for name, column in zip(header, columns_of(rows, len(header)), strict=True):
        ranks = [rank for meaning in _TYPED_NAMES if (rank := rank_of(meaning, name)) is not None]
        # "Valuta" is a date or a currency, "Debit/Credit" a direction.
        is_typed = min(ranks, default=PART) < PART and all(rank_of(each, name) is None for each in _WORDED_NAMES)
        if is_typed and usual_kind(column) == "word" and not any(kind_of(cell) in VALUES for cell in column):
            return False
    return True


def _cuts_decimals(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a column of whole numbers is followed by one of two digits in every row."""
    width = min((len(row) for row in rows), default=0)
    columns = columns_of(rows, width)
    return any(
        all(_WHOLE.fullmatch(cell.strip()) for cell in left) and all(_CENTS.fullmatch(cell.strip()) for cell in right)
        for left, right in pairwise(columns)
    )


def _quote_of(lines: Sequence[str]) -> str:
    """The one that stands beside delimiters more often."""
    text = "\n".join(lines)
    seen = {q: len(re.findall(rf"(?:^|[,;\t|]){q}|{q}(?:$|[,;\t|])", text, re.MULTILINE)) for q in QUOTES}
    return "'" if seen["'"] > 4 and seen['"'] == 0 else '"'
