"""What a page shows on the screen of a reader without scripts: its lines of text, each with where it stands.

Walls live where no article does, in dialogs, forms and buttons; hence a walk of its own beside that of the layout.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

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
_UNDISPLAYED = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a line stands: what the elements around it are. ``block`` tells lines apart."""

    block: int = 0
    is_hidden: bool = False
    is_framed: bool = False
    is_heading: bool = False
    is_control: bool = False
    in_dialog: bool = False
    in_consent: bool = False
    in_paywall: bool = False


#: A piece of text: its place, how many breaks came before it, itself, and whether it is a link.
_Piece = tuple[Place, int, str, bool]


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is compared: lower case, apostrophes straight; ``size`` is weighed, so that scripts compare."""

    text: str
    size: int
    place: Place
    #: Whether most of it is a link.
    is_linked: bool

    @property
    def is_prose(self) -> bool:
        """Whether it can be a text's own: no link or button, no headline, not in what frames the page."""
        place = self.place
        return not (self.is_linked or place.is_framed or place.is_heading or place.is_control)


def read_screen(page: Page) -> list[Line]:
    """Return the lines that the page shows, in order."""
    lines = (
        _line(list(pieces), place) for (place, _), pieces in groupby(_pieces(page.tree.body), lambda piece: piece[:2])
    )
    return [line for line in lines if line.text]


def simplify(text: str) -> str:
    """Return the text as the lists of phrases are written: lower case, apostrophes straight, no second dot on a Turkish i."""
    return text.lower().replace("i\u0307", "i").replace("’", "'")


def _line(pieces: list[_Piece], place: Place) -> Line:
    text = clean_line("".join(text for _, _, text, _ in pieces))
    linked = sum(len(text) for _, _, text, is_linked in pieces if is_linked)
    return Line(simplify(text), weigh(text), place, linked > _LINKED_SHARE * len(text))


def _pieces(body: LexborNode | None) -> Iterator[_Piece]:
    """Yield each shown piece of text with its place; parents come before their children."""
    if body is None:
        return
    places = {body.mem_id: (Place(), False)}
    breaks = 0
    for node in body.traverse(include_text=True):
        parent = node.parent
        above = places.get(parent.mem_id) if parent else None
        if above is None or above[0].is_hidden:
            continue
        place, is_linked = above
        if node.is_text_node:
            yield place, breaks, node.text_content or "", is_linked
            continue
        places[node.mem_id] = here, _ = _place(node, place), is_linked or node.tag == "a"
        breaks += node.tag in {"br", "hr"}
        if node.tag == "input" and not here.is_hidden and node.attributes.get("type") in {"submit", "button"}:
            yield here, breaks, node.attributes.get("value") or "", False


def _place(node: LexborNode, above: Place) -> Place:
    tag, attributes = node.tag or "", node.attributes
    if tag in _UNSEEN or "hidden" in attributes or _UNDISPLAYED.search(attributes.get("style") or ""):
        return Place(is_hidden=True)
    is_control = above.is_control or tag in {"button", "input"} or attributes.get("role") == "button"
    if tag in _INLINE and is_control == above.is_control:
        return above
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()
    return Place(
        block=node.mem_id,
        is_framed=above.is_framed or tag in _FRAME,
        is_heading=above.is_heading or tag == "h1",
        is_control=is_control,
        in_dialog=above.in_dialog or _is_dialog(attributes, names),
        in_consent=above.in_consent or has_name(names, "consent_names"),
        in_paywall=above.in_paywall or has_name(names, "paywall_names"),
    )


def _is_dialog(attributes: dict[str, str | None], names: str) -> bool:
    role = attributes.get("role") or ""
    return "dialog" in role or attributes.get("aria-modal") == "true" or has_name(names, "dialog_names")


@lru_cache(maxsize=10_000)  # a site's pages share their names
def has_name(names: str, group: str) -> bool:
    """Tell whether one of the group's pieces is in the names."""
    return any(piece in names for piece in load_words("walls")["marks"][group])
