"""What a page says, before anything is known about whom and what it names."""

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.evidence import Evidence, Timestamp


class TextSource(StrEnum):
    """Where an article's text came from; anything but ``page`` is a marked fallback."""

    PAGE = "page"
    FEED = "feed"
    JSON_LD = "json-ld"
    #: Data that the page brings for its scripts.
    SCRIPT = "script"


@dataclass(frozen=True, slots=True, kw_only=True)
class Byline:
    """Who wrote it: names in the order given, the agency apart, and the line as printed."""

    authors: tuple[str, ...] = ()
    agency: str | None = None
    raw: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dateline:
    """What stands before the first sentence of a text: place, day, agency, names; the text keeps it."""

    place: str | None = None
    date: Timestamp | None = None
    agency: str | None = None
    authors: tuple[str, ...] = ()
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The lead image."""

    url: str
    caption: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What the page says. ``text`` is NFC, paragraphs separated by a blank line, sub-headings kept as paragraphs."""

    #: The address that answered.
    url: str
    canonical_url: str
    headline: Evidence
    text: str
    text_source: TextSource = TextSource.PAGE
    #: The standfirst; never part of ``text``.
    deck: str | None = None
    #: Whether the page shows it above its text; else it is how the page describes itself to others.
    deck_is_shown: bool = False
    #: As the page declares it; what the text really is in is decided in enrich.
    declared_language: str | None = None
    publisher: str | None = None
    #: Its agency may be told by the dateline alone.
    byline: Byline = field(default_factory=Byline)
    dateline: Dateline | None = None
    published: Timestamp | None = None
    modified: Timestamp | None = None
    section: str | None = None
    topics: tuple[str, ...] = ()
    image: Image | None = None
    #: schema.org ``isAccessibleForFree``; None where the page does not say.
    is_free: bool | None = None
