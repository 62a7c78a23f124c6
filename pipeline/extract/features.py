"""What speaks for and against a block: numbers about the block itself, and about the place where it stands."""

import re
from functools import cache
from typing import NamedTuple

from pipeline.extract.blocks import Block, Element
from pipeline.extract.groups import bits_of
from pipeline.extract.scene import GOOD, Scene
from pipeline.extract.signs import FULL, SHORT

#: The names of the numbers that blocks of one kind in one place share, in the order in which ``place_numbers`` gives them.
PLACE_NUMBERS = (
    "same_parent", "same_signature", "parent_share", "grandparent_share", "parent_good", "grandparent_good",
    "parent_linked", "grandparent_linked", "other_article", "alone_in_list", "depth_off", "main_p", "direct_main",
    "like_main", "kind_good", "kind_linked", "kind_outside", "kind_many", "boxed", "box_good", "box_linked",
    "box_small", "box_teaser", "box_share", "nested_article",
)  # fmt: skip
#: The names of the block's own numbers, in the order in which ``describe_block`` gives them.
BLOCK_NUMBERS = (
    "bias", "first", "before_1", "before_2", "after_1", "after_2", "around_min", "next_far", "tail_gap", "head_gap", "linked",
    "commas", "digits",
)  # fmt: skip
#: The names of what a block is or is not, in the order in which ``describe_block`` gives them.
BLOCK_FLAGS = (
    "first_low", "first_high", "inside", "before_first", "after_last", "above_headline", "below_headline", "all_link",
    "link_no_end", "phrase", "phrase_link", "upper", "colon", "no_end", "tiny", "short", "middle", "long", "date", "credit",
    "by", "bold", "slanted", "bold_short", "slanted_short", "has_time", "rule", "title", "description", "duplicate",
    "heading", "heading_then_good", "heading_then_bad", "after_heading", "after_teaser_heading", "list_short",
    "list_full", "item_linked", "starts_lower", "quote_mark", "question", "upper_link", "p_all_link", "inside_plain",
    "inside_linked", "tail_slanted", "tail_profile", "last", "phrase_bold", "ends_linked",
)  # fmt: skip
_DIGIT = re.compile(r"\d")
_BY_WORDS = ("by", "von", "par", "por", "di", "door", "af", "av", "od", "autor", "text", "от", "автор")
_BY = tuple(f"{word}{end}" for word in _BY_WORDS for end in " :")
_LOW, _HIGH = 0.15, 0.85  # first scores that leave little doubt
_BAD = 0.2
_TINY, _WHOLE = 25, 0.9  # characters; share of a block
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


def place_numbers(scene: Scene, owner: Element) -> list[float]:
    """Return the numbers of the place, each between about -1 and 1, in the order of ``PLACE_NUMBERS``."""
    main, bits = scene.main, _bits()
    parent = owner.parent or owner
    held, outer = scene.held(parent), scene.held(parent.parent or parent)
    around = owner.mask | owner.above
    kind = scene.kinds[owner.signature]
    return [
        parent is main or owner is main,
        parent.signature == main.signature,
        held.share,
        outer.share,
        held.good,
        outer.good,
        held.linked,
        outer.linked,
        bool(around & bits.article) and not (main.mask | main.above) & bits.article,
        bool(around & bits.li) and parent.end - parent.start == 1,
        owner is scene.container,
        bool(owner.mask & bits.p) and parent is main,
        owner is main,
        scene.first_good < len(scene.blocks) and owner.signature == scene.blocks[scene.first_good].owner.signature,
        kind.good / kind.size,
        kind.linked / kind.size,
        kind.outside / kind.count,
        min(1.0, kind.count / 10),
        *_box_numbers(scene, owner),
    ]


def _box_numbers(scene: Scene, owner: Element) -> list[float]:
    """Return what the box inside the article is like that the owner stands in, if it stands in one."""
    box, nested = _find_box(owner, scene.main)
    nested = nested and scene.container.start <= owner.start < scene.container.end
    if box is None:
        return [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, nested]
    held, head = scene.held(box), box.start
    return [
        1.0,
        held.good,
        held.linked,
        scene.size_before[box.end] - scene.size_before[head] < FULL,
        scene.blocks[head].size < SHORT and scene.signs.teaser[head],
        held.share,
        nested,
    ]


