"""A first look at the blocks of a page: which look like paragraphs, which element holds them, and what names say around them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import accumulate
from math import exp
from typing import NamedTuple

from pipeline.extract.blocks import Block, Element, Layout
from pipeline.extract.groups import add_bits, bits_of, group_names
from pipeline.extract.signs import SHORT, Signs, read_signs

#: What the names on a block's element and above it say, by hand.
_GROUPS = {
    "comment": -3.0, "related": -1.6, "share": -2.0, "offer": -1.6, "advert": -1.6, "navigation": -1.6, "aside": -0.7,
    "caption": -1.6, "byline": -0.8, "profile": -1.4, "topic": -1.0, "dialog": -2.5, "list": -0.2, "note": -0.3,
    "product": -0.7, "small": -0.6, "<figure>": -1.5, "<figcaption>": -2.0, "<table>": -0.5, "<asidetag>": -1.2,
    "<footertag>": -2.0, "<navtag>": -2.5, "<form>": -1.5, "<details>": -0.5, "body": 0.8, "text": 0.3, "article": 0.2,
    "<articletag>": 0.3, "<maintag>": 0.3,
}  # fmt: skip
_TAGS = {
    "<p>": 1.0, "<blockquote>": 0.3, "<li>": -0.5, "<h1>": -1.5, "<h2>": -0.7, "<h3>": -0.7, "<h4>": -0.8, "<cell>": -0.8,
    "<dl>": -0.4,
}  # fmt: skip
GOOD = 0.5  # first scores above it are paragraphs
_PARAGRAPH = 60  # characters; shorter ones say little about where the article begins and ends
_BEFORE, _AFTER = 12, 6  # blocks around the container that may be the article too: a deck, a stray last paragraph
#: An element that holds this much of the page's sentences is the article, whatever its names say; readers may write more.
_ARTICLE_SHARE = 0.4
_COMMENT_SHARE = 0.85
_LINKED_TEXT = 2  # characters of text that one of a link outweighs: teasers have a linked title over little text


@dataclass(frozen=True, slots=True)
class Titles:
    """What the page calls itself and how it describes itself, caseless."""

    titles: frozenset[str]
    description: str = ""


class Held(NamedTuple):
    """What an element holds: its share of the page's good text, how good its text is, and how much of it is links."""

    share: float
    good: float
    linked: float


@dataclass(slots=True)
class Kind:
    """The blocks of elements with equal tag and class."""

    size: float = 1.0
    good: float = 0.0
    linked: float = 0.0
    outside: int = 0
    count: int = 0


@dataclass(slots=True)
class Scene:
    """All that the numbers of a block need to know of the page. Sums are over the blocks before each place."""

    blocks: list[Block]
    signs: Signs
    first: list[float]
    #: The first scores once more, each two places further on: beyond the ends of the page there is nothing good.
    nearby: list[float]
    good_before: list[float]
    size_before: list[int]
    linked_before: list[int]
    titles: Titles
    container: Element
    #: The element whose children hold most of the paragraphs.
    main: Element
    kinds: dict[str, Kind]
    headline_at: int
    first_good: int
    last_good: int
    #: Only these blocks, those of the container and its surroundings, can be the article.
    start: int
    end: int
    seen: set[str] = field(default_factory=set)
    _held: dict[int, Held] = field(default_factory=dict)

    def held(self, element: Element) -> Held:
        """Return what the element holds, reckoned once: what stands beside each other stands in the same."""
        found = self._held.get(id(element))
        if found is None:
            found = self._held[id(element)] = self._hold(element)
        return found

    def _hold(self, element: Element) -> Held:
        start, end = element.start, element.end
        good = self.good_before[end] - self.good_before[start]
        size = max(1, self.size_before[end] - self.size_before[start])
        linked = self.linked_before[end] - self.linked_before[start]
        return Held(good / max(1.0, self.good_before[-1]), good / size, linked / size)


