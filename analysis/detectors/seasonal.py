"""Seasonal time series: days whose total leaves the group's trend and weekday pattern.

Classical additive decomposition of the logarithm of daily totals: a centred median of `trend_days` is the trend, the
median of what is left by weekday is the season, and the remainder is judged by its median absolute deviation.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pydantic import Field

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.calendar import EPOCH_WEEKDAY, local
from analysis.detectors.groups import GroupBy, distinct_pairs, group_of, log_amount
from analysis.detectors.protocol import Found, Kind, Setting

DAYS_MAX = 36_600  # a century: a year 0001 in a file must not make an array of it
TOTALS_MAX = 2_000_000  # groups and days, some 200 bytes each; beyond them no new ones are counted
SPREAD_MIN = 0.05  # of the remainder's logarithm: a series without any noise is judged as if it had 5 %


class Config(protocol.Config):
    group_by: GroupBy = Field("none", description="One series for all, or one for each of these.")
    trend_days: int = Field(29, ge=7, le=365, description="Width of the moving median; an even number is made odd.")
    days_min: int = Field(28, ge=14, le=3_650, description="Shorter series are not judged.")


class Seasonal:
    name: ClassVar[str] = "seasonal"
    kind: ClassVar[Kind] = "statistical"
    summary: ClassVar[str] = "Days whose total leaves the trend and the pattern of the week."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = f"One number a group and day, up to {TOTALS_MAX:,}."
    evidence: ClassVar[tuple[str, ...]] = ("z", "total", "expected")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, setting: Setting) -> None:
        self._config = config
        self._zone = setting.time_zone
        self._totals: dict[tuple[int, int], float] = {}  # (group, day) → sum of absolute amounts
        self._judged: dict[tuple[int, int], tuple[float, float, float]] = {}

    def fit(self, rows: Rows) -> None:
        when = local(rows.time_ms, self._zone)
        group = group_of(rows, self._config.group_by)[when.known]
        keys, places = distinct_pairs(group, when.day[when.known])
        sums = np.bincount(places, np.abs(rows.amount[when.known]), minlength=len(keys))
        for (number, day), total in zip(keys, sums.tolist(), strict=True):
            if (number, day) in self._totals or len(self._totals) < TOTALS_MAX:
                self._totals[number, day] = self._totals.get((number, day), 0.0) + total

    def finish(self) -> None:
        series: dict[int, dict[int, float]] = {}
        for (number, day), total in self._totals.items():
            series.setdefault(number, {})[day] = total
        for number, days in series.items():
            first, last = min(days), max(days)
            if not self._config.days_min <= last - first + 1 <= DAYS_MAX or len(days) < self._config.days_min // 2:
                continue
            totals = np.array([days.get(day, 0.0) for day in range(first, last + 1)])
            weekday = (np.arange(first, last + 1) + EPOCH_WEEKDAY) % 7
            expected, z = decomposed(log_amount(totals), weekday, self._config.trend_days | 1)
            for i, (usual, left) in enumerate(zip(np.expm1(expected).tolist(), z.tolist(), strict=True)):
                self._judged[number, first + i] = left, float(totals[i]), usual

    def detect(self, rows: Rows) -> Found:
        when = local(rows.time_ms, self._zone)
        evidence = np.full((len(rows), 3), np.nan)
        group = group_of(rows, self._config.group_by)
        keys, places = distinct_pairs(group, when.day)
        found = np.array([self._judged.get(key, (np.nan,) * 3) for key in keys]).reshape(-1, 3)
        evidence[when.known] = found[places[when.known]]
        z, total, expected = evidence.T
        # A day that is too large is the doing of the rows that made it so; one that is too small is nobody's.
        with np.errstate(invalid="ignore", divide="ignore"):
            part = np.clip(np.abs(rows.amount) / (total - expected), 0, 1)
        return Found(np.where(z > 0, z * np.nan_to_num(part), 0.0), dict(zip(self.evidence, evidence.T, strict=True)))

    def reason(self, evidence: Mapping[str, float]) -> str:
        return (
            f"Part of a day of {evidence['total']:,.2f}, where trend and weekday let {evidence['expected']:,.2f} be"
            " expected"
        )


def decomposed(
    series: NDArray[np.float64], weekday: NDArray[np.int64], trend_days: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Trend plus season of a daily series, and the robust z-score of what remains; both of the series' length."""
    half = trend_days // 2
    trend = np.median(
        sliding_window_view(np.pad(series, half, mode="reflect" if len(series) > half else "edge"), trend_days), axis=1
    )
    left = series - trend
    season = np.array([np.median(left[weekday == day]) if np.any(weekday == day) else 0.0 for day in range(7)])
    remainder = left - season[weekday]
    spread = max(float(np.median(np.abs(remainder))) / 0.6745, SPREAD_MIN)
    return trend + season[weekday], remainder / spread
