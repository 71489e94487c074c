"""The figures of one model on one period."""

from collections.abc import Callable

from training.evaluation.outcomes import Floats, Outcomes
from training.evaluation.ranking import Ranking

COUNTS = (100, 1000)  # the highest so many rows of the period
RATES = (0.001, 0.005, 0.01)  # false positives: one legitimate payment in 1,000, 200, 100
REVIEW_RATE = 0.005  # the one that segments and typologies are measured at
CARDS = 100  # that a team can look into in a day, as the Handbook's card precision takes it


def ranking_figures(ranking: Ranking, weight: Floats | None = None) -> dict[str, float]:
    """What depends on the order of the scores only."""
    counted = ranking.counted(weight)
    figures = {"roc_auc": counted.roc_auc(), "average_precision": counted.average_precision()}
    for rate in RATES:
        point, name = counted.at_false_positive_rate(rate), f"fpr_{rate:g}"
        figures[f"recall_at_{name}"], figures[f"precision_at_{name}"] = point.recall, point.precision
        figures[f"value_at_{name}"] = point.value
    for count in COUNTS:
        point = counted.at_count(count)
        figures[f"precision_at_{count}"], figures[f"recall_at_{count}"] = point.precision, point.recall
    return figures


def measure_of(score: Floats, outcomes: Outcomes) -> Callable[[Floats | None], dict[str, float]]:
    """`ranking_figures` of these scores (n,), for the bootstrap."""
    ranking = Ranking(score, outcomes.fraud, outcomes.amount)
    return lambda weight: ranking_figures(ranking, weight)
