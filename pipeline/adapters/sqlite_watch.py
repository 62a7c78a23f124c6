"""What saved searches ask of the embedded index: which of few documents match, and counts by time."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import pairwise

from pipeline.adapters.sqlite_query import conditions, date_condition, join_all
from pipeline.adapters.sqlite_schema import connect_memory
from pipeline.errors import UsageError
from pipeline.index.document import milliseconds
from pipeline.ports import Asked, Form
from pipeline.search.names import expand_known

# The statements are put together from our own conditions; what the user wrote goes by parameters alone.
# ruff: noqa: S608

GENERATION = "few"

_READ = """
SELECT id, form FROM documents JOIN texts ON document = key
WHERE generation = (SELECT name FROM generations WHERE is_live)
AND id IN (SELECT value FROM json_each(?))
"""


def read_forms(connection: sqlite3.Connection, document_ids: Sequence[str]) -> dict[str, Form]:
    """Return the live documents of these ids, by id."""
    rows = connection.execute(_READ, (json.dumps(list(document_ids)),))
    return {row["id"]: json.loads(row["form"]) for row in rows}


@contextmanager
def open_memory() -> Iterator[sqlite3.Connection]:
    """Open an index in memory with an empty live generation."""
    with closing(connect_memory()) as connection:
        connection.execute("INSERT INTO generations (name, is_live) VALUES (?, 1)", (GENERATION,))
        connection.execute("BEGIN")
        yield connection


def match_documents(connection: sqlite3.Connection, asked: Asked) -> frozenset[str] | UsageError:
    """Return the ids that the query finds, or why it cannot be served."""
    try:
        where = conditions(asked.query, expand_known(asked.query, asked.entities))
    except UsageError as error:
        return error
    rows = connection.execute(f"SELECT id FROM {where.table} WHERE {where.sql}", where.values)
    return frozenset(row["id"] for row in rows)


def count_documents(
    connection: sqlite3.Connection, asked: Asked, edges: Sequence[datetime]
) -> tuple[int, ...] | UsageError:
    """Return the counts between the times, in one pass over what the query finds."""
    try:
        where = conditions(asked.query, expand_known(asked.query, asked.entities))
    except UsageError as error:
        return error
    where = join_all([where, date_condition(edges[0], edges[-1])])
    times = [milliseconds(edge) for edge in edges]
    sums = ", ".join("count(CASE WHEN date >= ? AND date < ? THEN 1 END)" for _ in times[1:])
    spans = [time for span in pairwise(times) for time in span]
    statement = f"SELECT {sums} FROM {where.table} WHERE {where.sql}"
    return tuple(connection.execute(statement, (*spans, *where.values)).fetchone())
