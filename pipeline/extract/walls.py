"""Whether a page is an article at all: verdicts, each on several pieces of evidence.

Conservative: whoever has a text of an article's length passes, whatever it mentions; a wall has little text of its own.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from pipeline.extract.facts import Facts
from pipeline.extract.json_ld import node_types
from pipeline.extract.metadata import is_free
from pipeline.extract.page import Page
from pipeline.extract.text import clean_line, weigh
from pipeline.extract.words import load_words
from pipeline.model.fate import Reason

_WALL_BELOW = 1_500  # characters; challenge pages, consent dialogs and shells say less, articles of this length pass
_STUB_BELOW = 1_200  # what paywalls show at most before they close
_SHELL_BELOW = 250
_SHORT_BELOW = 80  # the shortest news flash with a sentence in it
_CONSENT_PHRASES = 3
_LIST_TYPES = frozenset({"CollectionPage", "ItemList", "SearchResultsPage"})
_HEADLINE_LINK = 25  # characters of a link that can be a headline
_MANY_LINKS = 8
_LINKED_SHARE = 0.5
_TITLE_PIECES = re.compile(r"\s[-–—|·•:]\s")
_CONSENT_ADDRESS = re.compile(
    r"//[^?]*(?:[./]|//)(?:consent|consent-management|privacy-?gate|cookie-?wall|zustimmung|einwilligung|consentement|consenso)(?:[./?]|$)",
    re.IGNORECASE,
)
_MISSING_CODE = re.compile(r"(?:^|error |fehler |erreur |http )40[4]\b|^410\b|\b404 (?:not found|error)")
_HIDDEN = ("script", "style", "noscript", "template", "svg")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a page is no article, with what shows it."""

    reason: Reason
    evidence: str


def judge_page(facts: Facts, paragraphs: list[str]) -> Verdict | None:
    """Return why the page is no article, or None where nothing speaks against it."""
    length = weigh("".join(paragraphs))
    title = (facts.page.title or "").lower()
    if length < _WALL_BELOW:
        visible = visible_text(facts.page).lower()
        verdict = (
            _judge_bot_check(facts.page, title, visible)
            or _judge_consent(facts, title, visible, paragraphs)
            or _judge_missing(facts, title, length)
            or _judge_paywall(facts, visible, paragraphs, length)
            or _judge_shell(facts.page, visible, length)
        )
        if verdict:
            return verdict
    return _judge_index(facts, paragraphs, length) or _judge_length(length)


def visible_text(page: Page) -> str:
    """Return the text that a reader without scripts sees, on one line."""
    body = page.tree.body
    if body is None:
        return ""
    return clean_line(" ".join(_texts(body)))


def _judge_bot_check(page: Page, title: str, visible: str) -> Verdict | None:
    words = load_words("walls")
    named = _first_phrase(title, words["bot_titles"]) if len(title) < 80 else None  # noqa: PLR2004 - headlines are longer
    phrase = _first_phrase(visible, words["bot_phrases"])
    element = _first_selector(page, words["bot_selectors"]) if named or phrase else None
    evidence = [text for text in (named, phrase, element) if text]
    # A captcha alone may guard a comment form; a title alone may be a headline.
    if len(evidence) >= 2 and len(visible) < _WALL_BELOW:  # noqa: PLR2004 - two that agree
        return Verdict(Reason.BOT_CHECK, "; ".join(evidence))
    return None


def _judge_consent(facts: Facts, title: str, visible: str, paragraphs: list[str]) -> Verdict | None:
    words = load_words("walls")
    is_named = any(piece.startswith(tuple(words["consent_titles"])) for piece in _TITLE_PIECES.split(title))
    address = _CONSENT_ADDRESS.search(facts.page.url)
    body = " ".join(paragraphs).lower() or visible
    found = [phrase for phrase in words["consent_phrases"] if phrase in body]
    if len(found) < _CONSENT_PHRASES and not (address and found):
        return None
    # An article that reports on cookies is declared as one, and says more than the words of the dialogs.
    least = 0.08 if is_named or address else 0.3 if _declares_article(facts) else 0.2
    if _share(body, found) >= least:
        return Verdict(Reason.CONSENT, f"{title[:80] or facts.page.url[:80]}; {', '.join(found[:5])}")
    return None


