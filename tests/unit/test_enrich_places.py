"""Places are told apart by what else the text names."""

import pytest

from pipeline.enrich.places import Gazetteer, Level, load_gazetteer
from pipeline.enrich.spelling import slug_of, spelling_key


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return load_gazetteer()


@pytest.mark.parametrize(
    ("name", "countries", "neighbours", "expected", "country", "level"),
    [
        ("Iran", (), (), "Iran", "IR", Level.COUNTRY),
        ("U.S.", (), (), "United States", "US", Level.COUNTRY),
        ("Côte d’Ivoire", (), (), "Ivory Coast", "CI", Level.COUNTRY),
        ("Europe", (), (), "Europe", None, Level.CONTINENT),
        ("TEHRAN", (), (), "Tehran", "IR", Level.CITY),
        ("Kiev", (), (), "Kyiv", "UA", Level.CITY),
        ("Venice", (), (), "Venice", "IT", Level.CITY),
        ("Odessa", (), (), "Odesa", "UA", Level.CITY),
        ("Paris", (), (), "Paris", "FR", Level.CITY),
        ("Paris", (), ("Texas",), "Paris", "US", Level.CITY),
        ("London", ("CA",), (), "London", "GB", Level.CITY),
        ("Birmingham", (), (), "Birmingham", "GB", Level.CITY),
        ("Birmingham", ("US",), (), "Birmingham", "US", Level.CITY),
        ("Georgia", (), (), "Georgia", "GE", Level.COUNTRY),
        ("Texas", (), (), "Texas", "US", Level.STATE),
    ],
)
def test_the_likely_place(
    gazetteer: Gazetteer,
    name: str,
    countries: tuple[str, ...],
    neighbours: tuple[str, ...],
    expected: str,
    country: str | None,
    level: Level,
) -> None:
    location = gazetteer.resolve(name, countries, neighbours)
    assert location is not None
    assert (location.name, location.place.country, location.level) == (expected, country, level)
    assert location.place.geonames


def test_unknown_names_are_nowhere(gazetteer: Gazetteer) -> None:
    assert gazetteer.resolve("Norhaven upon Nothing") is None
    assert gazetteer.find("") == ()
    assert gazetteer.is_country("Iran")
    assert not gazetteer.is_country("Tehran")


def test_countries_stand_in_their_middle(gazetteer: Gazetteer) -> None:
    location = gazetteer.resolve("Fiji")  # on both sides of the date line
    assert location is not None
    assert -20 < location.place.latitude < -15
    assert abs(location.place.longitude) > 176


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Tichanovskaya", "Tikhanovskaya", True),
        ("Lukaschenko", "Lukashenko", True),
        ("Zelensky", "Zelenskyy", True),
        ("Selenskyj", "Zelenskiy", True),
        ("Muñoz", "Munoz", True),
        ("Johnson", "Johnston", False),
        ("Miller", "Müller", False),
        ("Brown", "Braun", False),
    ],
)
def test_spellings_of_one_name(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (spelling_key(one) == spelling_key(other)) is same


def test_slugs_are_plain() -> None:
    assert slug_of("Jean-Luc O’Néill Jr.") == "jean-luc-o-neill-jr"
    assert slug_of("Владимир Путин") == "владимир-путин"
