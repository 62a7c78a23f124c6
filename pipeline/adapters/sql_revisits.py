"""Planned visits to indexed articles, and what became of pages that are gone, as functions over an open transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, select, update

from pipeline.adapters.sql_database import rows_by_key
from pipeline.adapters.sql_inbox import change_urls
from pipeline.adapters.sql_schema import articles, past_withdrawals, urls
from pipeline.fetch.revisits import next_revisit
from pipeline.model.fate import Fate, Outcome, Reason, Withdrawal

_GONE = {Reason.NOT_FOUND, Reason.REMOVED}
_THERE = {Fate.INDEXED, Fate.UNCHANGED}


def plan_revisits(connection: Connection, visited: Sequence[str], revisits: Sequence[timedelta]) -> None:
    """Plan the next visit of those of these URLs that are settled and hold an indexed article, however the last one ended."""
    if not revisits:
        return
    rows = rows_by_key(connection, urls.c.url, visited, urls.c.article_id, urls.c.settled_at)
    keys = {row.article_id for row in rows.values() if row.article_id}
    known = rows_by_key(connection, articles.c.article_id, keys, articles.c.url, articles.c.public_since)
    planned = list[dict[str, object]]()
    for url, row in rows.items():
        article = known.get(row.article_id)
        if row.settled_at and article and article.url == url and article.public_since:
            revisit_at = next_revisit(article.public_since, row.settled_at, revisits)
            planned.append({"key": url, "revisit_at": revisit_at})
    change_urls(connection, planned)


def note_withdrawals(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    """Note which indexed articles' pages are gone, and which are there again."""
    gone = {outcome.url: outcome.at for outcome in outcomes if outcome.reason in _GONE}
    rows = rows_by_key(connection, urls.c.url, gone, urls.c.article_id)
    withdrawn = [
        {"key": row.article_id, "holder": url, "withdrawn_at": gone[url], "is_withdrawal_told": False}
        for url, row in rows.items()
        if row.article_id
    ]
    if withdrawn:
        is_new = (articles.c.withdrawn_at.is_(None), articles.c.content_hash.is_not(None))
        here = (articles.c.article_id == bindparam("key"), articles.c.url == bindparam("holder"))
        connection.execute(update(articles).where(*here, *is_new), withdrawn)
    there = {outcome.article_id: outcome.at for outcome in outcomes if outcome.fate in _THERE and outcome.article_id}
    back = [
        {"article_id": key, "withdrawn_at": since, "returned_at": there[key]}
        for key, since in withdrawals(connection, list(there)).items()
    ]
    if back:
        connection.execute(insert(past_withdrawals), back)
        is_back = articles.c.article_id == bindparam("key")
        again = update(articles).where(is_back).values(withdrawn_at=None, is_withdrawal_told=False)
        connection.execute(again, [{"key": each["article_id"]} for each in back])


def withdrawals(connection: Connection, article_ids: Sequence[str]) -> dict[str, datetime]:
    """Return since when the pages of these articles are gone."""
    rows = rows_by_key(connection, articles.c.article_id, article_ids, articles.c.withdrawn_at)
    return {key: row.withdrawn_at for key, row in rows.items() if row.withdrawn_at}


def absences(connection: Connection, article_id: str) -> tuple[Withdrawal, ...]:
    """Return when the article's page was gone that was there again later, oldest first."""
    query = select(past_withdrawals).where(past_withdrawals.c.article_id == article_id)
    rows = connection.execute(query.order_by(past_withdrawals.c.withdrawn_at)).all()
    return tuple(Withdrawal(withdrawn_at=row.withdrawn_at, returned_at=row.returned_at) for row in rows)


def untold_withdrawals(connection: Connection, *, limit: int) -> dict[str, datetime | None]:
    """Return what was noted and not told yet."""
    query = select(articles.c.article_id, articles.c.withdrawn_at).where(~articles.c.is_withdrawal_told)
    rows = connection.execute(query.order_by(articles.c.article_id).limit(limit))
    return {row.article_id: row.withdrawn_at for row in rows}


def mark_withdrawals_told(connection: Connection, told: Mapping[str, datetime | None]) -> None:
    """Note whether what was told is still so: another process may have told the newer before the older."""
    current = rows_by_key(connection, articles.c.article_id, told, articles.c.withdrawn_at)
    rows = [{"key": key, "is_withdrawal_told": row.withdrawn_at == told[key]} for key, row in current.items()]
    if rows:
        connection.execute(update(articles).where(articles.c.article_id == bindparam("key")), rows)
