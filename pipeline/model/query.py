"""What the user asks and what the store answers; the same for every search store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Sort(StrEnum):
    """Order of hits."""

    RELEVANCE = "relevance"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """All places within ``kilometres`` of a point in WGS 84 degrees."""

    latitude: float
    longitude: float
    kilometres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search: all words are required, ``"..."`` is a phrase, ``-word`` excludes, ``word*`` is a prefix.

    All filters must hold; the values of one filter are alternatives.
    """

    text: str = ""
    people: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    #: Inclusive, on the publication time (else the time of capture).
    since: datetime | None = None
    #: Exclusive.
    until: datetime | None = None
    near: Circle | None = None
    #: Id of a story.
    story: str | None = None
    sort: Sort = Sort.RELEVANCE
    limit: int = 10
    #: Facet values to count over all hits, such as the most named people.
    with_facets: bool = False
    #: Leave reprints out.
    originals_only: bool = False
    #: Of an original and its reprints, give the best hit alone; ``total`` and facets still count them all.
    folds_reprints: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One document found. Scores compare only within one store. Snippets mark matches with ``<mark>``; the rest is escaped."""

    id: str
    url: str
    headline: str
    publisher: str
    language: str
    published: datetime | None = None
    score: float | None = None
    snippets: tuple[str, ...] = ()
    #: Id of its original, of a reprint.
    reprint_of: str | None = None
    #: How many more with its original are found, where reprints are folded.
    folded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """How many of the documents found carry this value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Hits, the exact total, and facets by name: people, organizations, places, publishers, languages, sections."""

    total: int
    hits: tuple[Hit, ...] = ()
    facets: Mapping[str, tuple[Facet, ...]] = field(default_factory=dict)
