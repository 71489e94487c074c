"""Related accounts: days on which an account leaves the company of the account it usually moves with.

Daily totals of the most active accounts are correlated by rank, which one odd day cannot spoil; an account's best
partner predicts its day by a straight line through the days that lie close to it, and the residual of a day says how
far it left the line. A day's score belongs to the rows that made its total.
"""

from collections import Counter
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.calendar import local
from analysis.detectors.groups import distinct_pairs, log_amount
from analysis.detectors.protocol import Found, Kind, Setting

ACCOUNTS_MAX = 400  # the most active ones; the correlation of more says little and costs their square
DAYS_MAX = 3_660
TOTALS_MAX = 2_000_000  # accounts and days, some 200 bytes each; of more, the least active accounts are left out


class Config(protocol.Config):
    correlation_min: float = Field(0.7, ge=0.3, le=0.999, description="Below it two accounts are not related.")
    days_min: int = Field(20, ge=5, le=1_000, description="Days with data that a pair needs.")


class RelatedAccounts:
    name: ClassVar[str] = "related_accounts"
    kind: ClassVar[Kind] = "statistical"
    summary: ClassVar[str] = "Days on which an account departs from the account that it usually moves with."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = f"Of the {ACCOUNTS_MAX} accounts with the most rows, at most {DAYS_MAX} days."
    evidence: ClassVar[tuple[str, ...]] = ("z", "correlation", "total", "expected")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, setting: Setting) -> None:
        self._config = config
        self._zone = setting.time_zone
        self._totals: dict[tuple[int, int], float] = {}  # (account, day) → sum of amounts
        self._rows: Counter[int] = Counter()

    def fit(self, rows: Rows) -> None:
        when = local(rows.time_ms, self._zone)
        account = rows.words["account"].astype(np.int64)
        use = when.known & (account >= 0)
        keys, places = distinct_pairs(account[use], when.day[use])
        sums = np.bincount(places, rows.amount[use], minlength=len(keys))
        counts = np.bincount(places, minlength=len(keys))
        for (number, day), total, count in zip(keys, sums.tolist(), counts.tolist(), strict=True):
            self._totals[number, day] = self._totals.get((number, day), 0.0) + total
            self._rows[number] += count
        if len(self._totals) > TOTALS_MAX:
            self._leave_out()

    def finish(self) -> None:
        self._days: dict[tuple[int, int], tuple[float, float, float, float]] = {}
        accounts = [number for number, _ in self._rows.most_common(ACCOUNTS_MAX)]
        held = set(accounts)
        days = sorted({day for number, day in self._totals if number in held})[-DAYS_MAX:]
        if len(accounts) < 2 or len(days) < self._config.days_min:
            return
        column = {day: i for i, day in enumerate(days)}
        table = np.zeros((len(accounts), len(days)))
        for i, number in enumerate(accounts):
            for day, j in column.items():
                table[i, j] = self._totals.get((number, day), 0.0)
        self._judge(accounts, days, log_amount(table))

    def detect(self, rows: Rows) -> Found:
        when = local(rows.time_ms, self._zone)
        evidence = np.full((len(rows), 4), np.nan)
        for i, key in enumerate(zip(rows.words["account"].tolist(), when.day.tolist(), strict=True)):
            if key in self._days and when.known[i]:
                evidence[i] = self._days[key]
        # The row's part in what its day's total is too much (or too little) by.
        with np.errstate(invalid="ignore", divide="ignore"):
            part = np.clip(np.abs(rows.amount) / np.abs(evidence[:, 2] - evidence[:, 3]), 0, 1)
        score = np.where(np.isnan(evidence[:, 0]), 0.0, np.abs(evidence[:, 0]) * np.nan_to_num(part))
        return Found(score, dict(zip(self.evidence, evidence.T, strict=True)))

    def reason(self, evidence: Mapping[str, float]) -> str:
        return (
            f"This account's total of the day is {evidence['total']:,.2f}; the account that it usually moves with"
            f" (correlation {evidence['correlation']:.2f}) lets {evidence['expected']:,.2f} be expected"
        )

    def _leave_out(self) -> None:
        """The less active half of the accounts, for good: what came before is not held of those that come back."""
        kept = {number for number, _ in self._rows.most_common(max(len(self._rows) // 2, ACCOUNTS_MAX))}
        self._totals = {key: total for key, total in self._totals.items() if key[0] in kept}
        self._rows = Counter({number: count for number, count in self._rows.items() if number in kept})

    def _judge(self, accounts: list[int], days: list[int], table: NDArray[np.float64]) -> None:
        varied = table.std(axis=1) > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation: NDArray[np.float64] = np.asarray(np.nan_to_num(np.corrcoef(_ranks(table))))
        correlation[~varied] = 0
        np.fill_diagonal(correlation, 0)
        for i, number in enumerate(accounts):
            partner = int(np.argmax(correlation[i]))
            if correlation[i, partner] < self._config.correlation_min:
                continue
            expected = _line(table[partner], table[i])
            residual = table[i] - expected
            spread = np.median(np.abs(residual - np.median(residual))) / 0.6745 or residual.std()
            if spread <= 0:
                continue
            for day, value, line, left in zip(
                days, table[i].tolist(), expected.tolist(), (residual / spread).tolist(), strict=True
            ):
                amounts = [float(np.sign(x) * np.expm1(abs(x))) for x in (value, line)]
                self._days[number, day] = (left, float(correlation[i, partner]), *amounts)


def _ranks(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks along each row, equal values in the order of their days."""
    return np.argsort(np.argsort(table, axis=1, kind="stable"), axis=1, kind="stable").astype(float)


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Y as a straight line of x, fitted again without the tenth of the days that lie farthest from the first fit."""
    line = np.polyfit(x, y, 1)
    left = np.abs(y - np.polyval(line, x))
    close = left <= np.quantile(left, 0.9)
    if np.ptp(x[close]) > 0:
        line = np.polyfit(x[close], y[close], 1)
    return np.asarray(np.polyval(line, x), np.float64)
