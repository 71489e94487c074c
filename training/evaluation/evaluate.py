"""One model on one period, beside its rivals: everything that a report says about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.errors import DataRefused
from scoring.model import Model, Vectors
from scoring.policy import policy_of
from training.baselines import Baseline
from training.costs import Costs
from training.evaluation.bootstrap import REPLICATES, Interval, interval, replicated
from training.evaluation.cards import card_precision
from training.evaluation.cuts import cuts_of
from training.evaluation.figures import CARDS, measure_of
from training.evaluation.groups import groups_of
from training.evaluation.lines import lines_of
from training.evaluation.moments import moment_text
from training.evaluation.outcomes import Floats, Integers, Outcomes
from training.evaluation.result import Compared, Evaluation
from training.metrics import period_metrics

ACCOUNT, DAY = "account", "day"
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Settings:
    """How an evaluation is made. `blocks`: what the bootstrap draws, `account` or `day`."""

    blocks: str = ACCOUNT
    replicates: int = REPLICATES
    seed: int = 0
    costs: Costs = field(default_factory=Costs)
    cards: int = CARDS


def evaluate(
    model: Model,
    vectors: Vectors,
    outcomes: Outcomes,
    *,
    rivals: Sequence[Baseline] = (),
    data: dict[str, str | int | float] | None = None,
    how: Settings | None = None,
) -> Evaluation:
    """Measure `model` on vectors (n, features) and their outcomes, and `rivals` on the same.

    Raises DataRefused if the period lacks fraud or legitimate transactions.
    """
    how = how or Settings()
    if not outcomes.fraud.any() or outcomes.fraud.all():
        raise DataRefused(_one_sided(outcomes))
    probability = model.predict(vectors)
    score = model.score(probability)
    policy = policy_of(model.manifest.thresholds)
    levels = period_metrics(probability, score, outcomes.fraud, policy)
    scores = [(f"model {model.version}", "the model of this report", probability)]
    scores += [(rival.name, rival.about, rival.predict(vectors)) for rival in rivals]
    return Evaluation(
        version=model.version,
        data=data or {},
        rows=len(outcomes),
        frauds=int(outcomes.fraud.sum()),
        days=round(outcomes.days, 3),
        fraud_value=round(float(outcomes.amount[outcomes.fraud].sum()), 2),
        time_from=moment_text(outcomes.time_ms.min()),
        time_to=moment_text(outcomes.time_ms.max()),
        blocks=how.blocks,
        replicates=how.replicates,
        seed=how.seed,
        compared=tuple(_compare(scores, outcomes, how)),
        levels={name: value for name, value in levels.items() if "_at_" in name},
        calibration_error=levels["calibration_error"],
        brier=levels["brier"],
        groups=groups_of(probability, score >= policy.flag, outcomes),
        cuts=cuts_of(score, outcomes, how.costs),
        lines=lines_of(probability, score, outcomes.fraud),
    )


def _one_sided(outcomes: Outcomes) -> str:
    if not len(outcomes):
        return "an evaluation needs fraud and legitimate transactions in its period, and there is no transaction in it"
    lacking = "legitimate transaction" if outcomes.fraud.any() else "fraud"
    return (
        "an evaluation needs fraud and legitimate transactions in its period: among the"
        f" {len(outcomes)} transactions from {moment_text(outcomes.time_ms.min())}"
        f" to {moment_text(outcomes.time_ms.max())}"
        f" there is no {lacking}; take other dates"
    )


def _compare(scores: list[tuple[str, str, Floats]], outcomes: Outcomes, how: Settings) -> list[Compared]:
    blocks: Integers = outcomes.account if how.blocks == ACCOUNT else outcomes.day
    first: tuple[float, Floats] | None = None
    compared = []
    for name, about, score in scores:
        whole, samples = replicated(measure_of(score, outcomes), blocks, how.replicates, how.seed)
        figures = {key: _rounded(interval(value, samples[key])) for key, value in whole.items()}
        figures[f"card_precision_{how.cards}"] = _rounded(card_precision(score, outcomes, how.cards, how.seed))
        key = "average_precision"
        difference = interval(first[0] - whole[key], first[1] - samples[key]) if first else None
        first = first or (whole[key], samples[key])
        compared.append(
            Compared(name=name, about=about, figures=figures, difference=_rounded(difference) if difference else None)
        )
    return compared


def _rounded(one: Interval) -> Interval:
    low = None if one.low is None else round(one.low, DECIMALS)
    high = None if one.high is None else round(one.high, DECIMALS)
    return Interval(round(one.value, DECIMALS), low, high)
