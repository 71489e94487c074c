"""Place names: case, accents and spacing do not matter, the largest city wins, and an unknown name is no error."""

import pytest

from features.gazetteer import find_place, quantise


@pytest.mark.parametrize("name", ["Nairobi", "nairobi", " NAIROBI ", "Nairobi, KE", "nairobi,ke"])
def test_a_name_in_any_spelling(name: str) -> None:
    place = find_place(name)
    assert place is not None
    assert place.country == "KE"
    assert abs(place.latitude - -128_333) < 5_000
    assert abs(place.longitude - 3_681_667) < 5_000


@pytest.mark.parametrize("name", ["São Paulo", "Sao Paulo", "SÃO PAULO", "Sa\u0303o Paulo", "são  paulo"])
def test_accents_do_not_matter(name: str) -> None:
    place = find_place(name)
    assert place is not None
    assert place == find_place("sao paulo")
    assert place.country == "BR"


def test_the_largest_city_of_a_name_wins() -> None:
    countries = {
        name: place.country for name in ("London", "Paris", "Birmingham", "Lagos") if (place := find_place(name))
    }
    assert countries == {"London": "GB", "Paris": "FR", "Birmingham": "GB", "Lagos": "NG"}


def test_the_country_chooses_among_cities_of_one_name() -> None:
    canadian = find_place("London", "CA")
    assert canadian is not None
    assert canadian.country == "CA"
    assert canadian == find_place("London, CA")


@pytest.mark.parametrize("name", ["Nowhere-upon-Nothing", "?", ",", ", KE", " ", "1234", "\u0303", "x" * 128])
def test_an_unknown_name_is_no_place(name: str) -> None:
    assert find_place(name) is None


def test_a_city_is_not_found_in_another_country() -> None:
    assert find_place("Nairobi", "JP") is None


def test_coordinates_are_rounded_to_the_metre() -> None:
    assert quantise(90.0, -180.0) == (9_000_000, -18_000_000)
    assert quantise(0.000004, -0.000006) == (0, -1)
    assert quantise(-1.283333, 36.816666) == (-128_333, 3_681_667)
