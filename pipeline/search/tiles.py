"""Tiles of web maps: which one a point lies in, and where its middle is (Web Mercator, numbered ``zoom/x/y``)."""

import math

from pipeline.model.query import Circle

#: The projection ends here (OpenStreetMap wiki, "Slippy map tilenames").
MAX_LATITUDE = 85.0511287798066
WORLD_ZOOM, CLOSEST_ZOOM = 5, 14
_EQUATOR_KM = 40_075


def choose_zoom(circle: Circle | None) -> int:
    """Return the zoom whose tiles part the circle into some dozens; the world where there is none."""
    if circle is None:
        return WORLD_ZOOM
    return max(WORLD_ZOOM, min(CLOSEST_ZOOM, round(math.log2(_EQUATOR_KM / circle.kilometres)) + 1))


def find_tile(latitude: float, longitude: float) -> tuple[int, int]:
    """Return x and y of the tile of the closest zoom that the point in degrees lies in; further out, halve them."""
    count = 2**CLOSEST_ZOOM
    phi = math.radians(max(-MAX_LATITUDE, min(MAX_LATITUDE, latitude)))
    x = int((longitude + 180) / 360 * count)
    y = int((1 - math.asinh(math.tan(phi)) / math.pi) / 2 * count)
    return max(0, min(x, count - 1)), max(0, min(y, count - 1))


def tile_middle(tile: str) -> tuple[float, float]:
    """Return latitude and longitude of the tile's middle."""
    zoom, x, y = (int(part) for part in tile.split("/"))
    count = 2**zoom
    latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (y + 0.5) / count))))
    return latitude, (x + 0.5) / count * 360 - 180
