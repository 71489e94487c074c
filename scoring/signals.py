"""Signals: what is unusual, by group, each in 0-1. Simple fixed functions of the vector, apart from the model.

    velocity         payments of the account (5 min, 1 h, 24 h), device and beneficiary (1 h) beyond an allowance plus
                     three times the account's usual rate; the excess e counts e / (e + half)
    amount_anomaly   amount against the account's 30 d: z-score from 2 to 8, or ratio to the mean from 2 to 10
    device_new       the account's first payment from this device
    location_change  speed since the last place from 200 to 1000 km/h (an airliner's), distance from 50 to 2000 km
                     (at most 0.6), new country (at most 0.7)
    beneficiary_new  the account's first payment to this beneficiary
    merchant_risk    confirmed fraud at the merchant (10 % and more count 1) and its share of declined attempts in 1 h
    account_risk     the account's confirmed fraud, declined attempts in 24 h, refunds and reversals in 24 h
    network          distinct accounts in 24 h on the device, the IP address, the beneficiary, beyond an allowance
    time_of_day      0 by day, rising from 22:00 to 1 at 02:00, back to 0 at 06:00

What compares with a history is damped while the history is short: n payments in 30 d weigh n / (n + k).
A missing feature adds nothing. Only + − × ÷ min max are used, so a row gets the same bits in every batch.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from features.catalogue import FEATURE_INDEX
from features.plan import DAY, HOUR, MINUTE
from scoring.model import Vectors

Column = npt.NDArray[np.float64]
Columns = dict[str, Column]

USUAL_FACTOR = 3.0  # a busy hour has about three times the average hour's payments
AIRLINER_KMH, GROUND_KMH = 1000.0, 200.0
NIGHT_CENTRE_H, NIGHT_HALF_WIDTH_H = 2.0, 4.0  # of 22:00-06:00
DECIMALS = 3

_BURSTS = (  # feature, window, allowance, half
    ("account_count_5m", 5 * MINUTE, 1.0, 4.0),
    ("account_count_1h", HOUR, 3.0, 6.0),
    ("account_count_24h", DAY, 10.0, 15.0),
)
_SHARED_BURSTS = (("device_count_1h", 5.0, 10.0), ("beneficiary_count_1h", 5.0, 10.0))
_CROWDS = (  # feature, allowance, half
    ("device_distinct_accounts_24h", 2.0, 4.0),
    ("ip_distinct_accounts_24h", 10.0, 30.0),
    ("beneficiary_distinct_accounts_24h", 3.0, 6.0),
)
_MERCHANT_SHARES = (
    ("merchant_fraud_share_1d", "merchant_count_24h"),
    ("merchant_fraud_share_7d", "merchant_count_7d"),
    ("merchant_fraud_share_30d", "merchant_count_30d"),
)


def _velocity(c: Columns) -> Column:
    parts = []
    for name, window, allowance, half in _BURSTS:
        usual = c["account_count_30d"] * (window / (30 * DAY))
        parts.append(_saturated(c[name] - allowance - USUAL_FACTOR * usual, half))
    parts += [_saturated(c[name] - allowance, half) for name, allowance, half in _SHARED_BURSTS]
    return _strongest(*parts)


def _amount_anomaly(c: Columns) -> Column:
    unusual = _strongest(_ramp(c["amount_zscore_30d"], 2, 8), _ramp(c["amount_to_mean_30d"], 2, 10))
    return unusual * _known(c, 3)


def _device_new(c: Columns) -> Column:
    return c["new_device"] * _known(c, 1)


def _beneficiary_new(c: Columns) -> Column:
    return c["new_beneficiary"] * _known(c, 1)


def _location_change(c: Columns) -> Column:
    speed = _ramp(c["speed_kmh"], GROUND_KMH, AIRLINER_KMH)
    distance = 0.6 * _ramp(c["distance_km"], 50, 2000)
    return _strongest(speed, distance, 0.7 * c["new_country"] * _known(c, 2))


def _merchant_risk(c: Columns) -> Column:
    parts = [_ramp(c[share], 0, 0.1) * (c[count] / (c[count] + 5)) for share, count in _MERCHANT_SHARES]
    declined = c["merchant_declined_count_1h"]
    return _strongest(*parts, declined / (declined + c["merchant_count_1h"] + 10))


def _account_risk(c: Columns) -> Column:
    shares = _strongest(*(c[f"account_fraud_share_{days}"] for days in ("1d", "7d", "30d")))
    declined = _saturated(c["account_declined_count_24h"], 5)
    return _strongest(_ramp(shares, 0, 0.5), declined, _saturated(c["account_reversed_count_24h"], 5))


def _network(c: Columns) -> Column:
    return _strongest(*(_saturated(c[name] - allowance, half) for name, allowance, half in _CROWDS))


def _time_of_day(c: Columns) -> Column:
    away = np.abs(c["hour"] - NIGHT_CENTRE_H)
    away = np.minimum(away, 24 - away)
    return _ramp(1 - away / NIGHT_HALF_WIDTH_H, 0, 1)


_SIGNALS: dict[str, Callable[[Columns], Column]] = {
    "velocity": _velocity,
    "amount_anomaly": _amount_anomaly,
    "device_new": _device_new,
    "location_change": _location_change,
    "beneficiary_new": _beneficiary_new,
    "merchant_risk": _merchant_risk,
    "account_risk": _account_risk,
    "network": _network,
    "time_of_day": _time_of_day,
}
SIGNAL_NAMES = tuple(_SIGNALS)
_USED = (
    *(name for name, *_ in (*_BURSTS, *_SHARED_BURSTS, *_CROWDS)),
    *(name for pair in _MERCHANT_SHARES for name in pair),
    *("account_count_30d", "amount_zscore_30d", "amount_to_mean_30d", "new_device", "new_beneficiary", "new_country"),
    *("speed_kmh", "distance_km", "merchant_declined_count_1h", "merchant_count_1h", "hour"),
    *("account_fraud_share_1d", "account_fraud_share_7d", "account_fraud_share_30d"),
    *("account_declined_count_24h", "account_reversed_count_24h"),
)
_COLUMNS = np.array([FEATURE_INDEX[name] for name in _USED])


def signals_of(vectors: Vectors) -> list[dict[str, float]]:
    """One dict a row, signal name -> 0-1 with three decimals, of float32 vectors (n, features)."""
    picked = np.nan_to_num(vectors[:, _COLUMNS].T.astype(np.float64), nan=0.0)
    columns = dict(zip(_USED, picked, strict=True))
    table = np.stack([signal(columns) for signal in _SIGNALS.values()], axis=1)
    rows = np.round(np.clip(table, 0.0, 1.0), DECIMALS).tolist()
    return [dict(zip(SIGNAL_NAMES, row, strict=True)) for row in rows]


def _saturated(excess: Column, half: float) -> Column:
    above = np.maximum(excess, 0.0)
    return above / (above + half)


def _ramp(value: Column, low: float, high: float) -> Column:
    return np.clip((value - low) / (high - low), 0.0, 1.0)


def _known(c: Columns, half: float) -> Column:
    return c["account_count_30d"] / (c["account_count_30d"] + half)


def _strongest(*parts: Column) -> Column:
    strongest: Column = np.maximum.reduce(parts)
    return strongest
