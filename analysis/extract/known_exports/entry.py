"""What is known of one export, and how its header is compared with that of a file."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis.extract.reading import DateOrder, DecimalSign, Meaning

ADDED_MAX = 2  # columns that a bank may have added at the end since
DISTINCT_MIN = 6  # columns that a header needs before added ones are tolerated: a shorter one is not the bank's own


@dataclass(frozen=True, slots=True)
class KnownExport:
    """One export.

    `header`: the columns as the bank writes them, in its order; `optional`: those that some of its exports lack. Of an
    export without a header, "column 1", "column 2", …, and in `cells` the regular expressions of what stands in them.
    `columns`: meaning → column. What is None is found out from the values. `fee`: the column of a fee that the amount
    leaves out. `booked`: column of a state → the words of booked rows; rows in other states do not land.
    `source`: in words, where the columns are described publicly.
    """

    name: str  # "ING Netherlands, CSV"
    country: str  # ISO 3166, or "" of payment services
    header: tuple[str, ...]
    columns: dict[Meaning, str]
    decimal_sign: DecimalSign | None = None
    date_order: DateOrder | None = None
    money_in: tuple[str, ...] = ()  # words of the direction column
    money_out: tuple[str, ...] = ()
    currency: str | None = None  # of an export that never names another
    time_zone: str | None = None
    optional: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    positive_is_out: bool = False
    fee: str = ""
    booked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""

    def fits(self, found: Sequence[str], added_max: int) -> bool:
        """Whether these folded names are this header, but for optional columns and so many added at the end."""
        if self.cells:
            return False
        optional = {folded(name) for name in self.optional}
        expected = [name for name in map(folded, self.header) if name in found or name not in optional]
        if len(expected) < DISTINCT_MIN:
            added_max = 0
        added = len(found) - len(expected)
        return 0 <= added <= added_max and list(found[: len(expected)]) == expected

    def fits_cells(self, columns: Sequence[Sequence[str]]) -> bool:
        """Whether the cells of these columns, without a header, are those of this export."""
        patterns = [re.compile(pattern) for pattern in self.cells]
        patterns += [re.compile("")] * (len(columns) - len(patterns))
        padded = [*columns, *([""] for _ in range(len(patterns) - len(columns)))]
        return bool(self.cells) and all(
            pattern.fullmatch(cell.strip()) for pattern, cells in zip(patterns, padded, strict=True) for cell in cells
        )


def named(names: str) -> tuple[str, ...]:
    """A header out of one text, its names separated by "|"."""
    return tuple(names.split("|"))


def unnamed(count: int) -> tuple[str, ...]:
    """The names that columns without a header get."""
    return tuple(f"column {place}" for place in range(1, count + 1))


def folded(name: str) -> str:
    """The name without case, accents, quotes, a byte order mark, the number that tells equal names apart, and the
    spaces at brackets.
    """
    plain = unicodedata.normalize("NFKD", name.replace("\ufeff", ""))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub(r" \(\d+\)$", "", " ".join(plain.split()).strip("\"' "))
    return re.sub(r" ?([()]) ?", r"\1", plain).casefold()
