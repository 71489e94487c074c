"""Text on its way into a spreadsheet: what came out of somebody's file must not become a formula there.

A spreadsheet program takes a cell that begins with one of these characters for a formula, which can call programs and
fetch addresses. A quote in front makes it text (OWASP, CSV injection).
"""

import re

_FORMULA = re.compile(r"^[\s\x00]*[=+\-@|\t\r\n＝＋－＠]")  # also in full width, which some programs fold
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?\Z")  # a negative amount is no formula


def safe_cell(text: str) -> str:
    """The text as it may stand in a cell of a CSV or Excel file."""
    if _FORMULA.match(text) and not _NUMBER.match(text):
        return "'" + text
    return text
