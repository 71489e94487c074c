"""Where money goes: shops of a neighbourhood, sellers of a region, and the people that somebody pays."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from training.simulator.categories import CATEGORIES, IS_NATIONAL
from training.simulator.chance import Bits, Floats, Ints, combined
from training.simulator.places import CITIES, COUNTRIES, COUNTRY, HOMES
from training.simulator.population import NEIGHBOURHOOD, Population
from training.simulator.travel import FARAWAY

_SHOPS = 7  # of a category in a neighbourhood
_SELLERS = 8  # online and national, of a category in one country's region
_REGION = 5 * HOMES  # neighbourhoods: a region has about 6,400 accounts
_POPULARITY = 1.1  # exponent: the first of seven shops gets 40 % of the custom
_FAVOURITES = 3
_SPREAD_DEGREES = (
    0.05  # a city's shops lie within 2.8 km of its centre to the north and south, and about that to the sides
)
_PHONE_BOOK = 6
_DISTRICTS = 5  # of the own city, in which friends live


def _edges(count: int) -> Floats:
    weights = np.arange(1, count + 1) ** -_POPULARITY
    return np.asarray(np.cumsum(weights) / weights.sum())


_SHOP_EDGES, _SELLER_EDGES = _edges(_SHOPS), _edges(_SELLERS)


def visited(population: Population, account: Ints, category: Ints, unit_loyal: Floats, unit_shop: Floats) -> Ints:
    """The shop's number within its category: mostly one of the account's favourites, else by popularity."""
    slot = (unit_shop**2 * _FAVOURITES).astype(np.int64)  # the first favourite most often
    habit = population.chance.unit("favourite", combined(account, category, slot))
    unit = np.where(unit_loyal < 0.88, habit, unit_shop)
    of_shops = np.searchsorted(_SHOP_EDGES, unit, side="right").clip(max=_SHOPS - 1)
    of_sellers = np.searchsorted(_SELLER_EDGES, unit, side="right").clip(max=_SELLERS - 1)
    return np.where(IS_NATIONAL[category], of_sellers, of_shops)


def market(place: Ints, home_place: Ints, category: Ints) -> Ints:
    """The neighbourhood or (negative) region in which a shop number counts: national sellers are at home."""
    region = home_place // _REGION * len(COUNTRIES) + COUNTRY[home_place % HOMES]
    return np.where(IS_NATIONAL[category], -1 - region, place)


def coordinates(population: Population, market_: Ints, category: Ints, shop: Ints) -> tuple[Floats, Floats]:
    """How far the shop lies from its city's centre: degrees of latitude, and of longitude at the equator."""
    key = combined(market_, category, shop)
    north = (population.chance.unit("north", key) - 0.5) * _SPREAD_DEGREES
    east = (population.chance.unit("east", key) - 0.5) * _SPREAD_DEGREES
    return north, east


@lru_cache(maxsize=65_536)
def merchant_id(market_: int, category: int, shop: int) -> str:
    name = CATEGORIES[category].name.replace("_", "-")
    if market_ < 0:
        region, country = divmod(-1 - market_, len(COUNTRIES))
        return f"{name}-{COUNTRIES[country].lower()}{region + 1}-{shop + 1}"
    city = market_ % HOMES if market_ < FARAWAY else (market_ - FARAWAY) // HOMES
    number = market_ // HOMES if market_ < FARAWAY else market_ % HOMES
    return f"{CITIES[city].name.split()[0].lower()}{number}-{name}-{shop + 1}"


def paid_person(
    population: Population, account: Ints, unit: Floats, *, new: NDArray[np.bool_], by_chance: Bits
) -> Ints:
    """The account that gets a transfer: somebody from the phone book, or, where `new`, somebody by chance.

    Friends live in the same neighbourhood or another of the same city; the local business gets the most.
    """
    slot = (unit**2 * _PHONE_BOOK).astype(np.int64)
    key = np.where(new, by_chance, combined(account, slot))
    same = population.chance.unit("friend near", key) < 0.7
    other = population.home(account) + HOMES * population.chance.whole("friend place", key, _DISTRICTS)
    place = np.where(same, population.neighbourhood(account), other)
    member = (population.chance.unit("friend", key) ** 1.5 * NEIGHBOURHOOD).astype(np.int64)
    friend = place * NEIGHBOURHOOD + member
    return np.where(friend == account, place * NEIGHBOURHOOD + (member + 1) % NEIGHBOURHOOD, friend)
