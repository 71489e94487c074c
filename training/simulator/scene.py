"""What a script needs to be told: people, places to pay at, and the drafts of their transactions."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

import numpy as np

from contracts.transaction import Kind
from training.simulator import amounts, shops
from training.simulator.cast import Cast, Person
from training.simulator.categories import CATEGORIES, HOW, IN_PERSON, MEDIAN_EUR, NUMBER_OF, ONLINE
from training.simulator.places import CITIES, CURRENCIES, CURRENCY, LATITUDE, LONGITUDE
from training.simulator.population import FOREIGN_NET, NEIGHBOURHOOD
from training.simulator.rows import device_id, ip_text
from training.simulator.travel import district

_NEW_NUMBERS = ("+254110", "+256390", "+255610")  # ranges in which the population has none
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction of a script, without its id; `fields` are those of `contracts.transaction.Transaction`."""

    at_ms: int
    fraud: bool
    typology: str | None
    fields: dict[str, Any] = field(compare=False)


class Scene:
    """One telling of a script. `bold` fraudsters are fast and careless; the others try to look ordinary.

    What would happen before `not_before_ms` is left out.
    """

    def __init__(
        self,
        cast: Cast,
        random: Random,
        start_ms: int,
        typology: str | None,
        *,
        bold: bool,
        not_before_ms: int = 0,
    ) -> None:
        self.cast = cast
        self.random = random
        self.start_ms = start_ms
        self.bold = bold
        self._not_before_ms = not_before_ms
        self.drafts: list[Draft] = []
        self._population = cast.population
        self._typology = typology

    def new_device(self) -> str:
        return device_id(self.random.getrandbits(48))

    def foreign_ip(self) -> str:
        """An address of a hosting company or VPN; honest people use some of them too."""
        spread = 64 if self.random.random() < 0.15 else 1 << 16
        return ip_text(FOREIGN_NET + self.random.randrange(spread))

    def other_city(self, person: Person, *, far: bool = False) -> int:
        """A city that is not where the person is; `far`: in another country."""
        here = CITIES[person.city]
        fits = [n for n, c in enumerate(CITIES) if n != person.city and (not far or c.country != here.country)]
        return self.random.choice(fits)

    def district_of(self, city: int) -> int:
        """A neighbourhood of the city."""
        return int(district(np.array([city]), np.array([self.random.randrange(4)]))[0])

    def unknown_number(self) -> str:
        """A telephone number that belongs to no account of the world."""
        return f"{self.random.choice(_NEW_NUMBERS)}{self.random.randrange(10**6):06d}"

    def usual_eur(self, person: Person, category: str) -> float:
        """The median amount in euros that the person pays in a category."""
        return float(MEDIAN_EUR[NUMBER_OF[category]] * person.income)

    def varied(self, eur: float, sigma: float = 0.5) -> float:
        return eur * float(np.exp(sigma * self.random.gauss(0, 1)))

    def shop(self, person: Person, category: str, place: int | None = None) -> tuple[int, int, int]:
        """(market, category, shop): one of those the person, or somebody in `place`, might choose."""
        number = NUMBER_OF[category]
        account, category_ = np.array([person.number]), np.array([number])
        market = shops.market(np.array([person.place if place is None else place]), account // NEIGHBOURHOOD, category_)
        loyal, pick = np.array([self.random.random()]), np.array([self.random.random()])
        return int(market[0]), number, int(shops.visited(self._population, account, category_, loyal, pick)[0])

    def buy(
        self,
        person: Person,
        at_ms: int,
        eur: float,
        shop: tuple[int, int, int],
        *,
        city: int | None = None,
        device: str | None = None,
        ip: str | None = None,
        kind: Kind = Kind.PAYMENT,
        fraud: bool = True,
    ) -> None:
        """A payment at a shop, till or site; `city` is where the buyer (or, online, the buyer's address) is."""
        category = CATEGORIES[shop[1]]
        where = person.city if city is None else city
        fields: dict[str, Any] = {
            "merchant_id": shops.merchant_id(*shop),
            "merchant_category": category.name,
            "channel": self.random.choice(category.channels),
        }
        local = category.how in (IN_PERSON, HOW[NUMBER_OF["cash_machine"]]) and "account_id" in person.payer
        currency = CURRENCY[where] if local else person.currency
        if local:
            fields |= self._place(where, shop)
        else:
            fields |= {"device_id": device or person.device, "country": CITIES[where].country}
            if category.how == ONLINE or fields["channel"] == "app":
                fields["ip_address"] = ip or person.ip
            if category.how != ONLINE:
                fields["location"] = CITIES[where].name
        self._add(person, where, at_ms, eur, shop[1], int(currency), fields, kind=kind, fraud=fraud)

    def send(
        self,
        person: Person,
        at_ms: int,
        eur: float,
        to: str,
        *,
        city: int | None = None,
        device: str | None = None,
        ip: str | None = None,
        kind: Kind = Kind.PAYMENT,
        fraud: bool = True,
    ) -> None:
        """A mobile money transfer to the telephone number `to`."""
        number = person.city if city is None else city
        where = CITIES[number]
        fields = {"beneficiary_id": to, "channel": "app" if ip else "ussd", "device_id": device or person.device}
        if ip:
            fields["ip_address"] = ip
        fields |= self.random.choice([{"location": where.name}, {"location": where.name, "country": where.country}])
        self._add(person, number, at_ms, eur, NUMBER_OF["transfer"], person.currency, fields, kind=kind, fraud=fraud)

    def _place(self, city: int, shop: tuple[int, int, int]) -> dict[str, Any]:
        if self.random.random() < 0.25:
            return {"location": CITIES[city].name, "country": CITIES[city].country}
        north, east = shops.coordinates(self._population, *(np.array([value]) for value in shop))
        longitude = LONGITUDE[city] + float(east[0]) / float(np.cos(np.radians(LATITUDE[city])))
        return {
            "latitude": round(float(LATITUDE[city] + north[0]), 5),
            "longitude": round(float(longitude), 5),
            "country": CITIES[city].country,
        }

    def _add(
        self,
        person: Person,
        city: int,
        at_ms: int,
        eur: float,
        category: int,
        currency: int,
        fields: dict[str, Any],
        *,
        kind: Kind,
        fraud: bool,
    ) -> None:
        if at_ms < self._not_before_ms:
            return
        if not fraud and not self.cast.is_in(person, city, at_ms):
            return  # honest people left for another city before
        one = np.array([self.random.random()])
        amount = amounts.tidied(np.array([eur]), np.array([category]), np.array([currency]), one)
        fields |= person.payer
        fields |= {"amount": float(amount[0]), "currency": CURRENCIES[currency], "kind": kind}
        self.drafts.append(Draft(at_ms, fraud, self._typology if fraud else None, fields))


class Script(Protocol):
    """A kind of story. `size` is about how many fraudulent (or, for honest ones, all) payments it has."""

    typology: str
    size: int
    lead_ms: int  # how long its victims notice nothing: scripts that began before a run may strike in it

    def play(self, scene: Scene) -> None:
        """Add the story's drafts to the scene, none before its start."""
