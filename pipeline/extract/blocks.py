"""The page as a reader sees it: blocks of text in order, and the elements around them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.extract.groups import LONGEST_NAMES, mask_of, splitting, tag_mask
from pipeline.extract.text import clean_line, weigh

#: What an element means for the text around it. Those up to ``_PICTURE`` hold no text; the others below ``_FRAME`` belong to
#: the line that they stand in, and are told apart up to ``_SLANTED``; a frame is a block that may be none of the article's.
_UNSEEN, _BREAK, _RULE, _PICTURE, _LINK, _BOLD, _SLANTED, _TIME, _INLINE, _FRAME, _BLOCK = range(11)
_KINDS: dict[str | None, int] = {
    **dict.fromkeys((
        "script", "style", "svg", "iframe", "noscript", "template", "select", "option", "textarea", "button", "input",
        "object", "canvas", "map", "head", "math", "dialog", "datalist", "audio", "video", "picture", "-comment",
        "!doctype",
    ), _UNSEEN),
    **dict.fromkeys((
        "abbr", "acronym", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "font", "ins", "kbd", "label",
        "mark", "nobr", "o:p", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "sub", "sup", "tt",
        "u", "var", "wbr",
    ), _INLINE),
    **dict.fromkeys(("b", "strong"), _BOLD),
    **dict.fromkeys(("i", "em"), _SLANTED),
    "a": _LINK, "time": _TIME, "br": _BREAK, "hr": _RULE, "img": _PICTURE, "nav": _FRAME, "footer": _FRAME, "aside": _FRAME,
}  # fmt: skip
MANY_BLOCKS = 40_000  # real pages have some hundreds; what comes after these is not looked at
_UNDISPLAYED = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_STOPS = frozenset(".!?。！？．｡।؟۔…։።။។")
_CLOSING = "\"'”’“»«)]」』）】〉》 \t"
_UNSTYLED = (0,) * 8
_SENTENCE = 60  # characters; shorter texts without a mark may be headings
_WORD = re.compile(r"\w")
_COMMAS = (",", "،", "、", "，")
#: Attributes beside class that name what a box is for, and those that may hide it.
_NAMING = frozenset({"id", "role", "itemprop", "data-testid", "data-component"})
_CONCEALING = frozenset({"hidden", "aria-hidden", "style"})


@dataclass(slots=True, eq=False)
class Element:
    """A box on the page; it holds the blocks from ``start`` up to ``end``."""

    tag: str
    parent: "Element | None"
    #: Groups of its tag and names, as bits.
    mask: int
    #: Tag and class: equal for boxes of one kind.
    signature: str
    start: int
    #: The groups of all elements around it.
    above: int
    end: int = 0


@dataclass(slots=True)
class Block:
    """A run of text with no break in it. Counts are of characters; ``size`` is weighed, so that scripts compare."""

    text: str
    owner: Element
    size: int
    linked: int
    links: int
    bold: int
    slanted: int
    has_time: bool
    follows_rule: bool
    #: Whether it ends as a sentence does, and how many commas are in it.
    ends: bool
    commas: int


@dataclass(slots=True)
class Layout:
    """The blocks of a page and its elements, both in document order."""

    blocks: list[Block] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    #: How many subtrees are there but not shown.
    hidden: int = 0


def read_layout(tree: LexborHTMLParser, *, with_hidden: bool = False) -> Layout:
    """Return the page's blocks and elements; with ``with_hidden`` also those that are not shown."""
    walker = _Walker(with_hidden=with_hidden)
    root = tree.body or tree.root
    if root is not None:
        walker.walk(root)
    return walker.layout


