"""What all documents found have in common, counted over one connection."""

import heapq
import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

import msgspec

from pipeline.adapters.sqlite_query import Condition
from pipeline.model.query import Cell, Facet, Named, Query, Span, Summary
from pipeline.search.grammar import Expression
from pipeline.search.summary import (
    CELLS,
    FACET_SIZE,
    LEAST_TELLING,
    NAMED_SIZE,
    asked_ids,
    telling_score,
    timeline_step,
)
from pipeline.search.tiles import CLOSEST_ZOOM, choose_zoom, tile_middle

# CROSS JOIN keeps SQLite from reading a whole table where few documents are found.
# The statements are put together from our own conditions; what the user wrote goes by parameters alone.
# ruff: noqa: S608

FACETS = ("people", "organizations", "places", "publishers", "languages", "sections")
_COUNTED_FACETS = frozenset((*FACETS, "topic"))
#: Facet, value and count.
Counted = tuple[str, str, int]
_TELLING = ("people", "organizations", "places", "topic")
#: How many of the most frequent values are compared with their frequency elsewhere.
_COMPARED = 40

_COUNTED = "SELECT counted FROM summarized CROSS JOIN summaries ON document = key"
#: Of a value, a facet and the value; of an entity, this, its id, its kind and its full name.
_ENTITY = "entity"
_DECODER = msgspec.json.Decoder(list[tuple[str, ...]])
_TIMELINE = """
    SELECT date - ((date % :step) + :step) % :step AS start, count(*) AS count FROM summarized
    GROUP BY start ORDER BY start
"""
_CELLS = """
    SELECT x >> :closer AS x, y >> :closer AS y, count(DISTINCT document) AS count
    FROM summarized CROSS JOIN locations ON document = key
    GROUP BY x >> :closer, y >> :closer ORDER BY count DESC, 1, 2 LIMIT :most
"""


def write_counted(facets: Iterable[tuple[str, str]], entities: Iterable[Mapping[str, Any]]) -> str:
    """Return what a summary counts of a document, as JSON."""
    values = dict.fromkeys((facet, value) for facet, value in facets if facet in _COUNTED_FACETS)
    named = {entity["id"]: (_ENTITY, entity["id"], entity["kind"], entity["name"]) for entity in reversed([*entities])}
    return json.dumps([*values, *named.values()], ensure_ascii=False)


def read_summary(connection: sqlite3.Connection, query: Query, asked: Expression | None, where: Condition) -> Summary:
    """Return the summary of the documents that the condition holds for."""
    connection.execute("CREATE TEMP TABLE summarized (key INTEGER PRIMARY KEY, date INTEGER)")
    try:
        connection.execute(f"INSERT INTO summarized SELECT key, date FROM documents WHERE {where.sql}", where.values)
        rows = connection.execute(_COUNTED)
        counts = Counter(chain.from_iterable(_DECODER.decode(row["counted"]) for row in rows))
        counted = [(value[0], value[1], count) for value, count in counts.items() if value[0] != _ENTITY]
        counted.sort(key=lambda each: (-each[2], each[1]))
        step = round(timeline_step(query).total_seconds() * 1000)
        return Summary(
            facets={facet: tuple(_facets(counted, facet)) for facet in FACETS},
            timeline=tuple(
                Span(start=datetime.fromtimestamp(row["start"] / 1000, UTC), count=row["count"])
                for row in connection.execute(_TIMELINE, {"step": step})
            ),
            named=_find_named(counts, asked_ids(asked)),
            telling=_find_telling(connection, counted),
            cells=tuple(_read_cells(connection, query)),
        )
    finally:
        connection.execute("DROP TABLE IF EXISTS summarized")


def _facets(counted: list[Counted], facet: str) -> Iterator[Facet]:
    found = (Facet(value=value, count=count) for each, value, count in counted if each == facet)
    return islice(found, FACET_SIZE)


def _find_named(counts: Mapping[tuple[str, ...], int], excluded: Collection[str]) -> tuple[Named, ...]:
    """Return the entities that most documents name; of one with several full names, the first by alphabet."""
    totals = Counter[str]()
    for value, count in counts.items():
        if value[0] == _ENTITY and value[1] not in excluded:
            totals[value[1]] += count
    best = heapq.nsmallest(NAMED_SIZE, totals, key=lambda key: (-totals[key], key))
    chosen = frozenset(best)
    called = sorted((value[1:] for value in counts if value[0] == _ENTITY and value[1] in chosen), reverse=True)
    names = {key: (kind, name) for key, kind, name in called}
    return tuple(Named(id=key, kind=names[key][0], name=names[key][1], count=totals[key]) for key in best)


def _find_telling(connection: sqlite3.Connection, counted: list[Counted]) -> tuple[Facet, ...]:
    """Return values by how much more frequent they are than elsewhere."""
    found = connection.execute("SELECT count(*) FROM summarized").fetchone()[0]
    total = connection.execute("SELECT count(*) FROM documents").fetchone()[0]
    frequent = [each for each in counted if each[0] in _TELLING and each[2] >= LEAST_TELLING]
    scores = {}
    for facet, value, count in frequent[:_COMPARED]:
        everywhere = connection.execute(
            "SELECT documents FROM totals WHERE facet = ? AND value = ?", (facet, value)
        ).fetchone()[0]
        if score := telling_score(count / found, everywhere / total):
            scores[value] = (score, count)
    best = sorted(scores.items(), key=lambda each: (-each[1][0], each[0]))[:FACET_SIZE]
    return tuple(Facet(value=value, count=count) for value, (_, count) in best)


def _read_cells(connection: sqlite3.Connection, query: Query) -> Iterator[Cell]:
    zoom = choose_zoom(query.near)
    for row in connection.execute(_CELLS, {"closer": CLOSEST_ZOOM - zoom, "most": CELLS}):
        tile = f"{zoom}/{row['x']}/{row['y']}"
        latitude, longitude = tile_middle(tile)
        yield Cell(tile=tile, latitude=latitude, longitude=longitude, count=row["count"])
