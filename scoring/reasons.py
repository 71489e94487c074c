"""Reasons: the strongest TreeSHAP contributions of a row, in numbers and in words."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from contracts.decision import Reason
from contracts.transaction import Transaction
from features.catalogue import FEATURE_INDEX, FEATURES
from scoring.model import Model, Vectors
from scoring.norms import Row, norm_of
from scoring.sentences import Subject, sentence
from scoring.wording import Money

REASONS_COUNT = 5
CONTRIBUTION_DECIMALS = 4
_AMOUNT = FEATURE_INDEX["amount"]


def explain(model: Model, vectors: Vectors, transactions: Sequence[Transaction]) -> list[tuple[Reason, ...]]:
    """Each row's five strongest reasons, strongest first, of float32 vectors (n, features); some 0.2 ms a row."""
    contributions = model.contributions(vectors)[:, :-1]
    rows = vectors.tolist()
    return [
        reasons_of(contribution, row, _money(transaction, row), transaction.event_time_ms)
        for contribution, row, transaction in zip(contributions, rows, transactions, strict=True)
    ]


def reasons_of(
    contributions: npt.NDArray[np.float32], row: Row, money: Money, event_time_ms: int | None = None
) -> tuple[Reason, ...]:
    """The strongest of one row's contributions (features,), strongest first.

    What would say the same again (the amount and its logarithm) is left out.
    """
    told: dict[str, Reason] = {}
    for position in np.argsort(-np.abs(contributions), kind="stable").tolist():
        if len(told) == REASONS_COUNT or contributions[position] == 0:
            break
        reason = reason_of(position, row, money, float(contributions[position]), event_time_ms)
        told.setdefault(reason.text, reason)
    return tuple(told.values())


def reason_of(position: int, row: Row, money: Money, contribution: float, event_time_ms: int | None = None) -> Reason:
    """The reason that feature `position` of the vector `row` gives."""
    feature, value, norm = FEATURES[position], row[position], norm_of(position, row)
    return Reason(
        feature=feature.name,
        value=None if math.isnan(value) else value,
        norm=norm,
        contribution=round(contribution, CONTRIBUTION_DECIMALS),
        text=sentence(Subject(feature, value, norm, row, money, event_time_ms)),
    )


def _money(transaction: Transaction, row: Row) -> Money:
    """Amounts are shown in the transaction's own currency; the vector holds them in the base currency."""
    base = row[_AMOUNT]
    factor = transaction.amount / base if base > 0 else 1.0
    return Money(factor, transaction.currency)
