"""The text of a page that brings it only as data for its scripts: the last resort, marked as such."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.extract.page import Page
from pipeline.extract.rules import clean_html
from pipeline.extract.text import clean_line, fold, weigh

_TAG = re.compile(r"<(?:p|br|div|h[1-6])\b", re.IGNORECASE)
_ASSIGNED = re.compile(r"=\s*(?=[{\[])")  # window.__STATE__ = {…
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
_DECODER = json.JSONDecoder(strict=False)


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
    for value in _script_values(page):
        for prose in _titled(value, title):
            best = max(best, prose, key=lambda lines: sum(map(len, lines)))
    return list(dict.fromkeys(best))


def _script_values(page: Page) -> Iterator[object]:
    for script in page.tree.css("script:not([src])"):
        text = (script.text(deep=True) or "").strip()
        if len(text) < _ENOUGH or len(text) > _LARGEST or "ld+json" in (script.attributes.get("type") or ""):
            continue
        start = 0 if text[0] in "{[" else (found.end() if (found := _ASSIGNED.search(text[:_ENOUGH])) else None)
        if start is not None:
            try:
                yield _DECODER.raw_decode(text, start)[0]
            except (ValueError, RecursionError):
                continue


def _titled(root: object, title: str) -> list[list[str]]:
    """Return the prose of each innermost object that has the title and enough of it."""
    found: list[list[str]] = []

    def visit(value: object, depth: int) -> _Found:
        here = _Found()
        if isinstance(value, str):
            here.is_titled = fold(value) == title
            here.prose = [] if here.is_titled else _read_prose(value)
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


def _read_prose(text: str) -> list[str]:
    if _TAG.search(text):
        return clean_html(text)
    line = clean_line(text)
    is_prose = weigh(line) >= _PROSE and line.endswith(_STOPS) and not line.startswith(("http", "{", "["))
    return [line] if is_prose else []
