"""Whether a page is an article at all: verdicts, each on several pieces of evidence.

Conservative: whoever has a text of an article's length passes, whatever it mentions; a wall has little text of its own.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from urllib.parse import urlsplit

from pipeline.extract.facts import Facts
from pipeline.extract.json_ld import node_types
from pipeline.extract.metadata import is_free
from pipeline.extract.screen import Line, read_screen, simplify
from pipeline.extract.text import clean_line, weigh
from pipeline.extract.words import load_words
from pipeline.model.fate import Reason

_WALL_BELOW = 1_500  # characters; challenge pages, consent dialogs and shells say less, articles of this length pass
_STUB_BELOW = 1_200  # what paywalls show at most before they close
_SHELL_BELOW = 250
_SHORT_BELOW = 80  # the shortest news flash with a sentence in it
_CHALLENGE_BELOW = 900  # characters on the whole screen of a challenge
_CAPTCHA_BELOW = 400  # of one that is hardly more than a captcha; pages of a site link to others
_FEW_LINKS = 3
_PROSE_FROM = 100  # characters of a line that can be a paragraph of an article
_GATE_BELOW = 160  # characters of a line that closes the text; paragraphs on subscriptions say more
_OFFER_BELOW = 200  # of one that offers the rest of it
_BUTTON = 40  # characters that a button or a link in its place says at most
_PART_FROM = 400  # characters; a part declared as locked that shows them is open, and one that shows less than
_TEASER = 200  # is a teaser
_SOURCE = 200_000  # characters of the page's source that are searched
_PLACEHOLDER = 60  # characters in the root of a page that scripts fill
_LIST_TYPES = frozenset({"CollectionPage", "ItemList", "SearchResultsPage"})
_HEADLINE_LINK = 25  # characters of a link that can be a headline
_MANY_LINKS = 8
_LEADING_TEXT = 200  # characters under a headline; what introduces a list says less, or stands under a name
_LINKED_SHARE = 0.5
_AROUND_PHRASE = 30  # characters of a heading beside the phrase that says that there is no page; headlines say more
_TITLE_PIECES = re.compile(r"\s[-–—|·•:]\s|[|_]")
_CONSENT_ADDRESS = re.compile(
    r"//(?:[^/?]*[./])?(?:consent|consent-management|(?:my-?)?privacy(?:-?[a-z]+)?|cookie-?wall|zustimmung|einwilligung|consentement|consenso|"
    r"consentimiento|toestemming|samtycke|zgoda)(?:[./?]|$)",
    re.IGNORECASE,
)
_IP_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_MISSING_CODE = re.compile(
    r"^(?:page )?not found$|^(?:error |fehler |erreur |errore |erro |ошибка |http )?4(?:04|10)$|^404\b.{0,20}$|\b404 (?:not found|error)"
    r"|(?:error|fehler|erreur|errore|erro|hata|błąd|ошибка) 404\b.{0,10}$"
)
_BREAKS_OFF = ("…", "...", "[…]", "[...]", "……")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a page is no article, with what shows it."""

    reason: Reason
    evidence: str


@dataclass(frozen=True, slots=True)
class _Sight:
    """What the judges look at: the evidence of the page, its title, what it shows, and the text found on it."""

    facts: Facts
    title: str
    lines: list[Line]
    paragraphs: list[str]
    length: int

    @property
    def shown(self) -> str:
        return " ".join(line.text for line in self.lines)


def judge_page(facts: Facts, paragraphs: list[str]) -> Verdict | None:
    """Return why the page is no article, or None where nothing speaks against it."""
    length = weigh("".join(paragraphs))
    if length < _WALL_BELOW:
        sight = _Sight(facts, simplify(facts.page.title or ""), read_screen(facts.page), paragraphs, length)
        for judge in (_judge_bot_check, _judge_consent, _judge_missing, _judge_paywall, _judge_shell):
            verdict = judge(sight)
            if verdict:
                return verdict
    return _judge_index(facts, paragraphs, length) or _judge_length(length)


def _judge_bot_check(sight: _Sight) -> Verdict | None:
    """Return the verdict on a page that is all challenge: it names itself so, talks to the reader, or has its mechanism."""
    page, shown = sight.facts.page, sight.shown
    if len(shown) >= _CHALLENGE_BELOW or _declares_article(sight.facts):
        return None
    marks = load_words("walls")["marks"]
    said = f"{shown} {simplify(' '.join(node.text() for node in page.tree.css('noscript')))}"
    named = next((piece for piece in _TITLE_PIECES.split(sight.title) if _phrases("bot_titles").match(piece)), None)
    phrases = sorted(set(_phrases("bot_phrases").findall(said)))
    source = page.html[:_SOURCE].lower()
    mechanism = next((mark for mark in marks["bot_scripts"] if mark in source), None)
    # A captcha may as well guard a comment form.
    has_comments = page.first("form textarea") is not None
    element = (
        None if has_comments else next((mark for mark in marks["bot_selectors"] if page.first(mark) is not None), None)
    )
    address = "an IP address" if _IP_ADDRESS.search(shown) else None
    evidence = [text for text in (named, *phrases, mechanism, element, address) if text]
    is_short = len(shown) < _SHORT_BELOW
    # Articles quote such phrases, in headlines too; sites put such scripts into whole pages.
    is_sure = bool(mechanism or element) or sight.length < _SHELL_BELOW
    if len(evidence) >= 2 and is_sure and (named or phrases or is_short):  # noqa: PLR2004 - two that agree
        return Verdict(Reason.BOT_CHECK, "; ".join(evidence[:5]))
    links = sum(line.is_linked for line in sight.lines)
    if element and links <= _FEW_LINKS and len(shown) < _CAPTCHA_BELOW and sight.length < _SHELL_BELOW:
        return Verdict(Reason.BOT_CHECK, f"little but {element}")
    return None


