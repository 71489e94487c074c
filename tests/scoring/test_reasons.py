"""Every feature gives a plain sentence for every kind of value, with plurals and units that are right."""

import math
import re
from datetime import datetime

import numpy as np
import pytest

from features.catalogue import FEATURE_INDEX, FEATURE_NAMES, FEATURES
from scoring.model import Model
from scoring.reasons import REASONS_COUNT, explain, reason_of
from scoring.wording import Money, clock, counted, span, usual, window
from tests.scoring.small_model import vectors
from tests.scoring.transactions import transaction

DOLLARS = Money(1.0, "USD")
FORBIDDEN = re.compile(
    r"nan|none|null|inf\b|\{|\}|e[+-]\d|  |(?<![\d.,])0 [a-z]+s\b|(?<![\d.,])1 (?!times)[a-z]+s\b", re.I
)


def row_of(**values: float) -> list[float]:
    row = [math.nan] * len(FEATURE_NAMES)
    for name, value in values.items():
        row[FEATURE_INDEX[name]] = value
    return row


def text(name: str, **values: float) -> str:
    return reason_of(FEATURE_INDEX[name], row_of(**values), DOLLARS, 1.0).text


@pytest.mark.parametrize("value", [math.nan, 0.0, 1.0, 2.0, 3.7, 0.003, 12.0, 1234.5, 4e9])
@pytest.mark.parametrize("others", [math.nan, 0.0, 1.0, 2.5, 900.0])
def test_every_feature_has_a_sentence(value: float, others: float) -> None:
    for position, feature in enumerate(FEATURES):
        if feature.unit == "0 or 1" and value not in (0.0, 1.0) and not math.isnan(value):
            continue
        if feature.unit == "level 0-3" and value not in (0.0, 1.0, 2.0) and not math.isnan(value):
            continue
        row = [others] * len(FEATURES)
        row[position] = value
        reason = reason_of(position, row, DOLLARS, 0.5)
        assert len(reason.text) > 10
        assert not FORBIDDEN.search(reason.text), f"{feature.name}: {reason.text}"
        assert reason.value is None if math.isnan(value) else reason.value == value
        assert reason.norm is None or math.isfinite(reason.norm)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        (
            "account_count_5m",
            {"account_count_5m": 9, "account_count_30d": 8640},
            "9 payments in 5 minutes; this account's usual is 1",
        ),
        (
            "account_count_5m",
            {"account_count_5m": 1, "account_count_30d": 4},
            "1 payment in 5 minutes; this account's usual is less than 1",
        ),
        ("device_count_30d", {"device_count_30d": 3}, "3 payments from this device in 30 days"),
        (
            "merchant_count_1h",
            {"merchant_count_1h": 0, "merchant_count_30d": 1440},
            "no payment at this merchant in 1 hour; this merchant's usual is 2",
        ),
        ("new_device", {"new_device": 1}, "first payment from this device"),
        ("new_device", {}, "the payment names no device"),
        (
            "speed_kmh",
            {"distance_km": 2300, "speed_kmh": 11_500},
            "2,300 km from the last place in 12 minutes, a speed of 11,500 km/h",
        ),
        ("distance_km", {"distance_km": 0}, "at this account's last place"),
        (
            "amount",
            {"amount": 1234.5, "account_mean_30d": 80},
            "the amount is 1,234.50 USD; this account's usual is 80.00 USD",
        ),
        (
            "amount_zscore_30d",
            {"amount_zscore_30d": -1},
            "the amount is 1 standard deviation below this account's mean of 30 days",
        ),
        ("ip_mean_1h", {"ip_count_30d": 0}, "no earlier payment from this IP address in 1 hour"),
        ("ip_mean_1h", {}, "the payment names no IP address"),
        (
            "account_since_last_s",
            {"account_since_last_s": 42, "account_count_30d": 60},
            "42 seconds since the last activity by this account; its usual gap is 12 hours",
        ),
        (
            "merchant_fraud_share_7d",
            {"merchant_fraud_share_7d": 0.025, "merchant_fraud_share_30d": 0.0004},
            "2.5% of the payments at this merchant were confirmed fraud in 7 days, less than 0.1% in 30 days",
        ),
        (
            "merchant_fraud_run",
            {"merchant_fraud_run": 0, "merchant_count_30d": 3},
            "the newest payments at this merchant with known labels are not all fraud",
        ),
        (
            "merchant_fraud_run_days",
            {"merchant_fraud_run": 0, "merchant_count_30d": 3},
            "the newest payments at this merchant with known labels are not all fraud",
        ),
        ("merchant_fraud_run", {}, "the payment names no merchant"),
        (
            "merchant_fraud_run_days",
            {
                "merchant_fraud_run": 1,
                "merchant_fraud_run_days": 9.2,
                "merchant_fraud_run_mean": 30,
                "merchant_count_30d": 3,
            },
            "the newest payment at this merchant with a known label was confirmed fraud, 9 days ago, of 30.00 USD",
        ),
        (
            "merchant_fraud_run",
            {
                "merchant_fraud_run": 12,
                "merchant_fraud_run_days": 19.6,
                "merchant_fraud_run_mean": 52.5,
                "merchant_count_30d": 30,
            },
            "the newest 12 payments at this merchant with known labels were all confirmed fraud; "
            "the first is 20 days ago, their mean 52.50 USD",
        ),
        (
            "device_distinct_accounts_24h",
            {"device_distinct_accounts_24h": 5, "device_distinct_accounts_30d": 6},
            "5 accounts seen with this device in 24 hours, 6 accounts in 30 days",
        ),
        ("hour", {"hour": 14.0999}, "paid at 14:05 local time"),
        ("amount_round", {"amount_round": 3}, "the amount is a multiple of 1,000"),
    ],
)
def test_sentences(name: str, values: dict[str, float], expected: str) -> None:
    assert text(name, **values) == expected


