"""What all documents found have in common, read from the counts of their values."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from pipeline.adapters.sqlite_counts import (
    CALLED,
    ENTITY,
    FACETS,
    FIRST_HOUR,
    HOUR,
    HOUR_MS,
    TILE,
    Counts,
    count_tiles,
    count_values,
)
from pipeline.model.query import Cell, Facet, Named, Query, Span, Summary
from pipeline.search.grammar import Expression
from pipeline.search.summary import (
    CELLS,
    COMPARED,
    FACET_SIZE,
    LEAST_TELLING,
    NAMED_SIZE,
    asked_ids,
    telling_score,
    timeline_step,
)
from pipeline.search.tiles import CLOSEST_ZOOM, choose_zoom, tile_middle

_TELLING = ("people", "organizations", "places", "topic")

_LIVE = "generation = (SELECT name FROM generations WHERE is_live)"
_FULL_NAMES = f"SELECT key, value FROM counted WHERE {_LIVE} AND facet = ? AND value > ? AND value < ? ORDER BY value"  # noqa: S608


def read_summary(connection: sqlite3.Connection, query: Query, asked: Expression | None, total: int) -> Summary:
    """Return the summary of the so many documents in the table ``found``."""
    zoom = choose_zoom(query.near)
    counts = count_values(connection)
    tiles = count_tiles(connection, CLOSEST_ZOOM - zoom) if query.near else counts.of(TILE).without_codes()
    best = {facet: _find_best(connection, counts.of(facet), FACET_SIZE) for facet in FACETS}
    return Summary(
        facets={facet: tuple(Facet(value=value, count=count) for value, count, _ in best[facet]) for facet in FACETS},
        timeline=tuple(_read_timeline(counts.of(HOUR).without_codes(), timeline_step(query))),
        named=_find_named(connection, counts, asked_ids(asked)),
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


def _find_named(connection: sqlite3.Connection, counts: Counts, excluded: set[str]) -> tuple[Named, ...]:
    """Return the entities that most documents name; of one with several full names, the first by alphabet."""
    entities = _find_best(connection, counts.of(ENTITY), NAMED_SIZE + len(excluded))
    best = [(key, count) for key, count, _ in entities if key not in excluded][:NAMED_SIZE]
    called = [row for key, _ in best for row in connection.execute(_FULL_NAMES, (CALLED, f"{key}\n", f"{key}\v"))]
    is_found = np.isin([row["key"] for row in called], counts.of(CALLED).without_codes().numbers)
    lines = [row["value"].split("\n", 2) for row, is_one in zip(called, is_found, strict=True) if is_one]
    names = {key: (kind, name) for key, kind, name in reversed(lines)}
    return tuple(Named(id=key, kind=names[key][0], name=names[key][1], count=count) for key, count in best)


def _find_telling(connection: sqlite3.Connection, counts: Counts, found: int) -> tuple[Facet, ...]:
    """Return values by how much more frequent they are than elsewhere."""
    frequent = _find_best(connection, counts.of(*_TELLING).at_least(LEAST_TELLING), COMPARED)
    everywhere = dict(_look_up(connection, "documents", [key for *_, key in frequent]))
    total = connection.execute("SELECT documents FROM generations WHERE is_live").fetchone()[0]
    scores = {}
    for value, count, key in frequent:
        if score := telling_score(count / found, everywhere[key] / total):
            scores[value] = (score, count)
    best = sorted(scores.items(), key=lambda each: (-each[1][0], each[0]))[:FACET_SIZE]
    return tuple(Facet(value=value, count=count) for value, (_, count) in best)


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
