"""What a page shows on the screen of a reader without scripts: its lines of text, each with where it stands.

Walls live where no article does, in dialogs, forms and buttons; hence a walk of its own beside that of the layout.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from selectolax.lexbor import LexborNode

from pipeline.extract.page import Page
from pipeline.extract.text import clean_line, weigh
from pipeline.extract.words import load_words

_UNSEEN = frozenset(
    {"head", "script", "style", "noscript", "template", "svg", "iframe", "select", "textarea", "-comment"}
)
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "label",
    "mark", "q", "s", "small", "span", "strong", "sub", "sup", "time", "u",
})  # fmt: skip
_FRAME = frozenset({"nav", "footer", "header"})
_BREAKS = frozenset({"br", "hr"})
_LINKED_SHARE = 0.7
_MANY_LINES = 10_000  # no wall shows more
_UNDISPLAYED = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


#: What a line stands in, as bits: what is not shown, what frames the page, an h1, a button, a dialog, a box named so.
_HIDDEN, _FRAMED, _HEADING, _CONTROL, _DIALOG, _CONSENT, _PAYWALL = (1 << bit for bit in range(7))
_TAGS = {
    **dict.fromkeys(_FRAME, _FRAMED),
    **dict.fromkeys(("button", "input"), _CONTROL),
    "h1": _HEADING,
}
_GROUPS = {"dialog_names": _DIALOG, "consent_names": _CONSENT, "paywall_names": _PAYWALL}


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is compared: lower case, apostrophes straight; ``size`` is weighed, so that scripts compare."""

    text: str
    size: int
    #: Whether most of it is a link.
    is_linked: bool
    #: What it stands in, as bits.
    place: int

    @property
    def is_prose(self) -> bool:
        """Whether it can be a text's own: no link or button, no headline, not in what frames the page."""
        return not (self.is_linked or self.place & (_FRAMED | _HEADING | _CONTROL))

    @property
    def is_framed(self) -> bool:
        """Whether it stands in what frames the page."""
        return bool(self.place & _FRAMED)

    @property
    def is_heading(self) -> bool:
        """Whether it is an h1."""
        return bool(self.place & _HEADING)

    @property
    def is_control(self) -> bool:
        """Whether it is a button."""
        return bool(self.place & _CONTROL)

    @property
    def is_boxed(self) -> bool:
        """Whether it stands in a dialog or a box named as those that ask for consent."""
        return bool(self.place & (_DIALOG | _CONSENT))

    @property
    def is_in_paywall(self) -> bool:
        """Whether it stands in a box named as paywalls are."""
        return bool(self.place & _PAYWALL)


def read_screen(page: Page, *, with_frame: bool = True) -> list[Line]:
    """Return the lines that the page shows, in order; those of what frames it, mostly more than half, only where asked for."""
    walker = _Walker(_HIDDEN if with_frame else _HIDDEN | _FRAMED)
    if page.tree.body is not None:
        walker.walk(page.tree.body.first_child)
    return walker.lines[:_MANY_LINES]


def simplify(text: str) -> str:
    """Return the text as the lists of phrases are written: lower case, apostrophes straight, no second dot on a Turkish i."""
    lower = text.lower()
    return lower if lower.isascii() else lower.replace("i\u0307", "i").replace("’", "'")


class _Walker:
    """One walk over what is shown; elements that are any of ``left_out`` are not entered."""

    def __init__(self, left_out: int) -> None:
        self.lines: list[Line] = []
        self._left_out = left_out
        #: The line that is open: its text, how much of it is in links, and where it stands.
        self._pieces: list[str] = []
        self._linked = 0
        self._standing = 0

    def walk(self, node: LexborNode | None) -> None:
        """Read the lines from this node on."""
        pieces = self._pieces
        #: What comes after the elements that are open, their block, where it stands, and whether it is in a link.
        stack: list[tuple[LexborNode | None, int, int, bool]] = []
        block = blocks = breaks = place = 0
        is_linked = False
        begun = (0, 0)
        while (node is not None or stack) and len(self.lines) < _MANY_LINES:
            if node is None:
                node, block, place, is_linked = stack.pop()
                continue
            text = node.text_content
            if text is not None:
                line = (block, breaks)
                if line == begun or not text.isspace():
                    if line != begun or place != self._standing:
                        self._end()
                        begun, self._standing = line, place
                    pieces.append(text)
                    self._linked += is_linked and len(text)
                node = node.next
                continue
            tag = node.tag or ""
            if tag in _UNSEEN:
                node = node.next
                continue
            attributes = node.attributes
            here = _place(tag, attributes, place)
            if here & self._left_out:
                node = node.next
                continue
            stack.append((node.next, block, place, is_linked))
            if tag not in _INLINE or here != place:
                blocks += 1
                block = blocks
            place, is_linked = here, is_linked or tag == "a"
            breaks += tag in _BREAKS
            if tag == "input" and attributes.get("type") in {"submit", "button"}:
                self._end()
                begun, self._standing = (block, breaks), here
                pieces.append(attributes.get("value") or "")
            node = node.first_child
        self._end()

    def _end(self) -> None:
        """End the line that is open, and keep it if it says anything."""
        text = clean_line("".join(self._pieces))
        if text:
            size = len(text) if text.isascii() else weigh(text)
            self.lines.append(Line(simplify(text), size, self._linked > _LINKED_SHARE * len(text), self._standing))
        self._pieces.clear()
        self._linked = 0


def _place(tag: str, attributes: Mapping[str, str | None], above: int) -> int:
    """Return what stands in the element stands in."""
    place = above | _TAGS.get(tag, 0)
    if not attributes or place & _HIDDEN:
        return place
    if "hidden" in attributes or ("style" in attributes and _UNDISPLAYED.search(attributes["style"] or "")):
        return _HIDDEN
    role = attributes.get("role")
    if role == "button":
        place |= _CONTROL
    if (role and "dialog" in role) or attributes.get("aria-modal") == "true":
        place |= _DIALOG
    if tag not in _INLINE:
        for naming in ("class", "id"):
            if naming in attributes:
                place |= _named_place(attributes[naming] or "")
    return place


@lru_cache(maxsize=10_000)  # a site's pages share their names
def _named_place(names: str) -> int:
    lower = names.lower()
    place = 0
    for mark, bit in _name_marks():
        if mark in lower:
            place |= bit
    return place


@cache
def _name_marks() -> tuple[tuple[str, int], ...]:
    marks = load_words("walls")["marks"]
    return tuple((mark, bit) for group, bit in _GROUPS.items() for mark in marks[group])
