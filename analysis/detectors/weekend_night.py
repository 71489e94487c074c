"""Weekend and night: amounts over a threshold when nobody should be working."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.calendar import local
from analysis.detectors.protocol import Found, Kind, Setting

SATURDAY = 5


class Config(protocol.Config):
    weekend_amount: float = Field(1_000, ge=0, le=1e12, description="Weekend rows from this amount on are flagged.")
    night_amount: float = Field(1_000, ge=0, le=1e12, description="Night rows from this amount on are flagged.")
    night_from: int = Field(22, ge=0, le=23, description="First hour of the night.")
    night_to: int = Field(6, ge=0, le=23, description="First hour after the night.")


class WeekendNight:
    name: ClassVar[str] = "weekend_night"
    kind: ClassVar[Kind] = "rule"
    summary: ClassVar[str] = "Large amounts at the weekend or at night."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = "Nothing is kept. Rows with a date only have no night."
    evidence: ClassVar[tuple[str, ...]] = ("weekend", "night", "hour", "weekday")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, setting: Setting) -> None:
        self._config = config
        self._zone = setting.time_zone

    def fit(self, rows: Rows) -> None: ...

    def finish(self) -> None: ...

    def detect(self, rows: Rows) -> Found:
        when, amount, config = local(rows.time_ms, self._zone), np.abs(rows.amount), self._config
        if config.night_from > config.night_to:
            at_night = (when.hour >= config.night_from) | (when.hour < config.night_to)
        else:
            at_night = (when.hour >= config.night_from) & (when.hour < config.night_to)
        weekend = when.known & (when.weekday >= SATURDAY) & (amount >= config.weekend_amount)
        night = when.known & ~when.dated & at_night & (amount >= config.night_amount)
        # How many times over its threshold: a rule's rows are ranked among themselves, too.
        times = np.maximum(
            np.where(weekend, amount / max(config.weekend_amount, 1.0), 0.0),
            np.where(night, amount / max(config.night_amount, 1.0), 0.0),
        )
        found = {
            "weekend": weekend.astype(float),
            "night": night.astype(float),
            "hour": when.hour.astype(float),
            "weekday": when.weekday.astype(float),
        }
        return Found(np.where(weekend | night, 1 + np.log1p(times), 0.0), found)

    def reason(self, evidence: Mapping[str, float]) -> str:
        when = []
        if evidence["weekend"]:
            when.append("on a " + ("Saturday", "Sunday")[int(evidence["weekday"]) - SATURDAY])
        if evidence["night"]:
            when.append(f"at {evidence['hour']:02.0f} h, in the night")
        return "A large amount " + " and ".join(when or ["outside the usual hours"])
