"""Sums of many currencies as one figure in the base currency."""

from collections.abc import Iterable
from functools import lru_cache

from features.money import Money
from settings import Settings

DECIMALS = 2  # of a figure on a dashboard


class BaseCurrency:
    """Converts at the rates of the settings; currencies without one are left out and named."""

    def __init__(self, settings: Settings) -> None:
        self.code = settings.currency_base
        self._money = _money(settings.currency_base, settings.currency_default, settings.currency_rates)

    def total(self, amounts: Iterable[tuple[str, int]]) -> float:
        """The sum of (currency, minor units) in major units of the base currency, rounded to DECIMALS."""
        found = (self._money.base_amount(minor, currency) for currency, minor in amounts)
        return round(sum(amount for amount in found if amount is not None), DECIMALS)

    def without_rate(self, currencies: Iterable[str]) -> list[str]:
        """Those of `currencies` that no total contains."""
        return sorted({code for code in currencies if not self._money.knows(code)})


@lru_cache(maxsize=4)
def _money(base: str, default: str, rates: str) -> Money:
    return Money(base, default, rates)