def _judge_consent(sight: _Sight) -> Verdict | None:
    """Return the verdict on a page that shows nothing but a dialog about data, known by its box or by how it speaks."""
    prose = [line for line in sight.lines if line.is_prose]
    spoken = " ".join(line.text for line in prose)
    boxed = [line for line in sight.lines if line.place.in_consent or line.place.in_dialog]
    beside = max((line.size for line in prose if line not in boxed), default=0)
    kinds = sorted(set(_phrases("consent_phrases").findall(spoken)))
    evidence = f"{sight.title[:80] or sight.facts.page.url[:80]}; {', '.join(kinds[:5])}"
    is_box = (
        any(line.place.is_control or _is_choice(line) for line in boxed)
        and sum(line.size for line in boxed) >= _PROSE_FROM
    )
    if is_box and beside < _SHORT_BELOW and len(kinds) >= 2:  # noqa: PLR2004 - one may be by chance
        return Verdict(Reason.CONSENT, f"nothing beside the dialog; {evidence}")
    address = _CONSENT_ADDRESS.search(sight.facts.page.url)
    if address and kinds and any(line.place.is_control for line in sight.lines):
        return Verdict(Reason.CONSENT, f"its address says so; {evidence}")
    # A banner on a page with a text of its own says nothing of that text.
    own = spoken if beside < _PROSE_FROM else " ".join(line.text for line in prose if line not in boxed)
    share = sum(map(len, _phrases("consent_phrases").findall(own))) / max(1, len(own))
    is_named = any(_phrases("consent_titles").match(piece) for piece in _TITLE_PIECES.split(sight.title))
    # An article that reports on cookies is declared as one, speaks of others, and says more than the words of the dialogs.
    least = 0.3 if _declares_article(sight.facts) else 0.08 if is_named else 0.12
    voices = len(_voice().findall(own))
    if share >= least and len(kinds) >= 3 and voices >= 2 and any(map(_is_choice, sight.lines)):  # noqa: PLR2004 - as above
        return Verdict(Reason.CONSENT, f"{share:.0%} of it are words of such dialogs; {evidence}")
    return None


def _is_choice(line: Line) -> bool:
    return line.size < _BUTTON and _phrases("consent_controls").match(line.text) is not None


@cache
def _voice() -> re.Pattern[str]:
    """Return the pattern of the words by which a page speaks of itself and to its reader."""
    voices = load_words("walls")["consent_voices"]
    spaced = {word for language, words in voices.items() for word in words if language not in {"ja", "zh", "ko"}}
    dense = {word for language in ("ja", "zh", "ko") for word in voices[language]}
    return re.compile(rf"\b(?:{'|'.join(sorted(spaced))})\b|{'|'.join(sorted(dense))}")


def _judge_paywall(sight: _Sight) -> Verdict | None:
    """Return the verdict on a stub: closed by declaration or by what stands where its text ends, and by a second sign."""
    if sight.length >= _STUB_BELOW:
        return None
    locked = _locked_part(sight.facts)
    if locked is not None and locked >= _PART_FROM:
        return None
    lines = [line for line in sight.lines if not line.place.is_framed and not line.place.is_heading]
    ends = [
        index for index, line in enumerate(lines) if line.size >= _PROSE_FROM and line.is_prose and not _closes(line)
    ]
    tail = lines[ends[-1] + 1 :] if ends else lines
    last = lines[ends[-1]].text if ends else ""
    gate = next((line for line in tail if not line.is_linked and _is_gate(line)), None)
    offer = next((line for line in tail if not line.is_prose and _is_offer(line)), None)
    declared = "isAccessibleForFree is false" if is_free(sight.facts) is False else None
    element = "a box named so" if any(line.place.in_paywall for line in tail) else None
    cut = "the text breaks off" if last.endswith(_BREAKS_OFF) or _ends_openly(sight.paragraphs) else None
    part = "the locked part is missing" if locked is not None and locked < _TEASER else None
    # Free articles end in an offer too, and whole ones are declared as locked: neither closes the text.
    is_closed = gate or (declared and (element or cut or part))
    evidence = [declared, gate and gate.text, offer and offer.text, element, cut, part]
    found = [text[:80] for text in evidence if text]
    return Verdict(Reason.PAYWALL, "; ".join(found)) if is_closed and len(found) >= 2 else None  # noqa: PLR2004 - two that agree


