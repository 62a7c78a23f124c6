"""When an article was published and changed: the candidates of a page, and the best of them."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain

from pipeline.extract.blocks import Element, Layout
from pipeline.extract.facts import Facts
from pipeline.extract.json_ld import Graph, Node, node_types
from pipeline.extract.page import Mark, Page
from pipeline.extract.times import parse_timestamp
from pipeline.extract.words import load_words
from pipeline.model.evidence import Precision, Timestamp

_PUBLISHED_METAS = (
    "article:published_time",
    "article:published",
    "article:publish_date",
    "og:published_time",
    "og:pubdate",
    "og:article:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "publish-date",
    "publishdate",
    "publication_date",
    "pubdate",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.date",
    "dc.date",
    "dc.date.published",
    "dc.date.created",
    "article.published",
    "article:created_time",
    "published_time",
    "publishtime",
    "pub_date",
    "iso-8601-publish-date",
    "firstpublishedtime",
    "citation_publication_date",
    "weibo:article:create_at",
    "apub:time",
    "cxenseparse:publishtime",
    "article.created",
    "article:published_date",
    "date_published",
    "datecreated",
    "originalpublicationdate",
    "article_date_original",
    "dcterms.issued",
    "dc.created",
    "displaydate",
    "published_at",
    "mediator_published_time",
    "date",
)
_MODIFIED_METAS = (
    "article:modified_time",
    "og:updated_time",
    "og:modified_time",
    "datemodified",
    "dc.date.modified",
    "dcterms.modified",
    "last-modified",
    "lastmod",
    "article.updated",
    "article:modified",
    "weibo:article:update_at",
)


def _is_time(mark: Mark) -> bool:
    return mark.tag == "time" and "datetime" in mark.attributes and not _is_change(mark)


def _is_change(mark: Mark) -> bool:
    """Tell whether the time is that of a change: named so, or after a word such as "Updated:"."""
    name = f"{mark.attributes.get('class') or ''} {mark.attributes.get('itemprop') or ''}".lower()
    if "modified" in name or "updated" in name:
        return "published" not in name and "entry-date" not in name
    before = mark.node.prev
    said = (before.text(deep=False) or "") if before is not None and before.tag == "-text" else ""
    return _says(said[-_LABEL:], "changed")


#: Which marks of a page tell a time, best first; what selectors find is looked for only where these tell none.
_MARKED_PUBLISHED: tuple[Callable[[Mark], bool], ...] = (
    lambda mark: mark.has("itemprop", "datePublished"),
    lambda mark: mark.tag == "time" and "pubdate" in mark.attributes,
    lambda mark: _is_time(mark) and mark.is_inside("article"),
    lambda mark: _is_time(mark) and mark.is_inside("main"),
    _is_time,
)
_MARKED_MODIFIED: tuple[Callable[[Mark], bool], ...] = (
    lambda mark: mark.has("itemprop", "dateModified"),
    lambda mark: mark.tag == "time" and "datetime" in mark.attributes and _is_change(mark),
)
_DATED = ("data-published", "data-publish-date", "data-publication-date", "data-timestamp", "data-datetime")
_STAMPED = ("data-epoch", "data-utime")
_NAMED = ("date", "publish", "meta", "byline", "datum", "fecha", "time")
#: What else may tell one, found by one query: each is a walk over the whole tree.
_DATED_ELEMENTS = ", ".join(
    [*(f"[{name}]" for name in (*_DATED, *_STAMPED, "datetime")), *(f'[class*="{name}" i]' for name in _NAMED)]
)
_PAGE_PUBLISHED: tuple[Callable[[Mark], bool], ...] = (
    lambda mark: not mark.attributes.keys().isdisjoint(_DATED),
    lambda mark: _is_named(mark, "date") and mark.is_inside("article", "main"),
    lambda mark: _is_named(mark, "publish") and mark.is_inside("article", "main"),
    lambda mark: _is_named(mark, "meta") and mark.is_inside("article", "main"),
    lambda mark: _is_named(mark, "meta", "byline") and mark.follows("h1"),
    lambda mark: _is_named(mark, "date", "datum", "fecha"),
    lambda mark: _is_stamped(mark) or ("title" in mark.attributes and _is_named(mark, "time", "date")),
)
#: Attributes that say the time for machines.
_WRITTEN = (
    "datetime",
    "content",
    "data-published",
    "data-publish-date",
    "data-publication-date",
    "data-timestamp",
    "data-datetime",
    "data-epoch",
    "data-utime",
    "title",
)
_LABEL = 24  # characters before a time that say what it is of
_ABOVE, _BELOW = 3, 12  # blocks around the headline where dates stand
_MAX_WRITTEN = 120  # a longer text is prose with a date in it, not a date line

_URL_DATE = re.compile(r"/(20\d{2}|19\d{2})[/-](\d{1,2})[/-](\d{1,2})(?=[/-]|$)|/(20\d{2})([01]\d)([0-3]\d)(?=\D)")
_WIDEST_OFFSET, _QUARTER = timedelta(hours=14), timedelta(minutes=15)
_TOLERANCE = timedelta(days=1)  # clocks, time zones, and papers dated ahead


def published_at(facts: Facts, fed: Timestamp | None, now: datetime) -> Timestamp | None:
    """Return when the article was published: JSON-LD, meta, page, feed, URL in this order; never a day after ``now``."""
    first = _choose(published_candidates(facts, fed), now, modified_candidates(facts, None))
    if first is None or first.value.utcoffset() or not first.source.startswith("json-ld"):
        return first
    # Some pages write a Z behind their local time; another declaration has that clock with its true offset.
    declared = _read(_metas(facts.page, _PUBLISHED_METAS), facts.page.language)
    return next((s for s in declared if s.has_offset and s.value.utcoffset() and _shows_same(s, first)), first)


def published_candidates(facts: Facts, fed: Timestamp | None) -> Iterator[Timestamp]:
    """Yield the times of publication that are told, with their sources, best first."""
    page, graph, node = facts.page, facts.graph, facts.node
    written = chain(
        [("json-ld:datePublished", graph.text(node, "datePublished"))],
        _metas(page, _PUBLISHED_METAS),
        _elements(page.marks, _MARKED_PUBLISHED),
        _looked_for(page),
        _date_lines(facts.layout, facts.headline),
    )
    language = page.language
    fallback = [fed] if fed else []
    yield from chain(_read(written, language), fallback, _url_dates(page.url))
    other = next((text for n in graph.nodes if (text := _page_date(graph, n))), None)
    created = (("json-ld:WebPage", other), ("json-ld:dateCreated", graph.text(node, "dateCreated", "uploadDate")))
    yield from _read(created, language)


def _page_date(graph: Graph, node: Node) -> str | None:
    return graph.text(node, "datePublished") if "WebPage" in node_types(node) else None


def modified_at(facts: Facts, fed: Timestamp | None, now: datetime, published: Timestamp | None) -> Timestamp | None:
    """Return when the article was last changed, or None; a change before the publication is none."""
    candidates = modified_candidates(facts, fed)
    return _choose((stamp for stamp in candidates if not published or stamp.value >= published.value), now)


def modified_candidates(facts: Facts, fed: Timestamp | None) -> Iterator[Timestamp]:
    """Yield the times of the last change that are told, with their sources, best first."""
    written = chain(
        [("json-ld:dateModified", facts.graph.text(facts.node, "dateModified"))],
        _metas(facts.page, _MODIFIED_METAS),
        _elements(facts.page.marks, _MARKED_MODIFIED),
    )
    yield from chain(_read(written, facts.page.language), [fed] if fed else [])


def _metas(page: Page, names: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    return ((f"meta:{name}", page.metas[name][0]) for name in names if name in page.metas)


def _elements(marks: Iterable[Mark], tests: tuple[Callable[[Mark], bool], ...]) -> Iterator[tuple[str, str | None]]:
    """Yield what the first mark of each kind says, each mark but once."""
    seen: set[int] = set()
    for test in tests:
        mark = next(filter(test, marks), None)
        if mark is None or mark.node.mem_id in seen:
            continue
        seen.add(mark.node.mem_id)
        written = next((mark.attributes[name] for name in _WRITTEN if mark.attributes.get(name)), None)
        written = written or mark.node.text(separator=" ")
        if written and len(written) <= _MAX_WRITTEN:
            yield f"page:{mark.tag}", written


def _looked_for(page: Page) -> Iterator[tuple[str, str | None]]:
    """Yield what elements say that are named as dates are; looked for only where nothing better tells the time."""
    yield from _elements(page.find(_DATED_ELEMENTS), _PAGE_PUBLISHED)


def _is_stamped(mark: Mark) -> bool:
    keys = mark.attributes.keys()
    return not keys.isdisjoint(_STAMPED) or ("datetime" in keys and mark.tag != "time")


def _is_named(mark: Mark, *parts: str) -> bool:
    """Tell whether one of these is a part of its class."""
    names = (mark.attributes.get("class") or "").lower()
    return any(part in names for part in parts)


def _date_lines(layout: Layout, heading: Element | None) -> Iterator[tuple[str, str]]:
    """Yield the short texts with numbers between the headline and the first paragraph, then those just above it."""
    if heading is None:
        return
    below = layout.blocks[heading.end : heading.end + _BELOW]
    first = next((at for at, block in enumerate(below) if block.size > _MAX_WRITTEN), len(below))
    for block in (*below[:first], *layout.blocks[max(0, heading.start - _ABOVE) : heading.start]):
        if block.size <= _MAX_WRITTEN and any(map(str.isdigit, block.text)):
            yield f"page:{block.owner.tag}", _published_part(block.text)


def _published_part(text: str) -> str:
    """Return what follows "published" in a line that tells a change first: "Updated 14 March, published 13 March 2023"."""
    said = text.casefold()
    starts = [said.find(word) for word in load_words("dates")["published"]["words"] if word in said]
    start = min(starts, default=0)
    return text[start:] if start and _says(text[:start], "changed") and any(map(str.isdigit, text[start:])) else text


def _read(written: Iterable[tuple[str, str | None]], language: str | None) -> Iterator[Timestamp]:
    stamps = (parse_timestamp(raw, source, language) for source, raw in written if raw)
    return (stamp for stamp in stamps if stamp)


def _url_dates(url: str) -> Iterator[Timestamp]:
    for found in _URL_DATE.finditer(url):
        year, month, day = (part for part in found.groups() if part)
        stamp = parse_timestamp(f"{year}-{month}-{day}", "url")
        if stamp:
            yield replace(stamp, raw=found[0])


def _is_same(exact: Timestamp, bare: Timestamp) -> bool:
    """Tell whether a time with an offset is one without: on the same clock, or where some zone's clock would show it."""
    clock = bare.value.replace(tzinfo=None, second=0, microsecond=0)
    if _shows_same(exact, bare):
        return True
    if exact.source.startswith("page"):  # the page tells the times of other articles too
        return False
    apart = abs(exact.value.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0) - clock)
    return apart <= _WIDEST_OFFSET and not apart % _QUARTER


