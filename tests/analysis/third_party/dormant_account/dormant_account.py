"""Dormant accounts: the first row of an account after a long silence."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field

from analysis.chunks import MISSING, NO_TIME, Rows
from analysis.detectors import protocol
from analysis.detectors.protocol import Found, Kind, Setting

DAY_MS = 86_400_000


class Config(protocol.Config):
    days: float = Field(90, ge=1, le=3_650, description="So long a silence makes an account dormant.")
    amount_min: float = Field(0, ge=0, le=1e12, description="Smaller amounts do not wake it.")


class DormantAccount:
    name: ClassVar[str] = "dormant_account"
    kind: ClassVar[Kind] = "behavioural"
    summary: ClassVar[str] = "The first row of an account after a long silence."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = "One time an account."
    evidence: ClassVar[tuple[str, ...]] = ("days",)
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, setting: Setting) -> None:
        self._config = config
        self._last_ms: dict[int, int] = {}

    def fit(self, rows: Rows) -> None:
        """Nothing has to be known of the whole: a row is judged by the rows before it."""

    def finish(self) -> None: ...

    def detect(self, rows: Rows) -> Found:
        days = np.zeros(len(rows))
        accounts, times = rows.words["account"].tolist(), rows.time_ms.tolist()
        large = (np.abs(rows.amount) >= self._config.amount_min).tolist()
        for i, (account, time_ms) in enumerate(zip(accounts, times, strict=True)):
            if account == MISSING or time_ms == NO_TIME or not large[i]:
                continue
            days[i] = (time_ms - self._last_ms.get(account, time_ms)) / DAY_MS
            self._last_ms[account] = time_ms
        return Found(np.where(days >= self._config.days, days, 0.0), {"days": days})

    def reason(self, evidence: Mapping[str, float]) -> str:
        return f"The account's first row after {evidence['days']:.0f} days of silence"
