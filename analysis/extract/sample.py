"""The first rows of a file, by column: all that a guess looks at."""

import re
from collections import Counter
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.extract.amounts import amounts, is_amount
from analysis.extract.kinds import Kind, kind_of
from analysis.extract.reading import DecimalSign
from analysis.extract.totals import is_total

ENOUGH = 0.5  # of the examples must be what a column's name says
ENOUGH_UNNAMED = 0.8  # where the name says nothing


@dataclass
class Sample:
    """`columns`: name → cells, trimmed, of the same rows. `above`: the lines above the header. `asks`: whether a number
    like 1.234 may have been written with either decimal sign.
    """

    names: Sequence[str]
    columns: AnyMapping[str, Sequence[str]]
    above: Sequence[str] = ()
    asks: bool = True
    _kinds: dict[str, Counter[Kind]] = field(default_factory=dict)

    @cached_property
    def rows(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def filled(self, name: str) -> list[str]:
        """The cells of a column that are not empty."""
        return [cell for cell in self.columns[name] if cell]

    def share(self, name: str, *kinds: Kind) -> float:
        """The share of a column's filled cells that are of these kinds; 0 for an empty column."""
        if name not in self._kinds:
            self._kinds[name] = Counter(map(kind_of, self.filled(name)))
        found = self._kinds[name]
        return sum(found[kind] for kind in kinds) / max(found.total(), 1)

    def amount_share(self, name: str) -> float:
        """The share of a column's filled cells that can be read as amounts; 0 for an empty column."""
        filled = self.filled(name)
        return sum(map(is_amount, filled)) / len(filled) if filled else 0.0

    def numbers(self, name: str, sign: DecimalSign) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """(1e-4 units, 0 where it is none; whether it is an amount) of each row."""
        minor, good = amounts(pa.array(self.columns[name], pa.string()), sign)
        return np.where(good, minor, 0), good

    def without_totals(self) -> "Sample":
        """The same without lines of opening and closing balances and sums, and without the header again."""
        if not self.rows:
            return self
        dated = [name for name in self.names if self.share(name, "date") >= ENOUGH]
        rows = list(zip(*(self.columns[name] for name in self.names), strict=True))
        places = [self.names.index(name) for name in dated]
        bare_names = [re.sub(r" \([0-9]+\)$", "", name) for name in self.names]  # without what tells two apart
        keep = [
            any(cell and cell not in (name, bare) for cell, name, bare in zip(row, self.names, bare_names, strict=True))
            and (len(row) < 3 or sum(map(bool, row)) > 1)
            and not is_total(row, has_date=not places or any(kind_of(row[place]) == "date" for place in places))
            for row in rows
        ]
        if all(keep) or not any(keep):
            return self
        kept = {
            name: [cell for cell, is_kept in zip(self.columns[name], keep, strict=True) if is_kept]
            for name in self.names
        }
        return Sample(self.names, kept, self.above, self.asks)