def set_scene(layout: Layout, titles: Titles) -> Scene:
    """Return the page's blocks with their first scores, the container, and where the article seems to begin and end."""
    _excuse_holders(layout)
    blocks = layout.blocks
    signs = read_signs(blocks)
    first = _first_scores(blocks, signs, titles)
    good = [0.0, *accumulate(score * block.size for score, block in zip(first, blocks, strict=True))]
    size = [0, *accumulate(block.size for block in blocks)]
    container = _choose_container(layout, good, size)
    _excuse_container(layout, container)
    goods = [at for at in range(container.start, container.end) if first[at] > GOOD and blocks[at].size > _PARAGRAPH]
    headline_at = _find_headline(blocks, signs.said, titles)
    _excuse_parts(layout, good, container, [blocks[at].owner for at in goods if at > headline_at])
    return Scene(
        blocks=blocks,
        signs=signs,
        first=first,
        nearby=[0.0, 0.0, *first, *[0.0] * 6],
        good_before=good,
        size_before=size,
        linked_before=[0, *accumulate(block.linked for block in blocks)],
        titles=titles,
        container=container,
        main=_find_main(blocks, first, container),
        kinds=_sort_kinds(blocks, first, container),
        headline_at=headline_at,
        first_good=goods[0] if goods else container.start,
        last_good=goods[-1] if goods else container.end,
        start=max(0, container.start - _BEFORE),
        end=min(len(blocks), container.end + _AFTER),
    )


@cache
def _negative() -> int:
    return bits_of(*(name for name, weight in _GROUPS.items() if weight < 0 and name != "<table>"))


@cache
def _mild() -> int:
    return bits_of("list", "offer", "small", "note", "product")


@cache
def _group_weights() -> tuple[float, ...]:
    return tuple(_GROUPS.get(name, 0.0) for name in group_names())


@cache
def _own_weights() -> tuple[float, ...]:
    return tuple((_GROUPS | _TAGS).get(name, 0.0) for name in group_names())


def _excuse_holders(layout: Layout) -> None:
    """Forget bad names on elements that hold much of the page's sentences: what holds the article is no "sidebar"."""
    sentences = [0, *accumulate(block.size - block.linked if block.ends else 0 for block in layout.blocks)]
    most = _ARTICLE_SHARE * max(1, sentences[-1])
    comment = bits_of("comment")
    excused = False
    for element in layout.elements:
        held = sentences[element.end] - sentences[element.start]
        if held >= most and element.mask & _negative():
            element.mask &= ~(_negative() if held >= most / _ARTICLE_SHARE * _COMMENT_SHARE else _negative() & ~comment)
            excused = True
    if excused:
        _inherit(layout)


def _excuse_container(layout: Layout, container: Element) -> None:
    """Forget bad names on the container and around it: it holds the article, whatever they say."""
    if (container.mask | container.above) & _negative():
        element: Element | None = container
        while element is not None:
            element.mask &= ~_negative()
            element = element.parent
        _inherit(layout)


def _excuse_parts(layout: Layout, good: list[float], container: Element, paragraphs: list[Element]) -> None:
    """Forget what names say of lists and offers on the boxes around the first paragraph where their kind holds the article.

    One with advertisements in it may be cut into parts, each a "grid-item", and paid paragraphs may be named "paywall".
    """
    inner = [element for element in layout.elements if container.start <= element.start < container.end]
    if not paragraphs or not any(element.mask & _mild() for element in inner):
        return
    opening = paragraphs[0]
    beside = [p for p in paragraphs if p.parent and opening.parent and p.parent.signature == opening.parent.signature]
    kinds = {element.signature: 0.0 for element in (*_inside(opening, container), *beside)}
    for element in inner:
        if element.signature in kinds:
            links = sum(block.linked for block in layout.blocks[element.start : element.end])
            kinds[element.signature] += good[element.end] - good[element.start] - _LINKED_TEXT * links
    most = _ARTICLE_SHARE * (good[container.end] - good[container.start])
    excused = [element for element in inner if element.mask & _mild() and kinds.get(element.signature, 0.0) >= most > 0]
    for element in excused:
        element.mask &= ~_mild()
    if excused:
        _inherit(layout)


