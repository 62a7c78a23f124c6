"""Fit the weights of the body extractor on half of the labelled pages, and print how both halves come out.

The weights are those of a logistic regression whose penalty pulls each toward the weight written by hand (column ``by_hand``
of pipeline/extract/data/body_weights.tsv), so that rare features stay as sensible as we wrote them. The half is chosen by
a hash of the page's id. ``--write`` writes the fitted column; without it nothing is changed.
"""

import argparse
import re
import sys
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from extraction import DEVSET, half_of, read_pages
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.blocks import read_layout
from pipeline.extract.body import page_titles
from pipeline.extract.facts import title_texts
from pipeline.extract.features import BLOCK_FLAGS, BLOCK_NUMBERS, PLACE_NUMBERS, describe_block, place_numbers
from pipeline.extract.groups import group_names
from pipeline.extract.page import make_page
from pipeline.extract.scene import set_scene

WEIGHTS = Path(__file__).parents[1] / "pipeline" / "extract" / "data" / "body_weights.tsv"
SMALLEST_STEP = 1e-4
WORD = re.compile(r"\w+")


def main() -> int:
    """Fit on half A, print the figures of both halves, and write the weights if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the fitted weights")
    parser.add_argument(
        "--pull", type=float, default=0.15, help="how strongly weights are pulled toward those written by hand"
    )
    given = parser.parse_args()
    if not DEVSET.is_dir():
        print(f"no labelled pages at {DEVSET}: nothing fitted")
        return 0
    names, by_hand = read_prior()
    rows, labels, weights = zip(*(page_rows(page) for page in read_pages() if half_of(page["id"]) == "A"), strict=True)
    fitted = fit(np.vstack(rows), np.concatenate(labels), np.concatenate(weights), by_hand, given.pull)
    if given.write:
        lines = (f"{name}\t{hand:g}\t{weight:.3f}" for name, hand, weight in zip(names, by_hand, fitted, strict=True))
        WEIGHTS.write_text("feature\tby_hand\tfitted\n" + "\n".join(lines) + "\n", encoding="utf-8")
    for name, hand, weight in sorted(zip(names, by_hand, fitted, strict=True), key=lambda row: -abs(row[2] - row[1]))[
        :20
    ]:
        print(f"{name:24} {hand:6.2f} {weight:6.2f}")
    return 0


def read_prior() -> tuple[list[str], np.ndarray]:
    """Return the features' names and the weights written by hand."""
    rows = [line.split("\t") for line in WEIGHTS.read_text(encoding="utf-8").splitlines()[1:]]
    table = {name: float(hand) for name, hand, _ in rows}
    groups = group_names()
    named = (*(f"own:{name}" for name in groups), *(f"above:{name}" for name in groups))
    names = [*BLOCK_NUMBERS, *BLOCK_FLAGS, *PLACE_NUMBERS, *named]
    return names, np.array([table.get(name, 0.0) for name in names])


def page_rows(page: dict[str, str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the features of the page's blocks, how much of each is in the true text, and how much each matters."""
    tree = LexborHTMLParser(page["html"].replace("\x00", ""))
    parsed = make_page(page["url"], page["html"], tree)
    scene = set_scene(read_layout(tree), page_titles(parsed, title_texts(parsed)))
    rows = []
    blocks = scene.blocks[scene.start : scene.end]
    for at, block in enumerate(blocks, scene.start):
        numbers, flags = describe_block(scene, at)
        own, place = (*numbers, *map(bool, flags)), place_numbers(scene, block.owner)
        rows.append([*map(float, (*own, *place)), *bits(block.owner.mask), *bits(block.owner.above)])
        scene.seen.add(scene.signs.said[at])
    labels = np.array(true_shares([block.text for block in scene.blocks], page["text"]))[scene.start : scene.end]
    sizes = np.array([block.size for block in blocks], dtype=float)
    return np.array(rows), labels, np.sqrt(sizes / max(1.0, float((labels * sizes).sum())))


def bits(mask: int) -> list[float]:
    """Return the mask as numbers."""
    return [float(mask >> bit & 1) for bit in range(len(group_names()))]


def true_shares(texts: list[str], truth: str) -> list[float]:
    """Return for each block which share of its words is in the true text, in order."""
    words = [WORD.findall(text) for text in texts]
    flat = [word for block in words for word in block]
    hit = np.zeros(len(flat))
    for match in SequenceMatcher(None, flat, WORD.findall(truth), autojunk=False).get_matching_blocks():
        hit[match.a : match.a + match.size] = 1.0
    ends = np.cumsum([len(block) for block in words])
    return [float(hit[end - len(block) : end].mean()) if block else 0.0 for block, end in zip(words, ends, strict=True)]


def fit(rows: np.ndarray, labels: np.ndarray, weights: np.ndarray, by_hand: np.ndarray, pull: float) -> np.ndarray:
    """Return the weights that minimise weighted log loss plus ``pull``/2 times the squared distance from the hand's."""

    def loss(tried: np.ndarray) -> float:
        score = rows @ tried
        return float(weights @ (np.logaddexp(0, score) - labels * score) + pull / 2 * ((tried - by_hand) ** 2).sum())

    fitted = by_hand.copy()
    for _ in range(60):
        expected = 1 / (1 + np.exp(-np.clip(rows @ fitted, -30, 30)))
        gradient = rows.T @ (weights * (expected - labels)) + pull * (fitted - by_hand)
        curvature = (rows * (weights * expected * (1 - expected))[:, None]).T @ rows + pull * np.eye(rows.shape[1])
        step = np.linalg.solve(curvature, gradient)
        length = 1.0
        while loss(fitted - length * step) > loss(fitted) and length > SMALLEST_STEP:
            length /= 2
        fitted = fitted - length * step
        if np.abs(length * step).max() < SMALLEST_STEP:
            break
    return fitted


if __name__ == "__main__":
    sys.exit(main())
