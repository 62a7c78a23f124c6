"""Which URLs a live batch takes: publishers take turns, so that one that floods its feed holds up itself alone.

Behind the pending ones come pages that are due to be visited again.
"""

from collections.abc import Sequence
from datetime import datetime
from heapq import nsmallest
from itertools import chain, islice, zip_longest

from sqlalchemy import ColumnElement, Connection, Row, func, select

from pipeline.adapters.sql_schema import urls

_IS_LIVE = (urls.c.fate.is_(None), urls.c.is_past == False)  # noqa: E712 - a column
_IN_ORDER = (urls.c.due_at, urls.c.url)
#: Of a batch with pending ones, no more than one of so many is visited again.
_SHARE = 5


def take_turns(connection: Connection, is_due: ColumnElement[bool], limit: int) -> Sequence[str]:
    """Return up to ``limit`` live URLs: of each publisher its oldest, then of each its second, and so on.

    The publisher whose oldest is the oldest of all comes first. Of L publishers no one can get more than ``limit`` - L + 1.
    """
    oldest = _oldest_by_publisher(connection, is_due, limit)
    most = limit - len(oldest) + 1
    if most == 1:
        return list(oldest.values())
    due = select(urls.c.url).where(is_due).order_by(*_IN_ORDER).limit(most)
    queues = [connection.execute(due.where(urls.c.publisher == publisher)).scalars() for publisher in oldest]
    turns = chain.from_iterable(zip_longest(*queues))
    return list(islice((url for url in turns if url is not None), limit))


def count_revisits(pending: int, limit: int) -> int:
    """Return for how many pages to be visited again a batch has room that has so many pending ones to take."""
    return min(pending // (_SHARE - 1), limit // _SHARE) if pending else limit


def due_revisits(connection: Connection, now: datetime, limit: int) -> Sequence[Row[str, int]]:
    """Return URL and revision of up to ``limit`` settled pages whose time for another visit has come, the longest due first."""
    due = select(urls.c.url, urls.c.revision).where(urls.c.revisit_at <= now)
    return connection.execute(due.order_by(urls.c.revisit_at).limit(limit)).all()


def _oldest_by_publisher(connection: Connection, is_due: ColumnElement[bool], limit: int) -> dict[str, str]:
    """Return the oldest URL that is due of up to ``limit`` publishers, those first whose oldest is the oldest.

    The index is asked for the next greater name again and again: three short looks for each publisher, however many URLs
    it has, where reading them all would take a second for a million.
    """
    first = select(func.min(urls.c.publisher).label("publisher")).where(*_IS_LIVE)
    names = first.cte("names", recursive=True)
    following = select(func.min(urls.c.publisher)).where(*_IS_LIVE, urls.c.publisher > names.c.publisher)
    names = names.union_all(select(following.scalar_subquery()).where(names.c.publisher.is_not(None)))
    due = [select(column).where(is_due, urls.c.publisher == names.c.publisher) for column in _IN_ORDER]
    due_at, url = (each.order_by(*_IN_ORDER).limit(1).scalar_subquery() for each in due)
    rows = connection.execute(select(due_at.label("due_at"), url.label("url"), names.c.publisher))
    return {row.publisher: row.url for row in nsmallest(limit, (row for row in rows if row.url is not None))}