def describe_block(scene: Scene, at: int) -> tuple[list[float], list[object]]:
    """Return the block's own numbers, each between 0 and 1, and what is true of it, as in ``BLOCK_NUMBERS``, ``BLOCK_FLAGS``."""
    signs, blocks, bits = scene.signs, scene.blocks, _bits()
    block, said, phrase = blocks[at], signs.said[at], signs.teaser[at]
    text, size, linked, ends, owner = block.text, block.size, block.linked, block.ends, block.owner
    share = linked / size
    mostly_linked, all_linked = share > _HALF, share > _WHOLE
    is_short, is_brief = size < SHORT, size < FULL
    bold, slanted = block.bold > _WHOLE * size, block.slanted > _WHOLE * size
    around = owner.mask | owner.above
    heading, item, plain = is_brief and around & bits.headings, around & bits.li, owner.mask & bits.p
    inside = scene.container.start <= at < scene.container.end
    head, tail = scene.first_good - at, at - scene.last_good
    before_2, before_1, score, after_1, after_2, *far = scene.nearby[at : at + 9]
    before = max(before_2, before_1)
    after = max(after_2, after_1)
    previous, description = blocks[at - 1] if at else None, scene.titles.description
    numbers = [
        1.0,
        score,
        before_1,
        before_2,
        after_1,
        after_2,
        min(after, before),
        max(far),
        0.0 if tail <= 0 else min(1.0, tail / 6),
        0.0 if head <= 0 else min(1.0, head / 6),
        share,
        min(1.0, block.commas / 4),
        len(_DIGIT.findall(text, 0, 60)) / min(60, len(text)),
    ]
    flags: list[object] = [
        score < _LOW,
        score > _HIGH,
        inside,
        head > 0,
        tail > 0,
        at < scene.headline_at,
        at > scene.headline_at >= 0,
        all_linked,
        share > _MOST and not ends,
        phrase,
        phrase and block.links,
        is_short and text.isupper(),
        text[-1] in ":：",
        not ends,
        size < _TINY,
        is_short and size >= _TINY,
        is_brief and not is_short,
        not is_brief,
        signs.date[at],
        signs.credit[at],
        is_short and said.startswith(_BY),
        bold,
        slanted,
        bold and is_short,
        slanted and is_short,
        block.has_time,
        block.follows_rule,
        said in scene.titles.titles,
        size > _TINY and description and (said.startswith(description) or description.startswith(said)),
        size > _TINY and said in scene.seen,
        heading,
        heading and after_1 > GOOD,
        heading and after_1 < _BAD,
        previous and _is_heading(previous),
        previous and signs.teaser[at - 1] and previous.linked < previous.size / 2 and previous.size < _ITEM,
        item and size < _ITEM,
        item and size >= _ITEM and share < _HALF and not owner.mask & bits.p,
        item and mostly_linked,
        text[0].islower(),
        text[0] in "\"“„«‘'「『《",
        text[-1] == "?",
        is_brief and mostly_linked and text.isupper(),
        plain and all_linked,
        inside and plain and not block.links,
        inside and mostly_linked,
        tail >= 0 and block.slanted > _MOST * size,
        tail >= 0 and is_brief and " is a " in text,
        tail == 0,
        phrase and block.bold,
        mostly_linked and ":" in text,
    ]
    return numbers, flags


def _is_heading(block: Block) -> bool:
    return block.size < FULL and bool((block.owner.mask | block.owner.above) & _bits().headings)


def _find_box(owner: Element, main: Element) -> tuple[Element | None, bool]:
    """Return the child of the main element that the owner stands in, unless it is one; and whether an article lies between."""
    box: Element | None = owner
    nested = False
    while box is not None and box is not main and box.parent is not main:
        nested = nested or box.tag == "article"
        box = box.parent
    return (None if box in {None, owner, main} else box, nested)
