"""What kind of thing a cell holds, seen by itself: nothing, a number, a date, a time of day, or words."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from analysis.extract.amounts import is_amount

Kind = Literal["", "number", "date", "clock", "word"]
_DATE = re.compile(
    r"(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2}))(?:\b|(?=T)).{0,40}"
    r"|(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:T.{0,30})?"
    r"|[0-9]{1,2}[-. /][^\W\d]{3,10}\.?[-. /,]+[0-9]{2,4}\b.{0,20}|[^\W\d]{3,10}\.? [0-9]{1,2},? [0-9]{4}\b.{0,20}"
)
_CLOCK = re.compile(r"[0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:[.,][0-9]+)?)?(?: ?[AaPp]\.?[Mm]\.?)?")


def kind_of(cell: str) -> Kind:
    """The kind of one cell."""
    text = cell.strip()
    if not text:
        return ""
    if not any(c.isdigit() for c in text):
        return "word"
    if _DATE.fullmatch(text):
        return "date"
    if ":" in text and _CLOCK.fullmatch(text):
        return "clock"
    return "number" if is_amount(text) else "word"


def usual_kind(cells: Iterable[str], share: float = 0.6) -> Kind:
    """The kind of most cells that are not empty; "word" where none has this share, "" where all are empty."""
    kinds = Counter(kind for cell in cells if (kind := kind_of(cell)))
    if not kinds:
        return ""
    kind, count = kinds.most_common(1)[0]
    return kind if count >= kinds.total() * share else "word"


def columns_of(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """The columns of rows of any width; what a row lacks is empty."""
    return [[row[place] if place < len(row) else "" for row in rows] for place in range(width)]
