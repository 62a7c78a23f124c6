"""Earlier versions of documents in the embedded index, as functions over an open transaction."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from pipeline.index.document import milliseconds
from pipeline.index.version import read_version, version_json
from pipeline.model.version import Version

MOST = 1000


def keep_versions(connection: sqlite3.Connection, versions: Sequence[Version]) -> None:
    """Insert or replace the versions."""
    connection.executemany(
        "INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?)",
        [
            (
                each.id,
                each.article_id,
                milliseconds(each.replaced_at),
                json.dumps(version_json(each), ensure_ascii=False),
            )
            for each in versions
        ],
    )


def find_versions(
    connection: sqlite3.Connection, article_id: str | None, since: datetime | None, until: datetime | None
) -> tuple[Version, ...]:
    """Return the versions that hold all that is asked, oldest first."""
    asked: dict[str, object] = {
        "article_id = ?": article_id,
        "replaced_at >= ?": milliseconds(since) if since else None,
        "replaced_at < ?": milliseconds(until) if until else None,
    }
    conditions = {condition: value for condition, value in asked.items() if value is not None}
    where = " AND ".join(conditions) or "TRUE"
    query = f"SELECT form FROM versions WHERE {where} ORDER BY replaced_at, id LIMIT {MOST}"  # noqa: S608 - our own conditions
    return tuple(read_version(json.loads(row["form"])) for row in connection.execute(query, (*conditions.values(),)))


def drop_versions(connection: sqlite3.Connection, before: date, *, dry_run: bool) -> int:
    """Delete the versions that were replaced before that day, or count them."""
    until = (milliseconds(datetime.combine(before, time(), UTC)),)
    if dry_run:
        count: int = connection.execute("SELECT count(*) FROM versions WHERE replaced_at < ?", until).fetchone()[0]
        return count
    return connection.execute("DELETE FROM versions WHERE replaced_at < ?", until).rowcount
