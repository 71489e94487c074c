"""Exports of banks and payment services that are recognised by their header and read exactly: one entry each."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.extract.reading import DateOrder, DecimalSign, Meaning


@dataclass(frozen=True, slots=True)
class KnownExport:
    """One export.

    `header`: the columns as the bank writes them, in its order; `optional`: those that some of its exports lack.
    `columns`: meaning → column. What is None is found out from the values. `source`: in words, where the columns are
    described publicly.
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
    source: str = ""


KNOWN_EXPORTS: tuple[KnownExport, ...] = ()


def recognised(names: Sequence[str]) -> KnownExport | None:
    """The export with this header, case, spaces and a byte order mark aside; None if there is none."""
    found = tuple(_folded(name) for name in names)
    for export in KNOWN_EXPORTS:
        header = [_folded(name) for name in export.header]
        optional = {_folded(name) for name in export.optional}
        if found == tuple(name for name in header if name in found or name not in optional):
            return export
    return None


def _folded(name: str) -> str:
    return " ".join(name.removeprefix("\ufeff").split()).casefold()
