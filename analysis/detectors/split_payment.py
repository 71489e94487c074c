"""Split payments: several just under a limit, to the same counterparty within days, that exceed it together."""

from collections import deque
from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from analysis.chunks import NO_TIME, Rows
from analysis.detectors import protocol
from analysis.detectors.calendar import DAY_MS
from analysis.detectors.protocol import Found, Kind, Setting

NEAR_MAX = 100_000  # pairs that are held, before those behind the window are thrown away


class Config(protocol.Config):
    limits: tuple[Annotated[float, Field(gt=0, le=1e12)], ...] = Field(
        (1_000, 5_000, 10_000, 15_000), min_length=1, max_length=20, description="Limits worth staying under."
    )
    under: float = Field(0.2, gt=0, le=0.9, description="Just under a limit means within this share of it.")
    days: float = Field(3, gt=0, le=60, description="How far apart the payments may lie.")
    payments_min: int = Field(2, ge=2, le=50, description="So many payments make a split.")


class SplitPayment:
    name: ClassVar[str] = "split_payment"
    kind: ClassVar[Kind] = "rule"
    summary: ClassVar[str] = "Payments just under a limit that exceed it together."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = "The payments of the window that lie just under a limit."
    evidence: ClassVar[tuple[str, ...]] = ("payments", "limit", "total")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, _: Setting) -> None:
        self._config = config
        self._limits = np.array(sorted(config.limits))
        self._near: dict[tuple[int, int, int], deque[tuple[int, float]]] = {}
        self._under = [0, 0]  # rows, rows just under a limit: where everybody pays such amounts they mean nothing

    def fit(self, rows: Rows) -> None:
        self._under[0] += len(rows)
        self._under[1] += int((self._limit(rows) >= 0).sum())

    def finish(self) -> None:
        self._weight = -np.log((self._under[1] + 1) / (self._under[0] + 2))

    def detect(self, rows: Rows) -> Found:
        place = self._limit(rows)
        found = np.zeros((len(rows), 3))
        amount = np.abs(rows.amount)
        account, other = rows.words["account"], rows.words["counterparty"]
        merchant = rows.words["merchant"]
        for i in np.flatnonzero((place >= 0) & (rows.time_ms != NO_TIME)).tolist():
            key = int(account[i]), int(other[i]) if other[i] >= 0 else -2 - int(merchant[i]), int(place[i])
            held = self._near.setdefault(key, deque())
            time = int(rows.time_ms[i])
            while held and time - held[0][0] > self._config.days * DAY_MS:
                held.popleft()
            held.append((time, float(amount[i])))
            total = sum(value for _, value in held)
            if len(held) >= self._config.payments_min and total > self._limits[place[i]]:
                found[i] = len(held), self._limits[place[i]], total
        if len(self._near) > NEAR_MAX:
            self._forget(int(rows.time_ms.max()))
        return Found(found[:, 0] * self._weight, dict(zip(self.evidence, found.T, strict=True)))

    def reason(self, evidence: Mapping[str, float]) -> str:
        return (
            f"{evidence['payments']:.0f} payments just under {evidence['limit']:,.0f} to the same counterparty within"
            f" {self._config.days:g} days, {evidence['total']:,.2f} together"
        )

    def _forget(self, now_ms: int) -> None:
        """What lies behind the window; rows come in order of time."""
        since = now_ms - self._config.days * DAY_MS
        self._near = {key: held for key, held in self._near.items() if held and held[-1][0] >= since}

    def _limit(self, rows: Rows) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The place of the limit that an amount lies just under, else −1."""
        amount = np.abs(rows.amount)
        place = np.searchsorted(self._limits, amount, side="right")
        limit = np.append(self._limits, np.inf)[place]
        near = (amount >= limit * (1 - self._config.under)) & (amount < limit)
        return np.where(near, place, -1)
