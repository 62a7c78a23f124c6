"""How URLs end and which articles they became, as functions over an open transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, extract, func, insert, null, select, union_all, update

from pipeline.adapters.sql_database import rows_by_key, time_in_utc
from pipeline.adapters.sql_inbox import NO_CLAIM, change_urls, storable
from pipeline.adapters.sql_schema import articles, urls
from pipeline.errors import UsageError
from pipeline.fetch.revisits import rest_until
from pipeline.model import codec
from pipeline.model.fate import ArticleState, DeadLetter, Fate, Outcome, Reason, Tally
from pipeline.model.feed import Entry
from pipeline.ports import Holding

_LETTER = (urls.c.url, urls.c.reason, urls.c.detail, urls.c.settled_at)
_HELD = (articles.c.url, articles.c.content_hash, articles.c.first_seen_at)
_IS_LETTER = urls.c.fate == Fate.DEAD_LETTER


def settle(connection: Connection, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Settle what is pending at the outcome's revision. The first fate of a revision stands, whoever repeats the visit.

    Return what stands of each URL. Raises UsageError where the ledger never saw it.
    """
    by_url = {outcome.url: outcome for outcome in reversed(outcomes)}
    columns = [
        urls.c[name] for name in ("revision", "fate", "reason", "settled_at", "article_id", "first_seen_at", "due_at")
    ]
    rows = rows_by_key(connection, urls.c.url, by_url, *columns)
    if unknown := by_url.keys() - rows.keys():
        raise UsageError(f"the ledger never saw {min(unknown)}; was it replaced while a batch was under way?")
    ended, replaced, late, standing = [], [], [], []
    for url, outcome in by_url.items():
        row, article_id = rows[url], outcome.article_id or rows[url].article_id
        if row.fate is not None:
            standing.append(replace(outcome, reason=Reason(row.reason), at=row.settled_at))
            if outcome.fate is Fate.INDEXED:  # by a batch that others had given up: the index has it all the same
                late.append({"key": url, "article_id": article_id})
            continue
        standing.append(outcome)
        if outcome.revision < row.revision:
            rests = outcome.reason.fate is not Fate.INDEXED  # though the feed says something else already
            due_at = rest_until(row.first_seen_at, outcome.at, outcome.at) if rests else row.due_at
            replaced.append({"key": url, "due_at": due_at, **NO_CLAIM, "article_id": article_id})
        else:
            ended.append(_fate_columns(outcome) | {"article_id": article_id})
    for changes in (ended, replaced, late):
        change_urls(connection, changes)
    return standing


def keep_articles(connection: Connection, indexed: Sequence[ArticleState], *, is_watched: bool) -> None:
    """Keep these articles as indexed, unless a newer capture is known; who holds an article does not change."""
    newest = {state.article_id: state for state in sorted(indexed, key=lambda state: state.captured_at)}
    rows = rows_by_key(connection, articles.c.article_id, newest, articles.c.captured_at)
    new, changed = [], []
    for key, state in newest.items():
        columns = {
            "first_seen_at": state.first_seen_at,
            "content_hash": state.content_hash,
            "version": state.version,
            "captured_at": state.captured_at,
            "public_since": state.public_since,
            "has_feed_text": state.has_feed_text,
            **({} if is_watched else {"is_watched": False}),  # what still is unwatched stays so
        }
        if key not in rows:
            new.append({"article_id": key, "url": state.url, **columns})
        elif rows[key].captured_at is None or rows[key].captured_at <= state.captured_at:
            changed.append({"key": key, **columns})
    if new:
        connection.execute(insert(articles), new)
    if changed:
        connection.execute(update(articles).where(articles.c.article_id == bindparam("key")), changed)


def indexed_articles(connection: Connection, article_ids: Sequence[str]) -> dict[str, ArticleState]:
    """Return the articles among these that have been indexed; one that is only held is not known yet."""
    rows = rows_by_key(connection, articles.c.article_id, article_ids, *articles.c)
    return {
        key: ArticleState(
            article_id=key,
            url=row.url,
            content_hash=row.content_hash,
            version=row.version,
            first_seen_at=row.first_seen_at,
            captured_at=row.captured_at,
            public_since=row.public_since,
            has_feed_text=row.has_feed_text,
        )
        for key, row in rows.items()
        if row.content_hash is not None
    }


