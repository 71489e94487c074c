"""Page cursors: opaque to callers, so that what is inside can change."""

import base64
import binascii

CURSOR_LENGTH_MAX = 64
SEQUENCE_MAX = 2**63 - 1  # Postgres bigint
_VERSION = b"1:"


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
