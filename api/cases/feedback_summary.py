"""How decisions did, by the labels that came back. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from api.schemas import Answer
from storage.feedback import StrategyTally, Tally


class SourceTotals(Answer):
    """Transactions by what their last label says, of one source."""

    source: str
    fraud: int
    legitimate: int


class Agreement(Answer):
    """Alerts against labels, of one model; precision and recall are of the labelled transactions only."""

    model_version: str
    fraud_alerted: int
    fraud_missed: int
    legitimate_alerted: int
    legitimate_passed: int
    precision: Annotated[float | None, Field(ge=0, le=1)]
    recall: Annotated[float | None, Field(ge=0, le=1)]


class StrategyAgreement(Answer):
    """What a detection strategy flagged, by label; precision is of the labelled only."""

    strategy_id: str
    name: str
    fraud: int
    legitimate: int
    precision: Annotated[float | None, Field(ge=0, le=1)]


class FeedbackSummary(Answer):
    """Of the transactions whose last label became known in the days asked for, the newest `transactions_max`.

    `waiting` are labels whose transaction is not there. `is_complete`: there were not more than those.
    """

    transactions: int
    fraud: int
    legitimate: int
    waiting: int
    by_source: list[SourceTotals]
    by_model: list[Agreement]
    by_strategy: list[StrategyAgreement]
    transactions_max: int
    is_complete: bool


def summarised(tallies: Sequence[Tally], strategies: Sequence[StrategyTally], transactions_max: int) -> FeedbackSummary:
    """Add up counts of transactions by source, label, model and decision."""
    total = sum(tally.labels for tally in tallies)
    fraud = sum(tally.labels for tally in tallies if tally.fraud)
    return FeedbackSummary(
        transactions=total,
        fraud=fraud,
        legitimate=total - fraud,
        waiting=sum(tally.labels for tally in tallies if tally.waiting),
        by_source=_by_source(tallies),
        by_model=_by_model(tallies),
        by_strategy=[_of_strategy(each) for each in strategies],
        transactions_max=transactions_max,
        is_complete=total < transactions_max,
    )


def _of_strategy(tally: StrategyTally) -> StrategyAgreement:
    labelled = tally.fraud + tally.legitimate
    return StrategyAgreement(
        strategy_id=tally.strategy_id,
        name=tally.name,
        fraud=tally.fraud,
        legitimate=tally.legitimate,
        precision=tally.fraud / labelled if labelled else None,
    )


def _by_source(tallies: Iterable[Tally]) -> list[SourceTotals]:
    counts: Counter[tuple[str, bool]] = Counter()
    for tally in tallies:
        counts[tally.source, tally.fraud] += tally.labels
    return [
        SourceTotals(source=source, fraud=counts[source, True], legitimate=counts[source, False])
        for source in sorted({source for source, _ in counts})
    ]


def _by_model(tallies: Iterable[Tally]) -> list[Agreement]:
    counts: Counter[tuple[str, bool, bool]] = Counter()
    for tally in tallies:
        if tally.model_version is not None:
            counts[tally.model_version, tally.fraud, bool(tally.alerted)] += tally.labels
    return [_agreement(model, counts) for model in sorted({model for model, _, _ in counts})]


def _agreement(model: str, counts: Counter[tuple[str, bool, bool]]) -> Agreement:
    caught, missed = counts[model, True, True], counts[model, True, False]
    false_alarms = counts[model, False, True]
    return Agreement(
        model_version=model,
        fraud_alerted=caught,
        fraud_missed=missed,
        legitimate_alerted=false_alarms,
        legitimate_passed=counts[model, False, False],
        precision=caught / (caught + false_alarms) if caught + false_alarms else None,
        recall=caught / (caught + missed) if caught + missed else None,
    )
