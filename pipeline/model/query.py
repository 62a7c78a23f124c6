"""What the user asks and what the store answers; the same for every search store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Sort(StrEnum):
    """Order of hits."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """All places within ``kilometres`` of a point in WGS 84 degrees."""

    latitude: float
    longitude: float
    kilometres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search: ``text`` in the grammar of ``search/grammar.py``, and filters.

    All filters must hold; the values of one filter are alternatives.
    """

    text: str = ""
    people: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    #: Ids of what is named.
    entities: tuple[str, ...] = ()
    #: Inclusive, on the publication time (else the time of capture).
    since: datetime | None = None
    #: Exclusive.
    until: datetime | None = None
    near: Circle | None = None
    #: A tile of the map, ``zoom/x/y`` as Cell has it: a place in it is named.
    area: str | None = None
    #: Id of a story.
    story: str | None = None
    #: Id of a document; others that say the like are found, not its own reprints.
    like: str | None = None
    #: Ids of originals: these and their reprints.
    reprints_of: tuple[str, ...] = ()
    sort: Sort = Sort.RELEVANCE
    limit: int = 10
    #: Which ``limit`` of the hits, from 1.
    page: int = 1
    #: Count over all that is found: facets, days, names, places. See Summary.
    with_facets: bool = False
    #: Say of each hit how its score came about.
    explains: bool = False
    #: Leave reprints out.
    originals_only: bool = False
    #: Of an original and its reprints, give the best hit alone; ``total`` and facets still count them all.
    folds_reprints: bool = False
    #: Where they are folded: how many more of each are given beside the best, by date alone.
    more_prints: int = 0


class Part(StrEnum):
    """What a reason is about; a score is (text + prominence) × freshness, each the sum of its reasons."""

    TEXT = "text"
    PROMINENCE = "prominence"
    FRESHNESS = "freshness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One part of a hit's score, in words."""

    part: Part
    value: float
    detail: str


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
    #: The page is gone since then.
    withdrawn_at: datetime | None = None
    #: Id of its original, of a reprint.
    reprint_of: str | None = None
    #: How many more with its original are found, where reprints are folded.
    folded: int = 0
    #: How the score came about, where the query asks for it.
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """How many of the documents found carry this value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """How many of the documents found name this entity."""

    id: str
    kind: str
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How many of the documents found are of the hour or day (UTC) that begins then."""

    start: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How many of the documents found name a place in this tile, ``zoom/x/y`` as web maps number them; its middle in degrees."""

    tile: str
    latitude: float
    longitude: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What all documents found have in common; the most frequent first."""

    #: Values by name: people, organizations, places, publishers, languages, sections.
    facets: Mapping[str, tuple[Facet, ...]] = field(default_factory=dict)
    #: Days that have documents, in order; hours where the query is of three days at most.
    timeline: tuple[Span, ...] = ()
    #: Whom and what they name, beside what was asked for.
    named: tuple[Named, ...] = ()
    #: Names and topics that are more frequent in them than elsewhere, the most telling first.
    telling: tuple[Facet, ...] = ()
    #: Where the places are that they name.
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Hits and the exact total of documents; the rest where it was asked for."""

    total: int
    hits: tuple[Hit, ...] = ()
    #: How many hits there are where reprints are folded, exact up to some ten thousand.
    folded_total: int | None = None
    summary: Summary | None = None
    #: A query's text that finds something, where this one found nothing and may be misspelt.
    suggestion: str | None = None

    @property
    def facets(self) -> Mapping[str, tuple[Facet, ...]]:
        """The summary's facets; none where it was not asked for."""
        return self.summary.facets if self.summary else {}
