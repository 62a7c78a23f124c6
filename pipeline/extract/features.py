"""What speaks for and against a block: numbers about the block itself, and about it among the others."""

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from math import exp

from pipeline.extract.blocks import Block, Element, Layout
from pipeline.extract.groups import bits_of
from pipeline.extract.text import fold
from pipeline.extract.words import load_words

_SENTENCE_END = re.compile(r"[.!?。！？…:।؟][\"'”’»)\]\s]*$")
_FULL_STOP = re.compile(r"[.!?。！？।؟][\"'”’»)\]\s]*$")
_COMMAS = re.compile(r"[,،、，;]")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.h]\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")
_CREDIT = re.compile(r"[©@|]|https?:|www\.|\b(?:Photo|Foto|Image|Bild|Credit|Getty|Reuters/|AFP/|AP Photo)\b", re.IGNORECASE)
_BY = re.compile(r"^(?:by|von|par|por|di|door|af|av|od|autor|text|от|от:|автор)[\s:]", re.IGNORECASE)
_GOOD = 0.5
_LONG = 300  # longer texts are no teasers and no titles
_BEFORE, _AFTER = 12, 6  # blocks around the container that may be the article too: a deck, a stray last paragraph
_HEADINGS = ("<h1>", "<h2>", "<h3>", "<h4>")

#: The first score: what a paragraph looks like, by hand.
_FIRST_GROUPS = {
    "comment": -3.0, "related": -1.6, "share": -2.0, "offer": -1.6, "advert": -1.6, "navigation": -1.6, "aside": -0.7,
    "caption": -1.6, "byline": -0.8, "profile": -1.4, "topic": -1.0, "dialog": -2.5, "list": -0.2, "note": -0.3, "product": -0.7,
    "small": -0.6, "<figure>": -1.5, "<figcaption>": -2.0, "<table>": -0.5, "<asidetag>": -1.2, "<footertag>": -2.0, "<navtag>": -2.5,
    "<form>": -1.5, "<details>": -0.5, "body": 0.8, "text": 0.3, "article": 0.2, "<articletag>": 0.3, "<maintag>": 0.3,
}  # fmt: skip
_FIRST_TAGS = {"<p>": 1.0, "<blockquote>": 0.3, "<li>": -0.5, "<h1>": -1.5, "<h2>": -0.7, "<h3>": -0.7, "<h4>": -0.8, "<cell>": -0.8, "<dl>": -0.4}

#: An element that holds this much of the page's sentences is the article, whatever its names say.
_ARTICLE_SHARE = 0.4
_COMMENT_SHARE = 0.85


@dataclass(slots=True)
class Titles:
    """What the page calls itself, folded."""

    titles: frozenset[str]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Bits:
    """The masks that the numbers ask for."""

    p: int
    li: int
    article: int
    headings: int


@cache
def _bits() -> Bits:
    return Bits(bits_of("<p>"), bits_of("<li>"), bits_of("<articletag>"), bits_of("<h2>", "<h3>", "<h4>"))


