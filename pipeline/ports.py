"""What the flow needs from the world: small protocols, each docstring a promise that every adapter keeps.

Any method can raise ``errors.StoreUnavailable`` (or, for the Fetcher, ``errors.Retry``) when the other side does not answer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from pipeline.model.capture import Batch, Capture, CaptureRef
from pipeline.model.document import Document
from pipeline.model.entity import Mention
from pipeline.model.fate import ArticleState, Claim, DeadLetter, Outcome, Reason, Tally
from pipeline.model.feed import Entry, Feed, FeedState
from pipeline.model.host import RobotsFile, Turn
from pipeline.model.query import Query, SearchPage
from pipeline.model.warc import WarcListing, WarcProgress, WarcRecord


class Clock(Protocol):
    """Tells the time; tests bring their own."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...


class Fetcher(Protocol):
    """Gets pages over HTTP, politely and safely.

    Robots, per-host spacing, size and time caps, redirects and the refusal of private addresses are all its own business.
    """

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        obey_robots: bool = True,
        max_bytes: int | None = None,
    ) -> Capture:
        """Return the response, whatever its status is (304 too).

        Only what a publisher offers to machines, such as its feeds and sitemaps, is fetched without asking robots.txt.
        ``max_bytes`` is a cap for this answer alone, such as a sitemap's 50 MiB.

        Raises Reject (robots, address refused, invalid URL, too large, too many redirects) when asking again is pointless,
        and Retry (timeout, connection failure, DNS, 429 and 5xx, with the Retry-After sent) when it is not; Busy, a kind of
        Retry, where others use up the host's turns and nothing was sent.
        """
        ...


class Hosts(Protocol):
    """What all processes know of the hosts: whose turn it is, who asked to be left alone, and what their robots.txt say."""

    def ask_turn(self, host: str, now: datetime, *, delay: timedelta, is_past: bool = False) -> Turn:
        """Take the host's turn where it has come, so that the next comes ``delay`` later; else say when it comes.

        Past work leaves most turns to live requests.
        """
        ...

    def close_host(self, host: str, until: datetime) -> None:
        """Give no turn at the host before then."""
        ...

    def robots_file(self, origin: str) -> RobotsFile | None:
        """Return the robots.txt that was kept for the origin, however old, or None."""
        ...

    def keep_robots_file(self, origin: str, file: RobotsFile) -> None:
        """Keep the file, instead of an older one."""
        ...


class BatchWriter(Protocol):
    """Adds captures to one open batch."""

    def add(self, capture: Capture) -> CaptureRef:
        """Append the capture and return where its response record lies."""
        ...


class Archive(Protocol):
    """Keeps every capture for good, one WARC file a batch, and a batch's hand-over between tasks beside it."""

    def open_batch(self, batch: Batch) -> AbstractContextManager[BatchWriter]:
        """Open the batch for writing; what was added is durable when the context ends. A batch can be opened again."""
        ...

    def import_captures(self, batch: Batch, captures: Sequence[Capture]) -> tuple[CaptureRef, ...]:
        """Keep these as the batch's only file, whole or not at all; with the same captures, it can be repeated at any time."""
        ...

    def read(self, ref: CaptureRef) -> Capture:
        """Return the capture that ``add`` was given, byte for byte. Raises UsageError where there is none."""
        ...

    def scan(self, since: datetime, until: datetime) -> Iterator[tuple[CaptureRef, Capture]]:
        """Yield the captures fetched in ``since <= t < until``, batch by batch, to the last whole record of each file."""
        ...

    def write_lines(self, batch: Batch, name: str, lines: Iterable[bytes]) -> None:
        """Replace the hand-over ``name`` of the batch by these JSON lines, all or nothing."""
        ...

    def read_lines(self, batch: Batch, name: str) -> Iterator[bytes]:
        """Yield the lines that ``write_lines`` was given. Raises UsageError where there are none."""
        ...

    def drop_lines(self, before: datetime, *, dry_run: bool = False) -> int:
        """Remove the hand-overs of batches opened before then; return how many (``dry_run``: would be removed)."""
        ...

    def write_report(self, name: str, content: bytes) -> None:
        """Keep a JSON report beside the captures, replacing one of that name, all or nothing."""
        ...

    def read_report(self, name: str) -> bytes | None:
        """Return the report of that name, or None."""
        ...


