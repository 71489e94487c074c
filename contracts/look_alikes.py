"""Ids that look alike: each has one spelling, and only that one is taken in.

Two ids that nobody can tell apart would be two accounts, each with half of the payments in its counts. A message with
another spelling is refused and not rewritten: the original is kept byte for byte, every replay of it has to come to the
same state, and what was stored before this rule keeps its own state and can still be read. Rows of bank files, which
nobody can send again, are rewritten instead (`one_spelling`).

Letters of different scripts that look alike (Latin a, Cyrillic а) are different ids here.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Any

ID_FIELDS = ("transaction_id", "account_id", "phone_number", "device_id", "merchant_id", "beneficiary_id")
# Unicode's Default_Ignorable_Code_Point, C1 controls, separators of lines, and what is blank without being a space.
INVISIBLE = (
    "\u0080-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_SPACES = re.compile(r"\s+")


def one_spelling(text: str) -> str:
    """Return the spelling that all look-alikes of this id share; empty if nothing of it can be seen."""
    if _is_simple(text):
        return text
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)))
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", visible)).strip()


def complaint_about_spelling(text: str) -> str | None:
    """Say what is wrong with an id that has another spelling than its look-alikes, or None."""
    return None if _is_simple(text) else _complaint(text)


def complaint_about_ids(value: Any) -> str | None:
    """Say which id of a transaction has another spelling than its look-alikes, or None."""
    for name in ID_FIELDS:
        text = getattr(value, name)
        if text is not None and not _is_simple(text) and (complaint := _complaint(text)):
            return f"{complaint} - at `$.{name}`"
    return None


def complaint_about_label(label: Any) -> str | None:
    """Say what is wrong with the id of a label's transaction, or None."""
    complaint = complaint_about_spelling(label.transaction_id)
    return complaint and f"{complaint} - at `$.transaction_id`"


def _is_simple(text: str) -> bool:
    """Whether it is ASCII without a space, as nearly every id is. Control characters are refused elsewhere."""
    return text.isascii() and " " not in text


@lru_cache(maxsize=65_536)
def _complaint(text: str) -> str | None:
    if _INVISIBLE.search(text):
        return "invisible characters are not allowed"
    if unicodedata.normalize("NFKC", text) != text:
        return "not in Unicode normal form NFKC"
    if _SPACES.sub(" ", text).strip() != text:
        return "spaces before, after, or more than one in a row are not allowed"
    return None
