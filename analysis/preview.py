"""What a strategy would flag on a sample, and how that differs from what another version of it flags there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from analysis.progress import Progress
from analysis.rows import MINOR, ParquetRows
from analysis.run import Anomaly, Outcome, analyse
from analysis.strategy import Strategy

ITEMS_MAX = 20  # of each list
SHOWN = ("transaction_id", "account", "counterparty", "merchant", "currency", "time_ms", "text")


class PreviewItem(msgspec.Struct, frozen=True, kw_only=True):
    """One row with what both versions say of it; shares and reasons are of the version whose list it stands in."""

    row: int
    score: float
    score_current: float
    shares: dict[str, float]
    reasons: dict[str, str]
    amount: float
    transaction_id: str | None = None
    account: str | None = None
    counterparty: str | None = None
    merchant: str | None = None
    currency: str | None = None
    time_ms: int | None = None
    text: str | None = None


class PreviewFound(msgspec.Struct, frozen=True, kw_only=True):
    """`rows_total` in the source, `rows` of them looked at; the others count rows that reach the threshold.

    `top` are the highest of all, `gained` the highest that the current version lets pass, `lost` the highest of those
    that only the current version flags.
    """

    rows_total: int
    rows: int
    flagged: int
    flagged_current: int
    gained_rows: int
    lost_rows: int
    top: list[PreviewItem]
    gained: list[PreviewItem]
    lost: list[PreviewItem]


def previewed(
    source: ParquetRows,
    rows_total: int,
    wanted: Strategy,
    current: Strategy,
    *,
    folder: Path,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> PreviewFound:
    """Run both over the rows. Raises InvalidStrategy, Cancelled, OSError."""

    def judged(strategy: Strategy) -> Outcome:
        # Every flagged row with its reasons: a row that is lost may stand far down.
        whole = strategy.model_copy(update={"anomalies_max": max(source.count, 1)})
        return analyse(source, whole, folder=folder, progress=progress, cancelled=cancelled)

    new = judged(wanted)
    old = new if current == wanted else judged(current)
    in_new, in_old = _places(new), _places(old)
    gained = [one for one in new.anomalies if not in_old[one.place]]
    lost = [one for one in old.anomalies if not in_new[one.place]]
    return PreviewFound(
        rows_total=rows_total,
        rows=new.rows,
        flagged=new.flagged,
        flagged_current=old.flagged,
        gained_rows=len(gained),
        lost_rows=len(lost),
        top=_items(source, new.anomalies, new, old),
        gained=_items(source, gained, new, old),
        lost=_items(source, lost, new, old),
    )


def _places(outcome: Outcome) -> NDArray[np.bool_]:
    flagged = np.zeros(outcome.rows, np.bool_)
    flagged[[one.place for one in outcome.anomalies]] = True
    return flagged


def _items(source: ParquetRows, anomalies: list[Anomaly], new: Outcome, old: Outcome) -> list[PreviewItem]:
    shown = anomalies[:ITEMS_MAX]
    places = sorted(one.place for one in shown)
    records: dict[int, dict[str, Any]] = dict(zip(places, source.records(places), strict=True))
    return [
        PreviewItem(
            row=one.row,
            score=round(float(new.scores[one.place]), 2),
            score_current=round(float(old.scores[one.place]), 2),
            shares=dict(one.shares),
            reasons=dict(one.reasons),
            amount=(records[one.place]["amount_minor"] or 0) / MINOR,
            **{name: records[one.place][name] for name in SHOWN},
        )
        for one in shown
    ]
