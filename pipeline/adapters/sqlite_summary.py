"""What all documents found have in common: what a summary counts is written as numbers, and counted by numpy.

Each value that summaries count has a number in the table ``counted``. A document's row of ``summaries`` is an hour and the
numbers of its values: 32 bits each, of which the lower four tell the part of the summary, as ``PARTS`` has them. The map of
the world is counted so as well; one of some place, whose tiles are smaller, from the closest ones.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.index.document import milliseconds
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
from pipeline.search.tiles import CLOSEST_ZOOM, WORLD_ZOOM, choose_zoom, find_tile, tile_middle

FACETS = ("people", "organizations", "places", "publishers", "languages", "sections")
_TELLING = ("people", "organizations", "places", "topic")
#: How many of the most frequent values are compared with their frequency elsewhere.
_COMPARED = 40
#: Of an entity its id; its id, kind and full name, a line each; hours since _FIRST_HOUR; the tile on a map of the world.
_ENTITY, _CALLED, _HOUR, _TILE = "entity", "called", "hour", "tile"
PARTS = {part: code for code, part in enumerate((*FACETS, "topic", _ENTITY, _CALLED, _HOUR, _TILE))}
_CODE_BITS = 4
_FIRST_HOUR = -(2**27)  # some 15,000 years before 1970
_HOUR_MS = 3_600_000
_CLOSER = CLOSEST_ZOOM - WORLD_ZOOM
_AT_ONCE = 20_000  # documents

_NUMBER = """
    INSERT INTO counted (generation, facet, value, documents) VALUES (?, ?, ?, ?)
    ON CONFLICT (generation, facet, value) DO UPDATE SET documents = documents + excluded.documents RETURNING key
"""
_LIVE = "generation = (SELECT name FROM generations WHERE is_live)"
_FULL_NAMES = f"SELECT key, value FROM counted WHERE {_LIVE} AND facet = ? AND value > ? AND value < ? ORDER BY value"  # noqa: S608

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers in ascending order, and how many of the documents found have each."""

    numbers: Numbers
    counts: Numbers

    def of(self, *parts: str) -> "Counts":
        """Return those of these parts of a summary, still with their codes."""
        return self._where(np.isin(self.numbers & (2**_CODE_BITS - 1), [PARTS[part] for part in parts]))

    def at_least(self, count: int) -> "Counts":
        """Return those that so many documents have."""
        return self._where(self.counts >= count)

    def without_codes(self) -> "Counts":
        """Return the numbers alone."""
        return Counts(self.numbers >> _CODE_BITS, self.counts)

    def with_more(self, numbers: npt.NDArray[Any]) -> "Counts":
        """Return them with each of these counted."""
        here, times = np.unique(numbers, return_counts=True)
        every, places = np.unique(np.concatenate([self.numbers, here]), return_inverse=True)
        return Counts(every, np.bincount(places, np.concatenate([self.counts, times])).astype(np.int64))

    def _where(self, condition: npt.NDArray[np.bool_]) -> "Counts":
        return Counts(self.numbers[condition], self.counts[condition])


def write_summary(
    connection: sqlite3.Connection, generation: str, form: Mapping[str, Any], facets: Iterable[tuple[str, str]]
) -> tuple[bytes, bytes]:
    """Return what a summary counts of a document, and its closest tiles; values that are new are given their numbers."""
    values = dict.fromkeys(((facet, value) for facet, value in facets if facet in PARTS), 1)
    for entity in {entity["id"]: entity for entity in reversed(form["entities"])}.values():
        values[_ENTITY, entity["id"]] = values[_CALLED, f"{entity['id']}\n{entity['kind']}\n{entity['name']}"] = 0
    tiles = {find_tile(point["lat"], point["lon"]) for point in form["locations"]}
    hour = milliseconds(datetime.fromisoformat(form["date"])) // _HOUR_MS
    numbers = [
        (hour - _FIRST_HOUR, _HOUR),
        *(
            (connection.execute(_NUMBER, (generation, *key, count)).fetchone()[0], key[0])
            for key, count in values.items()
        ),
        *((tile, _TILE) for tile in {_pack(x >> _CLOSER, y >> _CLOSER) for x, y in tiles}),
    ]
    counted = [number << _CODE_BITS | PARTS[part] for number, part in numbers]
    return _bytes(counted), _bytes([_pack(x, y) for x, y in tiles])


