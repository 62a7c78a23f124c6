"""What keeps the ledger light, as functions over an open transaction: no URL and no fate is ever forgotten."""

import hashlib
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, extract, func, or_, select, update

from pipeline.adapters.sql_database import rows_by_key, time_in_utc
from pipeline.adapters.sql_schema import articles, hosts, robots_files, urls
from pipeline.model import codec
from pipeline.model.fate import Fate
from pipeline.model.feed import Entry

#: A dead letter may be revived, and then needs its entry, its document and its detail.
_PRUNABLE = [fate for fate in Fate if fate is not Fate.DEAD_LETTER]
_prune_one = update(urls).where(urls.c.url == bindparam("key"))


def count_prunable(connection: Connection, before: datetime) -> int:
    """Count the URLs that ``prune`` has yet to visit."""
    return connection.execute(select(func.count()).where(_is_prunable(before))).scalar_one()


def prune(connection: Connection, before: datetime, now: datetime, *, limit: int) -> int:
    """Take what is heavy from up to ``limit`` URLs that were settled before then; return how many were visited.

    An entry that is the only copy of an article's text stays whole, however later visits of its page ended.
    """
    query = select(urls.c.url, urls.c.entry, urls.c.article_id).where(_is_prunable(before)).limit(limit)
    rows = connection.execute(query).all()
    if rows:
        keys = {row.article_id for row in rows if row.article_id}
        holders = rows_by_key(connection, articles.c.article_id, keys, articles.c.url, articles.c.has_feed_text)
        kept = {(holder.url, key) for key, holder in holders.items() if holder.has_feed_text}
        light = {"pruned_at": now, "detail": None, "document": None}
        changes = [
            {"key": row.url, **light, "entry": row.entry if (row.url, row.article_id) in kept else _lighten(row.entry)}
            for row in rows
        ]
        connection.execute(_prune_one, changes)
    return len(rows)


def is_content_of(entry: Entry, content: str) -> bool:
    """Tell whether the entry came with that content, which pruning may have taken away since."""
    if entry.content_html is None and entry.content_digest is not None:
        return entry.content_digest == _digest(content)
    return entry.content_html == content


def drop_hosts(connection: Connection, before: datetime, *, dry_run: bool) -> int:
    """Forget the hosts whose times are all past, and what robots.txt files said that have expired."""
    is_past = and_(hosts.c.next_at < before, or_(hosts.c.closed_until.is_(None), hosts.c.closed_until < before))
    old = ((hosts, is_past), (robots_files, robots_files.c.expires_at < before))
    if dry_run:
        counts = [select(func.count()).select_from(rows).where(is_old) for rows, is_old in old]
        return sum(connection.execute(count).scalar_one() for count in counts)
    return sum(connection.execute(delete(rows).where(is_old)).rowcount for rows, is_old in old)


def articles_by_month(connection: Connection) -> dict[date, int]:
    """Count the indexed articles by the month of their first sight, in UTC whatever zone the session is in."""
    seen_at = time_in_utc(connection, articles.c.first_seen_at)
    year, month = extract("year", seen_at), extract("month", seen_at)
    query = select(year, month, func.count()).where(articles.c.content_hash.is_not(None)).group_by(year, month)
    return {date(int(year), int(month), 1): count for year, month, count in sorted(connection.execute(query).all())}


def _is_prunable(before: datetime) -> ColumnElement[bool]:
    return and_(urls.c.pruned_at.is_(None), urls.c.fate.in_(_PRUNABLE), urls.c.settled_at < before)


def _lighten(entry_json: str) -> str:
    """Return the entry without what is heavy."""
    entry = codec.decode(entry_json, Entry)
    digest = entry.content_digest if entry.content_html is None else _digest(entry.content_html)
    light = replace(entry, content_html=None, summary=None, content_digest=digest)
    return codec.encode(light).decode()


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
