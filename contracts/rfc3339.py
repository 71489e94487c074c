"""Timestamps as RFC 3339 writes them, and nothing that only looks like it.

`2026-01-05T12:00:00Z`, with a fraction after a point, with an offset `+03:00`; `T` and `Z` may be lower case, and a
space may stand for the `T` (section 5.6 leaves that to an application). Not ISO 8601's other spellings: no `+0300`, no
`24:00`, no comma, no time without seconds. A leap second (`:60`) is refused, because it has no place on a clock that
counts 86,400 seconds a day.
"""

import re
from datetime import UTC, datetime

import msgspec

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_OFFSET_WITHOUT_COLON = re.compile(rb'[+-]\d{4}"|\\')
_OTHER_SPELLINGS = (
    (re.compile(r"[+-]\d{4}$"), "an offset has a colon, as in `+03:00`"),
    (re.compile(r"[+-]\d{2}$"), "an offset has hours and minutes, as in `+03:00`"),
    (re.compile(r"[T ]24:"), "hours go from 00 to 23"),
    (re.compile(r":60(\D|$)"), "a leap second cannot be told; write the second after it"),
    (re.compile(r":\d{2},\d"), "a fraction of a second follows a point"),
    (re.compile(r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?$"), "the offset is missing, `Z` or as in `+03:00`"),
    (re.compile(r" \d{2}:\d{2}$"), "in an address a plus sign is written `%2B`"),
    (re.compile(r"^\d+$"), "a number is no timestamp"),
)
EXPECTED = "a timestamp is written as in RFC 3339, such as 2026-01-05T12:00:00Z"


class _OnlyTimes(msgspec.Struct):
    timestamp: str | None = None
    known_at: str | None = None


_only_times = msgspec.json.Decoder(_OnlyTimes)


def parse(text: str) -> datetime:
    """The moment, in UTC. Raises ValueError with a sentence, also where UTC has no year from 1 to 9999 for it."""
    if not _RFC3339.fullmatch(text):
        raise ValueError(complaint_about(text) or EXPECTED)
    try:
        return in_utc(datetime.fromisoformat(text.upper()))
    except OverflowError as error:
        raise ValueError("its year in UTC must lie between 1 and 9999") from error
    except ValueError as error:
        raise ValueError(complaint_about(text) or f"{EXPECTED}; {error}") from error


def in_utc(moment: datetime) -> datetime:
    """Raises OverflowError at the ends of the calendar."""
    return moment.astimezone(UTC)


def complaint_about(text: str) -> str | None:
    """Which rule of RFC 3339 a timestamp breaks, as far as that can be told."""
    return next((f"{why} (RFC 3339)" for pattern, why in _OTHER_SPELLINGS if pattern.search(text)), None)


def complaint_about_message(raw: bytes, *names: str) -> str | None:
    """Why the timestamps of a message that was decoded are not RFC 3339's; None if they are.

    msgspec takes an offset without its colon. Only a message that may hold one is looked at, for the stream's sake.
    """
    if not _OFFSET_WITHOUT_COLON.search(raw):
        return None
    times = _only_times.decode(raw)
    for name in names:
        text = getattr(times, name)
        if text is not None and not _RFC3339.fullmatch(text):
            return f"{complaint_about(text) or EXPECTED} - at `$.{name}`"
    return None
