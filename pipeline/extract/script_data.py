"""The text of a page that brings it only as data for its scripts: the last resort, marked as such."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.extract.page import Page
from pipeline.extract.rules import clean_html
from pipeline.extract.script_values import read_values
from pipeline.extract.text import clean_line, fold, weigh

_TAG = re.compile(r"<(?:p|br|div|h[1-6])\b", re.IGNORECASE)
_STOPS = tuple('.!?。！？।؟…"”»」')
_PROSE = 60  # characters; what is shorter is a label
_ENOUGH = 400
_LARGEST = 3_000_000  # characters of a script; states of whole sites are larger
_MAX_DEPTH = 40
#: Keys whose texts stand beside an article's text.
_BESIDE = frozenset({
    "description", "excerpt", "summary", "teaser", "seo", "meta", "metadata", "caption", "alt", "credit", "bio", "biography",
    "related", "recommended", "comments", "copyright", "disclaimer", "newsletter", "translations", "messages", "i18n",
})  # fmt: skip
#: What paragraphs are called in rich text and in elements.
_PARAGRAPHS = frozenset(
    {"paragraph", "p", "heading", "h1", "h2", "h3", "h4", "list-item", "listitem", "li", "blockquote", "quote"}
)


@dataclass(slots=True)
class _Found:
    """What a value holds: its prose in order, and whether the article's headline is in it."""

    prose: list[str] = field(default_factory=list)
    is_titled: bool = False


def script_paragraphs(page: Page, headline: str) -> list[str]:
    """Return the paragraphs of the innermost object that has this headline and enough prose; [] where there is none."""
    title, best = fold(headline), list[str]()
    if not title:
        return best
    for value in read_values(_scripts(page)):
        for prose in _titled(value, title):
            best = max(best, prose, key=lambda lines: sum(map(len, lines)))
    return list(dict.fromkeys(best))


def _scripts(page: Page) -> Iterator[str]:
    """Yield the texts of the page's own scripts that may hold an article, linked data left out."""
    for script in page.tree.css("script:not([src])"):
        text = (script.text(deep=True) or "").strip()
        is_large_enough = len(text) >= _ENOUGH or "__next_f" in text  # a stream comes in pieces of any length
        if is_large_enough and len(text) <= _LARGEST and "ld+json" not in (script.attributes.get("type") or ""):
            yield text


def _titled(root: object, title: str) -> list[list[str]]:
    """Return the prose of each innermost object that has the title and enough of it."""
    found: list[list[str]] = []

    def visit(value: object, depth: int) -> _Found:
        here = _Found()
        if isinstance(value, str):
            here.is_titled = fold(value) == title
            here.prose = [] if here.is_titled else _read_prose(value)
        elif _is_paragraph(value):
            line = clean_line("".join(_strings(value, 0)))
            here.is_titled = fold(line) == title
            here.prose = [line] if line and not here.is_titled else []
        elif isinstance(value, dict | list) and depth < _MAX_DEPTH:
            before = len(found)
            parts = [part for key, part in value.items() if key not in _BESIDE] if isinstance(value, dict) else value
            for part in parts:
                inner = visit(part, depth + 1)
                here.prose += inner.prose
                here.is_titled = here.is_titled or inner.is_titled
            is_whole = here.is_titled and weigh("".join(here.prose)) >= _ENOUGH
            if isinstance(value, dict) and is_whole and len(found) == before:
                found.append(here.prose)
        return here

    visit(root, 0)
    return found


def _is_paragraph(value: object) -> bool:
    """Tell whether the value is a paragraph with its inline parts in it: of rich text, or an element of React."""
    if isinstance(value, dict):
        kind = value.get("type") or value.get("nodeType")
        return isinstance(kind, str) and kind.lower() in _PARAGRAPHS and bool(value.keys() & {"content", "children"})
    return isinstance(value, list) and len(value) == 4 and value[0] == "$" and value[1] in _PARAGRAPHS  # noqa: PLR2004


def _strings(value: object, depth: int) -> Iterator[str]:
    """Yield the texts in a paragraph, in order."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key in ("text", "value", "content", "children"):
            part = value.get(key)
            if isinstance(part, str):
                yield part
            else:
                yield from _strings(part, depth + 1)
    elif isinstance(value, list):
        for part in value[3:] if value[:1] == ["$"] else value:
            if isinstance(part, str):
                yield part
            else:
                yield from _strings(part, depth + 1)


def _read_prose(text: str) -> list[str]:
    if _TAG.search(text):
        return clean_html(text)
    line = clean_line(text)
    is_prose = weigh(line) >= _PROSE and line.endswith(_STOPS) and not line.startswith(("http", "{", "["))
    return [line] if is_prose else []
