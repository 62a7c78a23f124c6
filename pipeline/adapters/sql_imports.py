"""Past articles, as functions over an open transaction: what backfills find, and how far they read each WARC file."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import fmean

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from pipeline.adapters.sql_database import rows_by_key
from pipeline.adapters.sql_inbox import insert_urls, new_row
from pipeline.adapters.sql_schema import urls, warc_imports
from pipeline.model import codec
from pipeline.model.capture import CaptureRef
from pipeline.model.feed import Entry
from pipeline.model.warc import WarcProgress
from pipeline.ports import Recorded

#: Captures of a host whose mean tells how large its next ones will be.
_SAMPLE = 100


def record_past(
    connection: Connection, entries: Sequence[Entry], now: datetime, captures: Sequence[CaptureRef | None]
) -> Recorded:
    """Put entries never seen before into the inbox, behind the live ones; of what is known, a backfill knows no better."""
    found = {entry.url: (entry, capture) for entry, capture in reversed(list(zip(entries, captures, strict=True)))}
    known = known_urls(connection, found)
    new = [
        new_row(entry, now, is_past=True) | {"capture": codec.encode(capture).decode() if capture else None}
        for url, (entry, capture) in found.items()
        if url not in known
    ]
    insert_urls(connection, new)
    return Recorded(new=len(new), known=len(entries) - len(new))


def known_urls(connection: Connection, asked: Iterable[str]) -> frozenset[str]:
    """Return which of these the ledger has seen."""
    return frozenset(rows_by_key(connection, urls.c.url, set(asked)))


def warc_progress(connection: Connection, file: str, since: datetime, until: datetime) -> WarcProgress:
    """Return how far the file was read for the interval; nothing of it where nobody began."""
    row = connection.execute(select(warc_imports).where(_key(file, since, until))).first()
    position, is_done = (row.position, row.is_done) if row else (0, False)
    return WarcProgress(file=file, since=since, until=until, position=position, is_done=is_done)


def save_progress(connection: Connection, progress: WarcProgress) -> None:
    """Keep the progress; of two runs that read one file at once, the one that is ahead counts, and the end where one is there."""
    known = warc_progress(connection, progress.file, progress.since, progress.until)
    columns = {
        "position": progress.position if progress.is_done else max(progress.position, known.position),
        "is_done": progress.is_done or known.is_done,
    }
    key = _key(progress.file, progress.since, progress.until)
    if not connection.execute(update(warc_imports).where(key).values(columns)).rowcount:
        interval = {"file": progress.file, "since": progress.since, "until": progress.until}
        connection.execute(insert(warc_imports).values(interval | columns))


def mean_capture_bytes(connection: Connection, origins: Iterable[str]) -> dict[str, int]:
    """Return the mean compressed length of some captures known below each origin; an origin without any is left out."""
    means = {}
    for origin in origins:
        # A range of the primary key: "0" is the character behind "/".
        below = select(urls.c.capture).where(urls.c.url >= f"{origin}/", urls.c.url < f"{origin}0")
        rows = connection.execute(below.where(urls.c.capture.is_not(None)).limit(_SAMPLE)).scalars()
        lengths = [json.loads(row)["length"] for row in rows]
        if lengths:
            means[origin] = round(fmean(lengths))
    return means


def _key(file: str, since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(warc_imports.c.file == file, warc_imports.c.since == since, warc_imports.c.until == until)
