"""A bank's file together with the truth about it."""

from dataclasses import dataclass, field
from datetime import date

MINOR = 10_000  # amounts are in 1e-4 units, as rows have them


@dataclass(frozen=True, slots=True)
class TruthRow:
    """One payment as the file states it, on its lines (the first is 1).

    `days`: each day that may be called the payment's (booking, value). `moment_ms`: where the file has a clock, in UTC.
    `sign_known`: whether the file tells the direction of this row. `currency`: None where the file has none. `account`:
    the only one that may be read, "" where the file has none, None where it is not judged.
    """

    line: int
    last_line: int
    amount: int
    days: tuple[date, ...]
    currency: str | None = None
    account: str | None = None
    counterparty: str = ""
    text: str = ""
    moment_ms: int | None = None
    sign_known: bool = True


@dataclass(frozen=True, slots=True)
class BankFile:
    """`lines`: the file's lines, or the sheet's rows. `undecidable`: what the file alone does not tell ("direction",
    "date order"). `needs_currency`: each row states its currency. `dimensions`: how the file came about, to count by.
    `characters`: all that a right decoding can produce."""

    name: str
    data: bytes
    rows: tuple[TruthRow, ...]
    lines: int
    characters: frozenset[str]
    undecidable: frozenset[str] = frozenset()
    needs_currency: bool = False
    dimensions: dict[str, str] = field(default_factory=dict)
