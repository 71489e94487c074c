"""Exports of banks and payment services that are recognised by their header and read exactly: one entry each."""

import re
from collections.abc import Sequence

from analysis.extract.known_exports.benelux_and_france import BENELUX_AND_FRANCE
from analysis.extract.known_exports.elsewhere import ELSEWHERE
from analysis.extract.known_exports.entry import ADDED_MAX, KnownExport, folded
from analysis.extract.known_exports.germany import GERMANY
from analysis.extract.known_exports.nordics import NORDICS
from analysis.extract.known_exports.payment_services import PAYMENT_SERVICES
from analysis.extract.known_exports.uk import UNITED_KINGDOM
from analysis.extract.known_exports.us import UNITED_STATES

__all__ = ["KNOWN_EXPORTS", "KnownExport", "folded", "recognised"]

KNOWN_EXPORTS: tuple[KnownExport, ...] = (
    *BENELUX_AND_FRANCE, *GERMANY, *NORDICS, *UNITED_KINGDOM, *UNITED_STATES, *ELSEWHERE, *PAYMENT_SERVICES,
)  # fmt: skip


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
