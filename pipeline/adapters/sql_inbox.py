"""The durable inbox, as functions over an open transaction: entries come in, batches claim them or put them back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, insert, or_, select, update

from pipeline.adapters.sql_among import among
from pipeline.adapters.sql_database import PARAMETERS, rows_by_key
from pipeline.adapters.sql_pruning import is_content_of
from pipeline.adapters.sql_schema import articles, urls
from pipeline.adapters.sql_turns import count_revisits, due_revisits, take_turns
from pipeline.fetch.revisits import rest_until
from pipeline.model import codec
from pipeline.model.capture import Batch, CaptureRef
from pipeline.model.fate import Claim, Fate, Reason
from pipeline.model.feed import Entry
from pipeline.ports import Recorded

NO_CLAIM: dict[str, object] = {"claimed_by": None, "lease_until": None}
#: What a URL has when it is to be visited again; which article it was, and its capture, stay known.
_PENDING: dict[str, object] = {
    "attempts": 0,
    "fate": None,
    "reason": None,
    "settled_at": None,
    "detail": None,
    "document": None,
    "pruned_at": None,
    "revisit_at": None,
}
#: What is asked of a URL that a feed lists.
_KNOWN = [urls.c[name] for name in ("entry", "revision", "is_past", "first_seen_at", "due_at", "attempts", "detail")]
_KNOWN += [urls.c[name] for name in ("fate", "reason", "settled_at")]
_FRESH = timedelta(minutes=1)
_update_one = update(urls).where(urls.c.url == bindparam("key"))


def record_entries(connection: Connection, entries: Sequence[Entry], now: datetime) -> Recorded:
    """Put new and changed entries into the inbox; of several with one URL, the first counts: feeds begin with the newest.

    A claim on a changed entry goes on, so that nobody visits the page at the same time; its fate will be for an old revision.
    What a backfill had found becomes live, with the feed's own claims, which later ones are compared with.
    """
    unique = {entry.url: entry for entry in reversed(entries)}
    known = rows_by_key(connection, urls.c.url, unique, *_KNOWN)
    new, changed, live = [], [], []
    for url, entry in unique.items():
        claims = {"entry": codec.encode(entry).decode(), "publisher": entry.publisher, "is_past": False}
        row = known.get(url)
        if row is None:
            new.append(new_row(entry, now, is_past=False))
        elif announces_change(entry, codec.decode(row.entry, Entry), is_past=row.is_past):
            changed.append({"key": url, **claims, **_announced_columns(row, now)})
        elif row.is_past:
            live.append({"key": url, **claims, "pruned_at": None})
    insert_urls(connection, new)
    change_urls(connection, changed)
    change_urls(connection, live)
    return Recorded(new=len(new), changed=len(changed), known=len(entries) - len(new) - len(changed))


def pending_again(now: datetime, revision: int) -> dict[str, object]:
    """Return the columns of a URL whose page is to be had anew: what is in the archive is the page before the change."""
    return {"due_at": _whole_second(now), **_PENDING, "capture": None, "revision": revision + 1}


def announces_change(seen: Entry, stored: Entry, *, is_past: bool = False) -> bool:
    """Tell whether the article must be visited again: another update time, title or content than the feed claimed before.

    What an entry does not say is no change. Of another feed only a later update time counts: two feeds that word one
    article's title in two ways would otherwise announce a change by turns, for ever. What a backfill found (``is_past``) is
    no feed's own claim either: sitemaps word titles otherwise, WARC files not at all.
    """
    is_same_feed = seen.feed_url == stored.feed_url and not is_past
    if seen.updated is not None:
        known = stored.updated or stored.published
        if known is None or seen.updated.value > known.value:
            return True
        if is_same_feed and seen.updated.value != known.value:
            return True
    is_new_title = seen.title is not None and seen.title != stored.title
    is_new_content = seen.content_html is not None and not is_content_of(stored, seen.content_html)
    return is_same_feed and (is_new_title or is_new_content)


def claim(
    connection: Connection,
    batch: Batch,
    now: datetime,
    *,
    limit: int,
    lease: timedelta,
    publisher: str | None,
    past: bool,
) -> tuple[Claim, ...]:
    """Return the batch's claims, or make some where it has none."""
    claims = _claims_of(connection, batch)
    if claims:
        return claims
    leased = {"claimed_by": batch.id, "lease_until": now + lease}
    if past or publisher is not None:
        due = select(urls.c.url).where(_is_due(now, past=past)).order_by(urls.c.due_at, urls.c.url).limit(limit)
        due = due if publisher is None else due.where(urls.c.publisher == publisher)
        connection.execute(update(urls).where(urls.c.url.in_(due)).values(leased))
    else:
        taken = take_turns(connection, _is_due(now), limit)
        called = _call_revisits(connection, now, count_revisits(len(taken), limit))
        taken = [*taken[: limit - len(called)], *called]
        connection.execute(update(urls).where(among(urls.c.url)).values(leased), {"values": taken})
    return _claims_of(connection, batch)


