"""Which of the places of one name a text means: by the countries and places beside it, whence the text comes, and size."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.enrich.places import Gazetteer, Level, Location

_NEAR = ((100.0, 1.5), (400.0, 0.8))  # kilometres to another place of the text, and what that adds to the likelihood
_CLEAR = 1.0  # a place this much likelier than the next of its name tells where the text is
_MOST_ANCHORS = 40  # places that others are measured against; more tell no more
_EARTH_RADIUS = 6371.0
_CODE = 2  # letters of an ISO 3166 alpha-2 code

#: Top-level domains of countries that the whole world uses.
_GENERIC = frozenset(
    [
        *(
            "ac",
            "ag",
            "ai",
            "am",
            "as",
            "bz",
            "cc",
            "cd",
            "co",
            "cx",
            "dj",
            "eu",
            "fm",
            "gg",
            "gl",
            "io",
            "la",
            "ly",
            "me",
        ),
        *("mu", "nu", "pw", "sc", "sh", "st", "su", "tk", "to", "tv", "vc", "vg", "ws"),
    ]
)
_CODES = {"uk": "GB", "xn--p1ai": "RU", "xn--j1amh": "UA"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPlace:
    """A name that a text gives to a place, and the names that follow it after a comma ("Paris, Texas")."""

    name: str
    neighbours: tuple[str, ...] = ()


def locate_places(
    places: Sequence[NamedPlace], countries: Collection[str], home: str | None, gazetteer: Gazetteer
) -> dict[str, Location]:
    """Return the most likely place of each name. Names that no gazetteer knows are left out.

    ``countries`` are the codes of the countries that the text names itself or by their people; ``home`` is that of the
    text's publisher. What is clear so far decides about the others: the nearer, the likelier.
    """
    ranked = {
        place.name: gazetteer.rank(place.name, countries, place.neighbours, home) for place in places if place.name
    }
    clear = Counter({name: likely[0][0] for name, likely in ranked.items() if likely and _is_clear(likely)})
    anchors = [(name, ranked[name][0][1]) for name, _ in clear.most_common(_MOST_ANCHORS)]
    anchors = [(name, location) for name, location in anchors if location.level < Level.COUNTRY]
    located = {}
    for name, likely in ranked.items():
        if likely:
            located[name] = _nearest(name, likely, anchors) if name not in clear else likely[0][1]
    return located


def decide_home(country: str | None, url: str, declared_language: str | None) -> str | None:
    """Return the code of the country that a text comes from: the feed's, else its host's, else its language tag's."""
    if country:
        return country.upper()
    domain = (urlsplit(url).hostname or "").rpartition(".")[2]
    if domain in _CODES:
        return _CODES[domain]
    if len(domain) == _CODE and domain.isascii() and domain not in _GENERIC:
        return domain.upper()
    region = (declared_language or "").replace("_", "-").rpartition("-")[2]
    return region.upper() if "-" in (declared_language or "").replace("_", "-") and len(region) == _CODE else None


def _is_clear(likely: Sequence[tuple[float, Location]]) -> bool:
    return len(likely) == 1 or likely[0][0] - likely[1][0] >= _CLEAR


def _nearest(name: str, likely: Sequence[tuple[float, Location]], anchors: Iterable[tuple[str, Location]]) -> Location:
    others = [location for other, location in anchors if other != name]
    scored = [(score + _nearness(location, others), location) for score, location in likely]
    return max(scored, key=lambda pair: pair[0])[1]


def _nearness(location: Location, others: Iterable[Location]) -> float:
    if location.level > Level.CITY:
        return 0.0
    least = min((distance(location, other) for other in others), default=math.inf)
    return next((bonus for within, bonus in _NEAR if least <= within), 0.0)


def distance(one: Location, other: Location) -> float:
    """Return the kilometres between two places along the great circle."""
    first, second = math.radians(one.place.latitude), math.radians(other.place.latitude)
    turn = math.radians(other.place.longitude - one.place.longitude)
    chord = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * math.sin(turn / 2) ** 2
    return 2 * _EARTH_RADIUS * math.asin(min(1.0, math.sqrt(chord)))


def weigh_neighbours(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """Return for each name the different names that follow it after a comma."""
    found: dict[str, dict[str, None]] = {}
    for name, neighbour in pairs:
        found.setdefault(name, {})[neighbour] = None
    return {name: tuple(neighbours) for name, neighbours in found.items()}
