"""What the oracle remembers of one transaction: real ids, exact integers, nothing packed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from fractions import Fraction

from contracts.currency import MINOR_UNIT_DECIMALS
from contracts.transaction import EPOCH, Kind, Transaction, canonical_ip, minor_units

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

AMOUNT_SCALE = 10_000  # amounts are ten-thousandths of the base currency
PLACE_SCALE = 100_000  # coordinates are in 1e-5 degrees
AMOUNT_LIMIT = 10**14

Place = tuple[int, int]  # latitude, longitude in 1e-5 degrees
Gazetteer = Callable[[str, str | None], tuple[int, int, str] | None]  # name, country -> latitude, longitude, country


@dataclass(frozen=True)
class OracleEvent:
    """One transaction. `order` breaks ties of time; `entities` holds only those that the transaction names."""

    time: int
    order: int
    client: int
    amount: int
    round_units: int
    kind: Kind
    entities: Mapping[str, str]
    country: str | None
    place: Place | None
    local: datetime

    @property
    def is_payment(self) -> bool:
        return self.kind is Kind.PAYMENT

    @property
    def rank(self) -> tuple[int, int]:
        return self.time, self.order


@dataclass(frozen=True)
class Surroundings:
    """What a transaction does not say itself: rates to the base currency, defaults, zones, places, the id hash."""

    rates: Mapping[str, Fraction]
    currency_default: str
    zones: Mapping[int, tzinfo]
    gazetteer: Gazetteer
    order_of_id: Callable[[int, str], int]


def event_of(transaction: Transaction, world: Surroundings) -> OracleEvent:
    currency = transaction.currency or world.currency_default
    minor = minor_units(transaction.amount, currency)
    time = transaction.event_time_ms
    place, country = _place_and_country(transaction, world.gazetteer)
    return OracleEvent(
        time=time,
        order=world.order_of_id(transaction.client_id, transaction.transaction_id),
        client=transaction.client_id,
        amount=ten_thousandths(minor, currency, world.rates[currency]),
        round_units=_round_units(minor, 10 ** MINOR_UNIT_DECIMALS[currency]),
        kind=transaction.kind,
        entities=_entities(transaction),
        country=country,
        place=place,
        local=(EPOCH + timedelta(milliseconds=time)).astimezone(world.zones[transaction.client_id]),
    )


def ten_thousandths(minor: int, currency: str, rate: Fraction) -> int:
    """`round_half_even(minor × rate × 10⁴ / 10^decimals)`, at most AMOUNT_LIMIT; fractions round half to even."""
    return min(round(minor * rate * AMOUNT_SCALE / 10 ** MINOR_UNIT_DECIMALS[currency]), AMOUNT_LIMIT)


def _round_units(minor: int, per_major: int) -> int:
    """How many of 10, 100, 1000 major units divide it; none divides an amount that is less than a minor unit."""
    return sum(minor % (units * per_major) == 0 for units in (10, 100, 1000)) if minor else 0


def _entities(transaction: Transaction) -> dict[str, str]:
    named = {
        "account": transaction.account,
        "device": transaction.device_id,
        "ip": canonical_ip(transaction.ip_address) if transaction.ip_address else None,
        "merchant": transaction.merchant_id,
        "beneficiary": transaction.beneficiary_id,
    }
    return {kind: name for kind, name in named.items() if name is not None}


def _place_and_country(transaction: Transaction, gazetteer: Gazetteer) -> tuple[Place | None, str | None]:
    if transaction.latitude is not None and transaction.longitude is not None:
        place = round(transaction.latitude * PLACE_SCALE), round(transaction.longitude * PLACE_SCALE)
        return place, transaction.country
    found = gazetteer(transaction.location, transaction.country) if transaction.location is not None else None
    if found is None:
        return None, transaction.country
    return (found[0], found[1]), transaction.country or found[2]
