"""Transactions as columns, and their rendering as messages."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.transaction import EPOCH, Kind, Transaction
from training.simulator.categories import CATEGORIES, NUMBER_OF
from training.simulator.chance import Bits, Floats, Ints
from training.simulator.places import CITIES, CURRENCIES, LATITUDE, LONGITUDE, MOBILE
from training.simulator.population import Population
from training.simulator.shops import merchant_id

KINDS = (Kind.PAYMENT, Kind.DECLINED, Kind.REFUND, Kind.REVERSAL)
PAYMENT, DECLINED, REFUND, REVERSAL = range(4)
NONE = -1
# How a row says where it happened.
NOWHERE, COUNTRY_ONLY, NAME_ONLY, NAME_AND_COUNTRY, COORDINATES = range(5)
_TRANSFER = NUMBER_OF["transfer"]
_COUNTRY_OF = tuple(city.country for city in CITIES)
_NAME_OF = tuple(city.name for city in CITIES)
_COS_LATITUDE = np.cos(np.radians(LATITUDE))


class SimulatedTransaction(NamedTuple):
    """A transaction and the truth about it; `typology` names the kind of fraud, None for honest ones."""

    transaction: Transaction
    fraud: bool
    typology: str | None


@dataclass(frozen=True, slots=True)
class Rows:
    """Honest transactions, one array a field, all of one length. `NONE` where a whole number is missing."""

    at_ms: Ints
    account: Ints
    category: Ints
    market: Ints
    shop: Ints
    beneficiary: Ints  # account number
    amount: Floats  # major units of `currency`
    currency: Ints
    city: Ints
    north: Floats  # degrees from the city's centre
    east: Floats  # degrees at the equator
    where: Ints
    channel: Ints  # 0 or 1 of the category's
    kind: Ints
    device: Bits  # 0 for none
    ip: Ints  # IPv4 as a number, 0 for none

    def __len__(self) -> int:
        return len(self.at_ms)

    def take(self, index: Ints | NDArray[np.bool_]) -> "Rows":
        return Rows(*(getattr(self, field.name)[index] for field in fields(self)))

    @staticmethod
    def joined(parts: "list[Rows]") -> "Rows":
        return Rows(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Rows)))


def time_of(at_ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=at_ms)


def device_id(bits: int) -> str:
    return f"dev-{bits:012x}"


def ip_text(number: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def rendered(rows: Rows, ids: list[str], population: Population) -> Iterator[SimulatedTransaction]:
    """The messages of `rows`, in their order; `ids` gives each one's transaction id."""
    flavour = population.flavour(rows.account).tolist()
    home_country = [_COUNTRY_OF[city] for city in population.home(rows.account).tolist()]
    numbers = population.numbers(rows.account)
    payee = population.numbers(rows.beneficiary)
    payee_country = [_COUNTRY_OF[city] for city in population.home(rows.beneficiary).tolist()]
    latitude = np.round(LATITUDE[rows.city] + rows.north, 5).tolist()
    longitude = np.round(LONGITUDE[rows.city] + rows.east / _COS_LATITUDE[rows.city], 5).tolist()
    columns = zip(
        ids, rows.at_ms.tolist(), flavour, home_country, numbers, rows.category.tolist(), rows.market.tolist(),
        rows.shop.tolist(), payee, payee_country, rows.amount.tolist(), rows.currency.tolist(), rows.city.tolist(),
        latitude, longitude, rows.where.tolist(), rows.channel.tolist(), rows.kind.tolist(), rows.device.tolist(),
        rows.ip.tolist(), strict=True,
    )  # fmt: skip
    phone, account_id = population.phone_number, population.account_id
    for (
        name, at_ms, mobile, country, number, category, market, shop, friend, friend_country, amount, currency, city,
        lat, lon, where, channel, kind, device, ip,
    ) in columns:  # fmt: skip
        transfer = category == _TRANSFER
        yield SimulatedTransaction(
            Transaction(
                transaction_id=name,
                amount=amount,
                timestamp=time_of(at_ms),
                account_id=None if mobile == MOBILE else account_id(number),
                phone_number=phone(number, country) if mobile == MOBILE else None,
                currency=CURRENCIES[currency],
                device_id=device_id(device) if device else None,
                ip_address=ip_text(ip) if ip else None,
                merchant_id=None if transfer else merchant_id(market, category, shop),
                merchant_category=None if transfer else CATEGORIES[category].name,
                beneficiary_id=phone(friend, friend_country) if transfer else None,
                channel=CATEGORIES[category].channels[channel],
                location=_NAME_OF[city] if where in (NAME_ONLY, NAME_AND_COUNTRY) else None,
                latitude=lat if where == COORDINATES else None,
                longitude=lon if where == COORDINATES else None,
                country=None if where in (NOWHERE, NAME_ONLY) else _COUNTRY_OF[city],
                kind=KINDS[kind],
            ),
            False,
            None,
        )
