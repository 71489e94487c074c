"""The Handbook's own fifteen features, out of the kernel's output: the proof that windows and delay are right.

The book's windows hold the current transaction, ours do not; its terminal windows end seven days ago. With tiles of a
millisecond the kernel's windows are exact, and counts over (t - 7 d - w, t] and (t - 7 d, t] differ by the book's.
"""

import numpy as np
import numpy.typing as npt

from features.catalogue import Feature, build_features
from features.layout import Tables, build_tables
from features.plan import DAY, HOUR, Plan, window_name
from scoring.model import Vectors

WINDOW_DAYS = (1, 7, 30)
DELAY_DAYS = 7
_NIGHT_UNTIL_H = 7  # the book's night: hours 0 to 6
_CENTS = 100
PLAN = Plan(
    windows=tuple(days * DAY for days in sorted({*WINDOW_DAYS, DELAY_DAYS, *(d + DELAY_DAYS for d in WINDOW_DAYS)})),
    risk_windows=tuple(days * DAY for days in WINDOW_DAYS),
    label_delay=DELAY_DAYS * DAY,
    tile_widths=(1, 1, 1, 1),  # ms: a tile holds the events of one moment, so nothing is rounded
    ring_window_max=0,
    ring_span=2 * HOUR,
)
FEATURES: tuple[Feature, ...] = build_features(PLAN)
NAMES = (
    "TX_AMOUNT", "TX_DURING_WEEKEND", "TX_DURING_NIGHT",
    *(f"CUSTOMER_ID_{what}_{days}DAY_WINDOW" for days in WINDOW_DAYS for what in ("NB_TX", "AVG_AMOUNT")),
    *(f"TERMINAL_ID_{what}_{days}DAY_WINDOW" for days in WINDOW_DAYS for what in ("NB_TX", "RISK")),
)  # fmt: skip


def book_tables() -> Tables:
    """The kernel's tables for the book's windows; labels count from the very millisecond."""
    return build_tables(FEATURES, PLAN)._replace(effective_step=1)


def book_features(vectors: Vectors, amount: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """float64 (n, 15) in the order of NAMES, from vectors folded with `book_tables` and the amounts in dollars."""
    at = {feature.name: number for number, feature in enumerate(FEATURES)}

    def column(name: str) -> npt.NDArray[np.float64]:
        return vectors[:, at[name]].astype(np.float64)

    made = [amount, column("weekend"), (column("hour") < _NIGHT_UNTIL_H).astype(np.float64)]
    for days in WINDOW_DAYS:
        span = window_name(days * DAY)
        count = column(f"account_count_{span}") + 1
        total = np.rint(column(f"account_sum_{span}") * _CENTS) / _CENTS  # float32 holds cents up to 131,072 dollars
        made += [count, (total + amount) / count]
    recent = column(f"merchant_count_{window_name(DELAY_DAYS * DAY)}")
    for days in WINDOW_DAYS:
        count = column(f"merchant_count_{window_name((days + DELAY_DAYS) * DAY)}") - recent
        made += [count, column(f"merchant_fraud_share_{days}d")]
    return np.stack(made, axis=1)
