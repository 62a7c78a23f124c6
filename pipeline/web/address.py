"""A search as the page's address carries it: read, changed by links, and turned into a Query."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from pipeline.errors import UsageError
from pipeline.model.query import Query, Sort
from pipeline.search.grammar import quote_phrase
from pipeline.search.request import MAX_LIMIT, make_query
from pipeline.urls import is_tracking

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
SINGLE = ("q", "since", "until", "near", "area", "like", "story", "reprints", "sort", "limit")
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

    def renamed(self, query: Query) -> "Address":
        """Return the address with the entities and the words of this query."""
        others = tuple(pair for pair in self.pairs if pair[0] != "entity")
        return Address((*others, *(("entity", each) for each in query.entities))).replace("q", query.text)

    def narrow(self, phrase: str) -> "Address":
        """Return the address that asks for the phrase as well."""
        asked = self.value("q")
        return self.replace("q", f"({asked}) {quote_phrase(phrase)}" if asked else quote_phrase(phrase))

    def within(self, start: datetime | None, end: datetime | None) -> "Address":
        """Return the address from the one moment (UTC) to before the other; whole days are written as days."""
        has_no_day = end == datetime.min.replace(tzinfo=UTC)  # the last day is the one before the end
        if has_no_day or any(moment and moment.time() != datetime.min.time() for moment in (start, end)):
            since, until = (_write_moment(moment) if moment else "" for moment in (start, end))
        else:
            since = start.date().isoformat() if start else ""
            until = (end - timedelta(days=1)).date().isoformat() if end else ""
        return self.replace("since", since).replace("until", until)


def _write_moment(moment: datetime) -> str:
    is_whole = not (moment.second or moment.microsecond)
    return moment.replace(tzinfo=None).isoformat(timespec="minutes" if is_whole else "auto")


def check_parameters(pairs: Iterable[tuple[str, str]], known: Collection[str]) -> None:
    """Raise UsageError for a parameter that the page does not know, naming it.

    Whoever misspells a filter would else be shown everything. Ignored is what is empty, as forms send it, and what mail and
    advertisement tools add to a link (utm_source and the like): those who follow it cannot mend it.
    """
    for name, value in pairs:
        if name not in known and value.strip() and not is_tracking(name):
            raise UsageError(f"{name[:100]} is no parameter of this page; it knows {', '.join(sorted(known))}")


def read_address(pairs: Iterable[tuple[str, str]]) -> Address:
    """Return the parameters that the page knows, without blanks and repetitions."""
    stripped = ((name, value.strip()) for name, value in pairs)
    return Address(tuple(dict.fromkeys((name, value) for name, value in stripped if name in KNOWN and value)))


def address_query(address: Address) -> Query:
    """Return the query that the address asks, with facets. Raises UsageError naming what cannot be understood."""
    reprints = address.value("reprints")
    if reprints not in REPRINTS:
        raise UsageError(f"reprints is {reprints!r}; it must be one of: {', '.join(filter(None, REPRINTS))}")
    return replace(
        _read_query(address),
        like=address.value("like") or None,
        folds_reprints=reprints == "folded",
        sort=read_sort(address.value("sort")),
        limit=read_limit(address.value("limit")),
        with_facets=True,
    )


def saved_query(address: Address) -> Query:
    """Return what the address asks but for how hits are shown, as a saved search has it. Raises UsageError as above."""
    if address.value("like"):
        raise UsageError("like cannot be saved: new articles are looked at one by one, not beside others")
    return _read_query(address)


def _read_query(address: Address) -> Query:
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
        area=address.value("area") or None,
        story=address.value("story") or None,
        originals_only=address.value("reprints") == "none",
    )


def query_address(query: Query) -> Address:
    """Return the address that asks what a saved search does."""
    circle = query.near
    single = {
        "near": ",".join(map(str, (circle.latitude, circle.longitude, circle.kilometres))) if circle else "",
        "area": query.area or "",
        "story": query.story or "",
        "reprints": "none" if query.originals_only else "",
    }
    several = {each.parameter: getattr(query, each.facet) for each in FILTERS} | {"entity": query.entities}
    pairs = (("q", query.text), *((name, value) for name, values in several.items() for value in values))
    return read_address((*pairs, *single.items())).within(query.since, query.until)


def next_limit(limit: int, total: int) -> int | None:
    """Return the limit that shows more hits, or None where all are shown that can be."""
    return min(limit + PAGE_SIZE, MAX_LIMIT) if limit < min(total, MAX_LIMIT) else None


def read_sort(text: str) -> Sort:
    """Return the order of hits. Raises UsageError for what is none."""
    if text and text not in set(Sort):
        raise UsageError(f"sort is {text!r}; it must be one of: {', '.join(Sort)}")
    return Sort(text or Sort.RELEVANCE)


def read_limit(text: str) -> int:
    """Return how many are to be shown. Raises UsageError on what is no number."""
    if not text:
        return PAGE_SIZE
    # Python reads no number of thousands of digits.
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_LIMIT)) and int(text) <= MAX_LIMIT):
        raise UsageError(f"limit is {text!r}; it must be a number from 0 to {MAX_LIMIT}")
    return int(text)
