"""Where the world is: East African cities of mobile money, European cities of cards, and some to travel to."""

from typing import NamedTuple

import numpy as np

from training.simulator.chance import Floats, Ints

CARD, MOBILE = 0, 1  # the flavour of an account, of a shop category and of a home city
EARTH_RADIUS_KM = 6371.0088


class City(NamedTuple):
    """`utc_offset_h` is standard time all year: a habit that shifts by an hour in summer changes nothing here."""

    name: str
    country: str
    currency: str
    latitude: float
    longitude: float
    utc_offset_h: int
    flavour: int


_EAST_AFRICA = [
    City("Nairobi", "KE", "KES", -1.28333, 36.81667, 3, MOBILE),
    City("Kampala", "UG", "UGX", 0.31628, 32.58219, 3, MOBILE),
    City("Mombasa", "KE", "KES", -4.05466, 39.66359, 3, MOBILE),
    City("Dar es Salaam", "TZ", "TZS", -6.82349, 39.26951, 3, MOBILE),
    City("Kisumu", "KE", "KES", -0.10221, 34.76171, 3, MOBILE),
    City("Nakuru", "KE", "KES", -0.30719, 36.07225, 3, MOBILE),
    City("Arusha", "TZ", "TZS", -3.36667, 36.68333, 3, MOBILE),
    City("Eldoret", "KE", "KES", 0.52036, 35.26993, 3, MOBILE),
    City("Mwanza", "TZ", "TZS", -2.51667, 32.9, 3, MOBILE),
    City("Jinja", "UG", "UGX", 0.43902, 33.20317, 3, MOBILE),
]
_EUROPE = [
    City("Stockholm", "SE", "SEK", 59.32938, 18.06871, 1, CARD),
    City("Berlin", "DE", "EUR", 52.52437, 13.41053, 1, CARD),
    City("London", "GB", "GBP", 51.50853, -0.12574, 0, CARD),
    City("Paris", "FR", "EUR", 48.85341, 2.3488, 1, CARD),
    City("Gothenburg", "SE", "SEK", 57.70716, 11.96679, 1, CARD),
    City("Madrid", "ES", "EUR", 40.4165, -3.70256, 1, CARD),
    City("Amsterdam", "NL", "EUR", 52.37403, 4.88969, 1, CARD),
    City("Helsinki", "FI", "EUR", 60.16952, 24.93545, 2, CARD),
    City("Manchester", "GB", "GBP", 53.48095, -2.23743, 0, CARD),
    City("Vienna", "AT", "EUR", 48.20849, 16.37208, 1, CARD),
]
_TRIPS_ONLY = [
    City("Barcelona", "ES", "EUR", 41.38879, 2.15899, 1, CARD),
    City("Rome", "IT", "EUR", 41.89193, 12.51133, 1, CARD),
    City("Athens", "GR", "EUR", 37.98376, 23.72784, 2, CARD),
    City("Lisbon", "PT", "EUR", 38.72509, -9.1498, 0, CARD),
    City("Edinburgh", "GB", "GBP", 55.95206, -3.19648, 0, CARD),
    City("New York City", "US", "USD", 40.71427, -74.00597, -5, CARD),
    City("Zanzibar", "TZ", "TZS", -6.16394, 39.19793, 3, MOBILE),
    City("Entebbe", "UG", "UGX", 0.05621, 32.47949, 3, MOBILE),
]

# Homes alternate between the flavours, so that any small world has both.
CITIES = [city for pair in zip(_EAST_AFRICA, _EUROPE, strict=True) for city in pair] + _TRIPS_ONLY
HOMES = 2 * len(_EUROPE)
BY_FLAVOUR = tuple(
    np.array([index for index, city in enumerate(CITIES) if city.flavour == flavour]) for flavour in (CARD, MOBILE)
)

CURRENCIES = ("EUR", "SEK", "GBP", "USD", "KES", "UGX", "TZS")
PER_EURO = np.array([1.0, 11.3, 0.85, 1.08, 140.0, 4000.0, 2800.0])
COIN = np.array([5.0, 50.0, 5.0, 5.0, 10.0, 500.0, 500.0])  # round amounts are multiples of it
CENT = np.array([0.01, 1.0, 0.01, 0.01, 1.0, 50.0, 50.0])  # the smallest step that prices use

LATITUDE = np.array([city.latitude for city in CITIES])
LONGITUDE = np.array([city.longitude for city in CITIES])
UTC_OFFSET_MS = np.array([city.utc_offset_h for city in CITIES]) * 3_600_000
FLAVOUR = np.array([city.flavour for city in CITIES])
COUNTRIES = tuple(dict.fromkeys(city.country for city in CITIES))
COUNTRY = np.array([COUNTRIES.index(city.country) for city in CITIES])
CURRENCY = np.array([CURRENCIES.index(city.currency) for city in CITIES])


def distance_km(one: Ints, other: Ints) -> Floats:
    """Great-circle distance between the centres of two cities (haversine)."""
    lat1, lat2 = np.radians(LATITUDE[one]), np.radians(LATITUDE[other])
    half_lat = (lat2 - lat1) / 2
    half_lon = np.radians(LONGITUDE[other] - LONGITUDE[one]) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(half_lon) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(chord)))
