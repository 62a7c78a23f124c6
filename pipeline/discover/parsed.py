"""What parsing a feed gives, whatever its format."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from pipeline.errors import NewswireError, Reject
from pipeline.model.feed import Entry
from pipeline.urls import normalise_url

_BLOCK = re.compile(r"<(?=/?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|blockquote)\b)", re.IGNORECASE)
_NEVER = datetime.min.replace(tzinfo=UTC)


class NotAFeed(NewswireError):  # noqa: N818 - what came is named, not what went wrong
    """The body is no feed; the text says what it is instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed as read: its usable entries in the order given, and what the whole feed says of itself."""

    entries: tuple[Entry, ...]
    title: str | None = None
    #: BCP 47 primary language.
    language: str | None = None
    #: Seconds between two polls that the feed asks for at least (RSS ttl, syndication module).
    least_interval: float = 0.0
    #: What was wrong though the feed could be read, one line each.
    problems: tuple[str, ...] = ()


def absolute_link(base: str, link: object) -> str | None:
    """Return the link as the ledger keys it, or None where it is no http or https address."""
    if not isinstance(link, str) or not link.strip():
        return None
    try:
        return normalise_url(urljoin(base, link.strip()))
    except (Reject, ValueError):
        return None


def collect_entries(found: Iterable[Entry | None]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return one entry an address and the problems met; None is an entry without a usable address.

    All are taken, however many: what a body may weigh, and what reading it may cost, bounds them.
    Of entries with one address the one updated last wins, and the first where times do not tell.
    """
    entries: dict[str, Entry] = {}
    unusable = 0
    for entry in found:
        if entry is None:
            unusable += 1
        elif entry.url in entries:
            entries[entry.url] = max(entries[entry.url], entry, key=_told_at)
        else:
            entries[entry.url] = entry
    problems = (
        (unusable, f"entries without a usable link: {unusable}"),
        (not entries, "no entries"),
    )
    return tuple(entries.values()), tuple(text for is_met, text in problems if is_met)


def primary_language(tag: object) -> str | None:
    """Return the primary subtag of a BCP 47 tag (``de`` of ``de-AT``), or None where it is none."""
    match = re.match(r"\s*([A-Za-z]{2,3})(?![A-Za-z])", tag) if isinstance(tag, str) else None
    return match[1].lower() if match else None


def plain_text(markup: str) -> str | None:
    """Return the text of a piece of HTML in one line, or None where it has none."""
    body = LexborHTMLParser(_BLOCK.sub(" <", markup)).body
    return one_line(body.text()) if body else None


def one_line(text: object) -> str | None:
    """Return the text with its white space collapsed, or None where it is empty or no text."""
    return " ".join(text.split()) or None if isinstance(text, str) else None


def paragraphs_html(text: str) -> str:
    """Return plain text as HTML, a paragraph for each run of lines."""
    return "".join(f"<p>{html.escape(part.strip())}</p>" for part in re.split(r"\n\s*\n", text) if part.strip())


def _told_at(entry: Entry) -> datetime:
    told = entry.updated or entry.published
    return told.value if told else _NEVER