def _inside(element: Element, container: Element) -> Iterator[Element]:
    """Yield the element and those around it within the container."""
    around: Element | None = element
    while around is not None and around is not container:
        yield around
        around = around.parent


def _inherit(layout: Layout) -> None:
    """Say for each element what stands around it."""
    for element in layout.elements:
        element.above = element.parent.above | element.parent.mask if element.parent else 0


@lru_cache(maxsize=20_000)
def _names_score(own: int, above: int) -> float:
    """Return what the names on and above an element say, before anything is known of its text."""
    return -2.2 + add_bits(own, _own_weights()) + 0.8 * max(-4.0, add_bits(above, _group_weights()))


def _first_scores(blocks: list[Block], signs: Signs, titles: Titles) -> list[float]:
    """Return for each block how much it looks like a paragraph of an article, from 0 to 1."""
    scores = []
    for block, said, teaser, date, credit in zip(
        blocks, signs.said, signs.teaser, signs.date, signs.credit, strict=True
    ):
        size = block.size
        score = (
            _names_score(block.owner.mask, block.owner.above)
            + (2.2 * size / 160 if size < 160 else 2.2)  # noqa: PLR2004 - two or three lines
            - (4.0 * block.linked / size if block.linked else 0.0)
            + (1.0 if block.ends else -0.3)
            + (0.3 * min(3, block.commas) if block.commas else 0.0)
        )
        if size < SHORT:
            score -= date + credit + 1.5 * teaser
        if said in titles.titles:
            score -= 3.0
        scores.append(1 / (1 + exp(-score)))
    return scores


def _choose_container(layout: Layout, good: list[float], size: list[int]) -> Element:
    """Return the element with the greatest expected F1 (half of it will do), the innermost of equals; a dialog is never it."""
    dialog, all_good = bits_of("dialog"), good[-1]
    best, found = -1.0, layout.elements[0]
    for element in layout.elements:
        start, end = element.start, element.end
        if start == end:
            continue
        expected = (good[end] - good[start]) / (size[end] - size[start] + all_good)
        if expected >= best and not (element.mask | element.above) & dialog:
            best, found = expected, element
    return found


def _find_main(blocks: list[Block], first: list[float], container: Element) -> Element:
    held: dict[int, float] = {}
    found, best = container, 0.0
    for at in range(container.start, container.end):
        parent = blocks[at].owner.parent or container
        key = id(parent)
        held[key] = good = held.get(key, 0.0) + first[at] * blocks[at].size
        if good > best:
            found, best = parent, good
    return found


def _sort_kinds(blocks: list[Block], first: list[float], container: Element) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for at, block in enumerate(blocks):
        kind = kinds.get(block.owner.signature)
        if kind is None:
            kind = kinds[block.owner.signature] = Kind()
        kind.size += block.size
        kind.good += first[at] * block.size
        kind.linked += block.linked
        kind.outside += not container.start <= at < container.end
        kind.count += 1
    return kinds


def _find_headline(blocks: list[Block], said: list[str], titles: Titles) -> int:
    """Return the place of the headline, the longest heading that says one of the page's titles; else the first h1, or -1."""
    top, any_heading = bits_of("<h1>"), bits_of("<h1>", "<h2>", "<h3>")
    around = [block.owner.mask | block.owner.above for block in blocks]
    named = [at for at, mask in enumerate(around) if mask & any_heading and said[at] in titles.titles]
    if named:
        return max(named, key=lambda at: (len(said[at]), bool(around[at] & top), at))
    return next((at for at, mask in enumerate(around) if mask & top), -1)
