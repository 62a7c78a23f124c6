"""Whether a page is an article at all: verdicts, each on several pieces of evidence.

Conservative: whoever has a text of an article's length passes, whatever it mentions; a wall has little text of its own.
"""

import re
from itertools import takewhile
from urllib.parse import urlsplit

from pipeline.extract.barriers import judge_bot_check, judge_consent, judge_paywall
from pipeline.extract.facts import Facts
from pipeline.extract.json_ld import node_types
from pipeline.extract.screen import Line, simplify
from pipeline.extract.sight import (
    SHELL_BELOW,
    SHORT_BELOW,
    SOURCE,
    STUB_BELOW,
    TITLE_PIECES,
    Sight,
    Verdict,
    phrases,
)
from pipeline.extract.text import clean_line, weigh
from pipeline.extract.words import load_words
from pipeline.model.fate import Reason

_WALL_BELOW = 1_500  # characters; challenge pages, consent dialogs and shells say less, articles of this length pass
_PLACEHOLDER = 60  # characters in the root of a page that scripts fill
_LIST_TYPES = frozenset({"CollectionPage", "ItemList", "SearchResultsPage"})
_HEADLINE_LINK = 25  # characters of a link that can be a headline
_MANY_LINKS = 8
_LEADING_TEXT = 200  # characters under a headline; what introduces a list says less, or stands under a name
_LINKED_SHARE = 0.5
_AROUND_PHRASE = 30  # characters of a heading beside the phrase that says that there is no page; headlines say more
_MISSING_CODE = re.compile(
    r"^(?:page )?not found$|^404\b.{0,20}$|\b404 (?:not found|error)"
    r"|^(?:error |fehler |erreur |errore |erro |ошибка |http )?4(?:04|10)$"
    r"|(?:error|fehler|erreur|errore|erro|hata|błąd|ошибка) 404\b.{0,10}$"
)


def judge_page(facts: Facts, paragraphs: list[str]) -> Verdict | None:
    """Return why the page is no article, or None where nothing speaks against it."""
    sight = Sight(facts, paragraphs)
    judges = [_judge_index, _judge_length]
    if sight.length < _WALL_BELOW:
        judges = [judge_bot_check, judge_consent, _judge_missing, judge_paywall, _judge_shell, *judges]
    return next((verdict for judge in judges if (verdict := judge(sight))), None)


def _judge_shell(sight: Sight) -> Verdict | None:
    page = sight.facts.page
    if sight.length >= SHORT_BELOW:
        return None
    shown = sum(line.size for line in sight.lines)
    if shown >= SHELL_BELOW or page.first("script") is None:
        return None
    phrase = phrases("script_phrases").search(simplify(page.html[:SOURCE]))
    roots = (node for mark in load_words("walls")["marks"]["shell_roots"] for node in page.tree.css(mark))
    root = next((node for node in roots if len(clean_line(node.text())) < _PLACEHOLDER), None)
    empty = root or next((node for node in page.tree.css("body div[id]") if not clean_line(node.text())), None)
    if phrase or empty is not None:
        evidence = phrase or f"nothing in #{(empty and empty.attributes.get('id')) or ''}"
        return Verdict(Reason.SCRIPT_SHELL, f"{shown} characters without scripts; {evidence[:80]}")
    return None


def _judge_missing(sight: Sight) -> Verdict | None:
    """Return the verdict on a page that says that there is none, though the server answered 200."""
    if sight.length >= SHELL_BELOW and sight.is_declared:
        return None
    heading = simplify(sight.facts.heading or "")
    for named in (*TITLE_PIECES.split(sight.title), heading):
        phrase = phrases("missing_titles").search(named)
        if _MISSING_CODE.search(named) or (phrase and len(named) <= len(phrase) + _AROUND_PHRASE):
            return Verdict(Reason.NOT_FOUND, f"answered with a page titled {named[:80]!r}")
    return None


def _judge_index(sight: Sight) -> Verdict | None:
    if sight.is_declared:
        return None
    page = sight.facts.page
    is_front = urlsplit(page.url).path in {"", "/"}
    lists = {kind for node in sight.facts.graph.nodes for kind in node_types(node)} & _LIST_TYPES
    prose = [line for line in sight.paragraphs if weigh(line) > 200]  # noqa: PLR2004 - teasers are shorter
    if len(prose) > 1 and not (is_front or lists):
        return None
    texts = {clean_line(node.text()) for node in page.tree.css("a[href]")}
    links = [size for size in map(weigh, texts) if size >= _HEADLINE_LINK]
    if len(links) < _MANY_LINKS:
        return None
    if _leads_with_text(sight.lines) and not (is_front or lists):
        return None
    share = sum(links) / max(1, sum(line.size for line in sight.lines))
    signs = (
        ("it is the front page", is_front),
        (f"it says {', '.join(sorted(lists))}", bool(lists)),
        (f"{share:.0%} of it is linked headlines", share > _LINKED_SHARE),
        (f"only {sight.length} characters of text", sight.length < STUB_BELOW),
    )
    found = [text for text, holds in signs if holds]
    if len(found) >= 2:  # noqa: PLR2004 - two that agree
        return Verdict(Reason.INDEX_PAGE, f"{len(links)} headlines; {'; '.join(found)}")
    return None


def _leads_with_text(lines: list[Line]) -> bool:
    """Tell whether a headline stands there, no link and no mere name of a section, and a paragraph before any other headline."""
    start = next((at for at, line in enumerate(lines) if line.is_heading), len(lines))
    heading, rest = lines[start : start + 1], lines[start + 1 :]
    if not heading or heading[0].is_linked or heading[0].size < _HEADLINE_LINK:
        return False
    led = takewhile(lambda line: not (line.is_linked and line.size >= _HEADLINE_LINK), rest)
    return sum(line.size for line in led if line.is_prose) >= _LEADING_TEXT


def _judge_length(sight: Sight) -> Verdict | None:
    if not sight.length:
        return Verdict(Reason.NO_TEXT, "no paragraph found")
    return Verdict(Reason.TOO_SHORT, f"{sight.length} characters") if sight.length < SHORT_BELOW else None
