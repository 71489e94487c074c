"""Times as people write them, to milliseconds since 1970 UTC: most by columns, the odd ones one by one."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.extract.reading import DateOrder

YEAR_MIN, YEAR_MAX = 1900, 2199
QUARTER_MS = 900_000  # offsets of time zones change at full quarters of an hour
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - of local times
_CLOCK = r"(?:[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]{1,9})?)?)?"
_ISO = (
    r"^(?:19|20|21)[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?)?$"
)
_ZONE = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$"
_ZONED = rf"[0-9]:[0-9.:]*[0-9] ?{_ZONE}"
# A day has no instant: "2026-03-02+01:00" is the second of March, whatever the offset of whoever wrote it.
_ZONED_DAY = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) ?(?:Z|[+-][0-9]{2}:[0-9]{2})$"
# "19.03.2026." as in Croatia and Hungary; "03/02/2026 as of 03/01/2026": what comes first is when it was booked.
_TAIL = r"(?i)^(.*[0-9])(?:\.| +as of .*)$"
# To ISO, step by step: single digits get their zero, then the parts change places. A group's number has one digit.
_STEPS: dict[str, tuple[tuple[str, str], ...]] = {
    "ymd": (
        (r"^([0-9]{4})[/.] ?([0-9]{2})[/.] ?([0-9]{2})", r"\1-\2-\3"),
        (r"^([0-9]{4})([0-9]{2})([0-9]{2})", r"\1-\2-\3"),
    ),
    "dmy": (
        (r"^([0-9])([-/. ])", r"0\1\2"), (r"^([0-9]{2}[-/. ])([0-9])([-/. ])", r"\10\2\3"),
        (r"^([0-9]{2})[-/. ]([0-9]{2})[-/. ]([0-9]{4})", r"\3-\2-\1"),
    ),
    "mdy": (
        (r"^([0-9])([-/. ])", r"0\1\2"), (r"^([0-9]{2}[-/. ])([0-9])([-/. ])", r"\10\2\3"),
        (r"^([0-9]{2})[-/. ]([0-9]{2})[-/. ]([0-9]{4})", r"\3-\1-\2"),
    ),
}  # fmt: skip
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan januari janvier enero januar", "feb fev février febrero", "mar mars märz marzo mrz",
         "apr april avr abril", "may maj mai mayo", "jun june juin junio juni", "jul july juil juli julio",
         "aug august août agosto",
         "sep sept september", "oct okt october oktober", "nov november", "dec dez december dezember déc dic"), 1,
    )
    for name in names.split()
}  # fmt: skip
_ODD = re.compile(
    r"(?P<a>[0-9]{1,4}|[^\W\d]+)\.?[-/. ,]+(?P<b>[0-9]{1,2}|[^\W\d]+)\.?[-/. ,]+(?P<c>[0-9]{1,4})"
    r"(?:[T ,]+(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,](?P<part>[0-9]{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?(?P<zone>Z|[+-][0-9]{2}:?(?:[0-9]{2})?))?)?"
)


def times(text: pa.Array, order: DateOrder, zone: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(ms since 1970 UTC, whether it is a time) of trimmed texts, n each. A time without an offset is in `zone`."""
    if order in ("seconds", "milliseconds"):
        return _counted(text, order)
    text = _without_tail(text)
    iso, offset_ms, is_zoned = _without_zone(text)
    for pattern, replacement in _STEPS[order]:
        if not pc.all(pc.match_substring_regex(iso, _ISO)).as_py():
            iso = pc.replace_substring_regex(iso, pattern, replacement)
    iso = pc.replace_substring_regex(iso, r"^(.{10})[T ]+([0-9]):", r"\1 0\2:") if _has_short_hour(iso) else iso
    usual = pc.match_substring_regex(iso, _ISO)
    good = usual.to_numpy(zero_copy_only=False).astype(bool)
    local_us = pc.if_else(usual, iso, "1970-01-01").cast(pa.timestamp("us")).cast(pa.int64())
    local_ms = local_us.to_numpy(zero_copy_only=False) // 1000
    found = np.where(is_zoned, local_ms - offset_ms, utc_of(local_ms, zone))
    for place in np.flatnonzero(~good).tolist():
        value = parse_time(text[place].as_py(), order)
        if value is None and (day := parse_time(iso[place].as_py(), "ymd")) is not None:  # 20240229
            value = (day[0] - int(offset_ms[place]), bool(is_zoned[place]))
        if value is not None:
            at_ms, has_zone = value
            found[place] = at_ms if has_zone else int(utc_of(np.array([at_ms]), zone)[0])
            good[place] = True
    return found, good


