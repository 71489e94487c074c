"""Reasons of a row for the report: in the stream's own sentences, or as plain numbers where columns have no meaning."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from scoring.reasons import REASONS_COUNT, reasons_of
from scoring.wording import Money

Contributions = npt.NDArray[np.float32]
Reasons = Callable[[Contributions, list[float]], tuple[str, ...]]  # contributions (features,) and values of one row


def in_words(currency: str) -> Reasons:
    """Sentences about features of the catalogue, amounts in the base currency."""
    money = Money(1.0, currency)
    return lambda contributions, row: tuple(reason.text for reason in reasons_of(contributions, row, money))


def in_numbers(names: tuple[str, ...]) -> Reasons:
    """`V14 is -7.25 (+2.10)`: the value, and by how much it moved the margin."""

    def tell(contributions: Contributions, row: list[float]) -> tuple[str, ...]:
        strongest = np.argsort(-np.abs(contributions), kind="stable")[:REASONS_COUNT].tolist()
        return tuple(f"{names[i]} is {row[i]:,.2f} ({contributions[i]:+.2f})" for i in strongest if contributions[i])

    return tell
