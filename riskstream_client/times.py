"""Times and durations as people and files write them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from contracts.errors import SettingsError
from contracts.transaction import EPOCH

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
_UNIT_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
DATE_ORDERS = ("ymd", "dmy", "mdy")
_DATE = re.compile(
    r"([0-9]{1,4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,4})\.?"
    r"(?:[T ,]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?(?: ?(Z|[+-][0-9]{2}:?[0-9]{2}))?"
)
_EPOCH_UNITS = {"epoch": 1, "epoch-s": 1, "epoch-ms": 1000, "epoch-us": 1_000_000}
# An instant of ours outside these years is refused anyway; inside them a unit error cannot overflow the arithmetic.
_EPOCH_S_MAX = 4_102_444_800

TimeReader = Callable[[str | int | float], datetime]


def duration_of(text: str) -> timedelta:
    """`90s`, `15m`, `12h`, `7d`, `1d12h`. Raises SettingsError."""
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        raise SettingsError(f"{text!r} is not a duration; write for instance 90s, 15m, 12h or 7d")
    return timedelta(seconds=sum(float(number) * _UNIT_S[unit] for number, unit in parts))


def zone_of(name: str) -> tzinfo:
    """An IANA time zone. Raises SettingsError."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(f"{name!r} is not a time zone; write for instance UTC or Africa/Nairobi") from error


def time_reader(style: str, zone: tzinfo) -> TimeReader:
    """A function that reads one time; it raises ValueError with a sentence.

    `style`: `iso` (RFC 3339 or ISO 8601, with `T` or a space), `epoch`, `epoch-ms`, `epoch-us`, the order of a date's
    parts (`dmy`: 31.01.2026, 31/1/2026 10:05; `mdy`; `ymd`), or a strptime format. A time without an offset is taken in
    `zone`; of an hour that the clocks repeat, the first.
    """
    if style == "iso":
        return lambda value: _in_zone(_iso(str(value)), zone)
    if style in _EPOCH_UNITS:
        unit = _EPOCH_UNITS[style]
        return lambda value: _epoch(value, unit)
    if style in DATE_ORDERS:
        return lambda value: _in_zone(_ordered(str(value), style), zone)
    if "%" not in style:
        raise SettingsError(
            f"{style!r} is not a time format; write iso, epoch, epoch-ms, dmy, mdy or a format like '%d.%m.%Y %H:%M'"
        )
    return lambda value: _in_zone(_formatted(str(value), style), zone)


def _in_zone(time: datetime, zone: tzinfo) -> datetime:
    return time if time.tzinfo is not None else time.replace(tzinfo=zone)


def _iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is not a time in ISO 8601; name its format with --time-format") from error


def _ordered(text: str, order: str) -> datetime:
    """A date whose parts come in this order; one that begins with four digits begins with the year."""
    found = _DATE.fullmatch(text.strip())
    refusal = ValueError(f"{text[:40]!r} is not a time with its date in the order {order}")
    if found is None:
        raise refusal
    parts = dict(zip("ymd" if len(found[1]) == 4 else order, found.group(1, 2, 3), strict=True))
    year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
    hour, minute, second = (int(part or 0) for part in found.group(4, 5, 6))
    micros = int((found[7] or "0").ljust(6, "0")[:6])
    try:
        zone = None if found[8] is None else datetime.strptime(found[8], "%z").tzinfo
        return datetime(year, int(parts["m"]), int(parts["d"]), hour, minute, second, micros, zone)
    except ValueError:
        raise refusal from None


def _formatted(text: str, style: str) -> datetime:
    try:
        return datetime.strptime(text.strip(), style)  # noqa: DTZ007 - the zone is added by the caller
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is not a time of the form {style!r}") from error


def _epoch(value: str | int | float, unit: int) -> datetime:
    try:
        number = int(value) if isinstance(value, int) or str(value).strip().lstrip("-").isdigit() else float(value)
    except ValueError as error:
        raise ValueError(f"{str(value)[:40]!r} is not a number of seconds since 1970") from error
    if not abs(number) <= _EPOCH_S_MAX * unit:
        raise ValueError(f"{str(value)[:40]!r} lies after 2099; is its unit another one (--time-format epoch-ms)?")
    return EPOCH + (
        timedelta(microseconds=number * (1_000_000 // unit))
        if isinstance(number, int)
        else timedelta(seconds=number / unit)
    )
