"""Time patterns: rows at an hour of the week at which their account is hardly ever active."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.calendar import Local, local
from analysis.detectors.groups import GroupBy, group_of, grown
from analysis.detectors.protocol import Found, Kind, Setting

PARTS = 6  # of a day, four hours each: finer ones stay empty for most accounts
TIMED, DATED = slice(0, 2 * PARTS), slice(2 * PARTS, 2 * PARTS + 2)  # cells: working days' and weekends' parts
WEEKEND = 2 / 7
# The share of each cell if rows came at any time alike, of the timed cells and of the dated ones.
USUAL = np.array([(1 - WEEKEND) / PARTS] * PARTS + [WEEKEND / PARTS] * PARTS + [1 - WEEKEND, WEEKEND])
SATURDAY = 5


class Config(protocol.Config):
    group_by: GroupBy = Field("account", description="Whose habit a row is compared with.")
    rows_min: int = Field(30, ge=10, le=10_000, description="Smaller groups have no habit and are not judged.")


class TimePattern:
    name: ClassVar[str] = "time_pattern"
    kind: ClassVar[Kind] = "rule"
    summary: ClassVar[str] = "Rows at a time of the week at which their account is hardly ever active."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = (
        f"{len(USUAL)} counts a group. Of rows with a date only, the weekend is told from working days."
    )
    evidence: ClassVar[tuple[str, ...]] = ("share", "hour", "weekend")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, setting: Setting) -> None:
        self._config = config
        self._zone = setting.time_zone
        self._counts = np.zeros((64, len(USUAL)))

    def fit(self, rows: Rows) -> None:
        group, cell, when = self._cells(rows)
        self._counts = grown(self._counts, int(group.max(initial=0)) + 1)
        np.add.at(self._counts, (group[when.known], cell[when.known]), 1)

    def finish(self) -> None:
        self._share, self._judged = np.zeros(self._counts.shape), np.zeros(self._counts.shape, np.bool_)
        for part in (TIMED, DATED):  # apart: of a row with a date only the hour is not known
            counts = self._counts[:, part]
            total = counts.sum(axis=1, keepdims=True)
            # Half a row a cell on top, as much as is usual there: nothing is impossible.
            self._share[:, part] = (counts + counts.shape[1] / 2 * USUAL[part]) / (total + counts.shape[1] / 2)
            self._judged[:, part] = total >= self._config.rows_min

    def detect(self, rows: Rows) -> Found:
        group, cell, when = self._cells(rows)
        share = self._share[group, cell]
        surprise = np.maximum(-np.log(share / USUAL[cell]), 0)
        score = np.where(when.known & self._judged[group, cell], surprise, np.nan)
        hour = np.where(when.dated, np.nan, when.hour.astype(float))
        return Found(score, {"share": share, "hour": hour, "weekend": (when.weekday >= SATURDAY).astype(float)})

    def reason(self, evidence: Mapping[str, float]) -> str:
        day = "at the weekend" if evidence["weekend"] else "on a working day"
        when = f"At {evidence['hour']:02.0f} h {day}" if evidence["hour"] >= 0 else day.capitalize()
        of = "file" if self._config.group_by == "none" else self._config.group_by
        return f"{when}, where {evidence['share']:.1%} of this {of}'s rows fall"

    def _cells(self, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64], Local]:
        when = local(rows.time_ms, self._zone)
        weekend = (when.weekday >= SATURDAY).astype(np.int64)
        cell = np.where(when.dated, DATED.start + weekend, when.hour * PARTS // 24 + PARTS * weekend)
        return group_of(rows, self._config.group_by), cell, when
