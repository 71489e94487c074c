"""The same model by segment and by typology: a good total can hide a kind of fraud that is never found."""

import re

import numpy as np

from training.evaluation.figures import REVIEW_RATE
from training.evaluation.outcomes import Booleans, Floats, Outcomes
from training.evaluation.ranking import Ranking
from training.evaluation.result import Group

TYPOLOGY = "typology"
GROUPS_MAX = 12  # a dimension; the largest ones, the rest together
OTHER, UNNAMED, UNKNOWN = "other", "not named", "unknown"


def groups_of(score: Floats, flagged: Booleans, outcomes: Outcomes) -> tuple[Group, ...]:
    """Every typology that occurs (if the data knows any), then every segment of each dimension: bands of numbers in
    their order, others the largest first.

    All are cut at the one score that gives the whole period REVIEW_RATE false positives. A dimension in which all
    rows are alike is left out.
    """
    above = score >= threshold_at(score, outcomes.fraud, REVIEW_RATE)
    kinds = np.where(outcomes.typology == "", UNKNOWN, outcomes.typology)
    known = outcomes.fraud if (outcomes.typology != "").any() else np.zeros(len(outcomes), bool)
    made = [
        _typology(kind, outcomes.fraud & (kinds == kind), above, flagged, outcomes.amount)
        for kind in np.unique(kinds[known]).tolist()
    ]
    for dimension, values in outcomes.segments.items():
        made += _segments(dimension, values, score, above, flagged, outcomes)
    return tuple(made)


def threshold_at(score: Floats, fraud: Booleans, rate: float) -> float:
    """The lowest score above which at most `rate` of the legitimate rows lie, ties included."""
    ranking = Ranking(score, fraud, np.zeros(len(score)))
    allowed = np.flatnonzero(ranking.counted().false_positive_rate <= rate)
    return float(ranking.thresholds[allowed[-1]]) if len(allowed) else float("inf")


def _typology(kind: str, rows: Booleans, above: Booleans, flagged: Booleans, amount: Floats) -> Group:
    return Group(
        dimension=TYPOLOGY,
        name=kind,
        rows=int(rows.sum()),
        frauds=int(rows.sum()),
        recall=_share(above, rows),
        false_positive_rate=None,
        recall_at_flag=_share(flagged, rows),
        value_at_flag=_value(flagged, rows, amount),
    )


def _segments(
    dimension: str, values: np.ndarray, score: Floats, above: Booleans, flagged: Booleans, outcomes: Outcomes
) -> list[Group]:
    names, counts = np.unique(values, return_counts=True)
    if len(names) < 2:
        return []
    kept = _ordered(names[np.argsort(-counts, kind="stable")][:GROUPS_MAX].tolist())
    masks = {name or UNNAMED: values == name for name in kept}
    if len(names) > GROUPS_MAX:
        masks[OTHER] = ~np.isin(values, kept)
    return [_segment(dimension, name, mask, score, above, flagged, outcomes) for name, mask in masks.items()]


def _ordered(names: list[str]) -> list[str]:
    """Bands of numbers (`under 10`, `10 to 50`, `50 and more`) by their numbers; other names as they come."""
    numbers = [re.findall(r"[0-9][0-9,.]*", name) for name in names]
    if not all(numbers):
        return names
    lows = [float(found[0].replace(",", "")) for found in numbers]
    order = sorted(range(len(names)), key=lambda at: (lows[at], not names[at].startswith("under"), names[at]))
    return [names[at] for at in order]


def _segment(
    dimension: str,
    name: str,
    rows: Booleans,
    score: Floats,
    above: Booleans,
    flagged: Booleans,
    outcomes: Outcomes,
) -> Group:
    fraud = outcomes.fraud
    frauds = rows & fraud
    within = Ranking(score[rows], fraud[rows], outcomes.amount[rows]).counted()
    return Group(
        dimension=dimension,
        name=name,
        rows=int(rows.sum()),
        frauds=int(frauds.sum()),
        recall=_share(above, frauds),
        false_positive_rate=_share(above, rows & ~fraud),
        recall_at_flag=_share(flagged, frauds),
        value_at_flag=_value(flagged, frauds, outcomes.amount),
        average_precision=round(within.average_precision(), 6) if frauds.any() else None,
    )


def _share(chosen: Booleans, of: Booleans) -> float | None:
    return round(float(chosen[of].mean()), 6) if of.any() else None


def _value(chosen: Booleans, of: Booleans, amount: Floats) -> float | None:
    total = float(amount[of].sum())
    return round(float(amount[of & chosen].sum()) / total, 6) if total else None