def postpone(connection: Connection, claims: Sequence[tuple[Claim, datetime, str]]) -> None:
    """Put back what the claim's batch still holds, with one visit more that failed."""
    _put_back(
        connection,
        [
            (claim, {"attempts": claim.attempts + 1, "due_at": again_at, "detail": storable(problem)})
            for claim, again_at, problem in claims
        ],
    )


def put_back(connection: Connection, claims: Sequence[tuple[Claim, datetime]]) -> None:
    """Put back what the claim's batch still holds, unvisited."""
    _put_back(connection, [(claim, {"due_at": due_at}) for claim, due_at in claims])


def waiting(connection: Connection) -> dict[str, int]:
    """Count live pending entries by publisher."""
    is_live = and_(urls.c.fate.is_(None), urls.c.is_past.is_(False))
    count = func.count().label("count")
    query = select(urls.c.publisher, count).where(is_live).group_by(urls.c.publisher)
    return dict(connection.execute(query.order_by(count.desc(), urls.c.publisher)).all())


def has_live_work(connection: Connection, now: datetime) -> bool:
    """Look for one live entry that became due within the last minute; what waits for longer has nobody at work on it."""
    is_fresh = and_(urls.c.due_at <= now, urls.c.due_at >= now - _FRESH)
    query = select(urls.c.url).where(urls.c.fate.is_(None), urls.c.is_past.is_(False), is_fresh).limit(1)
    return connection.execute(query).first() is not None


def first_due(connection: Connection, now: datetime) -> str | None:
    """Return the URL of the first entry that a live batch could claim."""
    due = select(urls.c.url).where(_is_due(now))
    return connection.execute(due.order_by(urls.c.due_at, urls.c.url).limit(1)).scalar()


def first_revisit(connection: Connection, now: datetime) -> str | None:
    """Return the URL of the page that is due longest to be visited again."""
    return next((row.url for row in due_revisits(connection, now, limit=1)), None)


def release(connection: Connection, batch: Batch) -> int:
    """End the batch's leases."""
    return connection.execute(update(urls).where(urls.c.claimed_by == batch.id).values(NO_CLAIM)).rowcount


def renew(connection: Connection, batches: Sequence[Batch], until: datetime) -> int:
    """Prolong the leases of what the batches still hold."""
    ids, renewed = [batch.id for batch in batches], 0
    for start in range(0, len(ids), PARAMETERS):
        held = update(urls).where(urls.c.claimed_by.in_(ids[start : start + PARAMETERS]))
        renewed += connection.execute(held.values(lease_until=until)).rowcount
    return renewed


def revive(connection: Connection, asked: Sequence[str], now: datetime) -> int:
    """Make these dead letters pending again, or all of them.

    A page that is in the archive is read from there: what the store refused, or what we stumbled over, is ours to mend, not
    the publisher's to send again. Only what could not be had, from the archive neither, is asked for.
    """
    letters = connection.execute(select(urls.c.url, urls.c.reason).where(urls.c.fate == Fate.DEAD_LETTER)).all()
    wanted = set(asked)
    revived = sorted((letter.url, letter.reason) for letter in letters if not asked or letter.url in wanted)
    change = {**_PENDING, "due_at": _whole_second(now)}
    change_urls(connection, [{"key": url, **change} for url, _ in revived])
    unread = [{"key": url, "capture": None} for url, reason in revived if reason == Reason.UNREACHABLE]
    change_urls(connection, unread)
    return len(revived)


