"""What summaries count, as numbers: written a document at a time, and counted by numpy over all that is found.

Each value has a number in the table ``counted``. What a document has is one row of ``summaries``: 32 bits for each value, of
which the lower four tell the part of the summary. The map of the world is counted so as well; one of a circle, whose tiles
are smaller, from the closest ones.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.index.document import milliseconds
from pipeline.model.entity import Kind
from pipeline.search.tiles import CLOSEST_ZOOM, WORLD_ZOOM, find_tile

FACETS = ("people", "organizations", "places", "publishers", "languages", "sections")
#: Ids of entities by their kind.
KINDS = tuple(Kind)
#: An entity's id, kind and full name, a line each; hours since FIRST_HOUR; the tile on the map of the world.
CALLED, HOUR, TILE = "called", "hour", "tile"
_CODES = {part: code for code, part in enumerate((*FACETS, "topic", *KINDS, CALLED, HOUR, TILE))}
_CODE_BITS = 4
FIRST_HOUR = -(2**27)  # from 1970: some 15,000 years before, so that no hour is negative
HOUR_MS = 3_600_000
_TO_WORLD = CLOSEST_ZOOM - WORLD_ZOOM
_AT_ONCE = 20_000  # documents

_NUMBER = """
    INSERT INTO counted (generation, facet, value, documents) VALUES (?, ?, ?, ?)
    ON CONFLICT (generation, facet, value) DO UPDATE SET documents = documents + excluded.documents RETURNING key
"""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers in ascending order, and how many of the documents found have each."""

    numbers: Numbers
    counts: Numbers

    def of(self, *parts: str) -> "Counts":
        """Return those of these parts of a summary, still with their codes."""
        return self._where(np.isin(self.numbers & (2**_CODE_BITS - 1), [_CODES[part] for part in parts]))

    def at_least(self, count: int) -> "Counts":
        """Return those that so many documents have."""
        return self._where(self.counts >= count)

    def without_codes(self) -> "Counts":
        """Return the numbers alone."""
        return Counts(self.numbers >> _CODE_BITS, self.counts)

    def count(self, number: int) -> int:
        """Return how many documents have this one."""
        place = int(np.searchsorted(self.numbers, number))
        return int(self.counts[place]) if place < len(self.numbers) and self.numbers[place] == number else 0

    def with_more(self, numbers: npt.NDArray[Any]) -> "Counts":
        """Return them with each of these counted."""
        here, times = np.unique(numbers, return_counts=True)
        every, places = np.unique(np.concatenate([self.numbers, here]), return_inverse=True)
        return Counts(every, np.bincount(places, np.concatenate([self.counts, times])).astype(np.int64))

    def _where(self, condition: npt.NDArray[np.bool_]) -> "Counts":
        return Counts(self.numbers[condition], self.counts[condition])


_NOTHING = Counts(np.zeros(0, np.int64), np.zeros(0, np.int64))


def write_summary(
    connection: sqlite3.Connection, generation: str, form: Mapping[str, Any], facets: Iterable[tuple[str, str]]
) -> tuple[bytes, bytes]:
    """Return what a summary counts of a document, and its closest tiles; values that are new are given their numbers."""
    entities = {entity["id"]: entity for entity in reversed(form["entities"])}.values()
    values = [
        *dict.fromkeys((facet, value, 1) for facet, value in facets if facet in _CODES),
        *((entity["kind"], entity["id"], 0) for entity in entities),
        *((CALLED, f"{entity['id']}\n{entity['kind']}\n{entity['name']}", 0) for entity in entities),
    ]
    tiles = {find_tile(point["lat"], point["lon"]) for point in form["locations"]}
    numbers = [
        (HOUR, milliseconds(datetime.fromisoformat(form["date"])) // HOUR_MS - FIRST_HOUR),
        *((each[0], connection.execute(_NUMBER, (generation, *each)).fetchone()[0]) for each in values),
        *((TILE, tile) for tile in {_pack(x >> _TO_WORLD, y >> _TO_WORLD) for x, y in tiles}),
    ]
    counted = [number << _CODE_BITS | _CODES[part] for part, number in numbers]
    return _bytes(counted), _bytes([_pack(x, y) for x, y in tiles])


def _pack(x: int, y: int) -> int:
    return x << CLOSEST_ZOOM | y


def _bytes(numbers: Sequence[int]) -> bytes:
    return np.array(numbers, "<u4").tobytes()


def count_values(connection: sqlite3.Connection) -> Counts:
    """Return the counts over the documents in ``found`` of all numbers with their codes."""
    counts = _NOTHING
    rows = connection.cursor()
    rows.row_factory = None  # plain tuples take a third less time, of which this reads most
    rows.execute("SELECT counted FROM found CROSS JOIN summaries ON document = key")
    while some := rows.fetchmany(_AT_ONCE):
        counts = counts.with_more(np.frombuffer(b"".join(counted for (counted,) in some), "<u4"))
    return counts


def count_tiles(connection: sqlite3.Connection, closer: int) -> Counts:
    """Return in how many of the documents in ``found`` each tile is, so many zooms further out than the closest."""
    counts = _NOTHING
    rows = connection.execute("SELECT tiles FROM found CROSS JOIN summaries ON document = key")
    while some := rows.fetchmany(_AT_ONCE):
        closest = np.frombuffer(b"".join(tiles for (tiles,) in some), "<u4").astype(np.int64)
        documents = np.repeat(np.arange(len(some)), [len(tiles) // 4 for (tiles,) in some])
        x, y = closest >> CLOSEST_ZOOM >> closer, (closest & (2**CLOSEST_ZOOM - 1)) >> closer
        once = np.unique(documents << 2 * CLOSEST_ZOOM | x << CLOSEST_ZOOM | y)
        counts = counts.with_more(once & (2 ** (2 * CLOSEST_ZOOM) - 1))
    return counts
