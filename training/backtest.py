"""What a model and policy would have decided about a stored period, beside what was decided, with the money in it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import numpy as np

from scoring.model import Model
from scoring.policy import Policy
from training.evaluation.outcomes import DAY_MS, Booleans, Floats, Integers
from training.evaluation.ranking import Ranking
from training.stored_period import LEVELS, Chunk

REVIEW, FLAG, DECLINE = 1, 2, 3  # levels; 0 approves
DECIMALS = 6


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """Transactions of one kind and their amounts in the base currency."""

    transactions: int
    amount: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What decisions came to. `levels` are of all rows; fraud and legitimate ones only of the mature rows.

    caught: flagged or declined. blocked: declined. reviewed: reviewed only. lost: approved.
    """

    name: str
    levels: dict[str, Volume]
    fraud_caught: Volume
    fraud_blocked: Volume
    fraud_reviewed: Volume
    fraud_lost: Volume
    legitimate_alerted: Volume
    legitimate_blocked: Volume
    legitimate_reviewed: Volume
    alerts_a_day: float
    precision: float | None
    recall: float | None
    value_recall: float | None
    average_precision: float | None
    roc_auc: float | None


class Backtest(msgspec.Struct, frozen=True, kw_only=True):
    """`mature` rows are at least the label delay older than the newest stored event: a row without a label is
    legitimate there. `left_out`: no vector, because the state was not there when they were decided.
    """

    model: str
    policies: dict[str, dict[str, float]]
    time_from: str
    time_to: str
    rows: int
    left_out: int
    mature: int
    labels: int
    frauds: Volume
    refolded: bool
    changed: dict[str, int]
    decided: Outcome
    backtest: Outcome

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document


class Scored(msgspec.Struct, frozen=True):
    """A scored period; arrays (n,). `level` by the backtest, `decided_level` and `decided_score` as it was."""

    score: Floats
    level: Integers
    decided_score: Floats
    decided_level: Integers
    amount: Floats
    time_ms: Integers
    labelled: Booleans
    fraud: Booleans

    def __len__(self) -> int:
        return len(self.score)


async def scored(
    chunks: AsyncIterator[Chunk],
    model: Model,
    policies: Callable[[int], Policy],
    advance: Callable[[int], None] = lambda _done: None,
) -> tuple[Scored, int]:
    """Score chunk by chunk; of a row some 50 bytes are kept. Also how many rows had no vector."""
    parts: list[tuple[np.ndarray, ...]] = []
    done = left_out = 0
    async for chunk in chunks:
        rows = np.flatnonzero(chunk.usable)
        score = model.score(model.predict(chunk.vectors[rows]))
        level = levels_of(score, chunk.client[rows], policies)
        was = chunk.score[rows], chunk.level[rows], chunk.amount[rows], chunk.time_ms[rows]
        parts.append((score, level, *was, chunk.labelled[rows], chunk.fraud[rows] & chunk.labelled[rows]))
        left_out += len(chunk) - len(rows)
        done += len(chunk)
        advance(done)
    kinds = (np.float64, np.int64, np.float64, np.int64, np.float64, np.int64, np.bool_, np.bool_)
    empty = tuple(np.zeros(0, kind) for kind in kinds)
    return Scored(*(np.concatenate(columns) for columns in zip(empty, *parts, strict=True))), left_out


def levels_of(score: Floats, client: Integers, policies: Callable[[int], Policy]) -> Integers:
    """The level of each score by its client's policy."""
    level = np.zeros(len(score), np.int64)
    for one in np.unique(client).tolist():
        policy, rows = policies(one), client == one
        level[rows] = np.searchsorted([policy.review, policy.flag, policy.decline], score[rows], side="right")
    return level


def outcome_of(name: str, rows: Scored, score: Floats, level: Integers, mature: Booleans) -> Outcome:
    """Account for levels and scores (n,) of the rows."""
    fraud, legitimate = mature & rows.fraud, mature & ~rows.fraud
    alert = level >= FLAG
    days = max((int(rows.time_ms.max()) - int(rows.time_ms.min())) / DAY_MS, 1 / 24) if len(rows) else 1.0
    truth = rows.fraud[mature]
    counted = Ranking(score[mature], truth, rows.amount[mature]).counted() if truth.any() and not truth.all() else None
    alerts, caught = int((alert & mature).sum()), int((alert & fraud).sum())
    money = float(rows.amount[fraud].sum())
    return Outcome(
        name=name,
        levels={kind.value: _volume(rows, level == number) for number, kind in enumerate(LEVELS)},
        fraud_caught=_volume(rows, fraud & alert),
        fraud_blocked=_volume(rows, fraud & (level == DECLINE)),
        fraud_reviewed=_volume(rows, fraud & (level == REVIEW)),
        fraud_lost=_volume(rows, fraud & (level == 0)),
        legitimate_alerted=_volume(rows, legitimate & alert),
        legitimate_blocked=_volume(rows, legitimate & (level == DECLINE)),
        legitimate_reviewed=_volume(rows, legitimate & (level == REVIEW)),
        alerts_a_day=round(float(alert.sum()) / days, 2),
        precision=round(caught / alerts, DECIMALS) if alerts else None,
        recall=round(caught / int(fraud.sum()), DECIMALS) if fraud.any() else None,
        value_recall=round(float(rows.amount[fraud & alert].sum()) / money, DECIMALS) if money else None,
        average_precision=round(counted.average_precision(), DECIMALS) if counted else None,
        roc_auc=round(counted.roc_auc(), DECIMALS) if counted else None,
    )


def changes(rows: Scored) -> dict[str, int]:
    """`approve -> decline`: how many rows would have been decided so instead; equal ones left out."""
    pairs, counts = np.unique(rows.decided_level * len(LEVELS) + rows.level, return_counts=True)
    names = [kind.value.lower() for kind in LEVELS]
    return {
        f"{names[pair // len(LEVELS)]} -> {names[pair % len(LEVELS)]}": count
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True)
        if pair // len(LEVELS) != pair % len(LEVELS)
    }


def _volume(rows: Scored, mask: Booleans) -> Volume:
    return Volume(transactions=int(mask.sum()), amount=round(float(rows.amount[mask].sum()), 2))
