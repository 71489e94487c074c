"""The oracle itself, against numbers worked out by hand from docs/FEATURES.md."""

import math
from datetime import UTC, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from contracts.label import ForwardedLabel
from contracts.transaction import EPOCH, Kind, Transaction
from tests.features.oracle import Oracle, great_circle_km
from tests.features.oracle_event import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Surroundings, ten_thousandths
from tests.features.oracle_history import WINDOWS_MS, tile_kept_ms, tile_width_of

NOON = 1_711_800_000_000  # Saturday 2024-03-30 12:00 UTC, at an edge of every tile but the last
RATES = {"USD": Fraction(1), "JPY": Fraction("0.0067"), "KWD": Fraction("3.25")}


@pytest.fixture
def oracle() -> Oracle:
    world = Surroundings(
        rates=RATES,
        currency_default="USD",
        zones={1: UTC, 2: ZoneInfo("Africa/Nairobi")},
        gazetteer=lambda name, country: (-128_333, 3_681_667, "KE") if name == "Nairobi" else None,
        order_of_id=lambda client, name: int(name.removeprefix("t")),
    )
    return Oracle(world, hash_of_value=lambda plural, client, value: len(value))


class Till:
    """Makes transactions of one account; every field can be said otherwise."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, time: int, amount: float = 10.0, **fields: object) -> Transaction:
        self.number += 1
        names = {"transaction_id": f"t{self.number}", "account_id": "a"} | fields
        return Transaction(timestamp=EPOCH + timedelta(milliseconds=time), amount=amount, **names)  # type: ignore[arg-type]


@pytest.fixture
def pay() -> Till:
    return Till()


def test_tiles_of_the_windows() -> None:
    seconds = {span: tile_width_of(window) // SECOND_MS for span, window in WINDOWS_MS.items()}
    assert seconds == {"5m": 15, "1h": 300, "6h": 1800, "24h": 1800, "7d": 21600, "30d": 21600}
    assert [tile_kept_ms(s * SECOND_MS) / HOUR_MS for s in (15, 300, 1800, 21600)] == [1 + 5 / 60, 2, 25, 38 * 24 + 1]


def test_amounts_are_rounded_half_to_even() -> None:
    assert ten_thousandths(1, "USD", Fraction("0.025")) == 2
    assert ten_thousandths(3, "USD", Fraction("0.025")) == 8
    assert ten_thousandths(1500, "JPY", Fraction("0.0067")) == 100_500
    assert ten_thousandths(1500, "KWD", Fraction("3.25")) == 48_750


def test_windows_are_open_below_and_closed_above(oracle: Oracle, pay: Till) -> None:
    oracle.remember(pay(NOON, 10.0))
    oracle.remember(pay(NOON + 1, 20.0))
    oracle.remember(pay(NOON + 5 * MINUTE_MS, 40.0))
    features = oracle.see(pay(NOON + 5 * MINUTE_MS, 99.0)).features
    assert features["account_count_5m"] == 2
    assert features["account_sum_5m"] == 60
    assert features["account_mean_5m"] == 30
    assert features["account_std_5m"] == 10
    assert features["account_max_5m"] == 40
    assert features["account_sum_1h"] == 70
    assert features["account_since_last_s"] == 0


def test_tiled_windows_are_rounded_outwards(oracle: Oracle, pay: Till) -> None:
    for time in (NOON - 15 * SECOND_MS, NOON - 1, NOON, NOON + 15 * SECOND_MS):
        oracle.remember(pay(time, merchant_id="m"))
    at = NOON + 5 * MINUTE_MS - 2  # the first millisecond of the window is NOON - 1, in the tile before
    assert oracle.see(pay(at, merchant_id="m")).features["merchant_count_5m"] == 4
    assert oracle.see(pay(at + 1, merchant_id="m")).features["merchant_count_5m"] == 3


def test_only_payments_are_summed(oracle: Oracle, pay: Till) -> None:
    for kind in (Kind.DECLINED, Kind.REFUND, Kind.REVERSAL):
        oracle.remember(pay(NOON, kind=kind, device_id="d"))
    features = oracle.see(pay(NOON + 30_000, device_id="d")).features
    assert features["account_count_24h"] == features["account_sum_24h"] == 0
    assert math.isnan(features["account_mean_24h"])
    assert math.isnan(features["account_max_24h"])
    assert features["account_declined_count_1h"] == 1
    assert features["account_reversed_count_24h"] == 2
    assert features["account_since_last_s"] == 30
    assert features["account_distinct_devices_5m"] == 1


def test_the_first_event_of_an_account_is_new_in_all_it_names(oracle: Oracle, pay: Till) -> None:
    first = oracle.see(pay(NOON, device_id="d", merchant_id="m", location="Nairobi")).features
    assert (first["new_device"], first["new_merchant"], first["new_country"]) == (1, 1, 1)
    assert math.isnan(first["new_beneficiary"])
    assert math.isnan(first["account_since_last_s"])
    assert math.isnan(first["distance_km"])
    assert math.isnan(first["ip_count_5m"])
    for later, new in ((30 * DAY_MS - 1, 0), (60 * DAY_MS - 1, 1)):
        assert oracle.see(pay(NOON + later, device_id="d")).features["new_device"] == new


def test_the_ring_holds_512_and_the_rest_is_tiled(oracle: Oracle, pay: Till) -> None:
    for i in range(512):
        oracle.remember(pay(NOON + i * 100))
    seen = oracle.see(pay(NOON + 52_000))
    assert (seen.features["account_count_5m"], seen.ring_full) == (512, False)
    seen = oracle.see(pay(NOON + 5 * MINUTE_MS))
    assert (seen.features["account_count_5m"], seen.ring_full) == (513, True)  # the first lies in the open edge's tile
    assert oracle.see(pay(NOON + DAY_MS)).features["account_count_24h"] == 514
    assert oracle.see(pay(NOON + 30 * HOUR_MS)).ring_full is True
    assert oracle.see(pay(NOON + 30 * HOUR_MS)).ring_full is False


def test_late_by_an_hour_is_exact_and_beyond_is_flagged(oracle: Oracle, pay: Till) -> None:
    oracle.remember(pay(NOON - HOUR_MS, 7.0))
    oracle.remember(pay(NOON, 9.0))
    seen = oracle.see(pay(NOON - HOUR_MS))
    assert (seen.late, seen.features["account_sum_5m"]) == (frozenset(), 7)
    assert oracle.see(pay(NOON - HOUR_MS - 1, device_id="d")).late == {"account"}


def test_fraud_share_waits_for_the_label_and_the_delay(oracle: Oracle, pay: Till) -> None:
    for _ in range(4):
        oracle.remember(pay(NOON))
    oracle.label(
        ForwardedLabel(
            client_id=1, transaction_id="t1", revision=0, account="a", merchant_id=None, event_time_ms=NOON,
            effective_ms=NOON + 7 * DAY_MS + 1, change=1,
        )
    )  # fmt: skip
    shares = [
        oracle.see(pay(NOON + 7 * DAY_MS + after)).features["account_fraud_share_1d"]
        for after in (0, HOUR_MS - 1, HOUR_MS, DAY_MS, DAY_MS + 6 * HOUR_MS)
    ]
    assert shares == [0, 0, 0.25, 0.25, 0]


def test_distance_and_speed(oracle: Oracle, pay: Till) -> None:
    oracle.remember(pay(NOON, latitude=0.0, longitude=179.5))
    features = oracle.see(pay(NOON + HOUR_MS, latitude=0.0, longitude=-179.5)).features
    assert features["distance_km"] == pytest.approx(2 * math.pi * 6371.0088 / 360)
    assert features["speed_kmh"] == pytest.approx(features["distance_km"])
    assert great_circle_km((9_000_000, 0), (-9_000_000, 12)) == pytest.approx(math.pi * 6371.0088)


def test_clock_of_the_client(oracle: Oracle, pay: Till) -> None:
    utc = oracle.see(pay(NOON + 8 * HOUR_MS + 30 * MINUTE_MS)).features
    nairobi = oracle.see(pay(NOON + 8 * HOUR_MS + 30 * MINUTE_MS, client_id=2)).features
    assert (utc["hour"], utc["night"], utc["weekend"]) == (20.5, 0, 1)
    assert (nairobi["hour"], nairobi["night"], nairobi["weekend"]) == (23.5, 1, 1)


def test_clients_never_meet(oracle: Oracle, pay: Till) -> None:
    oracle.remember(pay(NOON, merchant_id="m"))
    features = oracle.see(pay(NOON, merchant_id="m", client_id=2)).features
    assert features["account_count_30d"] == features["merchant_count_30d"] == 0