class _Walker:
    """One walk over the tree with a stack of its own, so that depth costs nothing.

    It meets every node of the page: what it does for each is most of what reading a page costs, hence its long loop.
    """

    def __init__(self, *, with_hidden: bool) -> None:
        self.layout = Layout()
        self._blocks, self._elements = self.layout.blocks, self.layout.elements
        self._with_hidden = with_hidden
        #: The innermost open element that has text, and the tags and attributes of those open inside it that have none yet.
        self._element: Element | None = None
        self._empty: list[tuple[str, dict[str, str | None]]] = []
        #: The block that is open: its text; how much of it is in links (1), bold (2) and slanted (4); and what else is in it.
        self._pieces: list[str] = []
        self._styled = [*_UNSTYLED]
        self._links = 0
        self._breaks = 0
        self._has_time = False
        self._follows_rule = False

    def walk(self, root: LexborNode) -> None:  # noqa: C901, PLR0912, PLR0915 - one branch a kind of node
        pieces, styled, empty = self._pieces, self._styled, self._empty
        empty.append(("body", root.attributes))
        self._fill()
        #: What comes after the elements that are open, the styles around each, and whether it is a block.
        stack: list[tuple[LexborNode | None, int, bool]] = []
        styles = 0
        node = root.first_child
        while node is not None or stack:
            if node is None:
                node, styles, is_block = stack.pop()
                if is_block:
                    if pieces:
                        self._flush(styles)
                    if empty:
                        empty.pop()
                    else:
                        self._close()
                continue
            text = node.text_content
            if text is not None:
                if not text.isspace():
                    pieces.append(text)
                    if styles:
                        styled[styles] += len(text)
                    self._breaks = 0
                elif pieces:
                    pieces.append(" ")
                node = node.next
                continue
            tag = node.tag
            kind = _KINDS.get(tag, _BLOCK)
            if kind <= _PICTURE:
                if kind:
                    self._break(kind, styles)
                node = node.next
                continue
            attributes = node.attributes
            if (kind == _FRAME and self._frames_page(tag)) or (
                attributes and not _CONCEALING.isdisjoint(attributes) and _is_concealed(attributes)
            ):
                self.layout.hidden += 1
                if not self._with_hidden:
                    node = node.next
                    continue
            is_block = kind >= _FRAME or ("class" in attributes and self._splits(attributes["class"] or ""))
            around = styles
            if is_block:
                if pieces:
                    self._flush(styles)
                empty.append((tag or "", attributes))
            elif kind <= _SLANTED:
                styles |= 1 << kind - _LINK
                self._links += kind == _LINK
            elif kind == _TIME:
                self._has_time = True
            child = node.first_child
            if child is not None:
                stack.append((node.next, around, is_block))
                node = child
                continue
            styles = around
            if is_block:
                empty.pop()
            node = node.next
        if pieces:
            self._flush(0)
        self._close()

    def _splits(self, names: str) -> bool:
        """Tell whether an inline element is a box all the same: a caption or a share bar made of spans."""
        return _name_a_box(names) and next(self._tags_around()) != "p"

    def _frames_page(self, tag: str | None) -> bool:
        """Tell whether it is the page's navigation, or the page's footer or sidebar: an article may have those of its own."""
        return tag == "nav" or not any(around in {"article", "main"} for around in self._tags_around())

    def _tags_around(self) -> Iterator[str]:
        """Yield the tags of the open elements, the innermost first."""
        yield from (tag for tag, _ in reversed(self._empty))
        around = self._element
        while around is not None:
            yield around.tag
            around = around.parent

    def _close(self) -> None:
        """Leave the innermost element that has text."""
        element = self._element
        assert element
        element.end = len(self._blocks)
        self._element = element.parent

    def _fill(self) -> Element:
        """Return the innermost open element, now that there is text in it."""
        element = self._element
        start, above = len(self._blocks), element.above | element.mask if element else 0
        for tag, attributes in self._empty:
            mask, signature = _read_names(tag, attributes) if attributes else (tag_mask(tag), tag)
            element = Element(tag, element, mask, signature, start, above)
            self._elements.append(element)
            above |= mask
        self._empty.clear()
        self._element = element
        assert element
        return element

    def _break(self, kind: int, styles: int) -> None:
        if kind == _RULE:
            self._flush(styles)
            self._follows_rule = True
        elif kind == _BREAK:
            self._breaks += 1
            if self._breaks > 1:
                self._flush(styles)
            elif self._pieces:
                self._pieces.append(" ")

    def _flush(self, styles: int) -> None:
        """End the block that is open, and keep it if there is a word in it."""
        text = clean_line("".join(self._pieces)) if len(self._blocks) < MANY_BLOCKS else ""
        if text and (text[0].isalnum() or _WORD.search(text)):
            is_ascii = text.isascii()
            size = len(text) if is_ascii else weigh(text)
            linked, bold, slanted = self._measure(size, len(text))
            self._blocks.append(
                Block(
                    text,
                    self._fill(),
                    size,
                    linked,
                    self._links,
                    bold,
                    slanted,
                    self._has_time,
                    self._follows_rule,
                    text[-1] in _STOPS
                    or text.rstrip(_CLOSING)[-1:] in _STOPS
                    or (not is_ascii and _ends_unmarked(text, size)),
                    text.count(",") if is_ascii else sum(map(text.count, _COMMAS)),
                )
            )
            self._follows_rule = False
        self._pieces.clear()
        self._styled[:] = _UNSTYLED
        self._has_time = False
        self._links = styles & 1
        self._breaks = 0

    def _measure(self, size: int, length: int) -> tuple[int, int, int]:
        """Return how much of the open block is in links, bold and slanted, on the scale of its size."""
        if not any(self._styled):
            return 0, 0, 0
        _, link, bold, link_bold, slanted, link_slanted, bold_slanted, all_three = self._styled
        return (
            min(size, (link + link_bold + link_slanted + all_three) * size // length),
            min(size, (bold + link_bold + bold_slanted + all_three) * size // length),
            min(size, (slanted + link_slanted + bold_slanted + all_three) * size // length),
        )


def _read_names(tag: str, attributes: dict[str, str | None]) -> tuple[int, str]:
    """Return the groups and the signature of an element."""
    mask, signature = _read_class(tag, (attributes.get("class") or "")[:LONGEST_NAMES])
    if not _NAMING.isdisjoint(attributes):
        for name in _NAMING.intersection(attributes):
            mask |= mask_of((attributes[name] or "")[:LONGEST_NAMES])
    return mask, signature


@lru_cache(maxsize=20_000)
def _name_a_box(names: str) -> bool:
    """Tell whether the names are those of a box."""
    return bool(mask_of(names[:LONGEST_NAMES]) & splitting())


@lru_cache(maxsize=20_000)
def _read_class(tag: str, names: str) -> tuple[int, str]:
    """Return the groups of its tag and class, and the two as its signature."""
    return tag_mask(tag) | mask_of(names), f"{tag}.{names}"


def _ends_unmarked(text: str, size: int) -> bool:
    """Tell whether it is a sentence of Thai or Lao, which end without a mark."""
    return size >= _SENTENCE and "\u0e00" <= text[-1] <= "\u0eff"


def _is_concealed(attributes: dict[str, str | None]) -> bool:
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or ("style" in attributes and _UNDISPLAYED.search(attributes["style"] or "") is not None)
    )
