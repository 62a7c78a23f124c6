"""Feeds, what polling learned about them, and the entries they announce."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipeline.model.evidence import Timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A source's own extraction rules: CSS selectors, written by hand in the sources file."""

    #: Elements cut from the page before extraction.
    remove: tuple[str, ...] = ()
    #: The body is only what is inside these elements.
    keep: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is any rule."""
        return bool(self.remove or self.keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as the user configured it."""

    url: str
    publisher: str
    #: BCP 47 primary language of the feed; None where the user left it open.
    language: str | None = None
    section: str | None = None
    #: ISO 3166 alpha-2 country of the publisher.
    country: str | None = None
    #: Seconds between two polls, as agreed with the publisher; None: the feed's own rhythm decides.
    poll_every: float | None = None
    #: Sitemaps for backfills; where empty, robots.txt is asked.
    sitemaps: tuple[str, ...] = ()
    rules: Rules = field(default_factory=Rules)


class FeedStatus(StrEnum):
    """Whether a feed is polled at all."""

    ACTIVE = "active"
    #: The server said 410: polling stopped until the user adds the feed again.
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What polling learned about one feed; kept in the ledger between polls."""

    #: The configured address: the key, which never changes.
    url: str
    #: The address polled now; differs from ``url`` after a permanent redirect.
    polled_url: str
    status: FeedStatus = FeedStatus.ACTIVE
    due_at: datetime
    #: Seconds until the next poll, as last adapted.
    interval: float
    etag: str | None = None
    last_modified: str | None = None
    #: SHA-256 of the last body: servers without validators still get no work done twice.
    body_hash: str | None = None
    polled_at: datetime | None = None
    last_new_entry_at: datetime | None = None
    #: Seconds between arrivals, as last learned: see ``polling.learn_rhythm``. None: nothing is learned yet.
    rhythm: float | None = None
    #: Consecutive failed polls.
    failures: int = 0
    last_error: str | None = None
    #: What was wrong with the last body though it could be read, such as entries without a usable link.
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a feed, a sitemap or a WARC listing claims about one article; nothing of it is believed without evidence."""

    url: str
    feed_url: str
    publisher: str
    title: str | None = None
    summary: str | None = None
    #: The feed's own full content, HTML; the fallback body when the page gives none.
    content_html: str | None = None
    #: SHA-256 of the content that pruning took away, so that the feed's repeating it is no news.
    content_digest: str | None = None
    authors: tuple[str, ...] = ()
    published: Timestamp | None = None
    updated: Timestamp | None = None
    language: str | None = None
    section: str | None = None
    country: str | None = None
