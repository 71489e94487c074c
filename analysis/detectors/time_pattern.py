"""Time patterns: rows at an hour of the week at which their account is hardly ever active."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.calendar import local
from analysis.detectors.groups import GroupBy, group_of, grown
from analysis.detectors.protocol import Found, Kind, Setting

PARTS = 6  # of a day, four hours each: finer ones stay empty for most accounts
CELLS = 2 * PARTS  # working days and weekend apart
SATURDAY = 5


class Config(protocol.Config):
    group_by: GroupBy = Field("account", description="Whose habit a row is compared with.")
    rows_min: int = Field(30, ge=10, le=10_000, description="Smaller groups have no habit and are not judged.")


class TimePattern:
    name: ClassVar[str] = "time_pattern"
    kind: ClassVar[Kind] = "rule"
    summary: ClassVar[str] = "Rows at a time of the week at which their account is hardly ever active."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = f"{CELLS} counts a group. Rows with a date only are not judged."
    evidence: ClassVar[tuple[str, ...]] = ("share", "hour", "weekend")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, setting: Setting) -> None:
        self._config = config
        self._zone = setting.time_zone
        self._counts = np.zeros((64, CELLS))

    def fit(self, rows: Rows) -> None:
        group, cell, _, use = self._cells(rows)
        self._counts = grown(self._counts, int(group.max(initial=0)) + 1)
        np.add.at(self._counts, (group[use], cell[use]), 1)

    def finish(self) -> None:
        total = self._counts.sum(axis=1, keepdims=True)
        self._share = (self._counts + 0.5) / (total + CELLS / 2)  # half a row in each cell: nothing is impossible
        self._judged = total[:, 0] >= self._config.rows_min

    def detect(self, rows: Rows) -> Found:
        group, cell, hour, use = self._cells(rows)
        share = self._share[group, cell]
        score = np.where(use & self._judged[group], np.maximum(-np.log(share * CELLS), 0), np.nan)
        return Found(score, {"share": share, "hour": hour.astype(float), "weekend": (cell >= PARTS).astype(float)})

    def reason(self, evidence: Mapping[str, float]) -> str:
        day = "at the weekend" if evidence["weekend"] else "on a working day"
        return f"At {evidence['hour']:02.0f} h {day}, where {evidence['share']:.1%} of this {self._group()}'s rows fall"

    def _group(self) -> str:
        return "file" if self._config.group_by == "none" else self._config.group_by

    def _cells(self, rows: Rows):  # type: ignore[no-untyped-def]  # four arrays of one length
        when = local(rows.time_ms, self._zone)
        cell = when.hour * PARTS // 24 + PARTS * (when.weekday >= SATURDAY)
        return group_of(rows, self._config.group_by), cell, when.hour, when.known & ~when.dated
