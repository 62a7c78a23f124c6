"""The page as a reader sees it: blocks of text in order, and the elements around them."""

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.extract.groups import mask_of, splitting, tag_mask
from pipeline.extract.text import clean_line, weigh

#: Elements that a reader does not see, or that are not text.
_UNSEEN = frozenset({
    "script", "style", "svg", "iframe", "noscript", "template", "select", "option", "textarea", "button", "input",
    "object", "canvas", "map", "head", "math", "dialog", "datalist", "audio", "video", "picture", "-comment",
    "!doctype",
})  # fmt: skip
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "ins", "kbd", "label", "mark", "nobr", "o:p", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
})  # fmt: skip
_BOLD = frozenset({"b", "strong"})
_SLANTED = frozenset({"i", "em"})
_UNDISPLAYED = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_STOPS = frozenset(".!?。！？।؟…")
_CLOSING = "\"'”’»)] \t"
_WORD = re.compile(r"\w")
_NAMING = ("class", "id", "role", "itemprop", "data-testid", "data-component")


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
    end: int = 0
    #: The groups of all elements around it; set by the scorer, which knows what they hold.
    above: int = 0


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
    """One walk over the tree with a stack of its own, so that depth costs nothing."""

    def __init__(self, *, with_hidden: bool) -> None:
        self.layout = Layout()
        self._with_hidden = with_hidden
        self._splitting = splitting()
        self._element: Element | None = None
        self._pieces: list[str] = []
        #: The links, bold and slanted elements that are open.
        self._styles: list[str] = []
        self._counts = {"a": 0, "bold": 0, "slanted": 0}
        self._links = 0
        self._breaks = 0
        self._has_time = False
        self._follows_rule = False

    def walk(self, root: LexborNode) -> None:
        self._open("body", root.attributes)
        stack: list[tuple[LexborNode | None, str]] = []
        node = root.first_child
        while node is not None or stack:
            if node is None:
                node, kind = stack.pop()
                self._leave(kind)
                continue
            tag = node.tag or ""
            if tag == "-text":
                self._add(node.text_content or "")
                node = node.next
                continue
            kind = "" if tag in _UNSEEN else self._enter(node, tag)
            child = node.first_child if kind else None
            if child is not None:
                stack.append((node.next, kind))
                node = child
                continue
            if kind:
                self._leave(kind)
            node = node.next
        self._leave("block")

    def _enter(self, node: LexborNode, tag: str) -> str:
        """Take the node in; return what leaving it will have to undo, or nothing if its children are of no interest."""
        if tag in {"br", "hr", "img"}:
            self._break(tag)
            return ""
        attributes = node.attributes
        if self._is_hidden(attributes):
            self.layout.hidden += 1
            if not self._with_hidden:
                return ""
        if tag in _INLINE and not (attributes and self._splits(attributes)):
            return self._enter_inline(tag)
        self._open(tag, attributes)
        return "block"

    def _enter_inline(self, tag: str) -> str:
        if tag == "a":
            self._links += 1
            kind = "a"
        else:
            kind = "bold" if tag in _BOLD else "slanted" if tag in _SLANTED else "inline"
        self._has_time = self._has_time or tag == "time"
        if kind != "inline":
            self._styles.append(kind)
        return kind

    def _leave(self, kind: str) -> None:
        if kind == "block":
            if self._pieces:
                self._flush()
            element = self._element
            assert element
            element.end = len(self.layout.blocks)
            self._element = element.parent
        elif kind != "inline":
            self._styles.remove(kind)

    @staticmethod
    def _is_hidden(attributes: dict[str, str | None]) -> bool:
        if not attributes:
            return False
        if "hidden" in attributes or attributes.get("aria-hidden") == "true":
            return True
        style = attributes.get("style")
        return bool(style) and _UNDISPLAYED.search(style or "") is not None

    def _splits(self, attributes: dict[str, str | None]) -> bool:
        """Tell whether an inline element is a box all the same: a caption or a share bar made of spans."""
        if self._element is not None and self._element.tag == "p":
            return False
        names = attributes.get("class")
        return bool(names) and bool(mask_of(names or "") & self._splitting)

    def _open(self, tag: str, attributes: dict[str, str | None]) -> None:
        if self._pieces:
            self._flush()
        names = " ".join([value for name in _NAMING if (value := attributes.get(name))]) if attributes else ""
        mask = tag_mask(tag) | (mask_of(names) if names else 0)
        signature = f"{tag}.{attributes.get('class') or ''}" if attributes else tag
        self._element = Element(tag, self._element, mask, signature, len(self.layout.blocks))
        self.layout.elements.append(self._element)

    def _break(self, tag: str) -> None:
        if tag == "br":
            self._breaks += 1
            if self._breaks > 1:
                self._flush()
            elif self._pieces:
                self._pieces.append(" ")
        elif tag == "hr":
            self._flush()
            self._follows_rule = True

    def _add(self, text: str) -> None:
        if text.isspace():
            if self._pieces:
                self._pieces.append(" ")
            return
        self._pieces.append(text)
        self._breaks = 0
        for kind in self._styles:
            self._counts[kind] += len(text)

    def _flush(self) -> None:
        text = " ".join("".join(self._pieces).split())
        if text and not text.isascii():
            text = clean_line(text)
        if text and self._element is not None and _WORD.search(text):
            size = len(text) if text.isascii() else weigh(text)
            scale = size / len(text)
            linked, bold, slanted = (min(size, int(count * scale)) for count in self._counts.values())
            self.layout.blocks.append(
                Block(
                    text=text,
                    owner=self._element,
                    size=size,
                    linked=linked,
                    links=self._links,
                    bold=bold,
                    slanted=slanted,
                    has_time=self._has_time,
                    follows_rule=self._follows_rule,
                    ends=text.rstrip(_CLOSING)[-1:] in _STOPS,
                    commas=text.count(",") + text.count("،") + text.count("、") + text.count("，"),
                )
            )
            self._follows_rule = False
        self._pieces = []
        self._counts = {"a": 0, "bold": 0, "slanted": 0}
        self._has_time = False
        self._links = int("a" in self._styles)
        self._breaks = 0