def read_summary(connection: sqlite3.Connection, query: Query, asked: Expression | None, total: int) -> Summary:
    """Return the summary of the so many documents in the table ``found``."""
    zoom = choose_zoom(query.near)
    counts = _count(connection)
    tiles = _count_tiles(connection, CLOSEST_ZOOM - zoom) if query.near else counts.of(_TILE).without_codes()
    best = {facet: _find_best(connection, counts.of(facet), FACET_SIZE) for facet in FACETS}
    return Summary(
        facets={facet: tuple(Facet(value=value, count=count) for value, count, _ in best[facet]) for facet in FACETS},
        timeline=tuple(_read_timeline(counts.of(_HOUR).without_codes(), timeline_step(query))),
        named=_find_named(connection, counts, asked_ids(asked)),
        telling=_find_telling(connection, counts, total),
        cells=tuple(_read_cells(tiles, zoom)),
    )


def _pack(x: int, y: int) -> int:
    return x << CLOSEST_ZOOM | y


def _bytes(numbers: Sequence[int]) -> bytes:
    return np.array(numbers, "<u4").tobytes()


def _count(connection: sqlite3.Connection) -> Counts:
    """Return the counts of all numbers with their codes, of some documents at a time."""
    counts = Counts(np.zeros(0, np.int64), np.zeros(0, np.int64))
    rows = connection.cursor()
    rows.row_factory = None  # plain tuples take a third less time, of which this reads most
    rows.execute("SELECT counted FROM found CROSS JOIN summaries ON document = key")
    while some := rows.fetchmany(_AT_ONCE):
        counts = counts.with_more(np.frombuffer(b"".join(counted for (counted,) in some), "<u4"))
    return counts


def _count_tiles(connection: sqlite3.Connection, closer: int) -> Counts:
    """Return in how many documents each tile is, so many zooms further out than the closest."""
    counts = Counts(np.zeros(0, np.int64), np.zeros(0, np.int64))
    rows = connection.execute("SELECT tiles FROM found CROSS JOIN summaries ON document = key")
    while some := rows.fetchmany(_AT_ONCE):
        closest = np.frombuffer(b"".join(tiles for (tiles,) in some), "<u4").astype(np.int64)
        documents = np.repeat(np.arange(len(some)), [len(tiles) // 4 for (tiles,) in some])
        x, y = closest >> CLOSEST_ZOOM >> closer, (closest & (2**CLOSEST_ZOOM - 1)) >> closer
        once = np.unique(documents << 2 * CLOSEST_ZOOM | x << CLOSEST_ZOOM | y)
        counts = counts.with_more(once & (2 ** (2 * CLOSEST_ZOOM) - 1))
    return counts


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
    entities = _find_best(connection, counts.of(_ENTITY), NAMED_SIZE + len(excluded))
    best = [(key, count) for key, count, _ in entities if key not in excluded][:NAMED_SIZE]
    called = [row for key, _ in best for row in connection.execute(_FULL_NAMES, (_CALLED, f"{key}\n", f"{key}\v"))]
    is_found = np.isin([row["key"] for row in called], counts.of(_CALLED).without_codes().numbers)
    lines = [row["value"].split("\n", 2) for row, is_one in zip(called, is_found, strict=True) if is_one]
    names = {key: (kind, name) for key, kind, name in reversed(lines)}
    return tuple(Named(id=key, kind=names[key][0], name=names[key][1], count=count) for key, count in best)


def _find_telling(connection: sqlite3.Connection, counts: Counts, found: int) -> tuple[Facet, ...]:
    """Return values by how much more frequent they are than elsewhere."""
    frequent = _find_best(connection, counts.of(*_TELLING).at_least(LEAST_TELLING), _COMPARED)
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
    starts, places = np.unique((hours.numbers + _FIRST_HOUR) // length * length, return_inverse=True)
    sums = np.bincount(places, hours.counts)
    for start, count in zip(starts.tolist(), sums.tolist(), strict=True):
        yield Span(start=datetime.fromtimestamp(start * _HOUR_MS / 1000, UTC), count=int(count))


def _read_cells(tiles: Counts, zoom: int) -> Iterator[Cell]:
    for place in np.lexsort((tiles.numbers, -tiles.counts))[:CELLS].tolist():
        x, y = divmod(int(tiles.numbers[place]), 2**CLOSEST_ZOOM)
        tile = f"{zoom}/{x}/{y}"
        latitude, longitude = tile_middle(tile)
        yield Cell(tile=tile, latitude=latitude, longitude=longitude, count=int(tiles.counts[place]))
