"""Tiles of web maps: which one a point lies in, and where its middle is (Web Mercator, numbered ``zoom/x/y``)."""

import math
from dataclasses import dataclass

from pipeline.model.query import Query

#: The projection ends here (OpenStreetMap wiki, "Slippy map tilenames").
MAX_LATITUDE = 85.0511287798066
WORLD_ZOOM, CLOSEST_ZOOM = 5, 14
_EQUATOR_KM = 40_075
#: Zooms that an area is parted by: into 64 tiles.
_WITHIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """From south to north and from west to east, in degrees; of the edges, the northern and the western one are within."""

    south: float
    north: float
    west: float
    east: float


def choose_zoom(query: Query) -> int:
    """Return the zoom whose tiles part the query's circle or area into some dozens; the world where there is none."""
    zoom = WORLD_ZOOM
    if query.near:
        zoom = max(zoom, round(math.log2(_EQUATOR_KM / query.near.kilometres)) + 1)
    if query.area:
        zoom = max(zoom, read_tile(query.area)[0] + _WITHIN)
    return min(CLOSEST_ZOOM, zoom)


def read_tile(text: str) -> tuple[int, int, int]:
    """Return zoom, x and y of a tile. Raises ValueError for what is none, or closer than CLOSEST_ZOOM."""
    if not (text.isascii() and all(part.isdecimal() for part in text.split("/"))):
        raise ValueError(text)
    zoom, x, y = (int(part) for part in text.split("/"))
    if zoom > CLOSEST_ZOOM or max(x, y) >= 2**zoom:
        raise ValueError(text)
    return zoom, x, y


def tile_box(tile: str) -> Box:
    """Return where the tile lies; those at the edges of the map reach to the poles, as ``find_tile`` has it."""
    zoom, x, y = read_tile(tile)
    count = 2**zoom
    return Box(
        south=_latitude(y + 1, count) if y < count - 1 else -90,
        north=_latitude(y, count) if y else 90,
        west=x / count * 360 - 180,
        east=(x + 1) / count * 360 - 180,
    )


def _latitude(y: float, count: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / count))))


def find_tile(latitude: float, longitude: float) -> tuple[int, int]:
    """Return x and y of the tile of the closest zoom that the point in degrees lies in; further out, halve them."""
    count = 2**CLOSEST_ZOOM
    phi = math.radians(max(-MAX_LATITUDE, min(MAX_LATITUDE, latitude)))
    x = int((longitude + 180) / 360 * count)
    y = int((1 - math.asinh(math.tan(phi)) / math.pi) / 2 * count)
    return max(0, min(x, count - 1)), max(0, min(y, count - 1))


def tile_middle(tile: str) -> tuple[float, float]:
    """Return latitude and longitude of the tile's middle."""
    zoom, x, y = read_tile(tile)
    count = 2**zoom
    return _latitude(y + 0.5, count), (x + 0.5) / count * 360 - 180
