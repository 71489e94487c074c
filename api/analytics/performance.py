"""How well flags met fraud: confusion matrix, precision, recall, false-positive rate, value saved. Pure.

Positive is a decision that raises an alert (FLAG or DECLINE). Fraud is what the last revision of its label says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.decision import Recommendation
from storage.analytics import FlagCount, LabelCount

FLAGGED = frozenset({Recommendation.FLAG, Recommendation.DECLINE})


class Unlabelled(StrEnum):
    """What a decision without a label counts as."""

    EXCLUDE = "exclude"  # nothing: only labelled decisions are looked at
    LEGITIMATE = "legitimate"  # legitimate, once the label delay is over: no news is good news


@dataclass
class Confusion:
    """Decisions by flag and truth; amounts as (currency, minor units)."""

    true_positive: int = 0
    false_positive: int = 0
    true_negative: int = 0
    false_negative: int = 0
    saved: list[tuple[str, int]] = field(default_factory=list)
    missed: list[tuple[str, int]] = field(default_factory=list)

    def add(self, flagged: bool, fraud: bool, decisions: int) -> None:
        if fraud:
            self.true_positive += decisions * flagged
            self.false_negative += decisions * (not flagged)
        else:
            self.false_positive += decisions * flagged
            self.true_negative += decisions * (not flagged)

    @property
    def decisions(self) -> int:
        return self.true_positive + self.false_positive + self.true_negative + self.false_negative

    @property
    def precision(self) -> float | None:
        """The share of the flagged that was fraud; None without any."""
        return _share(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float | None:
        """The share of fraud that was flagged; None without any."""
        return _share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def false_positive_rate(self) -> float | None:
        """The share of the legitimate that was flagged; None without any."""
        return _share(self.false_positive, self.false_positive + self.true_negative)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN)."""
        return _share(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)


def confusion_by_model(
    labels: Iterable[LabelCount], matured: Sequence[tuple[FlagCount, int]] = ()
) -> dict[str, Confusion]:
    """One matrix a model version, those with the newest name first.

    `matured`: all decisions whose label delay is over, with how many of them are labelled: the rest counts as
    legitimate. Leave it out to look at labelled decisions only.
    """
    found: dict[str, Confusion] = {}
    for label in labels:
        matrix = found.setdefault(label.model_version, Confusion())
        flagged = label.recommendation in FLAGGED
        matrix.add(flagged, label.fraud, label.decisions)
        if label.fraud:
            (matrix.saved if flagged else matrix.missed).append((label.currency, label.amount))
    for all_of, labelled in matured:
        matrix = found.setdefault(all_of.model_version, Confusion())
        matrix.add(all_of.recommendation in FLAGGED, fraud=False, decisions=max(0, all_of.decisions - labelled))
    return dict(sorted(found.items(), reverse=True))


def with_labelled(flags: Iterable[FlagCount], labels: Iterable[LabelCount]) -> list[tuple[FlagCount, int]]:
    """Each count of all decisions with how many of them have a label."""
    labelled: dict[tuple[str, str], int] = {}
    for label in labels:
        key = (label.model_version, label.recommendation)
        labelled[key] = labelled.get(key, 0) + label.decisions
    return [(flag, labelled.get((flag.model_version, flag.recommendation), 0)) for flag in flags]


def total_of(matrices: Iterable[Confusion]) -> Confusion:
    """The matrix of all versions together."""
    total = Confusion()
    for each in matrices:
        total.true_positive += each.true_positive
        total.false_positive += each.false_positive
        total.true_negative += each.true_negative
        total.false_negative += each.false_negative
        total.saved += each.saved
        total.missed += each.missed
    return total


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
