"""Walls are told from articles as well as ever: floors just under what was reached, on both halves of tests/walls."""

import os
from types import ModuleType
from typing import Any

import pytest

from tests.fixtures.benchmarks import load_benchmark

#: Least precision and recall. A lost article costs more than a wall that is missed, so articles have floors of their own.
FLOORS = {
    "A": {"any wall": (0.98, 0.99), "article": (0.99, 0.97)},
    "B": {"any wall": (0.99, 0.98), "article": (0.97, 0.99)},
}
#: The same of each kind, both halves taken together: single kinds have a dozen pages in a half.
KIND_FLOORS = {
    "consent": (0.95, 0.95),
    "paywall": (0.95, 0.91),
    "bot-check": (0.95, 0.95),
    "script-shell": (0.95, 0.95),
    "not-found": (0.95, 0.94),
    "index-page": (0.95, 0.95),
    "too-short": (0.79, 0.95),
}


@pytest.fixture(scope="module")
def walls() -> ModuleType:
    return load_benchmark("walls")


@pytest.fixture(scope="module")
def pages(walls: ModuleType) -> list[Any]:
    return walls.judge_pages()  # type: ignore[no-any-return]


def test_the_corpus_is_whole(walls: ModuleType, pages: list[Any]) -> None:
    listed = {page.path for page in pages}
    assert listed == {str(path.relative_to(walls.PAGES)) for path in walls.PAGES.glob("*/*.html")}
    assert {page.expected for page in pages} == {walls.ARTICLE, *walls.FOLDERS}
    assert len(listed) >= 230
    assert sum(page.expected == walls.ARTICLE for page in pages) >= 0.4 * len(pages)


@pytest.mark.parametrize("half", ["A", "B"])
def test_walls_are_told_from_articles(walls: ModuleType, pages: list[Any], half: str) -> None:
    scores = walls.score_halves(pages, half)
    found = {name: (scores[name].precision, scores[name].recall) for name in FLOORS[half]}
    assert {name: pair for name, pair in found.items() if falls_short(pair, FLOORS[half][name])} == {}


def test_each_kind_of_wall_is_known(walls: ModuleType, pages: list[Any]) -> None:
    found = {}
    for name in KIND_FLOORS:
        score = walls.score([(page.expected == name, page.found == name) for page in pages])
        found[name] = (score.precision, score.recall)
    assert {name: pair for name, pair in found.items() if falls_short(pair, KIND_FLOORS[name])} == {}


@pytest.mark.parametrize("half", ["A", "B"])
def test_real_pages_with_little_text_are_no_walls(walls: ModuleType, half: str) -> None:
    if not walls.LABELLED.exists():
        missing = f"no labelled pages at {walls.LABELLED}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    found = list(walls.judge_cut_pages(half).values())
    assert len(found) >= 60
    assert found.count(walls.ARTICLE) >= 0.98 * len(found)


def falls_short(pair: tuple[float, float], floor: tuple[float, float]) -> bool:
    """Tell whether precision or recall is below its floor."""
    return any(figure < least for figure, least in zip(pair, floor, strict=True))
