"""The ledger on SQLite or PostgreSQL, by SQLAlchemy Core: each method is one transaction over the other sql_ modules."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy import select

from pipeline.adapters import (
    sql_fates,
    sql_feeds,
    sql_imports,
    sql_inbox,
    sql_pruning,
    sql_revisits,
)
from pipeline.adapters.sql_alerts import SqlAlerts, has_searches
from pipeline.adapters.sql_database import Database, migrate
from pipeline.adapters.sql_dump import dump_ledger, load_ledger
from pipeline.adapters.sql_knowledge import SqlKnowledge
from pipeline.adapters.sql_memory import SqlHosts, SqlPrintings, SqlStories
from pipeline.adapters.sql_schema import urls as urls_table
from pipeline.errors import NewswireError
from pipeline.model import codec
from pipeline.model.capture import Batch, CaptureRef
from pipeline.model.fate import ArticleState, Claim, DeadLetter, Fate, Outcome, Reason, Tally, Withdrawal
from pipeline.model.feed import Entry, Feed, FeedState
from pipeline.model.warc import WarcProgress
from pipeline.ports import Holding, Recorded


def open_ledger(url: str) -> "SqlLedger":
    """Open the ledger at that SQLAlchemy URL, its tables made or brought up to date first.

    Raises UsageError where the URL is none of ours, names something else, or a newer version has been there.
    """
    database = Database(url)
    try:
        migrate(database)
    except NewswireError:
        database.close()
        raise
    return SqlLedger(database)


class SqlLedger(SqlHosts, SqlPrintings, SqlStories):
    """Promises what ports.Ledger and ports.Hosts do."""

    def __init__(self, database: Database) -> None:
        """Take a migrated database."""
        self._database = database

    def close(self) -> None:
        """Close the connections; the next call opens one anew."""
        self._database.close()

    def alone(self) -> AbstractContextManager[None]:
        """Keep out everyone who asks for the same of this ledger while the block runs."""
        return self._database.alone()

    def dump(self, path: Path, now: datetime) -> int:
        """Write every row to the file."""
        return dump_ledger(self._database, path, now)

    def load(self, path: Path) -> int:
        """Read a file that ``dump`` wrote."""
        return load_ledger(self._database, path)

    @cached_property
    def knowledge(self) -> SqlKnowledge:
        """What is known of entities; it lives in the same database."""
        return SqlKnowledge(self._database)

    @cached_property
    def alerts(self) -> SqlAlerts:
        """What is watched for; it lives in the same database."""
        return SqlAlerts(self._database)

    def add_feeds(self, feeds: Sequence[Feed], now: datetime) -> None:
        """Add or replace feeds; a gone one starts anew, at its configured address."""
        with self._database.write() as connection:
            sql_feeds.add_feeds(connection, feeds, now)

    def remove_feeds(self, urls: Sequence[str]) -> int:
        """Delete feeds with their state."""
        with self._database.write() as connection:
            return sql_feeds.remove_feeds(connection, urls)

    def feeds(self) -> tuple[tuple[Feed, FeedState], ...]:
        """Return every feed in order of URL."""
        with self._database.read() as connection:
            return sql_feeds.all_feeds(connection)

    def due_feeds(
        self, now: datetime, *, limit: int, lease: timedelta, early: bool = False, besides: Collection[str] = ()
    ) -> tuple[tuple[Feed, FeedState], ...]:
        """Lease feeds to the caller."""
        with self._database.write() as connection:
            return sql_feeds.due_feeds(connection, now, limit=limit, lease=lease, early=early, besides=besides)

    def save_feed_state(self, state: FeedState) -> None:
        """Keep the state of a feed that is there."""
        with self._database.write() as connection:
            sql_feeds.save_feed_state(connection, state)

    def record_entries(self, entries: Sequence[Entry], now: datetime, *, past: bool = False) -> Recorded:
        """Put entries into the inbox; of several with one URL in one call, the first counts."""
        with self._database.write() as connection:
            if past:
                return sql_imports.record_past(connection, entries, now, [None] * len(entries))
            return sql_inbox.record_entries(connection, entries, now)

    def record_captures(
        self, captures: Sequence[tuple[Entry, CaptureRef]], progress: WarcProgress, now: datetime
    ) -> Recorded:
        """Put them into the inbox and keep the progress, in one transaction."""
        with self._database.write() as connection:
            entries, refs = [entry for entry, _ in captures], [ref for _, ref in captures]
            recorded = sql_imports.record_past(connection, entries, now, refs)
            sql_imports.save_progress(connection, progress)
            return recorded

    def warc_progress(self, file: str, since: datetime, until: datetime) -> WarcProgress:
        """Return how far the file was read for the interval."""
        with self._database.read() as connection:
            return sql_imports.warc_progress(connection, file, since, until)

    def known_urls(self, asked: Iterable[str]) -> frozenset[str]:
        """Return which of these were ever seen."""
        with self._database.read() as connection:
            return sql_imports.known_urls(connection, asked)

    def mean_capture_bytes(self, origins: Iterable[str]) -> Mapping[str, int]:
        """Return the mean compressed length of captures below each origin."""
        with self._database.read() as connection:
            return sql_imports.mean_capture_bytes(connection, origins)

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
        """Return the batch's claims, or make some where it has none."""
        with self._database.write() as connection:
            return sql_inbox.claim(connection, batch, now, limit=limit, lease=lease, publisher=publisher, past=past)

    def renew(self, batches: Sequence[Batch], until: datetime) -> int:
        """Prolong the batches' leases."""
        with self._database.write() as connection:
            return sql_inbox.renew(connection, batches, until)

    def settle(
        self,
        outcomes: Sequence[Outcome],
        articles: Sequence[ArticleState] = (),
        *,
        past: bool = False,
        revisits: Sequence[timedelta] = (),
    ) -> None:
        """Settle URLs, keep articles and plan the next visits. Raises UsageError where a URL was never seen."""
        with self._database.write() as connection:
            standing = sql_fates.settle(connection, outcomes)
            sql_fates.keep_articles(connection, articles, is_watched=past or not has_searches(connection))
            sql_revisits.note_withdrawals(connection, standing)
            sql_revisits.plan_revisits(connection, [outcome.url for outcome in outcomes], revisits)

    def postpone(self, claims: Sequence[tuple[Claim, datetime, str]]) -> None:
        """Put back what the claims' batches still hold."""
        with self._database.write() as connection:
            sql_inbox.postpone(connection, claims)

    def waiting(self) -> Mapping[str, int]:
        """Count live pending entries by publisher."""
        with self._database.read() as connection:
            return sql_inbox.waiting(connection)

    def put_back(self, claims: Sequence[tuple[Claim, datetime]]) -> None:
        """Put back what the claims' batches still hold, unvisited."""
        with self._database.write() as connection:
            sql_inbox.put_back(connection, claims)

    def has_live_work(self, now: datetime) -> bool:
        """Look for one live entry of the last minute."""
        with self._database.read() as connection:
            return sql_inbox.has_live_work(connection, now)

    def first_due(self, now: datetime) -> str | None:
        """Look for the first entry that a live batch could claim."""
        with self._database.read() as connection:
            return sql_inbox.first_due(connection, now)

    def first_revisit(self, now: datetime) -> str | None:
        """Look for the first page that is due to be visited again."""
        with self._database.read() as connection:
            return sql_inbox.first_revisit(connection, now)

    def release(self, batch: Batch) -> int:
        """End the batch's leases."""
        with self._database.write() as connection:
            return sql_inbox.release(connection, batch)

    def articles(self, article_ids: Sequence[str]) -> Mapping[str, ArticleState]:
        """Return the articles among these that have been indexed."""
        with self._database.read() as connection:
            return sql_fates.indexed_articles(connection, article_ids)

    def own_articles(self, owners: Mapping[str, str], now: datetime, *, lease: timedelta) -> Mapping[str, str]:
        """Return the holders; the holder of an indexed article stays one however its URL ends."""
        with self._database.write() as connection:
            return sql_fates.own_articles(connection, owners, now, lease=lease)

    def dead_letters(self, *, limit: int | None = None) -> tuple[DeadLetter, ...]:
        """Return the dead letters, newest first."""
        with self._database.read() as connection:
            return sql_fates.dead_letters(connection, limit)

    def dead_letter(self, url: str) -> DeadLetter | None:
        """Return the one of that URL, with its document."""
        with self._database.read() as connection:
            return sql_fates.dead_letter(connection, url)

    def revive(self, urls: Sequence[str], now: datetime) -> int:
        """Make these dead letters pending again, or all of them."""
        with self._database.write() as connection:
            return sql_inbox.revive(connection, urls, now)

    def entry(self, url: str) -> tuple[Entry, datetime] | None:
        """Return the entry that last made the URL pending, and when the URL was first seen."""
        query = select(urls_table.c.entry, urls_table.c.first_seen_at).where(urls_table.c.url == url)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return (codec.decode(row.entry, Entry), row.first_seen_at) if row else None

    def holdings(self, urls: Sequence[str]) -> Mapping[str, Holding]:
        """Look up URLs and the articles that they hold."""
        with self._database.read() as connection:
            return sql_fates.holdings(connection, urls)

    def tally(self) -> Tally:
        """Count by fate."""
        with self._database.read() as connection:
            return sql_fates.tally(connection)

    def reasons(self) -> Mapping[Reason, int]:
        """Count by reason."""
        with self._database.read() as connection:
            return sql_fates.reasons(connection)

    def settled_by_day(self, since: datetime) -> Mapping[tuple[date, str, Fate], int]:
        """Count the settled by day, publisher and fate."""
        with self._database.read() as connection:
            return sql_fates.settled_by_day(connection, since)

    def articles_by_month(self) -> Mapping[date, int]:
        """Count indexed articles by the month of their first sight."""
        with self._database.read() as connection:
            return sql_pruning.articles_by_month(connection)

    def count_prunable(self, before: datetime) -> int:
        """Count what ``prune`` would visit."""
        with self._database.read() as connection:
            return sql_pruning.count_prunable(connection, before)

    def prune(self, before: datetime, now: datetime, *, limit: int) -> int:
        """Take what is heavy from up to ``limit`` settled URLs."""
        with self._database.write() as connection:
            return sql_pruning.prune(connection, before, now, limit=limit)

    def drop_hosts(self, before: datetime, *, dry_run: bool = False) -> int:
        """Forget hosts whose times are all past."""
        with self._database.write() as connection:
            return sql_pruning.drop_hosts(connection, before, dry_run=dry_run)

    def withdrawals(self, article_ids: Sequence[str]) -> Mapping[str, datetime]:
        """Look up articles whose pages are gone."""
        with self._database.read() as connection:
            return sql_revisits.withdrawals(connection, article_ids)

    def absences(self, article_id: str) -> tuple[Withdrawal, ...]:
        """Look up when the article's page was gone, and again there."""
        with self._database.read() as connection:
            return sql_revisits.absences(connection, article_id)

    def untold_withdrawals(self, *, limit: int) -> Mapping[str, datetime | None]:
        """Return what was noted and not told yet."""
        with self._database.read() as connection:
            return sql_revisits.untold_withdrawals(connection, limit=limit)

    def mark_withdrawals_told(self, told: Mapping[str, datetime | None]) -> None:
        """Note that the documents say so."""
        with self._database.write() as connection:
            sql_revisits.mark_withdrawals_told(connection, told)
