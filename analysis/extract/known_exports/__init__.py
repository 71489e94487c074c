"""Exports of banks and payment services that are recognised by their header, or their cells: one entry each."""

import re
from collections.abc import Sequence

from analysis.extract.known_exports.austria_and_switzerland import AUSTRIA_AND_SWITZERLAND
from analysis.extract.known_exports.baltics import BALTICS
from analysis.extract.known_exports.belgium import BELGIUM
from analysis.extract.known_exports.entry import ADDED_MAX, KnownExport, folded
from analysis.extract.known_exports.finland_and_denmark import FINLAND_AND_DENMARK
from analysis.extract.known_exports.france import FRANCE
from analysis.extract.known_exports.germany import GERMANY
from analysis.extract.known_exports.germany_direct_banks import GERMAN_DIRECT_BANKS
from analysis.extract.known_exports.kenya_and_india import KENYA_AND_INDIA
from analysis.extract.known_exports.netherlands import NETHERLANDS
from analysis.extract.known_exports.norway import NORWAY
from analysis.extract.known_exports.payment_services import PAYMENT_SERVICES
from analysis.extract.known_exports.poland import POLAND
from analysis.extract.known_exports.spain import SPAIN
from analysis.extract.known_exports.sweden import SWEDEN
from analysis.extract.known_exports.uk_and_ireland import UK_AND_IRELAND
from analysis.extract.known_exports.us import UNITED_STATES

__all__ = ["KNOWN_EXPORTS", "KnownExport", "folded", "recognised", "recognised_by_cells"]

KNOWN_EXPORTS: tuple[KnownExport, ...] = (
    *NETHERLANDS,
    *BELGIUM,
    *FRANCE,
    *SPAIN,
    *GERMANY,
    *GERMAN_DIRECT_BANKS,
    *SWEDEN,
    *NORWAY,
    *FINLAND_AND_DENMARK,
    *AUSTRIA_AND_SWITZERLAND,
    *BALTICS,
    *POLAND,
    *UK_AND_IRELAND,
    *UNITED_STATES,
    *KENYA_AND_INDIA,
    *PAYMENT_SERVICES,
)


def recognised(names: Sequence[str]) -> KnownExport | None:
    """The export with this header, as it is or with columns added at the end; None if there is none."""
    found = [folded(name) for name in names]
    while found and (not found[-1] or re.fullmatch(r"column \d+", found[-1])):  # a delimiter at the header's end
        found.pop()
    for added_max in (0, ADDED_MAX):
        for export in KNOWN_EXPORTS:
            if export.fits(found, added_max):
                return export
    return None


def recognised_by_cells(columns: Sequence[Sequence[str]]) -> KnownExport | None:
    """The export without a header that has such cells in its columns, or None."""
    if not any(columns):
        return None
    return next((export for export in KNOWN_EXPORTS if export.fits_cells(columns)), None)
