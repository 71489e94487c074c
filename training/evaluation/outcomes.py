"""What is known of the transactions of a period beside their vectors: truth, money, whose, which kind."""

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]

DAY_MS = 86_400_000
AMOUNT_BANDS = (10.0, 50.0, 100.0, 250.0, 1000.0)  # base currency


@dataclass(frozen=True, slots=True)
class Outcomes:
    """n transactions in log order, arrays of shape (n,). `amount` in base currency, `account` as a number each.

    `typology` is empty where it is not known. `segments` name, by dimension, the group that each row is in.
    """

    fraud: Booleans
    time_ms: Integers
    amount: Floats
    account: Integers
    transaction: Texts
    typology: Texts
    segments: dict[str, Texts]

    def __len__(self) -> int:
        return len(self.fraud)

    @property
    def day(self) -> Integers:
        """The UTC day of each row, counted from the first row's day."""
        days = self.time_ms // DAY_MS
        return days - days.min() if len(days) else days

    @property
    def days(self) -> float:
        """The period's length, at least one day: what "a day" of a daily figure divides by."""
        return max(float(self.time_ms.max() - self.time_ms.min()) / DAY_MS, 1.0) if len(self) else 1.0

    def at(self, rows: npt.NDArray[np.integer]) -> "Outcomes":
        """The same of some rows."""
        plain = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "segments"}
        return Outcomes(**plain, segments={name: values[rows] for name, values in self.segments.items()})


def amount_bands(amount: Floats) -> Texts:
    """`under 10`, `10 to 50`, … of each amount in base currency."""
    edges = [f"{edge:,.0f}" for edge in AMOUNT_BANDS]
    between = [f"{low} to {high}" for low, high in pairwise(edges)]
    names = np.array([f"under {edges[0]}", *between, f"{edges[-1]} and more"])
    return np.asarray(names[np.searchsorted(AMOUNT_BANDS, amount, side="right")], np.str_)
