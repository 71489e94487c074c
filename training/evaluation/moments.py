"""Moments of a history as reports write them: dates where the data has them, else days since its first row."""

from datetime import UTC, datetime

import numpy as np

YEAR_MS = 366 * 86_400_000


def moment_text(time_ms: int | np.integer) -> str:
    """Write milliseconds since 1970 UTC in ISO 8601; a time within 1970 is a clock that starts at 0: `day 2, 13:05`."""
    moment = datetime.fromtimestamp(int(time_ms) / 1000, UTC)
    if 0 <= time_ms < YEAR_MS:
        return f"day {moment.timetuple().tm_yday}, {moment:%H:%M}"
    return moment.isoformat(timespec="seconds")


def day_text(moment: str) -> str:
    """Cut a moment to its day: `2026-11-30` or `day 2`."""
    return moment.partition("T")[0].partition(",")[0]


def period_text(first: str, last: str) -> str:
    """Write a period by its days; one without dates says what its days count from."""
    relative = " (counted from the first row)" if first.startswith("day ") else ""
    return f"{day_text(first)} to {day_text(last)}{relative}"
