"""When an article was published and changed: texts read as times, and the best candidate chosen."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from itertools import chain

from pipeline.extract.facts import Facts
from pipeline.extract.json_ld import Graph, Node, node_types
from pipeline.extract.page import Page
from pipeline.extract.text import clean_line
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
_PAGE_PUBLISHED = (
    '[itemprop~="datePublished"]',
    "time[pubdate]",
    "article time[datetime]",
    "main time[datetime]",
    "time[datetime]",
    "[data-published], [data-publish-date], [data-publication-date], [data-timestamp], [data-datetime]",
    'article [class*="date" i], main [class*="date" i]',
    'article [class*="publish" i], main [class*="publish" i]',
    'article [class*="meta" i], main [class*="meta" i]',
    'h1 ~ [class*="meta" i], h1 ~ [class*="byline" i]',
    '[class*="date" i], [class*="datum" i], [class*="fecha" i]',
)
_PAGE_MODIFIED = ('[itemprop~="dateModified"]', 'time[class*="modified" i]', 'time[class*="updated" i]')
#: Attributes that say the time for machines.
_WRITTEN = (
    "datetime",
    "content",
    "data-published",
    "data-publish-date",
    "data-publication-date",
    "data-timestamp",
    "data-datetime",
)
_MAX_WRITTEN = 120  # a longer text is prose with a date in it, not a date line

_TIME = (
    r"(?:\D{0,12}?(?:(?P<noon>오전|오후|上午|下午|午前|午後)\s*)?(?P<hour>\d{1,2})\s?[:.h時时시：]\s?(?P<minute>\d{2})[分분]?"
    r"(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\b\.?)?)?"
)
_AFTERNOON = frozenset({"오후", "下午", "午後"})
_TIME_BEFORE = re.compile(
    r"^\D{0,20}(?P<hour>\d{1,2})[:h](?P<minute>\d{2})\s*(?P<half>[ap]\.?m\b\.?)?(?!\d)", re.IGNORECASE
)
_ZONE = r"(?:\s*(?:Uhr\s*)?\(?(?:(?:GMT|UTC)(?=[+-]\d))?(?P<zone>[+-]\d{1,2}:?(?:\d{2})?|[A-Z]{1,4})\b\)?)?"
_FORMS = tuple(
    re.compile(form + _TIME + _ZONE, re.IGNORECASE)
    for form in (
        r"(?<!\d)(?P<year>\d{4})[-/.]\s?(?P<month>\d{1,2})[-/.]\s?(?P<day>\d{1,2})(?!\d)\.?",
        r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?!\d)",
        r"(?<!\d)(?P<year>\d{4})\s*[年년]\s*(?P<month>\d{1,2})\s*[月월]\s*(?P<day>\d{1,2})",
        r"(?<!\d)(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})",
        r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|\.)?\s+(?:de\s+)?(?P<name>[^\W\d_]{2,14})\.?,?\s+(?:de\s+)?(?P<year>\d{4})",
        r"(?<![^\W\d_])(?P<name>[^\W\d_]{3,14})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})",
        r"(?<!\d)(?P<first>\d{1,2})/(?P<second_number>\d{1,2})/(?P<year>\d{4})",
    )
)
_COMPACT_TIME = re.compile(r"^(\d{8})T(\d{2})(\d{2})(\d{2})?")
_EPOCH = re.compile(r"^\d{10}(?:\d{3})?$")
_URL_DATE = re.compile(r"/(20\d{2}|19\d{2})[/-](\d{1,2})[/-](\d{1,2})(?=[/-]|$)|/(20\d{2})([01]\d)([0-3]\d)(?=\D)")
_OLDEST_YEAR = 1900
_NOON = 12
_WIDEST_OFFSET, _QUARTER = timedelta(hours=14), timedelta(minutes=15)
_TOLERANCE = timedelta(days=1)  # clocks, time zones, and papers dated ahead


def published_at(facts: Facts, fed: Timestamp | None, now: datetime) -> Timestamp | None:
    """Return when the article was published: JSON-LD, meta, page, feed, URL in this order; never a day after ``now``."""
    return _choose(published_candidates(facts, fed), now)


def published_candidates(facts: Facts, fed: Timestamp | None) -> Iterator[Timestamp]:
    """Yield the times of publication that are told, with their sources, best first."""
    page, graph, node = facts.page, facts.graph, facts.node
    written = chain(
        [("json-ld:datePublished", graph.text(node, "datePublished"))],
        _metas(page, _PUBLISHED_METAS),
        _elements(page, _PAGE_PUBLISHED),
    )
    other = ("json-ld:WebPage", next((text for n in graph.nodes if (text := _page_date(graph, n))), None))
    created = (
        other,
        ("json-ld:dateCreated", graph.text(node, "dateCreated", "uploadDate")),
    )
    language = page.language
    fallback = [fed] if fed else []
    return chain(_read(written, language), fallback, _url_dates(page.url), _read(created, language))


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
        _elements(facts.page, _PAGE_MODIFIED),
    )
    return chain(_read(written, facts.page.language), [fed] if fed else [])


def parse_timestamp(raw: str, source: str, language: str | None = None) -> Timestamp | None:
    """Return the time that the text says, or None; without an offset it is in UTC by convention and says so.

    ``language`` (BCP 47) settles 3/4/2023: month first in en-US, day first elsewhere, and nothing in plain ``en``.
    """
    text = clean_line(raw)
    if _EPOCH.match(text):
        value = datetime.fromtimestamp(int(text[:10]), UTC)
        return Timestamp(raw=raw, value=value, source=source) if value.year >= _OLDEST_YEAR else None
    text = _COMPACT_TIME.sub(r"\1T\2:\3", text)
    for form in _FORMS:
        for found in form.finditer(text):
            groups = found.groupdict()
            before = None if groups["hour"] else _TIME_BEFORE.search(text[: found.start()])
            stamp = _from_groups(raw, source, groups | (before.groupdict() if before else {}), language)
            if stamp:
                return stamp
    return None


def is_date_word(word: str, *, with_months: bool) -> bool:
    """Tell whether the word is a day of the week, leads to a date as "updated" does, or is a month, which may be a name too."""
    return word.lower() in _lead_words() or (with_months and word.lower() in _months())


def _from_groups(raw: str, source: str, groups: dict[str, str | None], language: str | None) -> Timestamp | None:
    month, day = _month_and_day(groups, language)
    hour, minute = int(groups["hour"] or 0), int(groups["minute"] or 0)
    half = (groups["half"] or "").lower()
    if half or groups.get("noon"):
        is_afternoon = half.startswith("p") or groups.get("noon") in _AFTERNOON
        hour = hour % _NOON + (_NOON if is_afternoon else 0)
    offset = _offset(groups["zone"]) if groups["hour"] else None
    try:
        value = datetime(
            int(groups["year"] or 0), month, day, hour, minute, int(groups["second"] or 0), tzinfo=offset or UTC
        )
        value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if value.year < _OLDEST_YEAR or (value.year, value.month, value.day) == (1970, 1, 1):  # an unset clock
        return None
    precision = Precision.MINUTE if groups["hour"] else Precision.DAY
    return Timestamp(raw=raw, value=value, source=source, precision=precision, has_offset=offset is not None)


def _month_and_day(groups: dict[str, str | None], language: str | None) -> tuple[int, int]:
    """Return month and day; 0 for a month that nothing tells."""
    if groups.get("name"):
        return _months().get((groups["name"] or "").lower(), 0), int(groups["day"] or 0)
    if groups.get("month"):
        return int(groups["month"] or 0), int(groups["day"] or 0)
    first, second = int(groups["first"] or 0), int(groups["second_number"] or 0)
    tag = (language or "").lower().replace("_", "-")
    if first > _NOON or (second <= _NOON and tag not in {"", "en", "en-us"}):
        return second, first
    if second > _NOON or tag == "en-us":
        return first, second
    return 0, 0


def _offset(zone: str | None) -> timezone | None:
    if not zone:
        return None
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        hours, minutes = (digits[:2], digits[2:]) if len(digits) != 3 else (digits[:1], digits[1:])  # noqa: PLR2004 - "530"
        delta = timedelta(hours=int(hours), minutes=int(minutes or 0))
    else:
        hours_from_utc = load_words("dates")["zones"].get(zone.upper())
        if hours_from_utc is None:
            return None
        delta = timedelta(hours=hours_from_utc)
    return timezone(-delta if zone[0] == "-" else delta) if delta < timedelta(hours=15) else None


@cache
def _months() -> dict[str, int]:
    return {name: int(number) for number, names in load_words("dates")["months"].items() for name in names}


@cache
def _lead_words() -> frozenset[str]:
    return frozenset(load_words("dates")["lead"]["words"])


def _metas(page: Page, names: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    return ((f"meta:{name}", page.metas[name][0]) for name in names if name in page.metas)


def _elements(page: Page, selectors: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    seen: set[int] = set()
    for selector in selectors:
        node = page.first(selector)
        if node is None or node.mem_id in seen:
            continue
        seen.add(node.mem_id)
        attributes = node.attributes
        written = next((attributes[name] for name in _WRITTEN if attributes.get(name)), None) or node.text(
            separator=" "
        )
        if written and len(written) <= _MAX_WRITTEN:
            yield f"page:{node.tag}", written


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
    if exact.value.replace(tzinfo=None, second=0, microsecond=0) == clock:
        return True
    if exact.source.startswith("page"):  # the page tells the times of other articles too
        return False
    apart = abs(exact.value.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0) - clock)
    return apart <= _WIDEST_OFFSET and not apart % _QUARTER


def _choose(candidates: Iterable[Timestamp], now: datetime) -> Timestamp | None:
    """Return the first believable candidate, or a later one that says the same more exactly; reads no further than that."""
    believable = (stamp for stamp in candidates if stamp.value <= now + _TOLERANCE)
    first = next(believable, None)
    if first is None:
        return None
    if first.precision is Precision.DAY:
        same = (s for s in believable if s.precision is Precision.MINUTE and s.value.date() == first.value.date())
    elif not first.has_offset:
        same = (s for s in believable if s.has_offset and s.precision is Precision.MINUTE and _is_same(s, first))
    else:
        return first
    return next(same, first)
