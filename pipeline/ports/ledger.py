"""The ledger: every URL and how it ended, the inbox, the memory of the feeds."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from pipeline.model.capture import Batch, CaptureRef
from pipeline.model.fate import ArticleState, Claim, DeadLetter, Fate, Outcome, Reason, Tally, Withdrawal
from pipeline.model.feed import Entry, Feed, FeedState
from pipeline.model.warc import WarcProgress
from pipeline.ports.alerts import Alerts
from pipeline.ports.knowledge import Knowledge
from pipeline.ports.printings import Printings
from pipeline.ports.stories import Stories


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


class Ledger(Printings, Stories, Protocol):
    """Knows every URL ever seen and how each ended; the durable inbox; the memory of the feeds, of texts, and of stories.

    Every method is one transaction. Two processes can use one ledger at a time.
    """

    def close(self) -> None:
        """Give the connections back; the next use opens anew."""
        ...

    @property
    def alerts(self) -> Alerts:
        """What is watched for, in the same database."""
        ...

    @property
    def knowledge(self) -> Knowledge:
        """What is known of entities, in the same database."""
        ...

    def add_feeds(self, feeds: Sequence[Feed], now: datetime) -> None:
        """Add the feeds or replace their configuration; polling state is kept, a gone feed is polled again."""
        ...

    def remove_feeds(self, urls: Sequence[str]) -> int:
        """Forget these feeds and what polling learned of them; return how many there were. What they announced stays."""
        ...

    def feeds(self) -> tuple[tuple[Feed, FeedState], ...]:
        """Return every feed with its state, in order of URL."""
        ...

    def due_feeds(
        self, now: datetime, *, limit: int, lease: timedelta, early: bool = False, besides: Collection[str] = ()
    ) -> tuple[tuple[Feed, FeedState], ...]:
        """Return active feeds whose time has come, most overdue first; nobody else is given them until the lease ends.

        ``early`` asks for those as well whose time has not come; those of the URLs ``besides`` are left out.
        """
        ...

    def save_feed_state(self, state: FeedState) -> None:
        """Keep what a poll learned, and end the feed's lease; nothing of a feed that was removed meanwhile."""
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
        """Claim pending entries that are due now; asked again, a batch gets the same ones.

        Live entries only, where publishers take turns, each with its oldest first; or, oldest first, ``past`` ones only. With
        live ones of every publisher come pages due to be visited again: one for each four entries, or where none is due, alone.
        """
        ...

    def renew(self, batches: Sequence[Batch], until: datetime) -> int:
        """Prolong the leases of what the batches still hold; return how many claims that are."""
        ...

    def settle(
        self,
        outcomes: Sequence[Outcome],
        articles: Sequence[ArticleState] = (),
        *,
        past: bool = False,
        revisits: Sequence[timedelta] = (),
    ) -> None:
        """Give each URL its one fate, and keep these articles as indexed, in one transaction; repeating it changes nothing.

        However its visit ended, a URL that holds an indexed article is visited again at the next of the ``revisits``, times
        after its article was published or first seen, whichever came first.
        The articles are unwatched then (see ports.Alerts) unless they are ``past`` ones or nothing is watched for. A revision
        that a feed replaced meanwhile stays pending; a capture older than the known one changes no article. Where the URL was
        settled before, it stays as it is, its page gone or there.
        """
        ...

    def withdrawals(self, article_ids: Sequence[str]) -> Mapping[str, datetime]:
        """Return since when their pages are gone, of those of these articles whose page is."""
        ...

    def absences(self, article_id: str) -> tuple[Withdrawal, ...]:
        """Return when the article's page was gone that was there again later, oldest first."""
        ...

    def untold_withdrawals(self, *, limit: int) -> Mapping[str, datetime | None]:
        """Return indexed articles whose page went, or (None) came back, which their documents are not told yet."""
        ...

    def mark_withdrawals_told(self, told: Mapping[str, datetime | None]) -> None:
        """Note that the documents say so; what changed meanwhile is still untold."""
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

    def first_revisit(self, now: datetime) -> str | None:
        """Return the URL of the page that is due longest to be visited again, or None where none is."""
        ...

    def release(self, batch: Batch) -> int:
        """Put all claims of the batch back as pending at once, attempts unchanged; return how many."""
        ...

    def articles(self, article_ids: Sequence[str]) -> Mapping[str, ArticleState]:
        """Return what is known of these articles, by id; unknown ones are left out."""
        ...

    def own_articles(self, owners: Mapping[str, str], now: datetime, *, lease: timedelta) -> Mapping[str, str]:
        """Give each article id to the URL asked for unless another holds it; return the holder of each id.

        Of an article that is indexed, for ever; before that, for the length of the lease: the holder's run may have crashed.
        """
        ...

    def dead_letters(self, *, limit: int | None = None) -> tuple[DeadLetter, ...]:
        """Return the dead letters, newest first, without their documents: a wrong mapping may have made a hundred thousand."""
        ...

    def dead_letter(self, url: str) -> DeadLetter | None:
        """Return the dead letter of that URL, with its document, if it is one."""
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

    def settled_by_day(self, since: datetime) -> Mapping[tuple[date, str, Fate], int]:
        """Return how many URLs were settled by day (UTC), publisher and fate since then; those pruned by now are left out."""
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
