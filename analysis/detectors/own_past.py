"""Own past: a row against everything its account did before it: amount, counterparty, pace."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.chunks import NO_TIME, Rows
from analysis.detectors import protocol
from analysis.detectors.groups import distinct_pairs, group_of, grown, log_amount
from analysis.detectors.protocol import Found, Kind, Setting
from analysis.detectors.running import running_moments, since_last

SPREAD_MIN = 0.1  # of the logarithm, as in the moving average
PAIRS_MAX = 5_000_000  # account and counterparty, some 70 bytes each; beyond them a counterparty counts as known
PACE_Z_MAX = 6.0  # two rows in the same second are a burst, not an infinite surprise


class Config(protocol.Config):
    rows_min: int = Field(5, ge=2, le=1_000, description="Rows before it that a row needs to be judged.")
    weight_new_counterparty: float = Field(1.5, ge=0, le=10, description="Added for a counterparty never seen before.")
    weight_pace: float = Field(0.5, ge=0, le=5, description="Of the surprise at how soon the row came.")


class OwnPast:
    name: ClassVar[str] = "own_past"
    kind: ClassVar[Kind] = "behavioural"
    summary: ClassVar[str] = "Rows unlike everything that their account did before."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = f"A few numbers an account, and its counterparties (up to {PAIRS_MAX:,} in all)."
    evidence: ClassVar[tuple[str, ...]] = ("z", "mean", "count", "new_counterparty", "pace_z")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, _: Setting) -> None:
        self._config = config
        self._amounts, self._paces, self._times = np.zeros((64, 3)), np.zeros((64, 3)), np.zeros((64, 2))
        self._pairs: set[int] = set()  # both numbers in one

    def fit(self, rows: Rows) -> None: ...

    def finish(self) -> None: ...

    def detect(self, rows: Rows) -> Found:
        group = group_of(rows, "account")
        room = int(group.max(initial=0)) + 1
        self._amounts, self._paces = grown(self._amounts, room), grown(self._paces, room)
        self._times = grown(self._times, room)
        value = log_amount(rows.amount)
        count, mean, deviation = running_moments(group, value, self._amounts)
        z = (value - mean) / np.maximum(deviation, SPREAD_MIN)
        pace_z = self._pace(group, rows.time_ms)
        new = self._new_counterparties(rows)
        score = np.abs(z) + self._config.weight_new_counterparty * new + self._config.weight_pace * pace_z
        judged = (count >= self._config.rows_min) & (rows.words["account"] >= 0)
        usual = np.sign(mean) * np.expm1(np.abs(mean))
        found = {"z": z, "mean": usual, "count": count, "new_counterparty": new, "pace_z": pace_z}
        return Found(np.where(judged, score, np.nan), found)

    def reason(self, evidence: Mapping[str, float]) -> str:
        side = "above" if evidence["z"] > 0 else "below"
        sentence = (
            f"Against the {evidence['count']:.0f} rows of this account before it: {abs(evidence['z']):.1f} deviations"
            f" {side} its usual {evidence['mean']:,.2f}"
        )
        if evidence["new_counterparty"]:
            sentence += ", to a counterparty it never had"
        if evidence["pace_z"] > 2:
            sentence += ", much sooner after the last one than usual"
        return sentence

    def _pace(self, group: NDArray[np.int64], time_ms: NDArray[np.int64]) -> NDArray[np.float64]:
        """How much sooner than usual a row came, in deviations of the logarithm of the gap; 0 if not sooner."""
        timed = time_ms != NO_TIME
        pace_z = np.zeros(len(group))
        gap = np.log1p(since_last(group[timed], time_ms[timed], self._times))
        known = ~np.isnan(gap)
        count, mean, deviation = running_moments(group[timed][known], gap[known], self._paces)
        z = np.where(count >= self._config.rows_min, (mean - gap[known]) / np.maximum(deviation, 1.0), 0.0)
        places = np.flatnonzero(timed)[known]
        pace_z[places] = np.clip(z, 0, PACE_Z_MAX)
        return pace_z

    def _new_counterparties(self, rows: Rows) -> NDArray[np.float64]:
        counterparty = rows.words["counterparty"]
        if not np.any(counterparty >= 0):
            counterparty = rows.words["merchant"]
        new = np.zeros(len(rows))
        pairs, of = distinct_pairs(rows.words["account"].astype(np.int64), counterparty.astype(np.int64))
        first = np.full(len(pairs), len(rows))
        np.minimum.at(first, of, np.arange(len(rows)))
        for (account, other), place in zip(pairs, first.tolist(), strict=True):
            pair = account << 32 | other
            if other < 0 or pair in self._pairs:
                continue
            if len(self._pairs) < PAIRS_MAX:
                self._pairs.add(pair)
                new[place] = 1.0
        return new