def _choose(candidates: Iterator[Timestamp], now: datetime, others: Iterable[Timestamp] = ()) -> Timestamp | None:
    """Return the first believable candidate, or a later one that says the same more exactly; reads no further than that.

    ``others`` are times of something else, such as a change: where one is the same time with an offset, it tells the offset.
    """
    believable = (stamp for stamp in candidates if stamp.value <= now + _TOLERANCE)
    first = next(believable, None)
    if first is None:
        return None
    if first.precision is Precision.DAY:
        same = (s for s in believable if s.precision is Precision.MINUTE and s.value.date() == first.value.date())
    elif not first.has_offset:
        exact = (s for s in chain(believable, others) if s.has_offset and s.precision is Precision.MINUTE)
        same = (s for s in exact if _is_same(s, first))
    else:
        return first
    return next(same, first)


def _shows_same(one: Timestamp, other: Timestamp) -> bool:
    """Tell whether both show the same day and time of day, whatever their offsets."""
    return one.value.replace(tzinfo=None, second=0, microsecond=0) == other.value.replace(
        tzinfo=None, second=0, microsecond=0
    )


def _says(text: str, kind: str) -> bool:
    """Tell whether the text has a word that leads to a time of this kind: "changed" or "published"."""
    said = text.casefold()
    return any(word in said for word in load_words("dates")[kind]["words"])