def test_amounts_are_shown_in_the_transactions_own_currency() -> None:
    row = row_of(amount=38.5, account_mean_30d=7.7)
    reason = reason_of(FEATURE_INDEX["amount"], row, Money(5000 / 38.5, "KES"), 1.0)
    assert reason.text == "the amount is 5,000.00 KES; this account's usual is 1,000.00 KES"
    assert (reason.value, reason.norm) == (38.5, 7.7)
    assert Money(1.0, "JPY").text(1200) == "1,200 JPY"
    assert Money(1.0, None).text(12.5) == "12.50"


def test_every_minute_of_a_day_is_told_as_it_is() -> None:
    for minute in range(24 * 60):
        assert clock(float(np.float32(minute / 60))) == f"{minute // 60:02d}:{minute % 60:02d}"


@pytest.mark.parametrize(
    ("local", "utc", "expected"),
    [
        ("23:40", "23:40", "paid at 23:40 UTC"),
        ("02:40", "23:40", "paid at 02:40 UTC+03:00"),
        ("05:10", "23:40", "paid at 05:10 UTC+05:30"),
        ("20:10", "23:40", "paid at 20:10 UTC-03:30"),
        ("05:25", "23:40", "paid at 05:25 UTC+05:45"),
        ("11:40", "23:40", "paid at 11:40 local time"),  # UTC+12 or UTC-12
        ("12:40", "23:40", "paid at 12:40 local time"),  # UTC+13 or UTC-11
        ("13:40", "23:40", "paid at 13:40 local time"),  # UTC+14 or UTC-10
    ],
)
def test_a_time_of_day_is_told_with_its_time_zone(local: str, utc: str, expected: str) -> None:
    hours, minutes = map(int, local.split(":"))
    event_time_ms = int(datetime.fromisoformat(f"2026-11-30T{utc}:55.250+00:00").timestamp() * 1000)
    row = row_of(hour=float(np.float32((hours * 60 + minutes) / 60)))
    assert reason_of(FEATURE_INDEX["hour"], row, Money(1.0, None), 1.0, event_time_ms).text == expected


def test_the_five_strongest_are_given_strongest_first(model: Model) -> None:
    table = vectors(40, seed=11)
    contributions = model.contributions(table)[:, :-1]
    for row, reasons in zip(contributions, explain(model, table, [transaction(i) for i in range(40)]), strict=True):
        strengths = [abs(reason.contribution) for reason in reasons]
        assert len(reasons) == REASONS_COUNT
        assert strengths == sorted(strengths, reverse=True)
        assert len({reason.text for reason in reasons}) == REASONS_COUNT
        assert strengths[0] == pytest.approx(np.abs(row).max(), abs=1e-4)
        for reason in reasons:
            assert reason.contribution == pytest.approx(row[FEATURE_INDEX[reason.feature]], abs=1e-4)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-3, "less than 2 seconds"),
        (0.4, "less than 2 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (3600, "1 hour"),
        (5400, "90 minutes"),
        (36 * 3600, "36 hours"),
        (86_400, "1 day"),
        (12 * 86_400, "12 days"),
    ],
)
def test_spans(seconds: float, expected: str) -> None:
    assert span(seconds) == expected


def test_counts_and_windows() -> None:
    assert [counted(n, "country", "countries") for n in (0, 1, 2, 1500)] == [
        "no country",
        "1 country",
        "2 countries",
        "1,500 countries",
    ]
    assert [usual(n) for n in (0.01, 1.04, 2.5, 9.96, 14.2, 3000)] == ["less than 1", "1", "2.5", "10", "14", "3,000"]
    assert [window(w * 60_000) for w in (5, 60, 360, 1440, 10_080)] == [
        "5 minutes",
        "1 hour",
        "6 hours",
        "24 hours",
        "7 days",
    ]
