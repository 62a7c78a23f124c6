"""What all documents found have in common, counted over one connection."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

from pipeline.adapters.sqlite_query import Condition
from pipeline.index.folding import fold
from pipeline.model.query import Cell, Facet, Named, Query, Span, Summary
from pipeline.search.grammar import Expression
from pipeline.search.summary import CELLS, FACET_SIZE, LEAST_TELLING, NAMED_SIZE, asked_ids, timeline_step
from pipeline.search.tiles import CLOSEST_ZOOM, choose_zoom, tile_middle

# CROSS JOIN keeps SQLite from reading a whole table where few documents are found.
# The statements are put together from our own conditions; what the user wrote goes by parameters alone.
# ruff: noqa: S608

FACETS = ("people", "organizations", "places", "publishers", "languages", "sections")
_TELLING = ("people", "organizations", "places", "topic")
#: How many of the most frequent values are compared with their frequency elsewhere.
_COMPARED = 40

_COUNTED = f"""
    SELECT facet, value, count(*) AS count FROM summarized CROSS JOIN facets ON document = key
    WHERE facet IN {(*FACETS, "topic")} GROUP BY facet, value ORDER BY count DESC, value
"""
_TIMELINE = """
    SELECT date - ((date % :step) + :step) % :step AS start, count(*) AS count FROM summarized
    GROUP BY start ORDER BY start
"""
# An entity has one full name in a document, and a row with it.
_NAMED = """
    SELECT entity, kind, min(name) AS name, count(*) AS count FROM summarized CROSS JOIN names ON document = key
    WHERE name IS NOT NULL AND entity NOT IN ({marks}) GROUP BY entity ORDER BY count DESC, entity LIMIT ?
"""
_CELLS = """
    SELECT x >> :closer AS x, y >> :closer AS y, count(DISTINCT document) AS count
    FROM summarized CROSS JOIN locations ON document = key
    GROUP BY x >> :closer, y >> :closer ORDER BY count DESC, 1, 2 LIMIT :most
"""


def read_summary(connection: sqlite3.Connection, query: Query, asked: Expression | None, where: Condition) -> Summary:
    """Return the summary of the documents that the condition holds for."""
    connection.execute("CREATE TEMP TABLE summarized (key INTEGER PRIMARY KEY, date INTEGER)")
    try:
        connection.execute(f"INSERT INTO summarized SELECT key, date FROM documents WHERE {where.sql}", where.values)
        counted = connection.execute(_COUNTED).fetchall()
        step = round(timeline_step(query).total_seconds() * 1000)
        return Summary(
            facets={facet: tuple(_facets(counted, facet)) for facet in FACETS},
            timeline=tuple(
                Span(start=datetime.fromtimestamp(row["start"] / 1000, UTC), count=row["count"])
                for row in connection.execute(_TIMELINE, {"step": step})
            ),
            named=tuple(_read_named(connection, asked)),
            telling=_find_telling(connection, counted),
            cells=tuple(_read_cells(connection, query)),
        )
    finally:
        connection.execute("DROP TABLE IF EXISTS summarized")


def _facets(counted: list[sqlite3.Row], facet: str) -> list[Facet]:
    found = [Facet(value=row["value"], count=row["count"]) for row in counted if row["facet"] == facet]
    return found[:FACET_SIZE]


def _read_named(connection: sqlite3.Connection, asked: Expression | None) -> Iterator[Named]:
    excluded = sorted(asked_ids(asked))
    statement = _NAMED.format(marks=", ".join("?" * len(excluded)))
    for row in connection.execute(statement, (*excluded, NAMED_SIZE)):
        yield Named(id=row["entity"], kind=row["kind"], name=row["name"], count=row["count"])


def _find_telling(connection: sqlite3.Connection, counted: list[sqlite3.Row]) -> tuple[Facet, ...]:
    """Return values by how much more frequent they are than elsewhere: JLH, the score of Elasticsearch's significant_terms."""
    found = connection.execute("SELECT count(*) FROM summarized").fetchone()[0]
    total = connection.execute("SELECT count(*) FROM documents").fetchone()[0]
    frequent = [row for row in counted if row["facet"] in _TELLING and row["count"] >= LEAST_TELLING]
    scores = {}
    for row in frequent[:_COMPARED]:
        everywhere = connection.execute(
            "SELECT count(*) FROM facets WHERE facet = ? AND folded = ? AND value = ?",
            (row["facet"], fold(row["value"]), row["value"]),
        ).fetchone()[0]
        here, there = row["count"] / found, everywhere / total
        if here > there:
            scores[row["value"]] = ((here - there) * here / there, row["count"])
    best = sorted(scores.items(), key=lambda each: (-each[1][0], each[0]))[:FACET_SIZE]
    return tuple(Facet(value=value, count=count) for value, (_, count) in best)


def _read_cells(connection: sqlite3.Connection, query: Query) -> Iterator[Cell]:
    zoom = choose_zoom(query.near)
    for row in connection.execute(_CELLS, {"closer": CLOSEST_ZOOM - zoom, "most": CELLS}):
        tile = f"{zoom}/{row['x']}/{row['y']}"
        latitude, longitude = tile_middle(tile)
        yield Cell(tile=tile, latitude=latitude, longitude=longitude, count=row["count"])
