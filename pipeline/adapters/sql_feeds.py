"""The memory of the feeds, as functions over an open transaction."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, not_, or_, select, update

from pipeline.adapters.sql_among import among
from pipeline.adapters.sql_database import rows_by_key
from pipeline.adapters.sql_schema import feeds
from pipeline.discover.polling import initial_state
from pipeline.model import codec
from pipeline.model.feed import Feed, FeedState, FeedStatus

_update_one = update(feeds).where(feeds.c.url == bindparam("key"))


def add_feeds(connection: Connection, added: Sequence[Feed], now: datetime) -> None:
    """Add or replace feeds; a gone one starts anew, at its configured address."""
    unique = {feed.url: feed for feed in added}
    known = rows_by_key(connection, feeds.c.url, unique, feeds.c.state)
    fresh, replaced, revived = [], [], []
    for url, feed in unique.items():
        feed_column = {"feed": codec.encode(feed).decode()}
        state = codec.decode(known[url].state, FeedState) if url in known else None
        if state is None:
            fresh.append({"url": url, **feed_column, **_state_columns(initial_state(feed, now))})
        elif state.status is FeedStatus.GONE:
            again = replace(initial_state(feed, now), last_new_entry_at=state.last_new_entry_at)
            revived.append({"key": url, **feed_column, **_state_columns(again)})
        else:
            replaced.append({"key": url, **feed_column})
    if fresh:
        connection.execute(insert(feeds), fresh)
    for changes in (replaced, revived):
        if changes:
            connection.execute(_update_one, changes)


def remove_feeds(connection: Connection, removed: Sequence[str]) -> int:
    """Delete feeds with their state; a lease needs no end, for whoever has it keeps nothing."""
    return connection.execute(delete(feeds).where(among(feeds.c.url)), {"values": list(removed)}).rowcount


def all_feeds(connection: Connection) -> tuple[tuple[Feed, FeedState], ...]:
    """Return every feed in order of URL."""
    rows = connection.execute(select(feeds.c.feed, feeds.c.state).order_by(feeds.c.url))
    return tuple(_read_feed(row.feed, row.state) for row in rows)


def due_feeds(
    connection: Connection, now: datetime, *, limit: int, lease: timedelta, early: bool, besides: Collection[str]
) -> tuple[tuple[Feed, FeedState], ...]:
    """Lease the active feeds that are due, or all active ones, to the caller."""
    query = (
        select(feeds.c.url, feeds.c.feed, feeds.c.state)
        .where(feeds.c.status == FeedStatus.ACTIVE)
        .where(or_(feeds.c.lease_until.is_(None), feeds.c.lease_until <= now))
        .order_by(feeds.c.due_at, feeds.c.url)
        .limit(limit)
    )
    query = query if early else query.where(feeds.c.due_at <= now)
    rows = connection.execute(query.where(not_(among(feeds.c.url))), {"values": list(besides)}).all()
    if rows:
        connection.execute(_update_one, [{"key": row.url, "lease_until": now + lease} for row in rows])
    return tuple(_read_feed(row.feed, row.state) for row in rows)


def save_feed_state(connection: Connection, state: FeedState) -> None:
    """Keep the state and end the lease, where the feed is still there: it may have been removed while it was polled."""
    connection.execute(_update_one, {"key": state.url, **_state_columns(state)})


def _state_columns(state: FeedState) -> dict[str, object]:
    return {
        "state": codec.encode(state).decode(),
        "status": state.status,
        "due_at": state.due_at,
        "lease_until": None,
    }


def _read_feed(feed: str, state: str) -> tuple[Feed, FeedState]:
    return codec.decode(feed, Feed), codec.decode(state, FeedState)
