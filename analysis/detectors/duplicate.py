"""Duplicates: the same account, counterparty and amount again within a few days."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field

from analysis.chunks import MINOR, NO_TIME, Rows
from analysis.detectors import protocol
from analysis.detectors.calendar import DAY_MS
from analysis.detectors.protocol import Found, Kind, Setting

KEPT_MAX = 5_000_000  # rows of the window; of more the oldest are forgotten


class Config(protocol.Config):
    days: float = Field(3, gt=0, le=400, description="How far apart two rows may lie.")
    amount_min: float = Field(10, ge=0, le=1e12, description="Smaller amounts repeat all the time and are not judged.")


class Duplicate:
    name: ClassVar[str] = "duplicate"
    kind: ClassVar[Kind] = "rule"
    summary: ClassVar[str] = "The same amount between the same two again within days."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = f"The rows of the window, at most {KEPT_MAX:,}."
    evidence: ClassVar[tuple[str, ...]] = ("times", "hours")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, _: Setting) -> None:
        self._config = config
        # What was paid → (newest time, how many in a row), the least recent first.
        self._paid: OrderedDict[tuple[int, ...], tuple[int, int]] = OrderedDict()
        self._pairs: dict[tuple[int, ...], int] = {}  # the same, over the whole: a standing order repeats for ever

    def fit(self, rows: Rows) -> None:
        for key in self._keys(rows):
            if key in self._pairs or len(self._pairs) < KEPT_MAX:
                self._pairs[key] = self._pairs.get(key, 0) + 1

    def finish(self) -> None:
        self._pairs = {key: count for key, count in self._pairs.items() if count > 1}

    def detect(self, rows: Rows) -> Found:
        times, hours, score = np.zeros(len(rows)), np.full(len(rows), np.nan), np.zeros(len(rows))
        large = np.abs(rows.amount) >= self._config.amount_min
        window = self._config.days * DAY_MS
        for i, (key, time) in enumerate(zip(self._keys(rows), rows.time_ms.tolist(), strict=True)):
            total = self._pairs.get(key, 0)
            if total < 2 or not large[i] or time == NO_TIME:
                continue
            before, run = self._paid.get(key, (NO_TIME, 0))
            repeated = before != NO_TIME and time - before <= window
            run = run + 1 if repeated else 1
            if repeated:
                times[i], hours[i] = run, (time - before) / 3_600_000
                # Of rows that repeat all the time a repetition says little.
                score[i] = run / np.sqrt(total)
            self._paid[key] = time, run
            self._paid.move_to_end(key)
            if len(self._paid) > KEPT_MAX:
                self._paid.popitem(last=False)
        return Found(score, {"times": times, "hours": hours})

    def reason(self, evidence: Mapping[str, float]) -> str:
        return (
            f"The same amount between the same two for the {_ordinal(int(evidence['times']))} time in a row,"
            f" {evidence['hours']:,.1f} hours after the last one"
        )

    def _keys(self, rows: Rows) -> list[tuple[int, ...]]:
        minor = np.round(rows.amount * MINOR).astype(np.int64)
        words = rows.words
        columns = (words["account"], words["counterparty"], words["merchant"], words["currency"], minor)
        return list(zip(*(column.tolist() for column in columns), strict=True))


def _ordinal(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{('th', 'st', 'nd', 'rd')[number % 10] if number % 10 < 4 else 'th'}"
