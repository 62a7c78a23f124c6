"""The ledger on SQLite or PostgreSQL, by SQLAlchemy Core: each method one transaction over sql_feeds, sql_inbox, sql_fates."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from pipeline.adapters import sql_fates, sql_feeds, sql_inbox
from pipeline.adapters.sql_database import Database, migrate
from pipeline.adapters.sql_schema import urls as urls_table
from pipeline.errors import NewswireError
from pipeline.model import codec
from pipeline.model.capture import Batch
from pipeline.model.fate import ArticleState, Claim, DeadLetter, Outcome, Reason, Tally
from pipeline.model.feed import Entry, Feed, FeedState
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


class SqlLedger:
    """Promises what ports.Ledger does."""

    def __init__(self, database: Database) -> None:
        """Take a migrated database."""
        self._database = database

    def close(self) -> None:
        """Close the connections; the next call opens one anew."""
        self._database.close()

    def add_feeds(self, feeds: Sequence[Feed], now: datetime) -> None:
        """Add or replace feeds; a gone one starts anew, at its configured address."""
        with self._database.write() as connection:
            sql_feeds.add_feeds(connection, feeds, now)

    def feeds(self) -> tuple[tuple[Feed, FeedState], ...]:
        """Return every feed in order of URL."""
        with self._database.read() as connection:
            return sql_feeds.all_feeds(connection)

    def due_feeds(
        self, now: datetime, *, limit: int, lease: timedelta, early: bool = False
    ) -> tuple[tuple[Feed, FeedState], ...]:
        """Lease feeds to the caller."""
        with self._database.write() as connection:
            return sql_feeds.due_feeds(connection, now, limit=limit, lease=lease, early=early)

    def save_feed_state(self, state: FeedState) -> None:
        """Keep the state. Raises UsageError where there is no such feed."""
        with self._database.write() as connection:
            sql_feeds.save_feed_state(connection, state)

    def record_entries(self, entries: Sequence[Entry], now: datetime) -> Recorded:
        """Put entries into the inbox; of several with one URL in one call, the first counts."""
        with self._database.write() as connection:
            return sql_inbox.record_entries(connection, entries, now)

    def claim(self, batch: Batch, *, limit: int, lease: timedelta, publisher: str | None = None) -> tuple[Claim, ...]:
        """Return the batch's claims, or make some where it has none."""
        with self._database.write() as connection:
            return sql_inbox.claim(connection, batch, limit=limit, lease=lease, publisher=publisher)

    def settle(self, outcomes: Sequence[Outcome], articles: Sequence[ArticleState] = ()) -> None:
        """Settle URLs and keep articles. Raises UsageError where a URL was never seen."""
        with self._database.write() as connection:
            sql_fates.settle(connection, outcomes)
            sql_fates.keep_articles(connection, articles)

    def postpone(self, claims: Sequence[tuple[Claim, datetime, str]]) -> None:
        """Put back what the claims' batches still hold."""
        with self._database.write() as connection:
            sql_inbox.postpone(connection, claims)

    def release(self, batch: Batch) -> int:
        """End the batch's leases."""
        with self._database.write() as connection:
            return sql_inbox.release(connection, batch)

    def articles(self, article_ids: Sequence[str]) -> Mapping[str, ArticleState]:
        """Return the articles among these that have been indexed."""
        with self._database.read() as connection:
            return sql_fates.indexed_articles(connection, article_ids)

    def own_articles(self, owners: Mapping[str, str], now: datetime) -> Mapping[str, str]:
        """Return the holders; a holder stays one however its URL ends."""
        with self._database.write() as connection:
            return sql_fates.own_articles(connection, owners, now)

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Return all dead letters, newest first."""
        with self._database.read() as connection:
            return sql_fates.dead_letters(connection)

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
