"""How a URL ends: exactly one fate each, with a reason, so that the sums of the ledger balance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipeline.model.capture import CaptureRef
from pipeline.model.feed import Entry


class Fate(StrEnum):
    """The outcome of a URL's last visit."""

    INDEXED = "indexed"
    #: Visited again, and the index already says the same.
    UNCHANGED = "unchanged"
    #: Another URL holds the same article: see ``identity.py``.
    DUPLICATE = "duplicate"
    #: Consent dialog, paywall, bot check or script shell instead of an article.
    WALL = "wall"
    NOT_ARTICLE = "not an article"
    GONE = "gone"
    #: robots.txt does not allow it.
    REFUSED = "refused by robots"
    #: Needs a person: see ``newswire dead-letters``.
    DEAD_LETTER = "dead letter"


class Reason(StrEnum):
    """Why a URL has its fate."""

    NEW = "new"
    #: New as well; most of its text was indexed before, under another article.
    REPRINT = "reprint"
    NEW_VERSION = "new version"
    SAME_CONTENT = "same content"
    SAME_ARTICLE = "same article under another URL"
    CONSENT = "consent wall"
    PAYWALL = "paywall"
    BOT_CHECK = "bot check"
    SCRIPT_SHELL = "script shell"
    INDEX_PAGE = "index page"
    TOO_SHORT = "too short"
    NO_TEXT = "no text"
    NOT_HTML = "not HTML"
    NOT_FOUND = "not found"
    REMOVED = "removed"
    ROBOTS = "robots.txt"
    ADDRESS_REFUSED = "address refused"
    INVALID_URL = "invalid URL"
    HTTP_ERROR = "HTTP error"
    TOO_LARGE = "too large"
    TOO_MANY_REDIRECTS = "too many redirects"
    UNREACHABLE = "unreachable"
    #: Reading the page took too much time or memory, or ended the process that read it.
    TIMEOUT = "extraction timeout"
    OUT_OF_MEMORY = "extraction out of memory"
    CRASH = "extraction crash"
    STORE_REFUSED = "refused by the search store"
    BUG = "unexpected error"

    @property
    def fate(self) -> Fate:
        """The one fate that it belongs to."""
        return _FATES[self]


_FATES: Mapping[Reason, Fate] = {
    Reason.NEW: Fate.INDEXED,
    Reason.REPRINT: Fate.INDEXED,
    Reason.NEW_VERSION: Fate.INDEXED,
    Reason.SAME_CONTENT: Fate.UNCHANGED,
    Reason.SAME_ARTICLE: Fate.DUPLICATE,
    Reason.CONSENT: Fate.WALL,
    Reason.PAYWALL: Fate.WALL,
    Reason.BOT_CHECK: Fate.WALL,
    Reason.SCRIPT_SHELL: Fate.WALL,
    Reason.INDEX_PAGE: Fate.NOT_ARTICLE,
    Reason.TOO_SHORT: Fate.NOT_ARTICLE,
    Reason.NO_TEXT: Fate.NOT_ARTICLE,
    Reason.NOT_HTML: Fate.NOT_ARTICLE,
    Reason.NOT_FOUND: Fate.GONE,
    Reason.REMOVED: Fate.GONE,
    Reason.ROBOTS: Fate.REFUSED,
    Reason.ADDRESS_REFUSED: Fate.DEAD_LETTER,
    Reason.INVALID_URL: Fate.DEAD_LETTER,
    Reason.HTTP_ERROR: Fate.DEAD_LETTER,
    Reason.TOO_LARGE: Fate.DEAD_LETTER,
    Reason.TOO_MANY_REDIRECTS: Fate.DEAD_LETTER,
    Reason.UNREACHABLE: Fate.DEAD_LETTER,
    Reason.TIMEOUT: Fate.DEAD_LETTER,
    Reason.OUT_OF_MEMORY: Fate.DEAD_LETTER,
    Reason.CRASH: Fate.DEAD_LETTER,
    Reason.STORE_REFUSED: Fate.DEAD_LETTER,
    Reason.BUG: Fate.DEAD_LETTER,
}


#: The detail of an indexed URL whose text is not the page's.
FEED_TEXT = "text from the feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An entry that a batch holds under a lease until it settles or postpones it, or the lease runs out."""

    entry: Entry
    batch_id: str
    #: When the ledger first saw the URL.
    first_seen_at: datetime
    #: Raised each time a feed announces a change; a fate for an older revision does not end a newer one.
    revision: int
    #: Visits that failed so far for this revision.
    attempts: int
    #: Set where the page is in the archive already, so that nobody need be asked for it.
    capture: CaptureRef | None = None
    #: The article that the URL holds from an earlier visit, whose id it keeps whatever its page is called today.
    article_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one claimed URL ended."""

    url: str
    revision: int
    reason: Reason
    at: datetime
    detail: str = ""
    #: Set once the article is known.
    article_id: str | None = None
    capture: CaptureRef | None = None
    #: The JSON of the document that the search store refused; a dead letter keeps it.
    document: str | None = None

    @property
    def fate(self) -> Fate:
        """The fate that the reason belongs to."""
        return self.reason.fate


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleState:
    """What the ledger knows of an indexed article."""

    article_id: str
    #: The URL that holds the article; every other URL of it is a duplicate.
    url: str
    content_hash: str
    #: 1 for the first indexed content, one more for each change.
    version: int
    first_seen_at: datetime
    captured_at: datetime
    #: Published or first seen, whichever came first.
    public_since: datetime
    #: Its text is not the page's: the entry of its URL is the only copy, which a replay needs.
    has_feed_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A time in which an indexed article's page was gone, as visits saw it; it is over."""

    withdrawn_at: datetime
    returned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A URL that needs a person: why, since when, and the document if one was made."""

    url: str
    reason: Reason
    detail: str
    at: datetime
    document: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The sums of the ledger. Balanced means: every URL seen is pending or has exactly one fate."""

    seen: int
    pending: int
    fates: Mapping[Fate, int] = field(default_factory=dict)

    @property
    def is_balanced(self) -> bool:
        """Tell whether seen = pending + sum of fates."""
        return self.seen == self.pending + sum(self.fates.values())
