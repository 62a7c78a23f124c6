"""The map of the page: what is seen, what it is called, and the search that each spot leads to."""

import re
from collections.abc import Sequence

import pytest

from pipeline.model.query import Cell, Circle, Named, Query, Summary
from pipeline.search.tiles import CLOSEST_ZOOM, find_tile, tile_middle
from pipeline.web.address import Address, address_query
from pipeline.web.map import HEIGHT, MOST_SPOTS, WIDTH, WORLD, PlaceMap, draw_map, make_map

TEHRAN, MINSK, LIMA, SYDNEY = (35.69, 51.42), (53.9, 27.57), (-12.04, -77.03), (-33.87, 151.21)
HERE, EVERYTHING = Address((("q", '"<i>"'), ("area", "1/1/1"))), Query()


def cell(point: tuple[float, float], count: int = 1, zoom: int = 5) -> Cell:
    x, y = (part >> (CLOSEST_ZOOM - zoom) for part in find_tile(*point))
    latitude, longitude = tile_middle(f"{zoom}/{x}/{y}")
    return Cell(tile=f"{zoom}/{x}/{y}", latitude=latitude, longitude=longitude, count=count)


def place(name: str, geonames: int) -> Named:
    return Named(id=f"geonames:{geonames}", kind="place", name=name, count=1)


def made(cells: Sequence[Cell], query: Query = EVERYTHING, places: Sequence[Named] = ()) -> PlaceMap:
    found = make_map(Summary(cells=tuple(cells), named=tuple(places)), query, HERE)
    assert found
    return found


def test_without_places_there_is_no_map() -> None:
    assert make_map(Summary(), EVERYTHING, HERE) is None
    far = Query(near=Circle(latitude=-50, longitude=-120, kilometres=100))
    assert make_map(Summary(cells=(cell(TEHRAN, zoom=9),)), far, HERE) is None


def test_the_view_shows_the_spots_and_not_much_more() -> None:
    near = made([cell(TEHRAN), cell(MINSK)])
    assert near.view.width < WORLD / 2
    assert made([cell(LIMA), cell(SYDNEY)]).view.width > WORLD / 2
    for places in (near, made([cell(LIMA), cell(SYDNEY), cell((78.2, 15.6)), cell((-54.8, -68.3))])):
        assert places.elsewhere == 0
        for spot in places.spots:
            x, y = places.view.place(spot.x + spot.size / 2, spot.y + spot.size / 2)
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT


def test_of_many_spots_the_largest_are_drawn() -> None:
    points = [(latitude, longitude) for latitude in range(1, 60, 4) for longitude in range(-170, 170, 12)]
    tiles = {each.tile: each for each in (cell(point, point[0]) for point in points)}
    places = made(list(tiles.values()))
    assert len(places.spots) == MOST_SPOTS
    assert places.spots[0].count == 57
    assert places.elsewhere == len(tiles) - MOST_SPOTS


def test_a_circle_is_the_view_and_what_lies_outside_is_counted() -> None:
    circle = Query(near=Circle(latitude=TEHRAN[0], longitude=TEHRAN[1], kilometres=100))
    places = made([cell(TEHRAN, zoom=10), cell(MINSK, zoom=10)], circle)
    assert [spot.area for spot in places.spots] == ["Tehran"]
    assert places.elsewhere == 1


def test_a_spot_is_called_as_the_articles_name_it_and_else_by_its_largest_city() -> None:
    texas = (29.42, -98.49)
    cells = [cell(MINSK, 9), cell(TEHRAN, 5), cell(texas, 2), cell((-47, -120), 1)]
    # There are larger ones of that name, but none of these is meant.
    named = [place("Nowhere", 1), place("San Antonio", 3872395), place("Vilnius", 593116), place("Minsk", 625144)]
    spots = made(cells, places=named).spots
    assert [(spot.place, spot.area) for spot in spots] == [
        ("Vilnius", "Kyiv"),
        (None, "Tehran"),
        (None, "Houston"),
        (None, "45.1° S, 118.1° W"),
    ]


@pytest.mark.parametrize("point", [TEHRAN, MINSK, LIMA, SYDNEY, (78.2, 15.6), (0.1, -179.9)])
@pytest.mark.parametrize("zoom", [5, 9, 14])
def test_the_search_of_a_spot_is_its_cell_which_its_map_shows_alone(point: tuple[float, float], zoom: int) -> None:
    here = cell(point, zoom=zoom)
    query = address_query(made([here]).spots[0].address)
    assert query.area == here.tile
    within = min(zoom + 3, CLOSEST_ZOOM)
    there = cell((point[0] + 20, point[1] + 40), zoom=within)
    places = made([cell(point, zoom=within), there], query)
    assert [spot.address.value("area") for spot in places.spots] == [cell(point, zoom=within).tile]
    assert places.elsewhere == 1


def test_the_drawing_escapes_names_and_what_was_asked_and_holds_no_style_and_no_script() -> None:
    drawn = draw_map(made([cell(TEHRAN, 4)], places=[place("<i>Tehran", 112931)]), "/mount")
    assert drawn.count("<circle") == 1
    assert "<title>&lt;i&gt;Tehran: 4 articles</title>" in drawn
    assert 'href="/mount/?q=%22%3Ci%3E%22&amp;area=5%2F20%2F12"' in drawn
    assert not re.search(r"<script|<style| style=| on\w+=|<i>", drawn)
