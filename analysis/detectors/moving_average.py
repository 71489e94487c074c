"""Moving average deviation: an amount against the account's newest ones."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.groups import GroupBy, group_of, grown, log_amount
from analysis.detectors.protocol import Found, Kind, Setting
from analysis.detectors.running import moving_average

SPREAD_MIN = 0.1  # of the logarithm: after amounts that are all alike, 10 % more is still usual


class Config(protocol.Config):
    group_by: GroupBy = Field("account", description="Whose newest amounts an amount is compared with.")
    width: int = Field(20, ge=3, le=500, description="How many of them.")
    rows_min: int = Field(5, ge=2, le=500, description="With fewer a row is not judged.")


class MovingAverage:
    name: ClassVar[str] = "moving_average"
    kind: ClassVar[Kind] = "statistical"
    summary: ClassVar[str] = "Amounts that leave the moving average of the newest ones."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = "The newest amounts of each group."
    evidence: ClassVar[tuple[str, ...]] = ("z", "mean", "count")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, _: Setting) -> None:
        self._config = config
        self._past = np.zeros((64, 1 + config.width))

    def fit(self, rows: Rows) -> None: ...

    def finish(self) -> None: ...

    def detect(self, rows: Rows) -> Found:
        group = group_of(rows, self._config.group_by)
        self._past = grown(self._past, int(group.max(initial=0)) + 1)
        value = log_amount(rows.amount)
        rows_min = min(self._config.rows_min, self._config.width)
        mean, deviation, count = moving_average(group, value, self._past, self._config.width, rows_min)
        z = (value - mean) / np.maximum(deviation, SPREAD_MIN)
        usual = np.sign(mean) * np.expm1(np.abs(mean))
        return Found(np.abs(z), {"z": z, "mean": usual, "count": count})

    def reason(self, evidence: Mapping[str, float]) -> str:
        side = "above" if evidence["z"] > 0 else "below"
        return (
            f"Far {side} the moving average of the {evidence['count']:.0f} amounts before it,"
            f" {evidence['mean']:,.2f} ({evidence['z']:+.1f} deviations)"
        )
