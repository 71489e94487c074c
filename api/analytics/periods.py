"""The period that a chart is asked for: whole hours, or whole days, of event time in UTC, and bounded."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import Query

from api.moments import Moment
from api.problems import INVALID_REQUEST, Problem
from contracts.transaction import EPOCH, YEAR_MAX, YEAR_MIN
from storage.analytics import Period
from storage.rollups import DAY_MS, HOUR_MS

DAYS_MAX = 400  # of any period; a read of some 100,000 rows
HOURLY_DAYS_MAX = 31  # of a series by hour: 744 points

From = Annotated[
    Moment | None,
    Query(alias="from", description="Event time; rounded down to the hour or day", examples=["2026-01-01T00:00:00Z"]),
]
To = Annotated[
    Moment | None,
    Query(alias="to", description="Event time, exclusive; rounded up to the hour or day; now if absent"),
]
ModelVersion = Annotated[
    str | None,
    Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$", description="Only what this model decided"),
]


class Bucket(StrEnum):
    HOUR = "hour"
    DAY = "day"

    @property
    def ms(self) -> int:
        return HOUR_MS if self is Bucket.HOUR else DAY_MS


def period_of(
    start: datetime | None,
    stop: datetime | None,
    default: timedelta,
    *,
    now: datetime | None = None,
    bucket: Bucket | None = None,
) -> Period:
    """The period from `start` (or `default` before its end) to `stop` (or `now`), in whole hours or whole buckets.

    Raises a 422 problem for a period that is empty, too long for its buckets, or outside the years of transactions.
    """
    step_ms = bucket.ms if bucket else HOUR_MS
    stop_ms = -(-_ms("to", stop or now or datetime.now(UTC)) // step_ms) * step_ms
    # In numbers, since a time at the end of the calendar has none after it.
    start_ms = _ms("from", start) if start else stop_ms - default // timedelta(milliseconds=1)
    start_ms -= start_ms % step_ms
    if start_ms >= stop_ms:
        raise Problem(INVALID_REQUEST, "query.from: the period is empty; `from` must lie before `to`")
    days_max = HOURLY_DAYS_MAX if bucket is Bucket.HOUR else DAYS_MAX
    # A rounded period is up to two steps longer than the one that was asked for.
    if stop_ms - start_ms > days_max * DAY_MS + 2 * step_ms:
        raise Problem(INVALID_REQUEST, f"query.from: at most {days_max} days can be asked for at once here")
    return Period(start_ms, stop_ms)


def moment(time_ms: int) -> datetime:
    """Milliseconds since 1970 as a time in UTC."""
    return EPOCH + timedelta(milliseconds=time_ms)


def _ms(name: str, time: datetime) -> int:
    try:
        in_utc = time.astimezone(UTC)
    except OverflowError:
        in_utc = None
    if in_utc is None or not YEAR_MIN <= in_utc.year <= YEAR_MAX + 1:
        raise Problem(INVALID_REQUEST, f"query.{name}: the year must lie between {YEAR_MIN} and {YEAR_MAX}")
    return (in_utc - EPOCH) // timedelta(milliseconds=1)
