"""Which blocks are the article: a linear score of each, and the cut with the greatest expected F1."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp
from operator import mul

from pipeline.extract.blocks import Block, Layout
from pipeline.extract.features import NUMBERS, block_numbers
from pipeline.extract.groups import group_names
from pipeline.extract.scene import Scene, Titles, set_scene

_HIGHEST_CUT = 0.5


@dataclass(frozen=True, slots=True)
class Weights:
    """What each number and each group, on the block's own element or above it, adds to the score."""

    numbers: tuple[float, ...]
    own: tuple[float, ...]
    above: tuple[float, ...]


@dataclass(slots=True)
class Choice:
    """The blocks with their scores, and the score from which a block belongs to the article."""

    scene: Scene
    scores: list[float]
    cut: float

    def kept(self) -> list[Block]:
        """Return the article's blocks in order."""
        return [block for block, score in zip(self.scene.blocks, self.scores, strict=True) if score > self.cut]


def choose_blocks(layout: Layout, titles: Titles) -> Choice | None:
    """Return which blocks of the page are the article, or None where there is no text at all."""
    if not layout.blocks:
        return None
    scene = set_scene(layout, titles)
    scores = _score(scene)
    return Choice(scene, scores, best_cut(scores, [block.size for block in layout.blocks]))


def best_cut(scores: list[float], sizes: list[int]) -> float:
    """Return the cut with the greatest expected F1; never one above a half, so that likely text stays."""
    total = sum(score * size for score, size in zip(scores, sizes, strict=True))
    chosen, good, best = 0, 0.0, 0.0
    for score, size in sorted(zip(scores, sizes, strict=True), reverse=True):
        chosen += size
        good += score * size
        best = max(best, 2 * good / (chosen + total))
    # The set with the greatest expected F1 is all that scores above half of that F1.
    return min(_HIGHEST_CUT, best / 2)


@cache
def load_weights() -> Weights:
    """Return the fitted weights."""
    rows = files("pipeline.extract").joinpath("data", "body_weights.tsv").read_text(encoding="utf-8").splitlines()
    table = {
        name: float(weight) for name, _, weight in (row.split("\t") for row in rows[1:] if not row.startswith("#"))
    }
    return make_weights(table)


def make_weights(table: dict[str, float]) -> Weights:
    """Return the weights of a table by name; what it does not name adds nothing."""
    return Weights(
        numbers=tuple(table.get(name, 0.0) for name in NUMBERS),
        own=tuple(table.get(f"own:{name}", 0.0) for name in group_names()),
        above=tuple(table.get(f"above:{name}", 0.0) for name in group_names()),
    )


def _score(scene: Scene) -> list[float]:
    weights = load_weights()
    own: dict[int, float] = {}
    above: dict[int, float] = {}
    scores = [0.0] * len(scene.blocks)
    for at in range(scene.start, scene.end):
        block = scene.blocks[at]
        mask, around = block.owner.mask, block.owner.above
        if mask not in own:
            own[mask] = _add_bits(mask, weights.own)
        if around not in above:
            above[around] = _add_bits(around, weights.above)
        numbers = block_numbers(scene, at)
        scene.seen.add(scene.said[at])
        total = own[mask] + above[around] + sum(map(mul, weights.numbers, numbers))
        scores[at] = 1 / (1 + exp(-max(-30.0, min(30.0, total))))
    return scores


def _add_bits(mask: int, weights: tuple[float, ...]) -> float:
    return sum(weight for bit, weight in enumerate(weights) if mask >> bit & 1)
