"""Sitemaps (https://www.sitemaps.org/protocol.html) with the news extension: XML, gzip or plain text, untrusted."""

import gzip
import io
import re
import zlib
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml import etree

from pipeline.discover.bodies import describe_body, is_html
from pipeline.discover.dates import read_timestamp
from pipeline.discover.parsed import absolute_link, one_line, primary_language
from pipeline.discover.xml_text import decode_xml, escape_ampersands
from pipeline.errors import NewswireError
from pipeline.model.evidence import Timestamp

#: The protocol's own limits for one file.
MAX_URLS = 50_000
MAX_BYTES = 50 * 1024 * 1024

_ROOTS = {"urlset", "sitemapindex"}
#: Year and month, and perhaps the day, as in ``sitemap-2026-11.xml``, ``/2026/11/23/`` and ``?yyyy=2026&mm=11&dd=23``.
_NAMED_DAY = re.compile(
    r"(?<!\d)(20\d\d)(?:[-_/.]?|&\w{1,5}=)(0[1-9]|1[0-2])(?:(?:[-_/.]?|&\w{1,5}=)(0[1-9]|[12]\d|3[01]))?(?!\d)"
)
_MAX_FIELD = 10_000  # characters: a title, not a text


class NotASitemap(NewswireError):  # noqa: N818 - what came is named, not what went wrong
    """The body is no sitemap; the text says what it is instead."""


class CutOffSitemap(NewswireError):  # noqa: N818 - what came is named, not what went wrong
    """The sitemap has more than was read of it; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapEntry:
    """An address and what the sitemap claims about it; title, language, publisher and ``published`` are news sitemaps'."""

    url: str
    modified: Timestamp | None = None
    published: Timestamp | None = None
    title: str | None = None
    language: str | None = None
    publisher: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSitemap:
    """Another sitemap that an index lists."""

    url: str
    modified: Timestamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """What a sitemap lists, and where it has more than was read, why."""

    entries: tuple[SitemapEntry, ...] = ()
    children: tuple[ChildSitemap, ...] = ()
    cut_off: str | None = None


def read_sitemap(data: bytes, url: str) -> Sitemap:
    """Return what the sitemap fetched from the URL lists. Raises NotASitemap."""
    entries, children, cut_off = list[SitemapEntry](), list[ChildSitemap](), None
    try:
        for listed in parse_sitemap(data, url):
            if isinstance(listed, SitemapEntry):
                entries.append(listed)
            else:
                children.append(listed)
    except CutOffSitemap as error:
        cut_off = str(error)
    return Sitemap(entries=tuple(entries), children=tuple(children), cut_off=cut_off)


def parse_sitemap(data: bytes, url: str) -> Iterator[SitemapEntry | ChildSitemap]:
    """Yield what the sitemap fetched from the URL lists, its first 50,000 addresses, one by one; an index lists children.

    Raises NotASitemap before anything is yielded, CutOffSitemap after all that could be read.
    """
    body = _unzip(data, url)
    if not body.strip() or is_html(body):
        raise _refuse(url, body)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or body.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield from _parse_xml(body, url)
        return
    lines = body.decode("utf-8-sig", errors="replace").split()
    links = [link for line in lines[:MAX_URLS] if "://" in line and (link := absolute_link(url, line))]
    if not links:
        raise _refuse(url, body)
    yield from (SitemapEntry(url=link) for link in links)
    if len(lines) > MAX_URLS:
        raise _cut_off(url)


def may_list(child: ChildSitemap, since: datetime, until: datetime) -> bool:
    """Tell whether the child can list something that dates from the interval.

    Not if it was last changed before it began, nor if its address names another month or day: many sites have a sitemap for
    each, and ten years of them would be asked for in vain. A day of grace allows for the site's own time zone.
    """
    since, until = since - timedelta(days=1), until + timedelta(days=1)
    if child.modified is not None and child.modified.value < since:
        return False
    named = _NAMED_DAY.search(child.url)
    if not named:
        return True
    year, month, day = (int(part) if part else None for part in named.groups())
    first = datetime(year or 1, month or 1, min(day or 1, monthrange(year or 1, month or 1)[1]), tzinfo=UTC)
    length = timedelta(days=1 if day else 31)
    return first < until and first + length > since


def _refuse(url: str, body: bytes) -> NotASitemap:
    return NotASitemap(f"{url} is not a sitemap: the server sent {describe_body(body)}")


def _cut_off(url: str) -> CutOffSitemap:
    return CutOffSitemap(
        f"{url} lists more than the {MAX_URLS:,} addresses that a sitemap may have; the others were left out"
    )


def _unzip(data: bytes, url: str) -> bytes:
    """Return the body, unzipped where it is gzip, never more than the protocol's 50 MiB."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            body = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise NotASitemap(f"{url} is not a sitemap: its gzip is broken ({error})") from error
    if len(body) > MAX_BYTES:
        raise NotASitemap(f"{url} is larger than the 50 MiB that a sitemap may have")
    return body


def _parse_xml(body: bytes, url: str) -> Iterator[SitemapEntry | ChildSitemap]:
    count = 0
    try:
        for element in _elements(body):
            fields = _fields(element)
            link = absolute_link(url, fields.get("loc"))
            if not link:
                continue
            if count == MAX_URLS:
                raise _cut_off(url)
            count += 1
            if _local_name(element) == "url":
                yield _read_entry(link, fields)
            else:
                yield ChildSitemap(url=link, modified=_time(fields, "lastmod"))
    except etree.XMLSyntaxError as error:
        if not count:
            raise NotASitemap(f"{url} is not a sitemap: {error.msg}") from error
        raise CutOffSitemap(f"{url} is cut off or damaged after {count:,} addresses: {error.msg}") from error
    except _WrongRootError as error:
        raise _refuse(url, body) from error


class _WrongRootError(Exception):
    pass


def _elements(body: bytes) -> Iterator[etree._Element]:
    """Yield each finished ``url`` or ``sitemap`` element, and free it afterwards. Entities stay unresolved, nothing is loaded."""
    text = escape_ampersands(decode_xml(body)[0].lstrip())
    events = etree.iterparse(
        io.BytesIO(text.encode("utf-8", errors="replace")),
        events=("start", "end"),
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    root = None
    for event, element in events:
        if root is None:
            root = element
            if _local_name(root) not in _ROOTS:
                raise _WrongRootError
        if event == "end" and element.getparent() is root:
            yield element
            root.remove(element)


def _fields(element: etree._Element) -> dict[str, str]:
    """Return the texts inside by local name, since sitemaps in the wild get the namespaces wrong; the first of a name wins."""
    fields: dict[str, str] = {}
    for part in element.iter(etree.Element):
        # A picture's or video's own loc and title are not the page's.
        parent = part.getparent()
        inside = _local_name(parent) if parent is not None else ""
        if inside not in {"image", "video"} and part.text and len(part.text) <= _MAX_FIELD:
            fields.setdefault(_local_name(part), part.text)
    return fields


def _local_name(element: etree._Element) -> str:
    """Return the name without its namespace, also where the prefix of it was never declared."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2]


def _read_entry(link: str, fields: dict[str, str]) -> SitemapEntry:
    return SitemapEntry(
        url=link,
        modified=_time(fields, "lastmod"),
        published=_time(fields, "publication_date"),
        title=one_line(fields.get("title")),
        language=primary_language(fields.get("language")),
        publisher=one_line(fields.get("name")),
    )


def _time(fields: dict[str, str], name: str) -> Timestamp | None:
    return read_timestamp(fields.get(name, ""), "sitemap")
