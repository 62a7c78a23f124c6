"""What a page shows on the screen of a reader without scripts: its lines of text, each with where it stands.

Walls live where no article does, in dialogs, forms and buttons; hence a walk of its own beside that of the layout.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import count, groupby, islice
from operator import itemgetter

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
_LINKED_SHARE = 0.7
_MANY_LINES = 10_000  # no wall shows more
_UNDISPLAYED = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


#: What a line stands in, as bits: what is not shown, what frames the page, an h1, a button, a dialog, a box named so.
_HIDDEN, _FRAMED, _HEADING, _CONTROL, _DIALOG, _CONSENT, _PAYWALL = (1 << bit for bit in range(7))
_TAGS = {
    **dict.fromkeys(_UNSEEN, _HIDDEN),
    **dict.fromkeys(_FRAME, _FRAMED),
    **dict.fromkeys(("button", "input"), _CONTROL),
    "h1": _HEADING,
}
_GROUPS = {"dialog_names": _DIALOG, "consent_names": _CONSENT, "paywall_names": _PAYWALL}
#: A piece of text: its block and the breaks before it, what it stands in, itself, and whether it is a link.
_Piece = tuple[tuple[int, int], int, str, bool]


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
    pieces = _pieces(page.tree.body, _HIDDEN if with_frame else _HIDDEN | _FRAMED)
    lines = (_line(list(pieces), place) for (_, place), pieces in groupby(pieces, itemgetter(0, 1)))
    return [*islice((line for line in lines if line.text), _MANY_LINES)]


def simplify(text: str) -> str:
    """Return the text as the lists of phrases are written: lower case, apostrophes straight, no second dot on a Turkish i."""
    lower = text.lower()
    return lower if lower.isascii() else lower.replace("i\u0307", "i").replace("’", "'")


def _line(pieces: list[_Piece], place: int) -> Line:
    text = clean_line("".join(piece[2] for piece in pieces))
    linked = sum(len(piece[2]) for piece in pieces if piece[3])
    return Line(simplify(text), len(text) if text.isascii() else weigh(text), linked > _LINKED_SHARE * len(text), place)


def _pieces(body: LexborNode | None, left_out: int) -> Iterator[_Piece]:
    """Yield each shown piece of text with its place; elements that are any of ``left_out`` are not entered."""
    #: What comes after the elements that are open, and where it stands.
    stack: list[tuple[LexborNode | None, int, int, bool]] = []
    numbers = count(1)
    block, place, is_linked = 0, 0, False
    breaks, begun = 0, (0, 0)
    node = body.first_child if body is not None else None
    while node is not None or stack:
        if node is None:
            node, block, place, is_linked = stack.pop()
            continue
        text = node.text_content
        if text is not None:
            line = (block, breaks)
            if line == begun or not text.isspace():
                begun = line
                yield line, place, text, is_linked
            node = node.next
            continue
        tag, attributes = node.tag or "", node.attributes
        here = _place(tag, attributes, place)
        if here & left_out:
            node = node.next
            continue
        stack.append((node.next, block, place, is_linked))
        if tag not in _INLINE or here != place:
            block = next(numbers)
        place, is_linked = here, is_linked or tag == "a"
        breaks += tag in {"br", "hr"}
        if tag == "input" and attributes.get("type") in {"submit", "button"}:
            yield (block, breaks), here, attributes.get("value") or "", False
        node = node.first_child


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
    if tag not in _INLINE and ("class" in attributes or "id" in attributes):
        place |= _named_place(f"{attributes.get('class') or ''} {attributes.get('id') or ''}")
    return place


@lru_cache(maxsize=10_000)  # a site's pages share their names
def _named_place(names: str) -> int:
    lower = names.lower()
    return sum(bit for bit, pattern in _name_patterns().items() if pattern.search(lower))


@cache
def _name_patterns() -> dict[int, re.Pattern[str]]:
    marks = load_words("walls")["marks"]
    return {bit: re.compile("|".join(map(re.escape, marks[group]))) for group, bit in _GROUPS.items()}
