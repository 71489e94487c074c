"""Page cursors: opaque to callers, so that what is inside can change."""

import base64
import binascii
from typing import Any

import msgspec

CURSOR_LENGTH_MAX = 64
PAGE_CURSOR_LENGTH_MAX = 8_192  # characters; a cursor that holds every filter at its longest
SEQUENCE_MAX = 2**63 - 1  # Postgres bigint
_VERSION = b"1:"
_PAGE_VERSION = 2


class BadCursor(ValueError):
    """The cursor was not made here."""


def encode_cursor(sequence: int) -> str:
    """A cursor for "older than the alert with this sequence number"."""
    return base64.urlsafe_b64encode(_VERSION + b"%d" % sequence).decode().rstrip("=")


def decode_cursor(cursor: str) -> int:
    """The sequence number inside. Raises BadCursor."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadCursor("the cursor is damaged") from error
    digits = raw.removeprefix(_VERSION)
    if digits == raw or not digits.isdigit() or len(digits) > 19 or not 0 < int(digits) <= SEQUENCE_MAX:
        raise BadCursor("the cursor is damaged")
    return int(digits)


class PageCursor(msgspec.Struct, frozen=True, array_like=True):
    """What a list goes on from: the question that it answers, and the last item's place in its order."""

    version: int
    question: dict[str, Any]
    key: list[int | float | str | None]


_pages = msgspec.json.Decoder(PageCursor)


def encode_page_cursor(question: dict[str, Any], key: list[int | float | str | None]) -> str:
    """A cursor for the items behind `key` of the list that answers `question`."""
    raw = msgspec.json.encode(PageCursor(_PAGE_VERSION, question, key))
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_page_cursor(cursor: str) -> PageCursor:
    """What is inside; anybody can make one, so question and key are checked as if they came directly.

    Raises BadCursor.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        page = _pages.decode(raw)
    except (binascii.Error, ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise BadCursor("the cursor is damaged") from error
    if page.version != _PAGE_VERSION:
        raise BadCursor("the cursor is damaged")
    return page
