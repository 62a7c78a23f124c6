"""Which blocks are the article: a linear score of each, and the cut with the greatest expected F1."""

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import compress
from math import exp
from operator import mul

from pipeline.extract.blocks import Block, Element, Layout
from pipeline.extract.features import BLOCK_FLAGS, BLOCK_NUMBERS, PLACE_NUMBERS, describe_block, place_numbers
from pipeline.extract.groups import add_bits, group_names
from pipeline.extract.scene import Scene, Titles, set_scene

_HIGHEST_CUT = 0.5
LEAST = -30.0  # what is below cannot be told from nothing


@dataclass(frozen=True, slots=True)
class Weights:
    """What each number, each flag, and each group on the block's own element or above it adds to the score."""

    block: tuple[float, ...]
    flags: tuple[float, ...]
    place: tuple[float, ...]
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


def weigh_block(scene: Scene, at: int) -> dict[str, float]:
    """Return what each number, flag and group adds to the score of the block, before it is squeezed between 0 and 1."""
    weights, owner = load_weights(), scene.blocks[at].owner
    numbers, flags = describe_block(scene, at)
    parts = dict(zip(BLOCK_NUMBERS, map(mul, weights.block, numbers), strict=True))
    parts |= compress(zip(BLOCK_FLAGS, weights.flags, strict=True), flags)
    parts |= dict(zip(PLACE_NUMBERS, map(mul, weights.place, place_numbers(scene, owner)), strict=True))
    for kind, mask, table in (("own", owner.mask, weights.own), ("above", owner.above, weights.above)):
        parts |= {f"{kind}:{name}": table[bit] for bit, name in enumerate(group_names()) if mask >> bit & 1}
    return parts


def best_cut(scores: list[float], sizes: list[int]) -> float:
    """Return the cut with the greatest expected F1; never one above a half, so that likely text stays."""
    ranked = sorted(((score, size) for score, size in zip(scores, sizes, strict=True) if score), reverse=True)
    total = sum(score * size for score, size in ranked)
    chosen, good, best = 0, 0.0, 0.0
    for score, size in ranked:
        chosen += size
        good += score * size
        expected = 2 * good / (chosen + total)
        if expected < best:  # those that follow are no better
            break
        best = expected
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
        block=tuple(table.get(name, 0.0) for name in BLOCK_NUMBERS),
        flags=tuple(table.get(name, 0.0) for name in BLOCK_FLAGS),
        place=tuple(table.get(name, 0.0) for name in PLACE_NUMBERS),
        own=tuple(table.get(f"own:{name}", 0.0) for name in group_names()),
        above=tuple(table.get(f"above:{name}", 0.0) for name in group_names()),
    )


def _score(scene: Scene) -> list[float]:
    weights, place_score = load_weights(), _Places(scene).score
    blocks, said, advert, see = scene.blocks, scene.signs.said, scene.signs.advert, scene.seen.add
    scores = [0.0] * len(blocks)
    for at in range(scene.start, scene.end):
        if advert[at]:
            continue
        numbers, flags = describe_block(scene, at)
        own = sum(map(mul, weights.block, numbers)) + sum(compress(weights.flags, flags))
        total = place_score(blocks[at].owner) + own
        see(said[at])
        scores[at] = 1 / (1 + exp(-total)) if total > LEAST else 0.0
    return scores


class _Places:
    """What the places of a page add to the scores of their blocks, each reckoned once: paragraphs share theirs."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._weights = load_weights()
        self._scores: dict[tuple[int, str, int], float] = {}

    def score(self, owner: Element) -> float:
        scene = self._scene
        if owner is scene.main or owner is scene.container:
            return self._reckon(owner)
        key = id(owner.parent), owner.signature, owner.mask
        found = self._scores.get(key)
        if found is None:
            found = self._scores[key] = self._reckon(owner)
        return found

    def _reckon(self, owner: Element) -> float:
        here: float = sum(map(mul, self._weights.place, place_numbers(self._scene, owner)))
        return here + _add_names(owner.mask, owner.above)


@lru_cache(maxsize=20_000)
def _add_names(own: int, above: int) -> float:
    """Return what the names on and above an element add."""
    weights = load_weights()
    return add_bits(own, weights.own) + add_bits(above, weights.above)