def _without_tail(text: pa.Array) -> pa.Array:
    """Dates without what may follow them and says nothing of the time."""
    for pattern in (_ZONED_DAY, _TAIL):
        found = pc.match_substring_regex(text, pattern)
        if pc.any(found).as_py():
            text = pc.if_else(found, pc.replace_substring_regex(text, pattern, r"\1"), text)
    return text


def _has_short_hour(iso: pa.Array) -> bool:
    return bool(pc.any(pc.match_substring_regex(iso, r"^.{10}[T ]+[0-9]:")).as_py())


def _without_zone(text: pa.Array) -> tuple[pa.Array, NDArray[np.int64], NDArray[np.bool_]]:
    """The texts without their offsets, the offsets in ms, and who has one."""
    zoned = pc.match_substring_regex(text, _ZONED)
    text = pc.replace_substring_regex(text, r"(\.[0-9]{6})[0-9]+", r"\1")
    if not pc.any(zoned).as_py():
        return text, np.zeros(len(text), np.int64), np.zeros(len(text), bool)
    suffix = pc.if_else(zoned, pc.extract_regex(text, rf"(?P<zone>{_ZONE})").field("zone"), "").dictionary_encode()
    offsets = np.array([_offset_ms(each or "Z") for each in suffix.dictionary.to_pylist()], np.int64)
    indices = suffix.indices.fill_null(0).to_numpy(zero_copy_only=False)
    bare = pc.if_else(zoned, pc.replace_substring_regex(text, rf" ?{_ZONE}", ""), text)
    return bare, offsets[indices], zoned.to_numpy(zero_copy_only=False).astype(bool)


def _offset_ms(zone: str) -> int:
    if zone in ("Z", ""):
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return minutes * 60_000 * (-1 if zone[0] == "-" else 1)


def _counted(text: pa.Array, order: DateOrder) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    usual = pc.match_substring_regex(text, r"^-?[0-9]{1,14}(?:\.[0-9]{1,3})?$")
    number = pc.if_else(usual, text, "0").cast(pa.float64()).to_numpy(zero_copy_only=False)
    at_ms = np.rint(number * (1000 if order == "seconds" else 1)).astype(np.int64)
    low, high = (int((datetime(year, 1, 1) - _EPOCH).total_seconds() * 1000) for year in (YEAR_MIN, YEAR_MAX + 1))  # noqa: DTZ001
    good = usual.to_numpy(zero_copy_only=False).astype(bool) & (at_ms >= low) & (at_ms < high)
    return at_ms, good