def _judge_paywall(facts: Facts, visible: str, paragraphs: list[str], length: int) -> Verdict | None:
    if length >= _STUB_BELOW:
        return None
    words = load_words("walls")
    phrase = _first_phrase(visible, words["paywall_phrases"])
    declared = "isAccessibleForFree is false" if is_free(facts) is False else None
    element = _first_selector(facts.page, words["paywall_selectors"]) if declared or phrase else None
    is_cut = bool(paragraphs) and paragraphs[-1].rstrip().endswith(("…", "...", "[…]", "[...]"))
    evidence = [text for text in (declared, element, phrase, "the text breaks off" if is_cut else None) if text]
    if len(evidence) >= 2 and (declared or phrase):  # noqa: PLR2004 - two that agree
        return Verdict(Reason.PAYWALL, "; ".join(evidence))
    return None


def _judge_shell(page: Page, visible: str, length: int) -> Verdict | None:
    if length >= _SHELL_BELOW or len(visible) >= _SHELL_BELOW or page.first("script") is None:
        return None
    phrase = _first_phrase(page.html[:200_000].lower(), load_words("walls")["script_phrases"])
    empty_root = next((node for node in page.tree.css("body div[id]") if not clean_line(node.text())), None)
    if phrase or empty_root is not None:
        evidence = phrase or f"empty #{(empty_root.attributes.get('id') or '') if empty_root else ''}"
        return Verdict(Reason.SCRIPT_SHELL, f"{len(visible)} characters without scripts; {evidence[:80]}")
    return None


def _judge_missing(facts: Facts, title: str, length: int) -> Verdict | None:
    """Return the verdict on a page that says that there is none, though the server answered 200."""
    if length >= _SHELL_BELOW and _declares_article(facts):
        return None
    for named in (title, (facts.heading or "").lower()):
        is_short = len(named) < 60  # noqa: PLR2004 - a headline with these words in it is longer
        if is_short and (_MISSING_CODE.search(named) or _first_phrase(named, load_words("walls")["missing_titles"])):
            return Verdict(Reason.NOT_FOUND, f"answered with a page titled {named[:80]!r}")
    return None


def _judge_index(facts: Facts, paragraphs: list[str], length: int) -> Verdict | None:
    if _declares_article(facts):
        return None
    page = facts.page
    is_front = urlsplit(page.url).path in {"", "/"}
    lists = {kind for node in facts.graph.nodes for kind in node_types(node)} & _LIST_TYPES
    texts = {clean_line(node.text()) for node in page.tree.css("a[href]")}
    links = [len(text) for text in texts if len(text) >= _HEADLINE_LINK]
    prose = [line for line in paragraphs if weigh(line) > 200]  # noqa: PLR2004 - teasers are shorter
    if len(links) < _MANY_LINKS or (len(prose) > 1 and not (is_front or lists)):
        return None
    share = sum(links) / max(1, len(visible_text(page)))
    signs = (
        ("it is the front page", is_front),
        (f"it says {', '.join(sorted(lists))}", bool(lists)),
        (f"{share:.0%} of it is linked headlines", share > _LINKED_SHARE),
        (f"only {length} characters of text", length < _STUB_BELOW),
    )
    found = [text for text, holds in signs if holds]
    if len(found) >= 2:  # noqa: PLR2004 - two that agree
        return Verdict(Reason.INDEX_PAGE, f"{len(links)} headlines; {'; '.join(found)}")
    return None


def _judge_length(length: int) -> Verdict | None:
    if not length:
        return Verdict(Reason.NO_TEXT, "no paragraph found")
    return Verdict(Reason.TOO_SHORT, f"{length} characters") if length < _SHORT_BELOW else None


def _declares_article(facts: Facts) -> bool:
    named = facts.page.meta("og:type")
    is_typed = named is not None and named[1].lower() in {"article", "news", "newsarticle"}
    return facts.node is not None or is_typed or facts.page.meta("article:published_time") is not None


def _first_phrase(text: str, phrases: Iterable[str]) -> str | None:
    return next((phrase for phrase in phrases if phrase in text), None)


def _first_selector(page: Page, selectors: Iterable[str]) -> str | None:
    return next((selector for selector in selectors if page.first(selector) is not None), None)


def _share(text: str, phrases: list[str]) -> float:
    """Return how much of the text the phrases make."""
    return sum(text.count(phrase) * len(phrase) for phrase in phrases) / max(1, len(text))


def _texts(root: LexborNode) -> Iterable[str]:
    for node in root.traverse(include_text=True):
        text = node.text_content
        if text and not text.isspace() and (parent := node.parent) is not None and parent.tag not in _HIDDEN:
            yield text
