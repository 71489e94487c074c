"""Transactions to events: exact amounts, hashes, entities and their clients, places, the client's clock."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.currency import MINOR_UNIT_DECIMALS
from contracts.errors import SettingsError
from contracts.transaction import Transaction, minor_units
from features.events import EventBatch, EventBuilder, entity_key, id_hash, utc_offset_s
from features.money import USD_RATES, Money, parse_rates
from features.plan import Entity
from tests.features.comparison import hash_of_value, make_builder
from tests.features.oracle_event import ten_thousandths
from tests.features.strategies import START, Labels, any_drafts, transaction_of

NOON = datetime(2024, 3, 30, 12, tzinfo=UTC)
COLUMN = {entity.name.lower(): int(entity) for entity in Entity}


def transaction(**fields: object) -> Transaction:
    required = {"transaction_id": "t", "amount": 10.0, "timestamp": NOON, "account_id": "a"}
    return Transaction(**(required | fields))  # type: ignore[arg-type]


def batch(*transactions: Transaction) -> EventBatch:
    return make_builder().batch(transactions)


def keys_of(one: Transaction) -> dict[str, bytes | None]:
    made = batch(one)
    return {name: made.keys[i] if (i := made.entity_of[0, column]) >= 0 else None for name, column in COLUMN.items()}


@given(
    amount=st.one_of(st.floats(0.001, 1e12), st.integers(1, 10**14).map(lambda cents: cents / 100)),
    currency=st.sampled_from(sorted(parse_rates(USD_RATES))),
)
def test_amounts_are_exact(amount: float, currency: str) -> None:
    units, _ = Money().units(amount, currency)
    rate = Fraction(dict(item.split("=") for item in USD_RATES.split())[currency])
    assert units == ten_thousandths(minor_units(amount, currency), currency, rate)


def test_another_base_and_other_rates() -> None:
    assert Money(base="EUR").units(1.16, "USD")[0] == 10_000
    assert Money(base="EUR").units(7.0, "EUR")[0] == 70_000
    assert Money(overrides="KES=0.01").units(100.0, "KES")[0] == 10_000
    assert Money(default="JPY").units(100.0, None) == Money().units(100.0, "JPY")


@pytest.mark.parametrize(
    ("amount", "currency", "level"),
    [
        (5.0, "USD", 0), (10.0, "USD", 1), (10.01, "USD", 0), (300.0, "EUR", 2), (5000.0, "USD", 3),
        (1000.0, "JPY", 3), (1000.0, "KWD", 3), (10.001, "KWD", 0), (0.01, "JPY", 0),
    ],
)  # fmt: skip
def test_roundness_is_in_major_units_of_the_own_currency(amount: float, currency: str, level: int) -> None:
    assert Money().units(amount, currency)[1] == level


def test_a_currency_without_a_rate_is_known_to_be_unknown() -> None:
    missing = sorted(set(MINOR_UNIT_DECIMALS) - set(parse_rates(USD_RATES)))[0]
    assert not Money().knows(missing)
    assert Money().knows(None)
    with pytest.raises(KeyError):
        EventBuilder().batch([transaction(currency=missing)])


@pytest.mark.parametrize("text", ["EUR", "EUR=", "EUR=-1", "EUR=0", "XXQ=1", "EUR=abc", "EUR=1/0"])
def test_a_wrong_rate_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match="CURRENCY_RATES"):
        parse_rates(text)


def test_missing_entities_stay_missing() -> None:
    keys = keys_of(transaction())
    assert {name for name, key in keys.items() if key is not None} == {"account"}


def test_entities_of_two_clients_or_two_kinds_never_meet() -> None:
    same = {"account_id": "x", "device_id": "x", "merchant_id": "x", "beneficiary_id": "x"}
    keys = [key for client in (1, 2) for key in keys_of(transaction(client_id=client, **same)).values() if key]
    assert len(set(keys)) == 8


def test_a_phone_number_stands_for_an_account() -> None:
    by_phone = transaction(account_id=None, phone_number="+254700000001")
    assert keys_of(by_phone)["account"] == keys_of(transaction(account_id="+254700000001"))["account"]


def test_one_address_has_one_spelling() -> None:
    for one, other in (("2001:DB8::1", "2001:db8:0::1"), ("::ffff:10.0.0.1", "10.0.0.1")):
        assert keys_of(transaction(ip_address=one))["ip"] == keys_of(transaction(ip_address=other))["ip"]


def test_hashes_are_salted_by_client_and_never_zero() -> None:
    assert id_hash(1, "t") != id_hash(2, "t")
    assert 0 <= id_hash(1, "t") < 2**64
    _, link = entity_key(Entity.DEVICE, 1, "d")
    assert 0 < link < 2**32
    assert link == hash_of_value("devices", 1, "d")


def test_a_place_by_name_brings_its_country() -> None:
    named, both, unknown = batch(
        transaction(location="Nairobi"),
        transaction(location="Nairobi", latitude=1.0, longitude=2.0),
        transaction(location="Nowhere-upon-Nothing", country="JP"),
    ).events
    assert named["has_place"] == 1
    assert named["link"][4] == hash_of_value("countries", 1, "KE")
    assert (both["latitude"], both["longitude"]) == (100_000, 200_000)
    assert unknown["has_place"] == 0
    assert unknown["link"][4] == hash_of_value("countries", 1, "JP")


@pytest.mark.parametrize("zone", ["Africa/Nairobi", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
@given(minute=st.integers(0, 366 * 24 * 60 - 1))
def test_the_offset_is_that_of_the_moment(zone: str, minute: int) -> None:
    moment = datetime.fromtimestamp(1_704_067_200 + 60 * minute, UTC)
    expected = moment.astimezone(ZoneInfo(zone)).utcoffset()
    assert expected is not None
    assert utc_offset_s(zone, int(moment.timestamp()) * 1000) == expected.total_seconds()


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Australia/Lord_Howe", datetime(2024, 10, 5, 15, 29, tzinfo=UTC), datetime(2024, 10, 5, 15, 30, tzinfo=UTC)),
        ("America/St_Johns", datetime(2010, 3, 14, 3, 30, tzinfo=UTC), datetime(2010, 3, 14, 3, 31, tzinfo=UTC)),
    ],
)
def test_the_offset_of_a_zone_that_changes_within_an_hour(zone: str, before: datetime, after: datetime) -> None:
    offsets = [utc_offset_s(zone, int(moment.timestamp()) * 1000) for moment in (before, after)]
    expected = [moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in (before, after)]
    assert expected[0] != expected[1]
    assert [timedelta(seconds=offset) for offset in offsets] == expected


@given(any_drafts, st.integers(0, 10**9))
def test_an_event_does_not_depend_on_its_batch(draft, shift: int) -> None:  # type: ignore[no-untyped-def]
    one = transaction_of(draft, START + shift, 1)
    other = transaction_of(draft, START, 2)
    together = batch(other, one)
    alone = batch(one)
    assert together.events[1].tobytes() == alone.events[0].tobytes()
    assert [together.keys[i] for i in together.entity_of[1] if i >= 0] == alone.keys
    assert together.kinds.tolist() == [key[0] for key in together.keys]


def test_a_label_touches_its_account_and_merchant() -> None:
    paid = transaction(merchant_id="m", device_id="d")
    made = make_builder().batch([paid, Labels().next(paid, known=0)])
    assert made.entity_of[1].tolist() == [made.entity_of[0, 0], -1, -1, made.entity_of[0, 3], -1]
    assert made.events[1]["change"] == 1
