"""Unusual booking period: rows dated long before the rows they were entered between, and periods an account never uses.

In a ledger rows stand in the order in which they were entered. A row dated weeks before the newest date entered so
far was booked back into a period that had passed.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.chunks import NO_TIME, Rows
from analysis.detectors import protocol
from analysis.detectors.calendar import DAY_MS
from analysis.detectors.protocol import Found, Kind, Setting
from analysis.detectors.sample import Sample

POINTS_MAX = 2_000_000  # (place, time) pairs kept to know the order of entry; of more a random sample


class Config(protocol.Config):
    days: float = Field(31, ge=1, le=3_650, description="A row dated this many days back is flagged.")
    disorder_max: float = Field(
        0.2, ge=0, le=1, description="If more rows than this share are dated back, the file has no order of entry."
    )


class BookingPeriod:
    name: ClassVar[str] = "booking_period"
    kind: ClassVar[Kind] = "rule"
    summary: ClassVar[str] = "Rows booked back into a period that had passed when they were entered."
    streaming: ClassVar[bool] = False
    limits: ClassVar[str] = f"Needs the order of entry: of more than {POINTS_MAX:,} rows a random sample is kept."
    evidence: ClassVar[tuple[str, ...]] = ("days_back",)
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, setting: Setting) -> None:
        self._config = config
        self._sample = Sample(POINTS_MAX, 2, setting.seed)

    def fit(self, rows: Rows) -> None:
        timed = rows.time_ms != NO_TIME
        self._sample.add(np.column_stack((rows.row[timed], rows.time_ms[timed])))

    def finish(self) -> None:
        points = self._sample.taken()
        points = points[np.argsort(points[:, 0], kind="stable")]
        self._places = points[:, 0]
        self._newest = np.maximum.accumulate(points[:, 1]) if len(points) else points[:, 1]
        back = (self._newest - points[:, 1]) / DAY_MS >= self._config.days
        self._in_order = bool(len(points)) and float(np.mean(back)) <= self._config.disorder_max

    def detect(self, rows: Rows) -> Found:
        days = self._days_back(rows) if self._in_order else np.zeros(len(rows))
        return Found(np.where(days >= self._config.days, days / self._config.days, 0.0), {"days_back": days})

    def reason(self, evidence: Mapping[str, float]) -> str:
        return f"Entered after rows that are dated {evidence['days_back']:.0f} days later: a past period"

    def _days_back(self, rows: Rows) -> NDArray[np.float64]:
        place = np.searchsorted(self._places, rows.row, side="right") - 1
        newest = np.where(place >= 0, self._newest[np.maximum(place, 0)], 0.0)
        timed = (rows.time_ms != NO_TIME) & (place >= 0)
        return np.where(timed, np.maximum(newest - rows.time_ms, 0) / DAY_MS, 0.0)
