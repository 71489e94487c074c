"""Robust z-score: distance from the group's median in units of its median absolute deviation.

Source: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993): 0.6745 (x − median) / MAD.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.groups import GroupBy, group_of
from analysis.detectors.protocol import Found, Kind, Setting
from analysis.detectors.sample import Sample

NORMAL = 0.6744897501960817  # MAD of a standard normal distribution
SAMPLE_ROWS_MAX = 4_000_000  # kept for the medians, 48 MB; of more rows a random sample
NO_GROUP = -1  # behind the last group
SPREAD_MIN = 0.01  # of the median: amounts that are always the same have no deviation, and a cent is no anomaly


class Config(protocol.Config):
    group_by: GroupBy = Field("account", description="Whose median an amount is compared with.")
    rows_min: int = Field(10, ge=3, le=10_000, description="Smaller groups are compared with all rows.")


class RobustZScore:
    name: ClassVar[str] = "robust_z_score"
    kind: ClassVar[Kind] = "statistical"
    summary: ClassVar[str] = "Amounts far from their group's median, in median absolute deviations."
    streaming: ClassVar[bool] = False
    limits: ClassVar[str] = f"Medians need the amounts: of more than {SAMPLE_ROWS_MAX:,} rows a random sample is kept."
    evidence: ClassVar[tuple[str, ...]] = ("z", "median", "of_group")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, setting: Setting) -> None:
        self._config = config
        self._sample = Sample(SAMPLE_ROWS_MAX, 2, setting.seed)

    def fit(self, rows: Rows) -> None:
        self._sample.add(np.column_stack((group_of(rows, self._config.group_by), rows.amount)))

    def finish(self) -> None:
        values = self._sample.taken()
        group, amount = values[:, 0].astype(np.int64), values[:, 1]
        self._groups, self._median, self._spread = _medians(group, amount, self._config.rows_min)
        _, whole, spread = _medians(np.zeros(len(amount), np.int64), amount, 1)
        self._overall = (float(whole[0]), float(spread[0])) if len(whole) else (0.0, 0.0)

    def detect(self, rows: Rows) -> Found:
        group = group_of(rows, self._config.group_by)
        place = np.searchsorted(self._groups, group)
        known = np.append(self._groups, NO_GROUP)[place] == group
        median = np.where(known, np.append(self._median, 0.0)[place], self._overall[0])
        spread = np.where(known, np.append(self._spread, 0.0)[place], self._overall[1])
        with np.errstate(invalid="ignore", divide="ignore"):
            z = np.where(spread > 0, NORMAL * (rows.amount - median) / spread, 0.0)
        return Found(np.abs(z), {"z": z, "median": median, "of_group": known.astype(float)})

    def reason(self, evidence: Mapping[str, float]) -> str:
        of = f"this {self._config.group_by}" if evidence["of_group"] and self._config.group_by != "none" else "all rows"
        side = "above" if evidence["z"] > 0 else "below"
        return f"The amount is far {side} the median of {of}, {evidence['median']:,.2f} (robust z {evidence['z']:+.1f})"


def _medians(
    group: NDArray[np.int64], amount: NDArray[np.float64], rows_min: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Groups of at least `rows_min` rows, ascending, with their medians and deviations (of SPREAD_MIN at least)."""
    groups, of, sizes = np.unique(group, return_inverse=True, return_counts=True)
    median = _middles(amount, of, sizes)
    spread = _middles(np.abs(amount - median[of]), of, sizes)
    large = sizes >= rows_min
    return groups[large], median[large], np.maximum(spread, SPREAD_MIN * np.abs(median))[large]


def _middles(value: NDArray[np.float64], of: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """The median of each group; `of` says which one a value belongs to."""
    ordered = value[np.lexsort((value, of))]
    starts = np.cumsum(sizes) - sizes
    middles: NDArray[np.float64] = (ordered[starts + (sizes - 1) // 2] + ordered[starts + sizes // 2]) / 2
    return middles