class WarcSource(Protocol):
    """WARC files that others wrote; they are only read.

    Raises Retry where the files, or one of them, cannot be had now.
    """

    def files(self, since: datetime, until: datetime) -> WarcListing:
        """Return the files that may hold records dated in ``since <= t < until``, in order of name."""
        ...

    def size(self, address: str) -> int:
        """Return the bytes of the file."""
        ...

    def read(self, address: str, position: int, why_left_out: Callable[[str, datetime], str]) -> Iterator[WarcRecord]:
        """Yield the response records from that byte on, one at a time, in constant memory.

        ``why_left_out`` is given a record's URL and date; where it says why, the record is not read. One that is too large, or
        that cannot be decoded, is left out too. Where the file is damaged or cut off, DamagedWarc is raised after its last
        whole record.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What became of entries put into the inbox: never seen before, announced as changed, and known already."""

    new: int = 0
    changed: int = 0
    known: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A URL that holds an indexed article, with what the last feed said of it."""

    entry: Entry
    first_seen_at: datetime
    article: ArticleState


class Ledger(Protocol):
    """Knows every URL ever seen and how each ended; the durable inbox; the memory of the feeds.

    Every method is one transaction. Two processes can use one ledger at a time.
    """

    def close(self) -> None:
        """Give the connections back; the next use opens anew."""
        ...

    def add_feeds(self, feeds: Sequence[Feed], now: datetime) -> None:
        """Add the feeds or replace their configuration; polling state is kept, a gone feed is polled again."""
        ...

    def feeds(self) -> tuple[tuple[Feed, FeedState], ...]:
        """Return every feed with its state, in order of URL."""
        ...

    def due_feeds(
        self, now: datetime, *, limit: int, lease: timedelta, early: bool = False
    ) -> tuple[tuple[Feed, FeedState], ...]:
        """Return active feeds whose time has come, most overdue first; nobody else is given them until the lease ends.

        ``early`` asks for those as well whose time has not come.
        """
        ...

    def save_feed_state(self, state: FeedState) -> None:
        """Keep what a poll learned, and end the feed's lease."""
        ...

    def record_entries(self, entries: Sequence[Entry], now: datetime, *, past: bool = False) -> Recorded:
        """Put entries into the inbox: pending where the URL is new or its claims (update time, title, content) changed.

        ``past``: a backfill found them. They wait behind the live ones, and only new URLs count; a past one that a feed
        announces becomes live.
        """
        ...

    def record_captures(
        self, captures: Sequence[tuple[Entry, CaptureRef]], progress: WarcProgress, now: datetime
    ) -> Recorded:
        """Put past entries into the inbox that are in the archive already, and keep the progress, in one transaction."""
        ...

    def warc_progress(self, file: str, since: datetime, until: datetime) -> WarcProgress:
        """Return how far the file was read for the interval; at position 0 where nobody began."""
        ...

    def known_urls(self, asked: Iterable[str]) -> frozenset[str]:
        """Return which of these URLs were ever seen."""
        ...

    def mean_capture_bytes(self, origins: Iterable[str]) -> Mapping[str, int]:
        """Return the mean compressed bytes of captures known below each origin (``https://host``), where any are known."""
        ...

    def claim(
        self,
        batch: Batch,
        now: datetime,
        *,
        limit: int,
        lease: timedelta,
        publisher: str | None = None,
        past: bool = False,
    ) -> tuple[Claim, ...]:
        """Claim pending entries that are due now, oldest first; asked again, a batch gets the same ones.

        Live entries only, or ``past`` ones only.
        """
        ...

    def renew(self, batches: Sequence[Batch], until: datetime) -> int:
        """Prolong the leases of what the batches still hold; return how many claims that are."""
        ...

    def settle(self, outcomes: Sequence[Outcome], articles: Sequence[ArticleState] = ()) -> None:
        """Give each URL its one fate, and keep these articles as indexed, in one transaction; repeating it changes nothing.

        A revision that a feed replaced meanwhile stays pending; a capture older than the known one changes no article.
        """
        ...

    def postpone(self, claims: Sequence[tuple[Claim, datetime, str]]) -> None:
        """Put claims back as pending, not before that time, with what went wrong; their attempts go up by one."""
        ...

    def waiting(self) -> Mapping[str, int]:
        """Return how many live entries are pending, by publisher, the most first; those that a batch holds count too."""
        ...

    def put_back(self, claims: Sequence[tuple[Claim, datetime]]) -> None:
        """Put claims that nobody visited back as pending, not before that time; their attempts stay."""
        ...

    def has_live_work(self, now: datetime) -> bool:
        """Tell whether a live entry became due within the last minute and has not ended yet."""
        ...

    def first_due(self, now: datetime) -> str | None:
        """Return the URL of the live entry that the next claim would begin with, or None where none could be claimed."""
        ...

    def release(self, batch: Batch) -> int:
        """Put all claims of the batch back as pending at once, attempts unchanged; return how many."""
        ...

    def articles(self, article_ids: Sequence[str]) -> Mapping[str, ArticleState]:
        """Return what is known of these articles, by id; unknown ones are left out."""
        ...

    def own_articles(self, owners: Mapping[str, str], now: datetime) -> Mapping[str, str]:
        """Give each article id to the URL asked for unless another holds it; return the holder of each id."""
        ...

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Return all dead letters, newest first."""
        ...

    def revive(self, urls: Sequence[str], now: datetime) -> int:
        """Make dead letters pending again, attempts at zero; all of them where no URL is given; return how many."""
        ...

    def entry(self, url: str) -> tuple[Entry, datetime] | None:
        """Return the last entry of the URL and when the URL was first seen, or None."""
        ...

    def holdings(self, urls: Sequence[str]) -> Mapping[str, Holding]:
        """Return those of these URLs that hold an indexed article, with their last entry, by URL."""
        ...

    def tally(self) -> Tally:
        """Return the sums."""
        ...

    def reasons(self) -> Mapping[Reason, int]:
        """Return how many URLs ended for each reason."""
        ...

    def articles_by_month(self) -> Mapping[date, int]:
        """Return how many articles were ever indexed, by the first day of the month of their first sight (UTC), oldest first."""
        ...

    def count_prunable(self, before: datetime) -> int:
        """Return how many URLs ``prune`` has yet to visit."""
        ...

    def prune(self, before: datetime, now: datetime, *, limit: int) -> int:
        """Take what is heavy from up to ``limit`` URLs settled before then; return how many, 0 once all are done.

        The entry's content and summary, the detail and the document go; URL, fate, reason, times, article and capture stay,
        and a feed that lists the URL as before still announces nothing. Dead letters stay whole, and so does an entry that
        is the only copy of an article's text.
        """
        ...

    def drop_hosts(self, before: datetime, *, dry_run: bool = False) -> int:
        """Forget the hosts that nobody had to wait for since then, and the robots.txt files that expired before.

        Such a host is asked as one that was never asked. Return how many rows went (``dry_run``: would go).
        """
        ...


class Tagger(Protocol):
    """Finds names in text of one language."""

    def tag(self, texts: Sequence[str], language: str) -> tuple[tuple[Mention, ...], ...] | None:
        """Return the mentions of each text in order of start, none overlapping; None where the language is not its own."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A document that the store will never take as it is, and why."""

    document: Document
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """A generation of the index, as ``newswire index status`` shows it."""

    generation: str
    documents: int
    is_live: bool
    indices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMonth:
    """The documents of the live generation whose URLs were first seen in one month, named by its first day (UTC)."""

    month: date
    documents: int


