"""The people of a script, as they are when it begins."""

from dataclasses import dataclass
from random import Random

import numpy as np

from training.simulator.chance import Ints
from training.simulator.places import CARD, CITIES, City
from training.simulator.population import NEIGHBOURHOOD, Population
from training.simulator.rows import device_id, ip_text
from training.simulator.travel import whereabouts


@dataclass(frozen=True, slots=True)
class Person:
    """A payer as they are when the scene begins; cities by their number."""

    number: int
    payer: dict[str, str]  # `account_id` or `phone_number`
    home: int
    city: int
    place: int
    currency: int
    income: float
    device: str
    ip: str


class Cast:
    """Finds payers for one script that begins at `at_ms`."""

    def __init__(self, population: Population, accounts: int, random: Random, at_ms: int) -> None:
        self.population = population
        self._accounts = accounts
        self._random = random
        self._at_ms = at_ms

    def people(self, count: int, flavour: int) -> list[Person]:
        """Up to `count` different active payers of one flavour (fewer in a very small world)."""
        tries = np.array([[self._random.random(), self._random.random()] for _ in range(4 * count + 8)])
        return self._distinct(self.population.chosen(tries[:, 0], tries[:, 1], self._accounts), count, flavour)

    def neighbours(self, person: Person, count: int) -> list[Person]:
        """Other payers of the same neighbourhood."""
        first = person.number // NEIGHBOURHOOD * NEIGHBOURHOOD
        numbers = list(range(first, first + NEIGHBOURHOOD))
        self._random.shuffle(numbers)
        flavour = CITIES[person.home].flavour
        return self._distinct(np.array([n for n in numbers if n != person.number]), count, flavour)

    def _distinct(self, numbers: Ints, count: int, flavour: int) -> list[Person]:
        fits = (numbers < self._accounts) & (self.population.flavour(numbers) == flavour)
        distinct = list(dict.fromkeys(numbers[fits].tolist()))[:count]
        return self._known(np.array(distinct, np.int64)) if distinct else []

    def is_in(self, person: Person, city: int, at_ms: int) -> bool:
        here = whereabouts(self.population, np.array([person.number]), np.array([at_ms]))
        return bool(here.city[0] == city and not here.moving[0])

    def _known(self, numbers: Ints) -> list[Person]:
        people, at_ms = self.population, np.full(len(numbers), self._at_ms)
        here = whereabouts(people, numbers, at_ms)
        home = people.home(numbers).tolist()
        digits = people.numbers(numbers)
        payers = [_payer(people, number, CITIES[city]) for number, city in zip(digits, home, strict=True)]
        columns = zip(
            numbers.tolist(), payers, home, here.city.tolist(), here.place.tolist(), people.currency(numbers).tolist(),
            people.income(numbers).tolist(), map(device_id, people.device(numbers, at_ms).tolist()),
            map(ip_text, people.home_ip(numbers).tolist()), strict=True,
        )  # fmt: skip
        return [Person(*values) for values in columns]

    def near_ip(self, person: Person) -> str:
        """An address of the carrier in the person's own neighbourhood."""
        at = np.array([self._at_ms])
        number = np.array([person.number + 1 + self._random.randrange(NEIGHBOURHOOD)])
        return ip_text(int(self.population.carrier_ip(np.array([person.place]), number, at)[0]))


def _payer(population: Population, number: int, home: City) -> dict[str, str]:
    if home.flavour == CARD:
        return {"account_id": population.account_id(number)}
    return {"phone_number": population.phone_number(number, home.country)}
