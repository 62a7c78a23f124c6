"""What all documents found have in common, read from the counts of their values."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from pipeline.adapters.sqlite_counts import (
    CALLED,
    FIRST_HOUR,
    HOUR,
    HOUR_MS,
    KINDS,
    TILE,
    Counts,
    count_tiles,
    count_values,
)
from pipeline.index.document import NAME_LISTS
from pipeline.model.query import Cell, Facet, Named, Query, Span, Summary
from pipeline.search.expression import Expression
from pipeline.search.summary import (
    CELLS,
    COMPARED,
    FACET_SIZE,
    LEAST_TELLING,
    NAMED_SIZE,
    asked_ids,
    choose_telling,
    entity_facets,
    timeline_step,
)
from pipeline.search.tiles import CLOSEST_ZOOM, WORLD_ZOOM, choose_zoom, tile_middle

_VALUE_FACETS = ("publishers", "languages", "sections")
_TELLING = ("people", "organizations", "places", "topic")

_LIVE = "generation = (SELECT name FROM generations WHERE is_live)"
_FULL_NAMES = f"SELECT key, value FROM counted WHERE {_LIVE} AND facet = ? AND value > ? AND value < ? ORDER BY value"  # noqa: S608


def read_summary(connection: sqlite3.Connection, query: Query, asked: Expression | None, total: int) -> Summary:
    """Return the summary of the so many documents in the table ``found``."""
    zoom = choose_zoom(query)
    counts = count_values(connection)
    tiles = count_tiles(connection, CLOSEST_ZOOM - zoom) if zoom != WORLD_ZOOM else counts.of(TILE).without_codes()
    best = {facet: _find_best(connection, counts.of(facet), FACET_SIZE) for facet in _VALUE_FACETS}
    values = {facet: tuple(Facet(value=value, count=count) for value, count, _ in best[facet]) for facet in best}
    entities = [each for kind in NAME_LISTS.values() for each in _find_named(connection, counts, (kind,), FACET_SIZE)]
    excluded = asked_ids(asked)
    named = _find_named(connection, counts, KINDS, NAMED_SIZE + len(excluded))
    return Summary(
        facets=entity_facets(entities) | values,
        timeline=tuple(_read_timeline(counts.of(HOUR).without_codes(), timeline_step(query))),
        named=tuple(each for each in named if each.id not in excluded)[:NAMED_SIZE],
        telling=_find_telling(connection, counts, total),
        cells=tuple(_read_cells(tiles, zoom)),
    )


def _find_best(connection: sqlite3.Connection, counts: Counts, size: int) -> list[tuple[str, int, int]]:
    """Return value, count and key of those that most documents have; of as many, the first by alphabet."""
    if len(counts.counts) > size:  # values are looked up of those alone that may be among them
        counts = counts.at_least(int(np.partition(counts.counts, -size)[-size]))
    bare = counts.without_codes()
    count_of = dict(zip(bare.numbers.tolist(), bare.counts.tolist(), strict=True))
    found = [(value, count_of[key], key) for key, value in _look_up(connection, "value", list(count_of))]
    return sorted(found, key=lambda each: (-each[1], each[0]))[:size]


def _look_up(connection: sqlite3.Connection, column: str, keys: Sequence[int]) -> Iterator[tuple[Any, Any]]:
    statement = f"SELECT key, {column} FROM counted WHERE key IN (SELECT value FROM json_each(?))"  # noqa: S608
    return connection.execute(statement, (json.dumps(keys),))


def _find_named(connection: sqlite3.Connection, counts: Counts, kinds: Sequence[str], size: int) -> list[Named]:
    """Return the entities that most documents name; of one with several full names, the most frequent."""
    called = counts.of(CALLED).without_codes()
    entities = list[Named]()
    for entity_id, count, _ in _find_best(connection, counts.of(*kinds), size):
        rows = connection.execute(_FULL_NAMES, (CALLED, f"{entity_id}\n", f"{entity_id}\v"))
        _, most_frequent = min((-called.count(row["key"]), row["value"]) for row in rows)
        _, kind, name = most_frequent.split("\n", 2)
        entities.append(Named(id=entity_id, kind=kind, name=name, count=count))
    return entities


def _find_telling(connection: sqlite3.Connection, counts: Counts, found: int) -> tuple[Facet, ...]:
    """Return values by how much more frequent they are than elsewhere."""
    frequent = _find_best(connection, counts.of(*_TELLING).at_least(LEAST_TELLING), COMPARED)
    if not frequent:  # as in an index that nothing was written to, which has no generation
        return ()
    everywhere = dict(_look_up(connection, "documents", [key for *_, key in frequent]))
    total = connection.execute("SELECT documents FROM generations WHERE is_live").fetchone()[0]
    return choose_telling([(value, count, everywhere[key]) for value, count, key in frequent], found, total)


def _read_timeline(hours: Counts, step: timedelta) -> Iterator[Span]:
    length = step // timedelta(hours=1)
    starts, places = np.unique((hours.numbers + FIRST_HOUR) // length * length, return_inverse=True)
    sums = np.bincount(places, hours.counts)
    for start, count in zip(starts.tolist(), sums.tolist(), strict=True):
        yield Span(start=datetime.fromtimestamp(start * HOUR_MS / 1000, UTC), count=int(count))


def _read_cells(tiles: Counts, zoom: int) -> Iterator[Cell]:
    for place in np.lexsort((tiles.numbers, -tiles.counts))[:CELLS].tolist():
        x, y = divmod(int(tiles.numbers[place]), 2**CLOSEST_ZOOM)
        tile = f"{zoom}/{x}/{y}"
        latitude, longitude = tile_middle(tile)
        yield Cell(tile=tile, latitude=latitude, longitude=longitude, count=int(tiles.counts[place]))
