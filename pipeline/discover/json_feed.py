"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.discover.bodies import describe_body
from pipeline.discover.dates import read_timestamp
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
from pipeline.model.capture import Capture
from pipeline.model.evidence import Timestamp
from pipeline.model.feed import Entry, Feed

_VERSION = "https://jsonfeed.org/version/1"


def parse_json_feed(capture: Capture, feed: Feed) -> ParsedFeed:
    """Return the feed; a field of the wrong type counts as missing. Raises NotAFeed."""
    try:
        # Half a character, as in a cut-off emoji, is valid JSON but no text that could be stored.
        # Python takes no whole number of more than 4,300 digits, and none is read here: as fractions they break nothing.
        read = json.loads(capture.body, parse_int=float)
        document = json.loads(json.dumps(read, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise NotAFeed(f"{capture.url} is not a feed: its JSON is broken ({error})") from error
    listed = document.get("items") if isinstance(document, dict) else None
    if not isinstance(listed, list) or _VERSION not in str(document.get("version")).replace("http:", "https:"):
        raise NotAFeed(f"{capture.url} is not a feed: the server sent {describe_body(capture.body)}")
    language = feed.language or primary_language(document.get("language"))
    entries, problems = collect_entries(_read_entry(fields, capture.final_url, feed, language) for fields in listed)
    return ParsedFeed(
        entries=entries,
        title=one_line(document.get("title")),
        language=primary_language(document.get("language")),
        problems=problems,
    )


def _read_entry(fields: object, base: str, feed: Feed, language: str | None) -> Entry | None:
    if not isinstance(fields, dict):
        return None
    # An id is often the address; ``external_url`` is somebody else's page, which the entry only comments on.
    identity = str(fields.get("id"))
    url = absolute_link(base, fields.get("url") or (identity if "://" in identity else None))
    if url is None:
        return None
    markup, text = _text(fields, "content_html"), _text(fields, "content_text")
    authors = _mappings(fields.get("authors")) or _mappings([fields.get("author")])
    return Entry(
        url=url,
        feed_url=feed.url,
        publisher=feed.publisher,
        title=plain_text(_text(fields, "title")),
        summary=plain_text(_text(fields, "summary")),
        content_html=markup or paragraphs_html(text) or None,
        authors=tuple(name for author in authors if (name := one_line(author.get("name")))),
        published=_time(fields, "date_published"),
        updated=_time(fields, "date_modified"),
        language=primary_language(fields.get("language")) or language,
        section=feed.section,
        country=feed.country,
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _time(fields: Mapping[str, Any], name: str) -> Timestamp | None:
    return read_timestamp(_text(fields, name), "feed")


def _mappings(value: object) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
