"""What honest people do looks like what people do."""

from collections import Counter, defaultdict
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from statistics import mean

import pytest

from contracts.transaction import Kind, Transaction
from features.gazetteer import DEGREE_STEPS, find_place
from training.simulator.places import CITIES
from training.simulator.rows import SimulatedTransaction


@pytest.fixture(scope="module")
def honest(history: list[SimulatedTransaction]) -> list[Transaction]:
    return [item.transaction for item in history if not item.fraud]


def place_of(transaction: Transaction) -> tuple[float, float] | None:
    if transaction.latitude is not None and transaction.longitude is not None:
        return transaction.latitude, transaction.longitude
    place = find_place(transaction.location, transaction.country) if transaction.location else None
    return (place.latitude / DEGREE_STEPS, place.longitude / DEGREE_STEPS) if place else None


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    lat1, lat2 = radians(one[0]), radians(other[0])
    chord = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin(radians(other[1] - one[1]) / 2) ** 2
    return 2 * 6371.0088 * asin(sqrt(chord))


def test_the_gazetteer_knows_every_city_where_the_simulator_has_it():
    for city in CITIES:
        place = find_place(city.name)
        assert place is not None, city.name
        assert place.country == city.country
        there = place.latitude / DEGREE_STEPS, place.longitude / DEGREE_STEPS
        assert kilometres(there, (city.latitude, city.longitude)) < 1


def test_honest_people_never_travel_faster_than_an_airliner(honest: list[Transaction]):
    last: dict[str, tuple[float, tuple[float, float]]] = {}
    trips = 0
    for transaction in honest:
        place = place_of(transaction)
        if place is None:
            continue
        at_s = transaction.timestamp.timestamp()
        before = last.get(transaction.account)
        last[transaction.account] = (at_s, place)
        if before is None:
            continue
        distance = kilometres(before[1], place)
        trips += distance > 100
        assert distance / (max(at_s - before[0], 60) / 3600) < 900, transaction
    assert trips > 200


def test_nights_are_quieter_than_days(honest: list[Transaction]):
    mobile = (transaction.timestamp for transaction in honest if transaction.phone_number)
    hours = Counter((timestamp.hour + 3) % 24 for timestamp in mobile)  # East Africa is at +3
    night, day = sum(hours[hour] for hour in range(5)), sum(hours[hour] for hour in range(10, 15))
    assert night < 0.25 * day


def test_fridays_and_saturdays_are_busier_than_sundays(honest: list[Transaction]):
    days: dict[int, Counter[str]] = defaultdict(Counter)
    for transaction in honest:
        if 3 <= transaction.timestamp.day <= 26:  # pay day has a rhythm of its own
            days[transaction.timestamp.weekday()][transaction.timestamp.date().isoformat()] += 1
    busy = {weekday: mean(dates.values()) for weekday, dates in days.items()}
    assert min(busy[4], busy[5]) > 1.2 * busy[6]


def test_pay_day_brings_more_payments(honest: list[Transaction]):
    dates = Counter(transaction.timestamp.date() for transaction in honest)
    pay_days = [count for date, count in dates.items() if date.day >= 27 or date.day <= 2]
    others = [count for date, count in dates.items() if 3 <= date.day <= 26]
    assert mean(pay_days) > 1.15 * mean(others)


def test_a_few_accounts_are_very_active(honest: list[Transaction]):
    counts = sorted(Counter(transaction.account for transaction in honest).values(), reverse=True)
    top = sum(counts[: len(counts) // 50])
    assert top > 0.15 * sum(counts)
    assert counts[len(counts) // 2] < mean(counts)


def test_people_are_loyal_but_try_new_shops_and_pay_new_people(honest: list[Transaction]):
    for field in ("merchant_id", "beneficiary_id"):
        seen: dict[str, set[str]] = defaultdict(set)
        late_new = late = 0
        for position, transaction in enumerate(honest):
            target = getattr(transaction, field)
            if target is None:
                continue
            if position > len(honest) * 0.7:
                late += 1
                late_new += target not in seen[transaction.account]
            seen[transaction.account].add(target)
        assert 0.02 < late_new / late < 0.35, field


def test_phones_change_and_are_shared_now_and_then(honest: list[Transaction]):
    devices, users = defaultdict(set), defaultdict(set)
    addresses = defaultdict(set)
    for transaction in honest:
        if transaction.device_id and transaction.phone_number:
            devices[transaction.account].add(transaction.device_id)
            users[transaction.device_id].add(transaction.account)
        if transaction.ip_address:
            addresses[transaction.ip_address].add(transaction.account)
    changed = sum(len(found) > 1 for found in devices.values()) / len(devices)
    shared = sum(len(found) > 1 for found in users.values()) / len(users)
    assert 0.02 < changed < 0.3
    assert 0.01 < shared < 0.2
    assert max(len(found) for found in addresses.values()) > 20  # a carrier's address


def test_not_everything_is_a_payment(honest: list[Transaction]):
    kinds = Counter(transaction.kind for transaction in honest)
    assert set(kinds) == set(Kind)
    assert 0.01 < kinds[Kind.DECLINED] / len(honest) < 0.05


def test_declined_attempts_are_tried_again(honest: list[Transaction]):
    again = 0
    declined = {
        (transaction.account, transaction.amount): transaction.timestamp
        for transaction in honest
        if transaction.kind == Kind.DECLINED
    }
    for transaction in honest:
        since = declined.get((transaction.account, transaction.amount))
        if transaction.kind == Kind.PAYMENT and since and 0 <= (transaction.timestamp - since).total_seconds() <= 90:
            again += 1
    assert again > 0.8 * len(declined)


def test_transfers_are_mostly_round_and_shop_prices_are_not(honest: list[Transaction]):
    transfers = [t.amount for t in honest if t.beneficiary_id and t.currency == "KES"]
    prices = [t.amount for t in honest if t.merchant_category == "grocery" and t.currency == "EUR"]
    assert sum(amount % 10 == 0 for amount in transfers) > 0.85 * len(transfers)
    assert sum(amount % 1 == 0 for amount in prices) < 0.5 * len(prices)


def test_accounts_in_pairs_of_payments_come_close_together(honest: list[Transaction]):
    """Outings: without them a live stream would never see one account twice."""
    near = sum((b - a).total_seconds() < 900 for times in _times(honest).values() for a, b in pairwise(times))
    assert near > 0.1 * len(honest)


def _times(honest: list[Transaction]) -> dict[str, list]:
    found = defaultdict(list)
    for transaction in honest:
        found[transaction.account].append(transaction.timestamp)
    return found
