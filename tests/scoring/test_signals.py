import numpy as np
import pytest

from features.catalogue import FEATURE_INDEX, FEATURE_NAMES
from scoring.signals import SIGNAL_NAMES, signals_of
from tests.scoring.small_model import vectors


def signals(**values: float) -> dict[str, float]:
    row = np.full((1, len(FEATURE_NAMES)), np.nan, np.float32)
    for name, value in values.items():
        row[0, FEATURE_INDEX[name]] = value
    return signals_of(row)[0]


def test_nothing_known_signals_nothing_but_the_time() -> None:
    quiet = signals(hour=12.0)
    assert quiet == dict.fromkeys(SIGNAL_NAMES, 0.0)


def test_all_lie_within_0_and_1_and_do_not_depend_on_the_batch() -> None:
    table = vectors(300, seed=9)
    table[:50] *= 1e6
    whole = signals_of(table)
    assert all(0.0 <= value <= 1.0 for row in whole for value in row.values())
    assert whole == [signals_of(table[i : i + 1])[0] for i in range(300)]


@pytest.mark.parametrize(
    ("signal", "weak", "strong"),
    [
        (
            "velocity",
            {"account_count_5m": 2, "account_count_30d": 60},
            {"account_count_5m": 9, "account_count_30d": 60},
        ),
        (
            "amount_anomaly",
            {"amount_zscore_30d": 3, "account_count_30d": 30},
            {"amount_zscore_30d": 9, "account_count_30d": 30},
        ),
        ("device_new", {"new_device": 1, "account_count_30d": 1}, {"new_device": 1, "account_count_30d": 40}),
        (
            "beneficiary_new",
            {"new_beneficiary": 0, "account_count_30d": 9},
            {"new_beneficiary": 1, "account_count_30d": 9},
        ),
        ("location_change", {"distance_km": 300, "speed_kmh": 100}, {"distance_km": 2300, "speed_kmh": 11_000}),
        (
            "merchant_risk",
            {"merchant_fraud_share_7d": 0.01, "merchant_count_7d": 100},
            {"merchant_fraud_share_7d": 0.2, "merchant_count_7d": 100},
        ),
        ("account_risk", {"account_declined_count_24h": 1}, {"account_declined_count_24h": 20}),
        ("network", {"device_distinct_accounts_24h": 3}, {"device_distinct_accounts_24h": 40}),
        ("time_of_day", {"hour": 22.5}, {"hour": 2.0}),
    ],
)
def test_stronger_evidence_gives_a_stronger_signal(
    signal: str, weak: dict[str, float], strong: dict[str, float]
) -> None:
    assert signals(**weak)[signal] < signals(**strong)[signal]
    assert signals(**strong)[signal] > 0.5


def test_a_busy_account_is_not_a_fast_one() -> None:
    assert (
        signals(account_count_5m=3, account_count_1h=9, account_count_24h=90, account_count_30d=2700)["velocity"] < 0.3
    )
