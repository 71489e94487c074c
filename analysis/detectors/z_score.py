"""z-score: how many standard deviations an amount lies from its group's mean."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.groups import GroupBy, Moments, group_of, log_amount
from analysis.detectors.protocol import Found, Kind, Setting


class Config(protocol.Config):
    group_by: GroupBy = Field("account", description="Whose mean an amount is compared with.")
    scale: str = Field("log", pattern="^(log|amount)$", description="Compare logarithms, or the amounts themselves.")
    rows_min: int = Field(10, ge=3, le=10_000, description="Smaller groups are compared with all rows.")


class ZScore:
    name: ClassVar[str] = "z_score"
    kind: ClassVar[Kind] = "statistical"
    summary: ClassVar[str] = "Amounts far from their group's mean, in standard deviations."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = "Three numbers a group."
    evidence: ClassVar[tuple[str, ...]] = ("z", "mean", "of_group")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, _: Setting) -> None:
        self._config = config
        self._by_group, self._overall = Moments(), Moments()

    def fit(self, rows: Rows) -> None:
        value = self._value(rows)
        self._by_group.add(group_of(rows, self._config.group_by), value)
        self._overall.add(group_of(rows, "none"), value)

    def finish(self) -> None: ...

    def detect(self, rows: Rows) -> Found:
        value = self._value(rows)
        count, mean, deviation = self._by_group.of(group_of(rows, self._config.group_by))
        _, mean_all, deviation_all = self._overall.of(group_of(rows, "none"))
        enough = (count >= self._config.rows_min) & (deviation > 0)
        mean = np.where(enough, mean, mean_all)
        deviation = np.where(enough, deviation, deviation_all)
        with np.errstate(invalid="ignore", divide="ignore"):
            z = np.where(deviation > 0, (value - mean) / deviation, 0.0)
        usual = np.expm1(np.abs(mean)) if self._config.scale == "log" else mean
        return Found(np.abs(z), {"z": z, "mean": usual, "of_group": enough.astype(float)})

    def reason(self, evidence: Mapping[str, float]) -> str:
        of = f"this {self._config.group_by}" if evidence["of_group"] and self._config.group_by != "none" else "all rows"
        side = "above" if evidence["z"] > 0 else "below"
        mean = f"the mean of {of} ({evidence['mean']:,.2f})"
        return f"The amount is {abs(evidence['z']):.1f} standard deviations {side} {mean}"

    def _value(self, rows: Rows) -> NDArray[np.float64]:
        return log_amount(rows.amount) if self._config.scale == "log" else rows.amount
