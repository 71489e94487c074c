"""Round amounts: rounder than the account's amounts usually are."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.chunks import MINOR, Rows
from analysis.detectors import protocol
from analysis.detectors.groups import GroupBy, group_of, grown
from analysis.detectors.protocol import Found, Kind, Setting

ZEROS_MAX = 12  # trailing zeros of an amount in 1e-4 units; 4 of them make a whole unit


class Config(protocol.Config):
    group_by: GroupBy = Field("account", description="Whose amounts an amount is compared with.")
    amount_min: float = Field(100, ge=0, le=1e12, description="Smaller amounts are often round and not judged.")
    zeros_min: int = Field(2, ge=1, le=8, description="Trailing zeros of the whole amount that make it round.")


class RoundAmount:
    name: ClassVar[str] = "round_amount"
    kind: ClassVar[Kind] = "rule"
    summary: ClassVar[str] = "Round amounts where round amounts are rare."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = "A few counts a group."
    evidence: ClassVar[tuple[str, ...]] = ("zeros", "share")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, _: Setting) -> None:
        self._config = config
        self._counts = np.zeros((64, ZEROS_MAX + 1))

    def fit(self, rows: Rows) -> None:
        group, zeros = group_of(rows, self._config.group_by), trailing_zeros(rows.amount)
        self._counts = grown(self._counts, int(group.max(initial=0)) + 1)
        np.add.at(self._counts, (group, zeros), 1)

    def finish(self) -> None:
        at_least = self._counts[:, ::-1].cumsum(axis=1)[:, ::-1]
        with np.errstate(invalid="ignore", divide="ignore"):
            self._share = at_least / self._counts.sum(axis=1, keepdims=True)

    def detect(self, rows: Rows) -> Found:
        zeros = trailing_zeros(rows.amount)
        share = self._share[group_of(rows, self._config.group_by), zeros]
        whole = np.maximum(zeros - int(np.log10(MINOR)), 0)
        is_round = (whole >= self._config.zeros_min) & (np.abs(rows.amount) >= self._config.amount_min)
        with np.errstate(divide="ignore"):
            surprise = np.maximum(-np.log(share), 0)
        return Found(np.where(is_round, surprise * whole, 0.0), {"zeros": whole.astype(float), "share": share})

    def reason(self, evidence: Mapping[str, float]) -> str:
        of = "the rows" if self._config.group_by == "none" else f"this {self._config.group_by}'s rows"
        return f"A round amount ({evidence['zeros']:.0f} zeros); only {evidence['share']:.1%} of {of} are as round"


def trailing_zeros(amount: NDArray[np.float64]) -> NDArray[np.int64]:
    """Trailing zeros of amounts in 1e-4 units, at most ZEROS_MAX; 0 for an amount of 0."""
    left = np.round(np.abs(amount) * MINOR).astype(np.int64)
    zeros = np.zeros(len(left), np.int64)
    for _ in range(ZEROS_MAX):
        even = (left > 0) & (left % 10 == 0)
        zeros[even] += 1
        left[even] //= 10
        left[~even] = 1
    return zeros
