"""What speaks for and against a block: numbers about the block itself, and about it among the others."""

import re
from functools import cache
from typing import NamedTuple

from pipeline.extract.blocks import Block, Element
from pipeline.extract.groups import bits_of
from pipeline.extract.scene import GOOD, SHORT, Scene, find_credit, find_date

#: The names of the numbers, in the order in which ``block_numbers`` gives them.
NUMBERS = (
    "bias", "first", "first_low", "first_high", "inside", "same_parent", "same_signature", "parent_share",
    "grandparent_share", "parent_good", "grandparent_good", "before_1", "before_2", "after_1", "after_2",
    "around_min", "next_far", "before_first", "after_last", "tail_gap", "head_gap", "above_headline",
    "below_headline", "linked", "all_link", "link_no_end", "phrase", "phrase_link", "upper", "colon", "no_end",
    "tiny", "short", "middle", "long", "commas", "date", "credit", "by", "bold", "slanted", "bold_short",
    "slanted_short", "has_time", "rule", "title", "description", "duplicate", "parent_linked", "grandparent_linked",
    "heading", "heading_then_good", "heading_then_bad", "after_heading", "after_teaser_heading", "other_article",
    "list_short", "list_full", "item_linked", "starts_lower", "quote_mark", "digits", "question", "alone_in_list",
    "depth_off", "main_p", "direct_main", "like_main", "kind_good", "kind_linked", "kind_outside", "kind_many",
    "boxed", "box_good", "box_linked", "box_small", "box_teaser", "box_share", "nested_article", "upper_link",
    "p_all_link", "inside_plain", "inside_linked", "tail_slanted", "tail_profile", "last", "phrase_bold",
    "ends_linked",
)  # fmt: skip
_DIGIT = re.compile(r"\d")
_BY = re.compile(r"(?:by|von|par|por|di|door|af|av|od|autor|text|от|автор)[\s:]")
_LOW, _HIGH = 0.15, 0.85  # first scores that leave little doubt
_BAD = 0.2
_TINY, _FULL, _WHOLE = 25, 200, 0.9  # characters; characters; share of a block
_ITEM = 60
_HALF, _MOST = 0.5, 0.7


class _Bits(NamedTuple):
    p: int
    li: int
    article: int
    headings: int


@cache
def _bits() -> _Bits:
    return _Bits(bits_of("<p>"), bits_of("<li>"), bits_of("<articletag>"), bits_of("<h2>", "<h3>", "<h4>"))


def block_numbers(scene: Scene, at: int) -> list[float]:
    """Return the numbers of the block, each between about -1 and 1, in the order of ``NUMBERS``."""
    score = scene.first[at]
    certain = [1.0, score, score < _LOW, score > _HIGH]
    return [*certain, *_relations(scene, at), *_looks(scene, at), *_company(scene, at), *_boxes(scene, at)]


def _relations(scene: Scene, at: int) -> list[float]:
    """Return how the block stands to the container, to the paragraphs around it and to the headline."""
    first, main = scene.first, scene.main
    owner = scene.blocks[at].owner
    parent = owner.parent or owner
    held, outer = scene.held(parent), scene.held(parent.parent or parent)
    near = [first[place] if 0 <= place < len(first) else 0.0 for place in (at - 1, at - 2, at + 1, at + 2)]
    gaps = max(0, at - scene.last_good), max(0, scene.first_good - at)
    return [
        scene.container.start <= at < scene.container.end,
        parent is main or owner is main,
        parent.signature == main.signature,
        held.share,
        outer.share,
        held.good,
        outer.good,
        *near,
        min(max(near[0], near[1]), max(near[2], near[3])),
        max(first[at + 3 : at + 7], default=0.0),
        at < scene.first_good,
        at > scene.last_good,
        min(1.0, gaps[0] / 6),
        min(1.0, gaps[1] / 6),
        0 <= at < scene.headline_at,
        at > scene.headline_at >= 0,
    ]