#: A document's JSON form, as a store keeps it: see ``index/document.py``.
Form = Mapping[str, Any]


class SearchStore(Protocol):
    """Keeps documents and finds them; speaks Query, never a store's own language.

    A *generation* is a complete set of indices; readers see exactly one, the live one. Writes go to the live one unless named.
    """

    def close(self) -> None:
        """Give the connections back; the next use of an embedded store opens anew."""
        ...

    def prepare(self) -> None:
        """Make the live generation ready for writes. Raises UsageError where its mapping is not ours, saying what to do."""
        ...

    def write(self, documents: Sequence[Document], *, generation: str | None = None) -> tuple[Refusal, ...]:
        """Upsert the documents, searchable on return; an older capture never replaces a newer one. Return the refused ones.

        A write to the live generation is in the one that is live on return, whatever was promoted meanwhile.
        """
        ...

    def search(self, query: Query) -> SearchPage:
        """Return the page. Raises UsageError on a query that it cannot serve."""
        ...

    def document(self, document_id: str) -> Form | None:
        """Return the stored JSON form of the document, or None."""
        ...

    def status(self) -> tuple[StoreStatus, ...]:
        """Return every generation, the live one first."""
        ...

    def begin_generation(self) -> str:
        """Create an empty generation under the current mapping and return its name."""
        ...

    def promote(self, generation: str) -> None:
        """Make the generation live, atomically for readers. Raises UsageError where there is none of that name."""
        ...

    def drop(self, generation: str) -> None:
        """Delete a generation. Raises UsageError for the live one."""
        ...

    def months(self) -> tuple[StoredMonth, ...]:
        """Return the months of the live generation, oldest first; none of which it keeps nothing."""
        ...

    def drop_months(self, before: date) -> tuple[StoredMonth, ...]:
        """Delete the months of the live generation that ended by then, and nothing else; return them, oldest first.

        The current month always stays, and the generation stays live, also where nothing is left in it. Broken off, it can
        be asked again for the rest.
        """
        ...

    # What a rebuild needs. All of it streams, constant in memory, and raises UsageError where there is no such generation.

    def documents(self, generation: str) -> Iterator[Form]:
        """Yield the documents of the generation in ascending order of id."""
        ...

    def missing(self, generation: str, *, since: Mapping[str, int] | None = None) -> Iterator[Form]:
        """Yield the live documents that the generation lacks or has of an older capture; none where nothing is live.

        ``since``, what ``marks`` once returned, leaves out what was written before that, to be faster.
        """
        ...

    def marks(self) -> Mapping[str, int]:
        """Return how far the live generation has been written, for ``missing``."""
        ...

    def copy(self, forms: Sequence[Form], *, generation: str) -> Mapping[str, str]:
        """Write documents as they are, like ``write``; return why the refused ones were refused, by id."""
        ...

    def remove(self, captured: Mapping[str, datetime], *, generation: str) -> None:
        """Remove documents by id, but not those of a newer capture than given."""
        ...

    def hold_writers(self) -> AbstractContextManager[None]:
        """Let writes to the live generation wait while the block runs, after those under way; readers notice nothing.

        Writers go on with the generation that is live at the end. If the block raises, nothing has changed.
        """
        ...