def holdings(connection: Connection, asked: Sequence[str]) -> dict[str, Holding]:
    """Return those of the URLs that hold an indexed article; the URL of a duplicate holds none."""
    rows = rows_by_key(connection, urls.c.url, asked, urls.c.entry, urls.c.first_seen_at, urls.c.article_id)
    known = indexed_articles(connection, [row.article_id for row in rows.values() if row.article_id])
    return {
        url: Holding(
            entry=codec.decode(row.entry, Entry),
            first_seen_at=row.first_seen_at,
            article=known[row.article_id],
        )
        for url, row in rows.items()
        if row.article_id in known and known[row.article_id].url == url
    }


def own_articles(
    connection: Connection, owners: Mapping[str, str], now: datetime, *, lease: timedelta
) -> dict[str, str]:
    """Return the holders; the holder of an indexed article stays one however its URL ends."""
    rows = rows_by_key(connection, articles.c.article_id, owners, *_HELD)
    free = {key: url for key, url in owners.items() if key not in rows}
    lost = {key for key, row in rows.items() if row.content_hash is None and row.first_seen_at + lease <= now}
    if free:
        connection.execute(
            insert(articles), [{"article_id": key, "url": url, "first_seen_at": now} for key, url in free.items()]
        )
    if lost:
        here = articles.c.article_id == bindparam("key")
        taken = [{"key": key, "url": owners[key], "first_seen_at": now} for key in lost]
        connection.execute(update(articles).where(here), taken)
    return {key: owners[key] if key in lost else row.url for key, row in rows.items()} | free


def dead_letters(connection: Connection, limit: int | None) -> tuple[DeadLetter, ...]:
    """Return the dead letters, newest first, without their documents."""
    letters = select(*_LETTER, null().label("document")).where(_IS_LETTER)
    rows = connection.execute(letters.order_by(urls.c.settled_at.desc(), urls.c.url).limit(limit))
    return tuple(_read_letter(row) for row in rows)


def dead_letter(connection: Connection, url: str) -> DeadLetter | None:
    """Return the dead letter of that URL, with its document."""
    letter = select(*_LETTER, urls.c.document).where(_IS_LETTER, urls.c.url == url)
    row = connection.execute(letter).one_or_none()
    return _read_letter(row) if row else None


def tally(connection: Connection) -> Tally:
    """Count by fate; what has a fate that this version does not know is seen, but leaves the sums unbalanced."""
    settled = select(urls.c.fate, func.count()).where(urls.c.fate.is_not(None)).group_by(urls.c.fate)
    pending = select(null(), func.count()).where(urls.c.fate.is_(None))
    counts: dict[str | None, int] = dict(connection.execute(union_all(settled, pending)).all())
    fates = {fate: counts[fate] for fate in Fate if fate in counts}
    return Tally(seen=sum(counts.values()), pending=counts[None], fates=fates)


def reasons(connection: Connection) -> dict[Reason, int]:
    """Count by reason, in the order of ``Reason``."""
    query = select(urls.c.reason, func.count()).where(urls.c.fate.is_not(None)).group_by(urls.c.fate, urls.c.reason)
    counts: dict[str, int] = dict(connection.execute(query).all())
    return {reason: counts[reason] for reason in Reason if reason in counts}


def settled_by_day(connection: Connection, since: datetime) -> dict[tuple[date, str, Fate], int]:
    """Count by day, publisher and fate. Without the pruned, so that an index has the days."""
    settled_at = time_in_utc(connection, urls.c.settled_at)
    parts = [extract(part, settled_at) for part in ("year", "month", "day")]
    query = (
        select(*parts, urls.c.publisher, urls.c.fate, func.count())
        .where(urls.c.fate.in_(list(Fate)), urls.c.settled_at >= since, urls.c.pruned_at.is_(None))
        .group_by(*parts, urls.c.publisher, urls.c.fate)
    )
    return {
        (date(int(row[0]), int(row[1]), int(row[2])), row.publisher, Fate(row.fate)): row[-1]
        for row in sorted(connection.execute(query).all())
    }


def _read_letter(row: Row[*tuple[Any, ...]]) -> DeadLetter:
    return DeadLetter(
        url=row.url, reason=Reason(row.reason), detail=row.detail, at=row.settled_at, document=row.document
    )


def _fate_columns(outcome: Outcome) -> dict[str, object]:
    return {
        "key": outcome.url,
        "fate": outcome.fate,
        "reason": outcome.reason,
        "settled_at": outcome.at,
        "detail": storable(outcome.detail),
        "document": outcome.document,
        "capture": codec.encode(outcome.capture).decode() if outcome.capture else None,
        **NO_CLAIM,
    }
