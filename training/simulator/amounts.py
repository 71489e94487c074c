"""How much: log-normal by category and income, then tidied into what people and price tags really show."""

import numpy as np

from training.simulator.categories import CATEGORIES, HOW, MEDIAN_EUR, ROUND_STYLES, SIGMA
from training.simulator.chance import Floats, Ints
from training.simulator.places import CENT, COIN, PER_EURO

_IS_ROUND = np.isin(HOW, ROUND_STYLES)
_STEPS_UP_TO = np.array([12.0, 120.0, 600.0])  # in coins
_STEPS = np.array([1.0, 5.0, 10.0, 50.0])


def euros(category: Ints, income: Floats, normal: Floats) -> Floats:
    """The amount in euros before tidying; richer people pay more in every category."""
    return np.asarray(MEDIAN_EUR[category] * income * np.exp(SIGMA[category] * normal))


def tidied(eur: Floats, category: Ints, currency: Ints, unit: Floats) -> Floats:
    """The amount in major units of `currency`: round sums in cash and between people, prices with .99 in shops.

    Rounding also hides the last bits of `exp`, which differ from processor to processor.
    """
    amount, coin, cent = eur * PER_EURO[currency], COIN[currency], CENT[currency]
    step = coin * _STEPS[np.searchsorted(_STEPS_UP_TO, amount / coin)]
    odd_sum = (unit > 0.92) & (HOW[category] != HOW[_CASH_MACHINE])  # a bill paid to the cent between people
    rounded = np.where(odd_sum, np.rint(amount / cent) * cent, np.maximum(np.rint(amount / step), 1) * step)
    whole = np.maximum(np.rint(amount), 1.0)
    price = np.where(unit < 0.25, whole - cent, np.where(unit < 0.45, whole, np.rint(amount / cent) * cent))
    tidy = np.where(_IS_ROUND[category], rounded, np.where(cent >= 1, np.rint(amount / cent) * cent, price))
    return np.asarray(np.round(np.maximum(tidy, cent), 2))


_CASH_MACHINE = next(number for number, category in enumerate(CATEGORIES) if category.name == "cash_machine")