@dataclass(slots=True)
class Scene:
    """All that the features of a block need to know of the page."""

    blocks: list[Block]
    first: list[float]
    #: Sums over the blocks before each: of good text (first score times size) and of size.
    good_before: list[float]
    size_before: list[int]
    linked_before: list[int]
    container: Element
    main: Element
    folded: list[str]
    teasers: list[bool]
    bits: Bits
    #: Only the blocks from ``start`` up to ``end``, those of the container and its surroundings, can be the article.
    start: int
    end: int
    headline_at: int
    first_good: int
    last_good: int
    titles: Titles
    kinds: dict[str, list[float]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


@cache
def _phrases() -> dict[str, tuple[str, ...]]:
    """Return the beginnings of teasers by their first two letters."""
    table: dict[str, tuple[str, ...]] = {}
    for phrase in {phrase for phrases in load_words("teasers").values() for phrase in phrases}:
        table[phrase[:2]] = (*table.get(phrase[:2], ()), phrase)
    return table


def is_teaser(text: str) -> bool:
    """Tell whether the text begins as lines do that lead to something else."""
    start = text[:40].lower().lstrip(" \t-–—>»*•[(\"'|:.")
    return start.startswith(_phrases().get(start[:2], ("\0",)))


@cache
def _negative() -> int:
    return bits_of(*(name for name, weight in _FIRST_GROUPS.items() if weight < 0 and name != "<table>"))


@cache
def _sums(table: str) -> tuple[tuple[int, float], ...]:
    weights = _FIRST_GROUPS if table == "groups" else {**_FIRST_GROUPS, **_FIRST_TAGS}
    return tuple((bits_of(name), weight) for name, weight in weights.items())


def inherit_groups(layout: Layout) -> None:
    """Say for each element what stands around it; bad names on an element that holds the article do not count."""
    sentences = [0, *accumulate(block.size - block.linked if _FULL_STOP.search(block.text) else 0 for block in layout.blocks)]
    total = max(1, sentences[-1])
    comment = bits_of("comment")
    for element in layout.elements:
        share = (sentences[element.end] - sentences[element.start]) / total
        if share >= _ARTICLE_SHARE:
            element.mask &= ~(_negative() & ~comment if share < _COMMENT_SHARE else _negative())
        parent = element.parent
        element.above = parent.above | parent.mask if parent else 0


def clear_names(layout: Layout, container: Element) -> None:
    """Forget bad names on the container and around it: it holds the article, whatever they say."""
    element: Element | None = container
    while element is not None:
        element.mask &= ~_negative()
        element = element.parent
    for inner in layout.elements:
        inner.above = inner.parent.above | inner.parent.mask if inner.parent else 0


def first_scores(blocks: list[Block], folded: list[str], titles: Titles) -> list[float]:
    """Return for each block how much it looks like a paragraph of an article, from 0 to 1."""
    own: dict[int, float] = {}
    above: dict[int, float] = {}
    scores = []
    for block, said in zip(blocks, folded, strict=True):
        element = block.owner
        if element.mask not in own:
            own[element.mask] = sum(weight for bit, weight in _sums("own") if element.mask & bit)
        if element.above not in above:
            above[element.above] = max(-4.0, sum(weight for bit, weight in _sums("groups") if element.above & bit))
        score = -2.2 + own[element.mask] + 0.8 * above[element.above] + _first_looks(block)
        if said in titles.titles:
            score -= 3
        scores.append(1 / (1 + exp(-score)))
    return scores


def _first_looks(block: Block) -> float:
    text, size = block.text, block.size
    score = 2.2 * min(1.0, size / 160) - 4.0 * block.linked / size
    score += 1.0 if _FULL_STOP.search(text) else -0.3
    score += 0.3 * min(3, len(_COMMAS.findall(text)))
    if size < 100:
        score -= 1.0 * (_DATE.search(text) is not None) + 1.0 * (_CREDIT.search(text) is not None)
        score -= 1.5 * is_teaser(text)
    return score


def choose_container(layout: Layout, good: list[float], size: list[int]) -> Element:
    """Return the element with the greatest expected F1, the innermost of equals; a dialog is never it."""
    dialog = bits_of("dialog")
    best, found = -1.0, layout.elements[0]
    for element in layout.elements:
        inside = good[element.end] - good[element.start]
        expected = 2 * inside / max(1.0, size[element.end] - size[element.start] + good[-1])
        if expected >= best and not (element.mask | element.above) & dialog:
            best, found = expected, element
    return found


def set_scene(layout: Layout, titles: Titles) -> Scene:
    """Return the page's blocks with their first scores, the container and the element with most of the paragraphs."""
    inherit_groups(layout)
    blocks = layout.blocks
    folded = [fold(block.text) if block.size < _LONG else block.text for block in blocks]
    first = first_scores(blocks, folded, titles)
    good = [0.0, *accumulate(score * block.size for score, block in zip(first, blocks, strict=True))]
    size = [0, *accumulate(block.size for block in blocks)]
    linked = [0, *accumulate(block.linked for block in blocks)]
    container = choose_container(layout, good, size)
    clear_names(layout, container)
    held: dict[int, float] = {}
    for at in range(container.start, container.end):
        parent = blocks[at].owner.parent or container
        held[id(parent)] = held.get(id(parent), 0.0) + first[at] * blocks[at].size
    main = max(
        (blocks[at].owner.parent or container for at in range(container.start, container.end)),
        key=lambda element: held[id(element)],
        default=container,
    )
    goods = [at for at in range(container.start, container.end) if first[at] > _GOOD and blocks[at].size > 60]
    kinds: dict[str, list[float]] = {}
    for at, block in enumerate(blocks):
        kind = kinds.setdefault(block.owner.signature, [0.0, 0.0, 0.0, 0.0, 0.0])
        outside = not container.start <= at < container.end
        for place, value in enumerate((first[at] * block.size, block.size, block.linked, outside, 1)):
            kind[place] += value
    heading = bits_of("<h1>")
    h1s = [at for at, block in enumerate(blocks) if (block.owner.mask | block.owner.above) & heading]
    named = [at for at in h1s if folded[at] in titles.titles]
    return Scene(
        blocks, first, good, size, linked, container, main, folded,
        teasers=[block.size < _LONG and is_teaser(block.text) for block in blocks],
        bits=_bits(),
        start=max(0, container.start - _BEFORE),
        end=min(len(blocks), container.end + _AFTER),
        headline_at=(named or h1s or [-1])[-1 if named else 0],
        first_good=goods[0] if goods else container.start,
        last_good=goods[-1] if goods else container.end,
        titles=titles,
        kinds=kinds,
    )  # fmt: skip


#: The numbers of a block, in the order in which ``block_numbers`` gives them.
NUMBERS = (
    "bias", "first", "first_low", "first_high", "inside", "same_parent", "same_signature", "parent_share", "grandparent_share",
    "parent_good", "grandparent_good", "before_1", "before_2", "after_1", "after_2", "around_min", "next_far", "before_first", "after_last",
    "tail_gap", "head_gap", "above_headline", "below_headline", "linked", "all_link", "link_no_end", "phrase", "phrase_link", "upper",
    "colon", "no_end", "tiny", "short", "middle", "long", "commas", "date", "credit", "by", "bold", "slanted", "bold_short", "slanted_short", "has_time",
    "rule", "title", "description", "duplicate", "parent_linked", "grandparent_linked", "heading", "heading_then_good", "heading_then_bad",
    "after_heading", "after_teaser_heading", "other_article", "list_short", "list_full", "item_linked", "starts_lower", "quote_mark", "digits", "question",
    "alone_in_list", "depth_off", "main_p", "direct_main", "like_main",
    "kind_good", "kind_linked", "kind_outside", "kind_many", "boxed", "box_good", "box_linked", "box_small", "box_teaser", "box_share", "nested_article",
    "upper_link", "p_all_link", "inside_plain", "inside_linked", "tail_slanted", "tail_profile", "last", "phrase_bold", "ends_linked",
)  # fmt: skip


def block_numbers(scene: Scene, at: int) -> list[float]:
    """Return the numbers of the block, each between about -1 and 1, in the order of ``NUMBERS``."""
    block, first = scene.blocks[at], scene.first
    score = first[at]
    return [1.0, score, float(score < 0.15), float(score > 0.85), *_relations(scene, at), *_looks(scene, at), *_company(scene, at), *_boxes(scene, at)]  # fmt: skip


def _relations(scene: Scene, at: int) -> list[float]:
    blocks, first = scene.blocks, scene.first
    block = blocks[at]
    owner = block.owner
    parent = owner.parent or owner
    grand = parent.parent or parent
    inside = scene.container.start <= at < scene.container.end
    total = max(1.0, scene.good_before[-1])

    def score(where: int) -> float:
        return first[where] if 0 <= where < len(first) else 0.0

    def share(element: Element) -> float:
        return (scene.good_before[element.end] - scene.good_before[element.start]) / total

    def density(element: Element) -> float:
        held = scene.good_before[element.end] - scene.good_before[element.start]
        return held / max(1, scene.size_before[element.end] - scene.size_before[element.start])

    before = (score(at - 1), score(at - 2))
    after = (score(at + 1), score(at + 2))
    gap = max(0, at - scene.last_good), max(0, scene.first_good - at)
    sibling = parent is scene.main or owner is scene.main
    return [
        inside, sibling, parent.signature == scene.main.signature, share(parent), share(grand), density(parent), density(grand),
        before[0], before[1], after[0], after[1], min(max(before), max(after)), max((score(at + step) for step in range(3, 7)), default=0.0),
        at < scene.first_good, at > scene.last_good, min(1.0, gap[0] / 6), min(1.0, gap[1] / 6),
        0 <= at < scene.headline_at, at > scene.headline_at >= 0,
    ]  # fmt: skip


def _looks(scene: Scene, at: int) -> list[float]:
    block = scene.blocks[at]
    text, size = block.text, block.size
    linked = block.linked / size
    ends = _FULL_STOP.search(text) is not None
    phrase = scene.teasers[at]
    short = size < 90
    folded = scene.folded[at]
    duplicate = folded in scene.seen and size > 20
    description = scene.titles.description
    is_description = len(folded) > 20 and bool(description) and (folded.startswith(description) or description.startswith(folded))
    bold, slanted = block.bold / size > 0.9, block.slanted / size > 0.9
    return [
        linked, linked > 0.9, linked > 0.7 and not ends, phrase, phrase and block.links > 0, short and text.isupper(),
        text.endswith((":", "：")), not ends, size < 25, 25 <= size < 90, 90 <= size < 200, size >= 200, min(1.0, len(_COMMAS.findall(text)) / 4),
        short and _DATE.search(text) is not None, size < 200 and _CREDIT.search(text) is not None, short and _BY.match(text) is not None,
        bold, slanted, bold and short, slanted and short, block.has_time, block.follows_rule,
        folded in scene.titles.titles, is_description, duplicate,
    ]  # fmt: skip


def _company(scene: Scene, at: int) -> list[float]:
    blocks, first = scene.blocks, scene.first
    block = blocks[at]
    text, size = block.text, block.size
    owner = block.owner
    parent = owner.parent or owner
    grand = parent.parent or parent
    headings = scene.bits.headings

    def linked(element: Element) -> float:
        held = scene.linked_before[element.end] - scene.linked_before[element.start]
        return held / max(1, scene.size_before[element.end] - scene.size_before[element.start])

    def is_heading(where: int) -> bool:
        return where >= 0 and bool((blocks[where].owner.mask | blocks[where].owner.above) & headings) and blocks[where].size < 200

    heading = is_heading(at)
    follower = first[at + 1] if at + 1 < len(first) else 0.0
    previous = blocks[at - 1] if at else None
    teaser = previous is not None and is_teaser(previous.text) and previous.size < 60
    item = bool(owner.mask & scene.bits.li) or bool(owner.above & scene.bits.li)
    article = scene.bits.article
    other = bool((owner.mask | owner.above) & article) and not bool((scene.main.mask | scene.main.above) & article)
    main = scene.main
    return [
        linked(parent), linked(grand), heading, heading and follower > _GOOD, heading and follower < 0.2,
        is_heading(at - 1), teaser, other, item and size < 60, item and size >= 60 and block.linked < size / 2, item and block.linked > size / 2,
        text[0].islower(), text[0] in "\"“„«‘'", sum(map(str.isdigit, text[:60])) / min(60, len(text)), text.endswith("?"),
        item and parent.end - parent.start == 1, owner is scene.container, bool(owner.mask & scene.bits.p) and parent is main,
        owner is main, owner.signature == blocks[scene.first_good].owner.signature if scene.first_good < len(blocks) else False,
    ]  # fmt: skip


def _boxes(scene: Scene, at: int) -> list[float]:
    blocks = scene.blocks
    block = blocks[at]
    text, size, owner = block.text, block.size, block.owner
    kind = scene.kinds[owner.signature]
    inside = scene.container.start <= at < scene.container.end
    box: Element | None = owner
    nested = False
    while box is not None and box.parent is not scene.main and box is not scene.main:
        nested = nested or box.tag == "article"
        box = box.parent
    boxed = box is not None and box is not owner and box is not scene.main
    good = linked = small = teaser = share = 0.0
    if boxed and box is not None:
        held = max(1, scene.size_before[box.end] - scene.size_before[box.start])
        good = (scene.good_before[box.end] - scene.good_before[box.start]) / held
        linked = (scene.linked_before[box.end] - scene.linked_before[box.start]) / held
        small = float(held < 200)
        head = blocks[box.start]
        teaser = float(head.size < 80 and is_teaser(head.text))
        share = (scene.good_before[box.end] - scene.good_before[box.start]) / max(1.0, scene.good_before[-1])
    plain = owner.mask & scene.bits.p != 0
    slanted = block.slanted > 0.7 * size
    tail = at >= scene.last_good
    phrase = scene.teasers[at]
    return [
        kind[0] / max(1, kind[1]), kind[2] / max(1, kind[1]), kind[3] / kind[4], min(1.0, kind[4] / 10), boxed, good, linked, small, teaser, share,
        nested and inside, size < 200 and block.linked > size / 2 and text.isupper(), plain and block.linked > 0.9 * size, inside and plain and block.links == 0,
        inside and block.linked > size / 2, tail and slanted, tail and size < 300 and " is a " in text, at == scene.last_good, phrase and block.bold > 0,
        block.links > 0 and block.linked > 0.4 * size and text.find(":") > 0,
    ]  # fmt: skip
