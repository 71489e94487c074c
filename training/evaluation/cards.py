"""Card precision at k, a day: what a team that looks into k cards a day would find (Fraud Detection Handbook, 4.3)."""

import numpy as np

from training.evaluation.bootstrap import Interval, draws, interval
from training.evaluation.outcomes import Booleans, Floats, Integers, Outcomes

REPLICATES = 200  # of days; cheap


def daily_card_precision(score: Floats, fraud: Booleans, account: Integers, day: Integers, cards: int) -> list[float]:
    """Each day's share of fraud among the `cards` accounts with the highest scores of that day; arrays (n,).

    An account counts once a day with its highest score, as fraud if any of its payments of the day is; once found it is
    left out of later days: it would be blocked. A day with fewer accounts still divides by `cards`.
    """
    found: set[int] = set()
    precisions = []
    for number in np.unique(day).tolist():
        rows = np.flatnonzero(day == number)
        rows = rows[~np.isin(account[rows], list(found))]
        accounts, index = np.unique(account[rows], return_inverse=True)
        highest = np.full(len(accounts), -np.inf)
        np.maximum.at(highest, index, score[rows])
        guilty = np.zeros(len(accounts), bool)
        np.logical_or.at(guilty, index, fraud[rows])
        top = np.argsort(-highest, kind="stable")[:cards]
        precisions.append(float(guilty[top].sum()) / cards)
        found.update(accounts[top[guilty[top]]].tolist())
    return precisions


def card_precision(score: Floats, outcomes: Outcomes, cards: int, seed: int) -> Interval:
    """The mean over the period's days, with an interval by drawing days."""
    daily = np.array(daily_card_precision(score, outcomes.fraud, outcomes.account, outcomes.day, cards))
    if len(daily) < 2:
        return Interval(float(daily.mean()))
    days = np.arange(len(daily), dtype=np.int64)
    means = [float(np.average(daily, weights=times)) for times in draws(days, REPLICATES, seed)]
    return interval(float(daily.mean()), np.array(means))
