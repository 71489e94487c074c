"""Alerting from each risk score on: load, precision, recall, money, cost."""

import numpy as np

from training.costs import Costs
from training.evaluation.outcomes import Floats, Outcomes
from training.evaluation.result import Cut

SCORES = tuple(float(score) for score in range(5, 100, 5))


def cuts_of(score: Floats, outcomes: Outcomes, costs: Costs) -> tuple[Cut, ...]:
    """One cut for each of SCORES; its cost takes every row above as flagged and every other as approved."""
    approve, _, flag, _ = costs.of_rows(outcomes.fraud, outcomes.amount)
    return tuple(_cut(threshold, score >= threshold, outcomes, approve, flag) for threshold in SCORES)


def _cut(threshold: float, above: np.ndarray, outcomes: Outcomes, approve: Floats, flag: Floats) -> Cut:
    fraud, alerts = outcomes.fraud, int(above.sum())
    hits = int((above & fraud).sum())
    money = float(outcomes.amount[fraud].sum())
    return Cut(
        score=threshold,
        alerts_a_day=round(alerts / outcomes.days, 3),
        precision=round(hits / alerts, 6) if alerts else 0.0,
        recall=round(hits / max(int(fraud.sum()), 1), 6),
        value=round(float(outcomes.amount[above & fraud].sum()) / money, 6) if money else 0.0,
        cost=round(float(np.where(above, flag, approve).sum()) / outcomes.days, 2),
    )