def _closes(line: Line) -> bool:
    return line.place.in_paywall or _is_gate(line) or _is_offer(line)


def _is_gate(line: Line) -> bool:
    return line.size < _GATE_BELOW and _phrases("paywall_gates").search(line.text) is not None


def _is_offer(line: Line) -> bool:
    return line.size < _OFFER_BELOW and _phrases("paywall_offers").search(line.text) is not None


def _ends_openly(paragraphs: list[str]) -> bool:
    return any(line.rstrip().endswith(_BREAKS_OFF) for line in paragraphs[-2:])


def _locked_part(facts: Facts) -> int | None:
    """Return how much text the part has that JSON-LD declares as locked, None where it declares none."""
    parts = (facts.node or {}).get("hasPart")
    for part in parts if isinstance(parts, list) else [parts]:
        selector = part.get("cssSelector") if isinstance(part, dict) else None
        if isinstance(selector, str) and str(part.get("isAccessibleForFree")).lower().rpartition("/")[2] == "false":
            try:
                return sum(weigh(clean_line(node.text())) for node in facts.page.tree.css(selector))
            except ValueError:  # no selector that lexbor knows
                return None
    return None


def _judge_shell(sight: _Sight) -> Verdict | None:
    page, shown = sight.facts.page, sum(line.size for line in sight.lines)
    if sight.length >= _SHORT_BELOW or shown >= _SHELL_BELOW or page.first("script") is None:
        return None
    phrase = _phrases("script_phrases").search(simplify(page.html[:_SOURCE]))
    roots = (node for mark in load_words("walls")["marks"]["shell_roots"] for node in page.tree.css(mark))
    root = next((node for node in roots if len(clean_line(node.text())) < _PLACEHOLDER), None)
    empty = root or next((node for node in page.tree.css("body div[id]") if not clean_line(node.text())), None)
    if phrase or empty is not None:
        evidence = phrase[0] if phrase else f"nothing in #{(empty and empty.attributes.get('id')) or ''}"
        return Verdict(Reason.SCRIPT_SHELL, f"{shown} characters without scripts; {evidence[:80]}")
    return None


def _judge_missing(sight: _Sight) -> Verdict | None:
    """Return the verdict on a page that says that there is none, though the server answered 200."""
    if sight.length >= _SHELL_BELOW and _declares_article(sight.facts):
        return None
    heading = simplify(sight.facts.heading or "")
    for named in (*_TITLE_PIECES.split(sight.title), heading):
        phrase = _phrases("missing_titles").search(named)
        if _MISSING_CODE.search(named) or (phrase and len(named) <= len(phrase[0]) + _AROUND_PHRASE):
            return Verdict(Reason.NOT_FOUND, f"answered with a page titled {named[:80]!r}")
    return None


def _judge_index(facts: Facts, paragraphs: list[str], length: int) -> Verdict | None:
    if _declares_article(facts):
        return None
    page = facts.page
    is_front = urlsplit(page.url).path in {"", "/"}
    lists = {kind for node in facts.graph.nodes for kind in node_types(node)} & _LIST_TYPES
    texts = {clean_line(node.text()) for node in page.tree.css("a[href]")}
    links = [size for size in map(weigh, texts) if size >= _HEADLINE_LINK]
    prose = [line for line in paragraphs if weigh(line) > 200]  # noqa: PLR2004 - teasers are shorter
    if len(links) < _MANY_LINKS or (len(prose) > 1 and not (is_front or lists)):
        return None
    lines = read_screen(page)
    if _leads_with_text(lines) and not (is_front or lists):
        return None
    share = sum(links) / max(1, sum(line.size for line in lines))
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


def _leads_with_text(lines: list[Line]) -> bool:
    """Tell whether a headline stands there, no link and no mere name of a section, and a paragraph before any other headline."""
    start = next((at for at, line in enumerate(lines) if line.place.is_heading), len(lines))
    heading, rest = lines[start : start + 1], lines[start + 1 :]
    if not heading or heading[0].is_linked or heading[0].size < _HEADLINE_LINK:
        return False
    led = takewhile(lambda line: not (line.is_linked and line.size >= _HEADLINE_LINK), rest)
    return sum(line.size for line in led if line.is_prose) >= _LEADING_TEXT


def _judge_length(length: int) -> Verdict | None:
    if not length:
        return Verdict(Reason.NO_TEXT, "no paragraph found")
    return Verdict(Reason.TOO_SHORT, f"{length} characters") if length < _SHORT_BELOW else None


def _declares_article(facts: Facts) -> bool:
    named = facts.page.meta("og:type")
    is_typed = named is not None and named[1].lower() in {"article", "news", "newsarticle"}
    return facts.node is not None or is_typed or facts.page.meta("article:published_time") is not None


@cache
def _phrases(group: str) -> re.Pattern[str]:
    """Return the pattern of a group's phrases in all languages; the longest that fits is found."""
    phrases = {phrase for language in load_words("walls")[group].values() for phrase in language}
    return re.compile("|".join(map(re.escape, sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))))
