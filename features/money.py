"""Amounts of every currency on one integer scale: ten-thousandths of the base currency."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from contracts.currency import MINOR_UNIT_DECIMALS
from contracts.errors import SettingsError
from contracts.transaction import minor_units
from features.layout import AMOUNT_SCALE

AMOUNT_UNITS_MAX = 10**14  # ten billion base units: sums of 90,000 such amounts still fit 64 bits
ROUND_STEPS = (10, 100, 1000)  # major units
_EXACT_MAX = 2.0**61  # products below it, and twice a remainder, stay exact in 64 bits

# One unit in US dollars: approximate, only to compare amounts across currencies. CURRENCY_RATES replaces single ones.
USD_RATES = """
USD=1 EUR=1.16 GBP=1.32 CHF=1.25 SEK=0.106 NOK=0.099 DKK=0.155 ISK=0.0079 PLN=0.274 CZK=0.048 HUF=0.003 RON=0.228
RSD=0.0099 UAH=0.024 TRY=0.0236 RUB=0.0125 CAD=0.71 AUD=0.65 NZD=0.565 JPY=0.0065 CNY=0.141 HKD=0.1286
TWD=0.032 KRW=0.00068 SGD=0.77 MYR=0.242 THB=0.0309 IDR=0.00006 PHP=0.017 VND=0.000038 INR=0.0113 PKR=0.00355
BDT=0.0082 LKR=0.0033 NPR=0.007 AED=0.2723 SAR=0.2666 QAR=0.2747 KWD=3.26 BHD=2.652 OMR=2.597 JOD=1.41 ILS=0.306
EGP=0.021 MAD=0.108 TND=0.339 DZD=0.0077 NGN=0.00069 GHS=0.091 KES=0.0077 UGX=0.00028 TZS=0.00041 RWF=0.00069
ETB=0.0065 ZMW=0.044 ZAR=0.058 BWP=0.074 MWK=0.00058 MZN=0.0157 XOF=0.00177 XAF=0.00177 CDF=0.00045 BRL=0.187
MXN=0.0545 ARS=0.0007 CLP=0.00107 COP=0.000265 PEN=0.297 UYU=0.0252 BOB=0.145 PYG=0.000142 DOP=0.0158 GTQ=0.13
CRC=0.002 JMD=0.0062 TTD=0.147 GEL=0.37 AMD=0.0026 AZN=0.588 KZT=0.0019 UZS=0.000083 MUR=0.0218
"""
_Integers = NDArray[np.int64]


def parse_rates(text: str) -> dict[str, Fraction]:
    """`"EUR=1.16 KES=0.0077"` (spaces or commas) as exact fractions. Raises SettingsError naming the wrong entry."""
    rates = {}
    for item in text.replace(",", " ").split():
        code, _, value = item.partition("=")
        try:
            rate = Fraction(value)
        except (ValueError, ZeroDivisionError):
            rate = Fraction(0)
        if code not in MINOR_UNIT_DECIMALS or rate <= 0:
            raise SettingsError(f"CURRENCY_RATES: {item!r} is not CODE=RATE with a known currency and a positive rate")
        rates[code] = rate
    return rates


class Money:
    """The rate table, as exact integer factors.

    `overrides` gives one unit in base units. Currencies without a rate are refused one by one, not at start-up.
    """

    def __init__(self, base: str = "USD", default: str = "USD", overrides: str = "") -> None:
        table = parse_rates(USD_RATES)
        if base not in table:
            raise SettingsError(f"CURRENCY_BASE: there is no rate for {base!r}")
        in_base = {code: rate / table[base] for code, rate in table.items()}
        in_base.update(parse_rates(overrides))
        in_base[base] = Fraction(1)
        if default not in in_base:
            raise SettingsError(f"CURRENCY_DEFAULT: there is no rate for {default!r}; add it to CURRENCY_RATES")
        self.base = base
        self.default = default
        self._factors = {code: _factor(code, rate) for code, rate in in_base.items()}

    def knows(self, currency: str | None) -> bool:
        """Whether there is a rate; None stands for the default currency."""
        return (currency or self.default) in self._factors

    def units(self, amount: float, currency: str | None) -> tuple[int, int]:
        """(ten-thousandths of the base currency, roundness 0-3). Raises KeyError without a rate."""
        code = currency or self.default
        numerator, denominator, decimals = self._factors[code]
        minor = minor_units(amount, code)
        units = minor * numerator
        if denominator != 1:
            units, rest = divmod(units, denominator)
            if 2 * rest > denominator or (2 * rest == denominator and units & 1):
                units += 1
        return min(units, AMOUNT_UNITS_MAX), _roundness(minor, decimals)

    def units_of(
        self, amounts: NDArray[np.float64], currency: str | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """As `units`, for an array of finite amounts of one currency."""
        code = currency or self.default
        numerator, denominator, decimals = self._factors[code]
        minor = np.rint(amounts * 10.0 ** MINOR_UNIT_DECIMALS[code])
        if len(minor) and float(np.abs(minor).max()) * numerator > _EXACT_MAX:
            both = [self.units(amount, currency) for amount in amounts.tolist()]
            return np.array([units for units, _ in both], np.int64), np.array([level for _, level in both], np.int64)
        exact = minor.astype(np.int64)
        units, rest = np.divmod(exact * numerator, denominator)
        units += (2 * rest > denominator) | ((2 * rest == denominator) & (units & 1 == 1))
        level = np.zeros(len(exact), np.int64)
        for number, step in enumerate(ROUND_STEPS):
            level += (level == number) & (exact != 0) & (exact % (step * decimals) == 0)
        return np.minimum(units, AMOUNT_UNITS_MAX), level

    def base_amount(self, minor: int, currency: str) -> float | None:
        """A sum of minor units of `currency` in major units of the base currency; None without a rate."""
        if currency not in self._factors:
            return None
        numerator, denominator, _ = self._factors[currency]
        return minor * numerator / (denominator * AMOUNT_SCALE)  # of whole numbers: rounded once

    @property
    def fingerprint(self) -> str:
        """Names the table: states built with different tables are not comparable."""
        return ",".join(f"{code}={n}/{d}" for code, (n, d, _) in sorted(self._factors.items()))


def _factor(code: str, rate: Fraction) -> tuple[int, int, int]:
    decimals = MINOR_UNIT_DECIMALS[code]
    factor = rate * AMOUNT_SCALE / 10**decimals
    return factor.numerator, factor.denominator, 10**decimals


def _roundness(minor: int, per_major: int) -> int:
    level = 0
    for step in ROUND_STEPS:
        if minor == 0 or minor % (step * per_major):
            break
        level += 1
    return level
