"""A feed's answer to entries: RSS 0.9 to 2.0, RDF and Atom through feedparser, JSON Feed by ourselves."""

import io
import re
from email.utils import parseaddr

import feedparser
from feedparser import FeedParserDict

from pipeline.discover.bodies import describe_body, is_html
from pipeline.discover.dates import read_timestamp
from pipeline.discover.json_feed import parse_json_feed
from pipeline.discover.parsed import (
    NotAFeed,
    ParsedFeed,
    absolute_link,
    collect_entries,
    one_line,
    paragraphs_html,
    plain_text,
    primary_language,
)
from pipeline.discover.xml_text import decode_xml
from pipeline.model.capture import Capture
from pipeline.model.evidence import Timestamp
from pipeline.model.feed import Entry, Feed

__all__ = ["NotAFeed", "ParsedFeed", "parse_feed"]

#: ``desk@news.example (Night Desk)`` and ``Jane Doe <jane@news.example>``.
_WITH_MAIL = re.compile(r"\S+@\S|[^<]*+<\S[^\s@]*+@\S+>$")
_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
_HTML_TYPES = {"text/html", "application/xhtml+xml"}


def parse_feed(capture: Capture, feed: Feed) -> ParsedFeed:
    """Return what the captured feed says. Raises NotAFeed where it is no feed at all; harmless errors are only told."""
    body = capture.body
    if not body.strip() or is_html(body):
        raise NotAFeed(f"{capture.url} is not a feed: the server sent {describe_body(body)}")
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return parse_json_feed(capture, feed)
    return _parse_xml_feed(capture, feed)


def _parse_xml_feed(capture: Capture, feed: Feed) -> ParsedFeed:
    text, misdeclared = decode_xml(capture.body, capture.header("Content-Type"))
    result = feedparser.parse(
        # A stream, because bytes that name a file would be opened.
        io.BytesIO(text.lstrip().encode("utf-8", errors="replace")),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,  # content is cleaned where it is read
    )
    version = result.get("version", "")  # nothing is set where there was no text at all
    if not version and not result.entries:
        raise NotAFeed(f"{capture.url} is not a feed: the server sent {describe_body(capture.body)}")
    head = result.feed
    language = primary_language(head.get("language"))
    is_rss = version.startswith("rss")
    entries, problems = collect_entries(
        _read_entry(claims, capture.final_url, feed, language, is_rss=is_rss) for claims in result.entries
    )
    broken = f"not well-formed: {str(result.bozo_exception).removeprefix('<unknown>:')}" if result.bozo else None
    return ParsedFeed(
        entries=entries,
        title=plain_text(head.get("title", "")),
        language=language,
        least_interval=_least_interval(head),
        problems=(*(problem for problem in (misdeclared, broken) if problem), *problems),
    )


def _read_entry(claims: FeedParserDict, base: str, feed: Feed, language: str | None, *, is_rss: bool) -> Entry | None:
    url = _link(claims, base)
    if url is None:
        return None
    content = _content(claims)
    summary = claims.get("summary", "")
    # ``in`` and not get: feedparser answers a missing "updated" with "published".
    updated = _time(claims["updated"]) if "updated" in claims else None
    published = _time(claims.get("published"))
    if is_rss and published is None:  # RSS 1.0 has dc:date alone, which is when an article came out
        published, updated = updated, None
    return Entry(
        url=url,
        feed_url=feed.url,
        publisher=feed.publisher,
        title=_plain(claims.get("title", ""), claims.get("title_detail")),
        # feedparser fills a missing summary with the content.
        summary=None if summary in {part.value for part in claims.get("content", ())} else plain_text(summary),
        content_html=content,
        authors=_authors(claims),
        published=published,
        updated=updated,
        language=feed.language or primary_language(claims.get("title_detail", {}).get("language")) or language,
        section=feed.section,
        country=feed.country,
    )


def _link(claims: FeedParserDict, base: str) -> str | None:
    link = claims.get("link", "")
    # A guid stands in for a link only where it is a whole address: many are mere numbers, marked as permalink by default.
    if claims.get("guidislink") and "://" not in link:
        return None
    return absolute_link(base, link)


def _content(claims: FeedParserDict) -> str | None:
    """Return the longest of what the feed itself calls content, as HTML."""
    parts = [
        part.value if part.get("type") in _HTML_TYPES else paragraphs_html(part.value)
        for part in claims.get("content", ())
        if part.get("value", "").strip()
    ]
    return max(parts, key=len, default=None)


def _plain(value: str, detail: FeedParserDict) -> str | None:
    is_markup = detail is not None and detail.get("type") in _HTML_TYPES
    return plain_text(value) if is_markup else one_line(value)


def _authors(claims: FeedParserDict) -> tuple[str, ...]:
    names = [author.get("name") for author in claims.get("authors", ())]
    raw = claims.get("author", "")
    if _WITH_MAIL.match(raw):  # feedparser cuts mail addresses in two where the top-level domain is a long one
        names[-1:] = [parseaddr(raw)[0]]
    return tuple(dict.fromkeys(line for line in map(one_line, names) if line))


def _time(raw: str | None) -> Timestamp | None:
    return read_timestamp(raw, "feed") if raw else None


def _least_interval(head: FeedParserDict) -> float:
    """Return the longer of RSS ttl (minutes) and the syndication module's period over frequency, in seconds."""
    ttl = re.fullmatch(r"\s*(\d{1,6})\s*", str(head.get("ttl", "")))
    period = _PERIODS.get(str(head.get("sy_updateperiod", "")).strip().lower(), 0)
    frequency = re.fullmatch(r"\s*([1-9]\d{0,5})\s*", str(head.get("sy_updatefrequency", "1")))
    return max(int(ttl[1]) * 60.0 if ttl else 0.0, period / int(frequency[1]) if frequency else 0.0)
