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
A missing feature adds nothing. Rows are judged one by one, so a row gets the same bits in every batch; compiled,
because for one row fifty operations on arrays of one number cost more than its trees.
"""

import numba as nb
import numpy as np

from features.catalogue import FEATURE_INDEX
from features.plan import DAY, HOUR, MINUTE
from scoring.model import Vectors

USUAL_FACTOR = 3.0  # a busy hour has about three times the average hour's payments
AIRLINER_KMH, GROUND_KMH = 1000.0, 200.0
NIGHT_CENTRE_H, NIGHT_HALF_WIDTH_H = 2.0, 4.0  # of 22:00-06:00
DECIMALS = 3

_USED = (
    *("account_count_5m", "account_count_1h", "account_count_24h", "account_count_30d"),
    *("device_count_1h", "beneficiary_count_1h"),
    *("device_distinct_accounts_24h", "ip_distinct_accounts_24h", "beneficiary_distinct_accounts_24h"),
    *("amount_zscore_30d", "amount_to_mean_30d", "new_device", "new_beneficiary", "new_country"),
    *("speed_kmh", "distance_km", "hour"),
    *("merchant_fraud_share_1d", "merchant_fraud_share_7d", "merchant_fraud_share_30d"),
    *("merchant_count_1h", "merchant_count_24h", "merchant_count_7d", "merchant_count_30d"),
    *("merchant_declined_count_1h", "account_declined_count_24h", "account_reversed_count_24h"),
    *("account_fraud_share_1d", "account_fraud_share_7d", "account_fraud_share_30d"),
)
_COLUMNS = np.array([FEATURE_INDEX[name] for name in _USED])
_ROW = np.dtype([(name, np.float64) for name in _USED])  # what the functions below take

SIGNAL_NAMES = (
    *("velocity", "amount_anomaly", "device_new", "location_change", "beneficiary_new"),
    *("merchant_risk", "account_risk", "network", "time_of_day"),
)


def signals_of(vectors: Vectors) -> list[dict[str, float]]:
    """One dict a row, signal name -> 0-1 with three decimals, of float32 vectors (n, features)."""
    picked = np.nan_to_num(vectors[:, _COLUMNS].astype(np.float64, order="C"), nan=0.0)
    table = _judged(picked.view(_ROW)[:, 0])
    return [dict(zip(SIGNAL_NAMES, row, strict=True)) for row in np.round(table, DECIMALS).tolist()]


@nb.njit(cache=True)
def _saturated(excess, half):
    above = max(excess, 0.0)
    return above / (above + half)


@nb.njit(cache=True)
def _within(value):
    return min(max(value, 0.0), 1.0)


@nb.njit(cache=True)
def _ramp(value, low, high):
    return _within((value - low) / (high - low))


@nb.njit(cache=True)
def _known(row, half):
    return row.account_count_30d / (row.account_count_30d + half)


@nb.njit(cache=True)
def _burst(row, count, window, allowance, half):
    usual = row.account_count_30d * (window / (30 * DAY))
    return _saturated(count - allowance - USUAL_FACTOR * usual, half)


@nb.njit(cache=True)
def _velocity(row):
    return max(
        _burst(row, row.account_count_5m, 5 * MINUTE, 1.0, 4.0),
        _burst(row, row.account_count_1h, HOUR, 3.0, 6.0),
        _burst(row, row.account_count_24h, DAY, 10.0, 15.0),
        _saturated(row.device_count_1h - 5.0, 10.0),
        _saturated(row.beneficiary_count_1h - 5.0, 10.0),
    )


@nb.njit(cache=True)
def _amount_anomaly(row):
    return max(_ramp(row.amount_zscore_30d, 2, 8), _ramp(row.amount_to_mean_30d, 2, 10)) * _known(row, 3)


@nb.njit(cache=True)
def _location_change(row):
    speed = _ramp(row.speed_kmh, GROUND_KMH, AIRLINER_KMH)
    distance = 0.6 * _ramp(row.distance_km, 50, 2000)
    return max(speed, distance, 0.7 * row.new_country * _known(row, 2))


@nb.njit(cache=True)
def _shared_fraud(share, count):
    return _ramp(share, 0, 0.1) * (count / (count + 5))


@nb.njit(cache=True)
def _merchant_risk(row):
    declined = row.merchant_declined_count_1h
    return max(
        _shared_fraud(row.merchant_fraud_share_1d, row.merchant_count_24h),
        _shared_fraud(row.merchant_fraud_share_7d, row.merchant_count_7d),
        _shared_fraud(row.merchant_fraud_share_30d, row.merchant_count_30d),
        declined / (declined + row.merchant_count_1h + 10),
    )


@nb.njit(cache=True)
def _account_risk(row):
    shares = max(row.account_fraud_share_1d, row.account_fraud_share_7d, row.account_fraud_share_30d)
    declined = _saturated(row.account_declined_count_24h, 5)
    return max(_ramp(shares, 0, 0.5), declined, _saturated(row.account_reversed_count_24h, 5))


@nb.njit(cache=True)
def _network(row):
    return max(
        _saturated(row.device_distinct_accounts_24h - 2.0, 4.0),
        _saturated(row.ip_distinct_accounts_24h - 10.0, 30.0),
        _saturated(row.beneficiary_distinct_accounts_24h - 3.0, 6.0),
    )


@nb.njit(cache=True)
def _time_of_day(row):
    away = abs(row.hour - NIGHT_CENTRE_H)
    return _ramp(1 - min(away, 24 - away) / NIGHT_HALF_WIDTH_H, 0, 1)


@nb.njit(cache=True)
def _judged(rows):
    """_ROW (n,) without missing values -> (n, signals) in the order of SIGNAL_NAMES."""
    table = np.empty((len(rows), 9))
    for i in range(len(rows)):
        row, signals = rows[i], table[i]
        signals[0] = _velocity(row)
        signals[1] = _amount_anomaly(row)
        signals[2] = row.new_device * _known(row, 1)
        signals[3] = _location_change(row)
        signals[4] = row.new_beneficiary * _known(row, 1)
        signals[5] = _merchant_risk(row)
        signals[6] = _account_risk(row)
        signals[7] = _network(row)
        signals[8] = _time_of_day(row)
        for j in range(9):
            signals[j] = _within(signals[j])
    return table
