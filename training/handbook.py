"""The test of the Fraud Detection Handbook, chapter 3: its week of training, its seven days of delay, its week of test.

What the book publishes for it (ROC AUC, average precision, card precision@100): logistic regression 0.871, 0.606,
0.291; random forest 0.867, 0.658, 0.287; XGBoost 0.862, 0.639, 0.273.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from features.columns import Rows
from features.plan import DAY
from training.columns import Columns

CARDS = 100  # a team that looks into a hundred cards a day


@dataclass(frozen=True, slots=True)
class Protocol:
    """Train on `train_days` from `start_ms`, wait `delay_days`, test on `test_days`. `history_ms`: train from here."""

    start_ms: int
    history_ms: int
    train_days: int = 7
    delay_days: int = 7
    test_days: int = 7

    @property
    def train_end_ms(self) -> int:
        return self.start_ms + self.train_days * DAY

    @property
    def test_ms(self) -> int:
        return self.train_end_ms + self.delay_days * DAY

    @property
    def test_end_ms(self) -> int:
        return self.test_ms + self.test_days * DAY

    def weeks_before(self, weeks: int) -> "Protocol":
        """The same test so many weeks earlier."""
        return Protocol(
            self.start_ms - weeks * 7 * DAY, self.history_ms, self.train_days, self.delay_days, self.test_days
        )


def _day(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


PUBLISHED = Protocol(_day(2018, 7, 25), _day(2018, 4, 1))


def rows_of_training(columns: Columns, protocol: Protocol, *, all_history: bool) -> Rows:
    """Rows to learn from: the week, or everything before the gap."""
    start = protocol.history_ms if all_history else protocol.start_ms
    return np.flatnonzero((columns.time_ms >= start) & (columns.time_ms < protocol.train_end_ms))


def rows_of_test(columns: Columns, protocol: Protocol) -> Rows:
    """Rows of the test week, without cards known to be compromised.

    Known are cards with fraud in the week of training, and for the d-th day of the test (from 0) also those with fraud
    on the days up to the last of training + d: what a bank with seven days of delay knows on that morning.
    """
    time_ms, fraud, account = columns.time_ms, columns.fraud, columns.account
    kept = []
    for day in range(protocol.test_days):
        told = (time_ms >= protocol.start_ms) & (time_ms < protocol.train_end_ms + day * DAY) & fraud
        start = protocol.test_ms + day * DAY
        rows = np.flatnonzero((time_ms >= start) & (time_ms < start + DAY))
        kept.append(rows[~np.isin(account[rows], account[told])])
    return np.concatenate(kept)


def day_of(columns: Columns, rows: Rows) -> npt.NDArray[np.int64]:
    """Day number of each row (UTC)."""
    return columns.time_ms[rows] // DAY