def _looks(scene: Scene, at: int) -> list[float]:
    """Return what the block's own text and marks say."""
    block = scene.blocks[at]
    text, size, said = block.text, block.size, scene.said[at]
    linked = block.linked / size
    phrase = scene.teasers[at]
    is_short = size < SHORT
    bold, slanted = block.bold > _WHOLE * size, block.slanted > _WHOLE * size
    return [
        linked,
        linked > _WHOLE,
        linked > _MOST and not block.ends,
        phrase,
        phrase and block.links > 0,
        is_short and text.isupper(),
        text.endswith((":", "：")),
        not block.ends,
        size < _TINY,
        _TINY <= size < SHORT,
        SHORT <= size < _FULL,
        size >= _FULL,
        min(1.0, block.commas / 4),
        is_short and find_date(text),
        size < _FULL and find_credit(said),
        is_short and _BY.match(said) is not None,
        bold,
        slanted,
        bold and is_short,
        slanted and is_short,
        block.has_time,
        block.follows_rule,
        said in scene.titles.titles,
        size > _TINY and _says_same(said, scene.titles.description),
        size > _TINY and said in scene.seen,
    ]


def _company(scene: Scene, at: int) -> list[float]:
    """Return what the headings, lists and elements around the block say."""
    blocks, first, bits = scene.blocks, scene.first, _bits()
    block = blocks[at]
    text, size, owner = block.text, block.size, block.owner
    main, around = scene.main, owner.mask | owner.above
    parent = owner.parent or owner
    heading = _is_heading(block)
    follower = first[at + 1] if at + 1 < len(first) else 0.0
    previous = blocks[at - 1] if at else None
    item = bool(around & bits.li)
    return [
        scene.held(parent).linked,
        scene.held(parent.parent or parent).linked,
        heading,
        heading and follower > GOOD,
        heading and follower < _BAD,
        previous is not None and _is_heading(previous),
        previous is not None and previous.size < _ITEM and scene.teasers[at - 1],
        bool(around & bits.article) and not (main.mask | main.above) & bits.article,
        item and size < _ITEM,
        item and size >= _ITEM and block.linked < size / 2,
        item and block.linked > size / 2,
        text[0].islower(),
        text[0] in "\"“„«‘'",
        sum(map(str.isdigit, text[:60])) / min(60, len(text)) if _DIGIT.search(text) else 0.0,
        text.endswith("?"),
        item and parent.end - parent.start == 1,
        owner is scene.container,
        bool(owner.mask & bits.p) and parent is main,
        owner is main,
        scene.first_good < len(blocks) and owner.signature == blocks[scene.first_good].owner.signature,
    ]


def _boxes(scene: Scene, at: int) -> list[float]:
    """Return what blocks of its kind are like, and the box inside the article that the block stands in, if it does."""
    block = scene.blocks[at]
    text, size, owner = block.text, block.size, block.owner
    kind = scene.kinds[owner.signature]
    inside = scene.container.start <= at < scene.container.end
    box, nested = _find_box(owner, scene.main)
    held = scene.held(box) if box else None
    head = box.start if box else at
    plain = bool(owner.mask & _bits().p)
    phrase = scene.teasers[at]
    is_tail = at >= scene.last_good
    mostly_linked = block.linked > _HALF * size
    return [
        kind.good / kind.size,
        kind.linked / kind.size,
        kind.outside / kind.count,
        min(1.0, kind.count / 10),
        held is not None,
        held.good if held else 0.0,
        held.linked if held else 0.0,
        box is not None and scene.size_before[box.end] - scene.size_before[box.start] < _FULL,
        box is not None and scene.blocks[head].size < SHORT and scene.teasers[head],
        held.share if held else 0.0,
        nested and inside,
        size < _FULL and mostly_linked and text.isupper(),
        plain and block.linked > _WHOLE * size,
        inside and plain and block.links == 0,
        inside and mostly_linked,
        is_tail and block.slanted > _MOST * size,
        is_tail and size < _FULL and " is a " in text,
        at == scene.last_good,
        phrase and block.bold > 0,
        mostly_linked and ":" in text,
    ]


def _says_same(said: str, description: str) -> bool:
    return bool(description) and (said.startswith(description) or description.startswith(said))


def _is_heading(block: Block) -> bool:
    return block.size < _FULL and bool((block.owner.mask | block.owner.above) & _bits().headings)


def _find_box(owner: Element, main: Element) -> tuple[Element | None, bool]:
    """Return the child of the main element that the owner stands in, unless it is one; and whether an article lies between."""
    box: Element | None = owner
    nested = False
    while box is not None and box is not main and box.parent is not main:
        nested = nested or box.tag == "article"
        box = box.parent
    return (None if box in {None, owner, main} else box, nested)