def utc_of(local_ms: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """Local milliseconds as UTC. An hour that occurs twice is the earlier one."""
    if zone == "UTC" or not len(local_ms):
        return local_ms
    info = ZoneInfo(zone)
    quarters, place = np.unique(local_ms // QUARTER_MS, return_inverse=True)
    offsets = np.empty(len(quarters), np.int64)
    for i, quarter in enumerate(quarters.tolist()):
        local = (_EPOCH + timedelta(milliseconds=quarter * QUARTER_MS)).replace(tzinfo=info)
        offset = local.utcoffset()
        offsets[i] = 0 if offset is None else int(offset.total_seconds() * 1000)
    shifted: NDArray[np.int64] = local_ms - offsets[place]
    return shifted


def parse_time(text: str, order: DateOrder) -> tuple[int, bool] | None:
    """One time: (ms since 1970, whether they are UTC and not local). None if it is none."""
    found = _ODD.fullmatch(text) if len(text) <= 64 else None
    if found is None:
        return None
    try:
        day = _date_of((found["a"], found["b"], found["c"]), order)
        hour = int(found["hour"] or 0)
        if found["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if found["half"] in "pP" else 0)
        part = (found["part"] or "0").ljust(6, "0")[:6]
        clock = time(hour, int(found["minute"] or 0), int(found["second"] or 0), int(part))
        at = datetime.combine(day, clock)
    except ValueError:
        return None
    if not YEAR_MIN <= at.year <= YEAR_MAX:
        return None
    at_ms = (at - _EPOCH) // timedelta(milliseconds=1)
    return (at_ms - _offset_ms(found["zone"]), True) if found["zone"] else (at_ms, False)


def _date_of(parts: tuple[str, str, str], order: DateOrder) -> date:
    """Raises ValueError."""
    first, second, third = parts
    if len(first) == 4 and first.isdecimal():
        order = "ymd"  # whatever the others are, no day has four digits
    elif not first.isdecimal():
        order = "mdy"
    elif not second.isdecimal():
        order = "dmy"
    year, month, day = {"ymd": (first, second, third), "dmy": (third, second, first), "mdy": (third, first, second)}[
        order
    ]
    number = int(month) if month.isdecimal() else _month(month)
    return date(int(year) + (2000 if len(year) == 2 else 0), number, int(day))


def _month(name: str) -> int:
    """Raises ValueError."""
    folded = name.casefold()
    found = _MONTHS.get(folded) or _MONTHS.get(folded[:3])
    if found is None:
        raise ValueError(name)
    return found


def guess_order(values: list[str], enough: float) -> DateOrder | None:
    """The order in which most examples are times; None where fewer than this share are times in any.

    Of days that fit both ways (03/04/2026) nobody can tell: day first, unless another example has a month first.
    """
    if not values:
        return None
    if all(re.fullmatch(r"[0-9]{9,10}(?:\.[0-9]+)?", value) for value in values):  # from 1973 on
        return "seconds"
    if all(re.fullmatch(r"[0-9]{12,13}", value) for value in values):
        return "milliseconds"
    best: DateOrder = "ymd"
    most = 0
    text = pa.array(values, pa.string())
    spread = 0
    is_short = np.array([not re.search(r"[0-9]{4}", value) for value in values])
    for order in ("ymd", "dmy", "mdy"):
        found, is_good = times(text, order, "UTC")
        good = int(is_good.sum())
        # Years of two digits may be days: those of one file are less far apart than its days are.
        is_short_year = is_good & is_short
        years = int(np.ptp(found[is_short_year])) if is_short_year.any() else 0
        if good > most or (best == "ymd" and good == most and years < spread // 4):
            best, most, spread = order, good, years
    return best if most >= len(values) * enough else None


def is_open_order(values: Sequence[str], order: DateOrder) -> bool:
    """Whether the values are times with day and month in either order, too."""
    if order not in ("dmy", "mdy"):
        return False
    text = pa.array(values, pa.string())
    day_first, month_first = times(text, "dmy", "UTC")[1], times(text, "mdy", "UTC")[1]
    return bool(day_first.any() and np.array_equal(day_first, month_first))


def direction_of(values: Sequence[str], order: DateOrder) -> int:
    """1 where the values never go back, -1 where they never go forward; 0 where neither is so, or all are equal."""
    found, good = times(pa.array(values, pa.string()), order, "UTC")
    steps = np.diff(found[good])
    if not np.any(steps != 0):
        return 0
    return 1 if np.all(steps >= 0) else -1 if np.all(steps <= 0) else 0


def order_by_sequence(values: Sequence[str], order: DateOrder) -> tuple[DateOrder, str]:
    """Of days that fit both orders: the one in which the file is sorted; else day before month."""
    if not is_open_order(values, order):
        return order, ""
    untold = "no day is above 12, so that days and months cannot be told apart"
    dmy, mdy = abs(direction_of(values, "dmy")) == 1, abs(direction_of(values, "mdy")) == 1
    if dmy != mdy:
        return ("dmy" if dmy else "mdy"), f"{untold}; in this order the file is sorted by time"
    return order, untold
