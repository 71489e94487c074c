"""Where an account is at a moment: at home, on a trip, or in the air (when it pays nobody).

Time is cut into slots of a fortnight, shifted for each account; a slot holds at most one trip, with room for the way
back. So the answer needs no history, and nobody is ever in two places.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.simulator.chance import Bits, Ints, combined
from training.simulator.places import BY_FLAVOUR, CARD, HOMES, distance_km
from training.simulator.population import DAY_MS, Population

_SLOT_MS = 14 * DAY_MS
_TRIP_SHARE = (0.14, 0.10)  # of the slots, by flavour
_SPEED_KMH = 700.0  # an airliner, door to door; far below the speeds that are suspicious
_WAY_H_MIN = 3.0  # leaving the city and arriving in another
FARAWAY = 10**9  # neighbourhoods from here on lie in cities where nobody has a home
_DISTRICTS = 4  # of a city, that travellers go to


class Whereabouts(NamedTuple):
    """`city`: number of the city; `place`: the neighbourhood whose shops are near; `moving`: between two cities."""

    city: Ints
    place: Ints
    moving: NDArray[np.bool_]
    away: NDArray[np.bool_]

    def take(self, index: Ints | NDArray[np.bool_]) -> "Whereabouts":
        return Whereabouts(self.city[index], self.place[index], self.moving[index], self.away[index])


def whereabouts(population: Population, account: Ints, at_ms: Ints) -> Whereabouts:
    """Where each account is at its event time."""
    chance = population.chance
    phase = (chance.unit("trip phase", account) * _SLOT_MS).astype(np.int64)
    slot, into_ms = np.divmod(at_ms + phase, _SLOT_MS)
    trip = combined(account, slot)
    home = population.home(account)
    share = np.where(population.flavour(account) == CARD, *_TRIP_SHARE)
    travels = np.flatnonzero(chance.unit("trip", trip) < share)

    city, place = home.copy(), population.neighbourhood(account).copy()
    moving, away = np.zeros(len(account), bool), np.zeros(len(account), bool)
    if len(travels) == 0:
        return Whereabouts(city, place, moving, away)
    trip, into_ms, home = trip[travels], into_ms[travels], home[travels]
    goal = _destination(population, account[travels], trip)
    way_ms = (np.maximum(_WAY_H_MIN, distance_km(home, goal) / _SPEED_KMH + 2.0) * 3_600_000).astype(np.int64)
    leaves = (chance.unit("trip leaves", trip) * 7 * DAY_MS).astype(np.int64)
    arrives = leaves + way_ms
    returns = arrives + ((0.6 + 4.4 * chance.unit("trip stays", trip)) * DAY_MS).astype(np.int64)
    there = (into_ms >= arrives) & (into_ms < returns) & (goal != home)
    moves = (into_ms >= leaves) & (into_ms < returns + way_ms) & ~there & (goal != home)
    city[travels[there]] = goal[there]
    place[travels[there]] = district(goal[there], chance.whole("district", trip[there], _DISTRICTS))
    moving[travels[moves]] = True
    away[travels[there]] = True
    return Whereabouts(city, place, moving, away)


def district(city: Ints, number: Ints) -> Ints:
    """One of the neighbourhoods of a city, also of a city where nobody has a home."""
    return np.where(city < HOMES, city + HOMES * number, FARAWAY + HOMES * city + number)


def _destination(population: Population, account: Ints, trip: Bits) -> Ints:
    unit = population.chance.unit("trip goal", trip)
    goals = np.empty(len(account), np.int64)
    flavour = population.flavour(account)
    for number, cities in enumerate(BY_FLAVOUR):
        mine = flavour == number
        goals[mine] = cities[(unit[mine] * len(cities)).astype(np.int64)]
    return goals
