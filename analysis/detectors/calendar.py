"""Hours and days as the institution's clock shows them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from analysis.chunks import NO_TIME

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
QUARTER_HOUR_MS = 900_000  # offsets change at full quarters


@dataclass(frozen=True, slots=True)
class Local:
    """Of each row: `day` since 1970, `hour` 0–23, `weekday` 0 (Monday) – 6; `known` is false without a time.

    `dated` rows have a date only (midnight UTC, as every row of a day's file has): their hour means nothing.
    """

    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    weekday: NDArray[np.int64]
    known: NDArray[np.bool_]
    dated: NDArray[np.bool_]


def local(time_ms: NDArray[np.int64], zone: str) -> Local:
    """Local days and hours of UTC times."""
    known = time_ms != NO_TIME
    utc = np.where(known, time_ms, 0)
    dated = known & (utc % DAY_MS == 0)
    shifted = utc + np.where(dated, 0, _offset_ms(utc, ZoneInfo(zone)))
    day = shifted // DAY_MS
    return Local(day, shifted % DAY_MS // HOUR_MS, (day + EPOCH_WEEKDAY) % 7, known, dated)


def _offset_ms(utc: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    quarters, places = np.unique(utc // QUARTER_HOUR_MS, return_inverse=True)
    offsets = np.empty(len(quarters), np.int64)
    for i, quarter in enumerate(quarters.tolist()):
        at = datetime.fromtimestamp(quarter * QUARTER_HOUR_MS / 1000, UTC).astimezone(zone)
        offset = at.utcoffset()
        offsets[i] = int(offset.total_seconds() * 1000) if offset is not None else 0
    return offsets[places]
