"""A history to learn from out of what the stream stored: the vectors that it served, the labels that came later."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import numpy as np

from contracts.errors import DataRefused
from features.money import Money
from features.plan import PLAN
from scoring.model import Vectors
from storage.backtest_rows import KnownLabel
from training.columns import Columns, columns_with_labels
from training.history import Description, History, gathered
from training.progress import Advance
from training.stored_period import Chunk

FOREVER_MS = 2**62


async def stored_history(
    chunks: AsyncIterator[Chunk], labels: list[KnownLabel], description: Description, money: Money, advance: Advance
) -> History:
    """The usable rows of the chunks; decisions made without the state are left out, and counted in the description.

    `labels`: all of the period's, for when each verdict became known. Raises DataRefused if nothing is left.
    """
    effective = {(label.client_id, label.transaction_id): label.effective_ms for label in labels}
    parts: list[tuple[Columns, Vectors]] = []
    done = left_out = 0
    async for chunk in chunks:
        rows = np.flatnonzero(chunk.usable & ~chunk.degraded)
        done, left_out = done + len(chunk), left_out + len(chunk) - len(rows)
        if len(rows):
            parts.append((_columns(chunk, rows, effective), chunk.vectors[rows]))
        advance(done)
    if not parts:
        raise DataRefused("nothing is stored of this period that a model could learn from")
    return gathered(parts, description | {"left_out": left_out}, money.base)


def _columns(chunk: Chunk, rows: np.ndarray, effective: Mapping[tuple[int, str], int]) -> Columns:
    transactions = [chunk.transactions[row] for row in rows.tolist()]
    made = columns_with_labels(transactions, [])
    times = chunk.time_ms[rows] + PLAN.label_delay
    told = np.array([effective.get((t.client_id, t.transaction_id), 0) for t in transactions], np.int64)
    return replace(made, fraud=(chunk.fraud & chunk.labelled)[rows], label_known_ms=np.maximum(times, told))
