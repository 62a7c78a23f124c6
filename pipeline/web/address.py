"""A search as the page's address carries it: read, changed by links, and turned into a Query."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from pipeline.errors import UsageError
from pipeline.model.query import Query, Sort
from pipeline.search.request import MAX_LIMIT, make_query

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter: its parameter, the facet that counts its values, and what readers call one and several of them."""

    parameter: str
    facet: str
    label: str
    heading: str


FILTERS = (
    Filter("person", "people", "Person", "People"),
    Filter("organization", "organizations", "Organization", "Organizations"),
    Filter("place", "places", "Place", "Places"),
    Filter("publisher", "publishers", "Publisher", "Publishers"),
    Filter("language", "languages", "Language", "Languages"),
    Filter("section", "sections", "Section", "Sections"),
)
#: What becomes of reprints, by the value of their parameter; without one, each is a hit of its own.
REPRINTS = {"": "All articles", "folded": "Each text once", "none": "Originals only"}
#: Parameters with one value; the filters' can be repeated, and so can ``entity``, the id of what is named.
SINGLE = ("q", "since", "until", "near", "story", "reprints", "sort", "limit")
KNOWN = {*SINGLE, "entity", *(each.parameter for each in FILTERS)}


@dataclass(frozen=True, slots=True)
class Address:
    """The parameters of a search. ``str`` gives the query string with its question mark, nothing where there are none."""

    pairs: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"?{urlencode(self.pairs)}" if self.pairs else ""

    def value(self, name: str) -> str:
        """Return the last value of that name, or an empty string."""
        return next((value for key, value in reversed(self.pairs) if key == name), "")

    def values(self, name: str) -> tuple[str, ...]:
        """Return every value of that name."""
        return tuple(value for key, value in self.pairs if key == name)

    def toggle(self, name: str, value: str) -> "Address":
        """Return the address with this filter value added or, where it is there, removed; at the first hits again."""
        others = tuple(pair for pair in self.pairs if pair != (name, value) and pair[0] != "limit")
        return Address(others if (name, value) in self.pairs else (*others, (name, value)))

    def replace(self, name: str, value: str) -> "Address":
        """Return the address with this one value of the name, none where it is empty; at the first hits again."""
        others = tuple(pair for pair in self.pairs if pair[0] not in {name, "limit"})
        return Address((*others, (name, value)) if value else others)


def read_address(pairs: Iterable[tuple[str, str]]) -> Address:
    """Return the parameters that the page knows, without blanks and repetitions."""
    stripped = ((name, value.strip()) for name, value in pairs)
    return Address(tuple(dict.fromkeys((name, value) for name, value in stripped if name in KNOWN and value)))


def address_query(address: Address) -> Query:
    """Return the query that the address asks, with facets. Raises UsageError naming what cannot be understood."""
    reprints = address.value("reprints")
    if reprints not in REPRINTS:
        raise UsageError(f"reprints is {reprints!r}; it must be one of: {', '.join(filter(None, REPRINTS))}")
    return make_query(
        address.value("q"),
        people=address.values("person"),
        organizations=address.values("organization"),
        places=address.values("place"),
        publishers=address.values("publisher"),
        languages=address.values("language"),
        sections=address.values("section"),
        entities=address.values("entity"),
        since=address.value("since") or None,
        until=address.value("until") or None,
        near=address.value("near") or None,
        story=address.value("story") or None,
        originals_only=reprints == "none",
        folds_reprints=reprints == "folded",
        sort=address.value("sort") or Sort.RELEVANCE,
        limit=read_limit(address.value("limit")),
        with_facets=True,
    )


def next_limit(limit: int, total: int) -> int | None:
    """Return the limit that shows more hits, or None where all are shown that can be."""
    return min(limit + PAGE_SIZE, MAX_LIMIT) if limit < min(total, MAX_LIMIT) else None


def read_limit(text: str) -> int:
    """Return how many are to be shown. Raises UsageError on what is no number."""
    if not text:
        return PAGE_SIZE
    if not (text.isascii() and text.isdecimal() and int(text) <= MAX_LIMIT):
        raise UsageError(f"limit is {text!r}; it must be a number from 0 to {MAX_LIMIT}")
    return int(text)
