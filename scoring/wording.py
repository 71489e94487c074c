"""Numbers in words: counts with their plurals, spans of time, money, shares."""

from typing import NamedTuple

from contracts.currency import MINOR_UNIT_DECIMALS
from features.plan import DAY, HOUR, MINUTE, SECOND

_SPANS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
DECIMALS_UP_TO = 10_000  # beyond it nobody reads the cents
DAY_MINUTES = 24 * 60
QUARTER_MINUTES = 15  # the UTC offsets of time zones are multiples of it
HOUR_SLACK_MIN = 1e-3  # minutes; a whole minute as float32 hours is at most 1e-4 minutes off


class Money(NamedTuple):
    """How to show base-currency values of one transaction: `factor` turns them into its own currency."""

    factor: float
    currency: str | None

    def text(self, value: float) -> str:
        shown = value * self.factor
        decimals = MINOR_UNIT_DECIMALS.get(self.currency or "USD", 2) if abs(shown) < DECIMALS_UP_TO else 0
        return f"{shown:,.{decimals}f} {self.currency}" if self.currency else f"{shown:,.{decimals}f}"


def counted(number: float, singular: str, plural: str | None = None) -> str:
    """`no payment`, `1 payment`, `1,204 payments`."""
    whole = round(number)
    if whole == 0:
        return f"no {singular}"
    return f"{whole:,} {singular if whole == 1 else plural or singular + 's'}"


def usual(number: float) -> str:
    """A usual count, which is seldom whole: `less than 1`, `1`, `2.5`, `14`."""
    if number < 0.95:
        return "less than 1"
    return f"{number:.1f}".removesuffix(".0") if number < 10 else f"{number:,.0f}"


def window(width_ms: int) -> str:
    """The window's name in words: `5 minutes`, `24 hours`, `7 days`."""
    if width_ms == DAY:
        return "24 hours"
    return span(width_ms / SECOND)


def span(seconds: float) -> str:
    """A length of time in its largest unit that fits twice, else the next one: `90 minutes`, `36 hours`, `12 days`."""
    ms = max(seconds, 0.0) * SECOND
    for unit, name in _SPANS:
        whole = round(ms / unit)
        if ms >= 2 * unit or (whole == 1 and abs(ms - unit) < unit / 100):
            return counted(whole, name)
    return "less than 2 seconds"


def share(value: float) -> str:
    """`less than 0.1%`, `2.5%`, `40%`."""
    percent = value * 100
    if 0 < percent < 0.1:
        return "less than 0.1%"
    return f"{percent:.1f}".removesuffix(".0") + "%"


def ratio(value: float) -> str:
    """`0.05 times`, `2.5 times`, `40 times`."""
    if value >= 10:
        return f"{value:,.0f} times"
    return f"{value:.1f} times" if value >= 1 else f"{value:.2f} times"


def clock(hours: float) -> str:
    """`14:05` of 14.09; exact for every whole minute that was rounded to float32 hours."""
    minutes = int(hours * 60 + HOUR_SLACK_MIN) % DAY_MINUTES
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def utc_offset(hours: float, event_time_ms: int) -> str | None:
    """The offset of a local time of day, `UTC` or `UTC+05:30`, from the instant it belongs to.

    None where two time zones have the same clock on different days: at UTC+12 and beyond, and at UTC-10 and below.
    """
    local = int(hours * 60 + HOUR_SLACK_MIN)
    ahead = round((local - event_time_ms // MINUTE) % DAY_MINUTES / QUARTER_MINUTES) * QUARTER_MINUTES % DAY_MINUTES
    ahead = ahead if ahead <= DAY_MINUTES // 2 else ahead - DAY_MINUTES
    if not -10 * 60 < ahead < 12 * 60:
        return None
    sign = "+" if ahead >= 0 else "-"
    return "UTC" if ahead == 0 else f"UTC{sign}{abs(ahead) // 60:02d}:{abs(ahead) % 60:02d}"
