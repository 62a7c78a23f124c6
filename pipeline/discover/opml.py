"""Lists of feeds as other readers exchange them (http://opml.org/spec2.opml)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from lxml import etree

from pipeline.discover.bodies import describe_body
from pipeline.discover.parsed import one_line, primary_language
from pipeline.discover.xml_text import decode_xml, escape_ampersands
from pipeline.errors import Reject, UsageError
from pipeline.model.feed import Feed
from pipeline.urls import host_of, normalise_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlines:
    """The feeds of an OPML document, each once, and one line for each outline that could not be read."""

    feeds: tuple[Feed, ...]
    problems: tuple[str, ...] = ()


def parse_opml(data: bytes, name: str = "OPML") -> Outlines:
    """Return the feeds: title or text is the publisher, the category or the folder is the section.

    Raises UsageError where it is no OPML at all.
    """
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    text = escape_ampersands(decode_xml(data)[0].lstrip())
    try:
        root = etree.fromstring(_without_declaration(text), parser)
    except etree.XMLSyntaxError as error:
        raise UsageError(f"{name} cannot be read as OPML: it is {describe_body(data)}; {error.msg}") from error
    if root.tag != "opml":
        raise UsageError(f"{name} cannot be read as OPML: it is {describe_body(data)}; it must begin with <opml>")
    feeds: dict[str, Feed] = {}
    problems = []
    for outline in root.iter("outline"):
        try:
            feed = _read_outline(outline)
        except UsageError as error:
            problems.append(f"{name}, line {outline.sourceline}: {error}")
            continue
        if feed is not None:  # readers list a feed once for each of its folders
            feeds.setdefault(feed.url, feed)
    return Outlines(feeds=tuple(feeds.values()), problems=tuple(problems))


def write_opml(feeds: Iterable[Feed]) -> bytes:
    """Return the feeds as OPML 2.0, a folder for each section. Sitemaps, countries and rules have no place in it."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Newswire feeds"
    body = etree.SubElement(root, "body")
    for section, group in groupby(sorted(feeds, key=lambda feed: feed.section or ""), key=lambda feed: feed.section):
        folder = etree.SubElement(body, "outline", text=section) if section else body
        for feed in group:
            outline = etree.SubElement(folder, "outline", text=feed.publisher, type="rss", xmlUrl=feed.url)
            if feed.language:
                outline.set("language", feed.language)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True))


def _without_declaration(text: str) -> bytes:
    """Return the document in UTF-8 without the XML declaration, which may name another encoding."""
    return (text.partition("?>")[2] if text.startswith("<?xml") else text).encode("utf-8", errors="replace")


def _read_outline(outline: etree._Element) -> Feed | None:
    """Return the outline's feed, or None for a folder. Raises UsageError saying what is wrong with it."""
    attributes = {str(key).lower(): str(value) for key, value in outline.attrib.items()}
    label = one_line(attributes.get("title")) or one_line(attributes.get("text"))
    address = attributes.get("xmlurl", "").strip()
    if not address:
        if len(outline):
            return None
        raise UsageError(f'the outline {label or "without a title"!r} has no feed; write xmlUrl="https://…"')
    try:
        url = normalise_url(address)
    except Reject as error:
        raise UsageError(
            f"the outline {label or address!r}: {error.detail}; write a whole address in xmlUrl"
        ) from error
    return Feed(
        url=url,
        publisher=label or host_of(url),
        language=primary_language(attributes.get("language")),
        section=next(_sections(outline, attributes), None),
    )


def _sections(outline: etree._Element, attributes: dict[str, str]) -> Iterator[str]:
    """Yield what the outline belongs to, the nearest first: the last part of its category, then the folders around it."""
    category = attributes.get("category", "").split(",")[0].strip().rpartition("/")[2]
    folders = (ancestor.get("title") or ancestor.get("text") for ancestor in outline.iterancestors("outline"))
    yield from (name for name in map(one_line, (category, *folders)) if name)
