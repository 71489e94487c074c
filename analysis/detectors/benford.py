"""Benford's law: groups whose first digits are not distributed as in amounts that grew by themselves.

Source: Nigrini, Benford's Law (2012). A group is judged by the chi-square of its first digits (8 degrees of freedom)
in units of its deviation from its mean under the law; the rows of the digits that are too frequent carry the score.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.groups import GroupBy, group_of, grown
from analysis.detectors.protocol import Found, Kind, Setting

EXPECTED = np.log10(1 + 1 / np.arange(1, 10))  # shares of the first digits 1 to 9
CHI_SQUARE_MEAN, CHI_SQUARE_DEVIATION = 8.0, 4.0  # of 8 degrees of freedom


class Config(protocol.Config):
    group_by: GroupBy = Field("account", description="Whose digits are judged.")
    rows_min: int = Field(100, ge=50, le=1_000_000, description="Smaller groups say nothing and are not judged.")


class Benford:
    name: ClassVar[str] = "benford"
    kind: ClassVar[Kind] = "statistical"
    summary: ClassVar[str] = "First digits that are too frequent by Benford's law."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = "Nine counts a group."
    evidence: ClassVar[tuple[str, ...]] = ("digit", "share", "expected")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, _: Setting) -> None:
        self._config = config
        self._counts = np.zeros((64, 9))

    def fit(self, rows: Rows) -> None:
        group, digit = group_of(rows, self._config.group_by), first_digit(rows.amount)
        use = digit > 0
        self._counts = grown(self._counts, int(group.max(initial=0)) + 1)
        np.add.at(self._counts, (group[use], digit[use] - 1), 1)

    def finish(self) -> None:
        count = self._counts.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            self._share = self._counts / count
            chi_square = (count * (self._share - EXPECTED) ** 2 / EXPECTED).sum(axis=1)
        surprise = np.maximum((chi_square - CHI_SQUARE_MEAN) / CHI_SQUARE_DEVIATION, 0)
        judged = count[:, 0] >= self._config.rows_min
        excess = np.maximum(self._share / EXPECTED - 1, 0)
        self._score = np.where(judged[:, None], surprise[:, None] * excess, 0.0)

    def detect(self, rows: Rows) -> Found:
        group, digit = group_of(rows, self._config.group_by), first_digit(rows.amount)
        place = np.maximum(digit, 1) - 1
        score = np.where(digit > 0, np.nan_to_num(self._score[group, place]), 0.0)
        expected = EXPECTED[place]
        return Found(score, {"digit": digit.astype(float), "share": self._share[group, place], "expected": expected})

    def reason(self, evidence: Mapping[str, float]) -> str:
        of = "all rows" if self._config.group_by == "none" else f"this {self._config.group_by}'s amounts"
        return (
            f"{evidence['share']:.0%} of {of} begin with {evidence['digit']:.0f};"
            f" Benford's law expects {evidence['expected']:.0%}"
        )


def first_digit(amount: NDArray[np.float64]) -> NDArray[np.int64]:
    """The first digit that is not 0, (n,) of 1–9; 0 for amounts below the smallest unit."""
    minor = np.round(np.abs(amount) * 10_000)
    large = np.maximum(minor, 1)
    exponent = np.floor(np.log10(large))
    # A logarithm may fall to the wrong side of a power of ten.
    exponent += large >= 10 ** (exponent + 1)
    exponent -= large < 10**exponent
    return np.where(minor >= 1, large // 10**exponent, 0).astype(np.int64)
