"""The numbers that machine-learning detectors see of a row: few, on comparable scales, each with a plain name."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.chunks import NO_TIME, Rows
from analysis.detectors.calendar import local
from analysis.detectors.groups import Moments, group_of, grown, log_amount
from analysis.detectors.protocol import Setting
from analysis.detectors.running import since_last

NAMES = (
    "the amount",
    "the amount against the account's own",
    "the amount against its category",
    "the hour",
    "the time of the day",
    "the day of the week",
    "the time since the account's last row",
    "how rare the counterparty is",
    "how rare the account is",
)
DEVIATION_MIN = 0.1  # of the logarithm, where a group's amounts are all alike
Z_MAX = 12.0  # a value a thousand deviations away is no more unusual than one at twelve
DAY_HOURS = 24


@dataclass
class Profile:
    """Two passes like a detector's own: `learn` every chunk, then `of` every chunk, in order of time."""

    setting: Setting

    def __post_init__(self) -> None:
        self._by_account, self._by_category, self._overall = Moments(), Moments(), Moments()
        self._seen = {"counterparty": np.zeros(64), "account": np.zeros(64)}
        self._times = np.zeros((64, 2))
        self._rows = 0

    def learn(self, rows: Rows) -> None:
        value = log_amount(rows.amount)
        self._by_account.add(group_of(rows, "account"), value)
        self._by_category.add(group_of(rows, "category"), value)
        self._overall.add(group_of(rows, "none"), value)
        for column, counts in self._seen.items():
            group = group_of(rows, column)  # type: ignore[arg-type]  # both are columns to group by
            counts = grown(counts, int(group.max(initial=0)) + 1)
            counts += np.bincount(group, minlength=len(counts))
            self._seen[column] = counts
        self._rows += len(rows)

    def restart(self) -> None:
        """Forget what runs along in time, before the chunks come again."""
        self._times[:] = 0

    def of(self, rows: Rows) -> NDArray[np.float64]:
        """The numbers of each row, (n, len(NAMES)), finite."""
        value = log_amount(rows.amount)
        when = local(rows.time_ms, self.setting.time_zone)
        angle = np.where(when.dated, 0, when.hour) * (2 * np.pi / DAY_HOURS)
        columns = (
            value,
            self._against(self._by_account, group_of(rows, "account"), value),
            self._against(self._by_category, group_of(rows, "category"), value),
            np.sin(angle),
            np.cos(angle),
            when.weekday.astype(float),
            self._gap(rows),
            self._rarity(rows, "counterparty"),
            self._rarity(rows, "account"),
        )
        numbers: NDArray[np.float64] = np.nan_to_num(np.column_stack(columns), posinf=Z_MAX, neginf=-Z_MAX)
        return numbers

    def _against(self, moments: Moments, group: NDArray[np.int64], value: NDArray[np.float64]) -> NDArray[np.float64]:
        count, mean, deviation = moments.of(group)
        _, mean_all, deviation_all = self._overall.of(np.zeros(len(group), np.int64))
        few = count < 5
        mean = np.where(few, mean_all, mean)
        deviation = np.maximum(np.where(few, deviation_all, deviation), DEVIATION_MIN)
        return np.clip((value - mean) / deviation, -Z_MAX, Z_MAX)

    def _gap(self, rows: Rows) -> NDArray[np.float64]:
        group = group_of(rows, "account")
        self._times = grown(self._times, int(group.max(initial=0)) + 1)
        timed = rows.time_ms != NO_TIME
        gap = np.zeros(len(rows))
        gap[timed] = np.log1p(np.nan_to_num(since_last(group[timed], rows.time_ms[timed], self._times)) / 1000)
        return gap

    def _rarity(self, rows: Rows, column: str) -> NDArray[np.float64]:
        group = group_of(rows, column)  # type: ignore[arg-type]
        counts = grown(self._seen[column], int(group.max(initial=0)) + 1)
        return np.where(group > 0, -np.log((counts[group] + 1) / (self._rows + 1)), 0.0)