def new_row(entry: Entry, now: datetime, *, is_past: bool) -> dict[str, object]:
    """Return the columns of a URL that was never seen before."""
    return {
        "url": entry.url,
        "entry": codec.encode(entry).decode(),
        "publisher": entry.publisher,
        "first_seen_at": now,
        "due_at": _whole_second(now),
        "revision": 1,
        "attempts": 0,
        "is_past": is_past,
    }


def insert_urls(connection: Connection, rows: list[dict[str, object]]) -> None:
    """Insert these; the same columns in every row."""
    if rows:
        connection.execute(insert(urls), rows)


def change_urls(connection: Connection, changes: list[dict[str, object]]) -> None:
    """Set columns of the rows named by ``key``; the same columns in every change."""
    if changes:
        connection.execute(_update_one, changes)


def storable(text: str) -> str:
    """Return the text without what a database cannot keep; an error's message can hold any byte."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def _call_revisits(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Make settled pages pending whose time for another visit has come, up to ``limit``; return their URLs."""
    rows = due_revisits(connection, now, limit)
    change_urls(connection, [{"key": row.url, **pending_again(now, row.revision), "is_past": False} for row in rows])
    return [row.url for row in rows]


def _put_back(connection: Connection, changes: Sequence[tuple[Claim, dict[str, object]]]) -> None:
    """End the leases that the claims' batches still hold, also where a feed announced a change meanwhile.

    The page is as down as it was before that: else one whose feed says something else at each poll is visited for ever.
    """
    visited = [claim.entry.url for claim, _ in changes]
    rows = rows_by_key(connection, urls.c.url, visited, urls.c.claimed_by)
    held = [
        {"key": claim.entry.url, **NO_CLAIM, **columns}
        for claim, columns in changes
        if (row := rows.get(claim.entry.url)) and row.claimed_by == claim.batch_id
    ]
    change_urls(connection, held)


def _announced_columns(row: Row[Any], now: datetime) -> dict[str, object]:
    """Return the columns of a URL of which its feed says something else now.

    Some feeds do at each poll. So what is pending keeps its place and its failed visits, and a page whose last visit brought
    nothing new has its rest.
    """
    columns = pending_again(now, row.revision)
    if row.fate is None:
        return columns | {"due_at": row.due_at, "attempts": row.attempts, "detail": row.detail}
    if Fate(row.fate) is not Fate.INDEXED:
        return columns | {"due_at": max(_whole_second(now), rest_until(row.first_seen_at, row.settled_at, now))}
    return columns


def _is_due(now: datetime, *, past: bool = False) -> ColumnElement[bool]:
    """Return the condition of a live or past entry that waits, whose time has come, and that no batch holds."""
    is_free = or_(urls.c.lease_until.is_(None), urls.c.lease_until <= now)
    return and_(urls.c.fate.is_(None), urls.c.is_past == past, urls.c.due_at <= now, is_free)


def _claims_of(connection: Connection, batch: Batch) -> tuple[Claim, ...]:
    columns = (urls.c.entry, urls.c.first_seen_at, urls.c.revision, urls.c.attempts, urls.c.capture)
    holds = and_(articles.c.article_id == urls.c.article_id, articles.c.url == urls.c.url)
    claims = select(*columns, articles.c.article_id).select_from(urls.outerjoin(articles, holds))
    held = claims.where(urls.c.claimed_by == batch.id).order_by(urls.c.due_at, urls.c.url)
    return tuple(
        Claim(
            entry=codec.decode(row.entry, Entry),
            batch_id=batch.id,
            first_seen_at=row.first_seen_at,
            revision=row.revision,
            attempts=row.attempts,
            capture=codec.decode(row.capture, CaptureRef) if row.capture else None,
            article_id=row.article_id,
        )
        for row in connection.execute(held)
    )


def _whole_second(now: datetime) -> datetime:
    """Round down: a batch is opened at a whole second, and what came in before it in that second is due to it."""
    return now.replace(microsecond=0)
