"""What closes a page to its reader: bot checks, consent dialogs and paywalls, each judged on several pieces of evidence."""

import re

from selectolax.lexbor import SelectolaxError

from pipeline.extract.facts import Facts
from pipeline.extract.metadata import is_free
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
    voices,
)
from pipeline.extract.text import clean_line, weigh
from pipeline.extract.words import load_words
from pipeline.model.fate import Reason

_CHALLENGE_BELOW = 900  # characters on the whole screen of a challenge
_CAPTCHA_BELOW = 400  # of one that is hardly more than a captcha; pages of a site link to others
_FEW_LINKS = 3
_PROSE_FROM = 100  # characters of a line that can be a paragraph of an article
_GATE_BELOW = 160  # characters of a line that closes the text; paragraphs on subscriptions say more
_OFFER_BELOW = 200  # of one that offers the rest of it
_BUTTON = 40  # characters that a button or a link in its place says at most
_SPOKEN = 50_000  # characters in which the words of dialogs are looked for: no dialog says more
_BOX_SHARE = 0.05  # of a dialog's text are words of such dialogs
_PART_FROM = 400  # characters; a part declared as locked that shows them is open, and one that shows less than
_TEASER = 200  # is a teaser
_BREAKS_OFF = ("…", "...", "[…]", "[...]", "……")
_IP_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
#: Hosts that are there to ask, and paths that say so beyond doubt.
_CONSENT_ADDRESS = re.compile(
    r"^https?://(?:[^/?#]*\.)?(?:consent|(?:my-?)?privacy(?:-?[a-z]+)?|cookie-?wall|zustimmung|einwilligung|datenschutz|consentement|consenso|"
    r"consentimiento|toestemming|samtycke|zgoda)\.|^[^?#]*/(?:consent|consent-management|cookie-?wall|privacy-?gate)(?:[/?]|$)",
    re.IGNORECASE,
)


def judge_bot_check(sight: Sight) -> Verdict | None:
    """Return the verdict on a page that is all challenge: it names itself so, talks to the reader, or has its mechanism."""
    if sight.is_declared or len(sight.shown) >= _CHALLENGE_BELOW:
        return None
    page, shown = sight.facts.page, sight.shown
    marks = load_words("walls")["marks"]
    said = f"{shown} {simplify(' '.join(node.text() for node in page.tree.css('noscript')))}"
    named = next((piece for piece in TITLE_PIECES.split(sight.title) if phrases("bot_titles").starts(piece)), None)
    said_so = sorted(set(phrases("bot_phrases").findall(said)))
    source = page.html[:SOURCE].lower()
    mechanism = next((mark for mark in marks["bot_scripts"] if mark in source), None)
    # A captcha may as well guard a comment form.
    has_comments = page.first("form textarea") is not None
    element = (
        None if has_comments else next((mark for mark in marks["bot_selectors"] if page.first(mark) is not None), None)
    )
    address = "an IP address" if _IP_ADDRESS.search(shown) else None
    evidence = [text for text in (named, *said_so, mechanism, element, address) if text]
    is_short = len(shown) < SHORT_BELOW
    # Articles quote such phrases, in headlines too; sites put such scripts into whole pages.
    is_sure = bool(mechanism or element) or sight.length < SHELL_BELOW
    if len(evidence) >= 2 and is_sure and (named or said_so or is_short):  # noqa: PLR2004 - two that agree
        return Verdict(Reason.BOT_CHECK, "; ".join(evidence[:5]))
    links = sum(line.is_linked for line in sight.lines)
    if element and links <= _FEW_LINKS and len(shown) < _CAPTCHA_BELOW and sight.length < SHELL_BELOW:
        return Verdict(Reason.BOT_CHECK, f"little but {element}")
    return None


def judge_consent(sight: Sight) -> Verdict | None:
    """Return the verdict on a page that shows nothing but a dialog about data, known by its box or by how it speaks."""
    prose = [line for line in sight.inner_lines if line.is_prose]
    spoken = " ".join(line.text for line in prose)
    outside = [line for line in prose if not line.is_boxed]
    beside = max((line.size for line in outside), default=0)
    # A banner on a page with a text of its own says nothing of that text.
    own = (spoken if beside < _PROSE_FROM else " ".join(line.text for line in outside))[:_SPOKEN]
    found = phrases("consent_phrases").findall(own)
    if not found:
        return None
    kinds, share = sorted(set(found)), sum(map(len, found)) / max(1, len(own))
    evidence = f"{sight.title[:80] or sight.facts.page.url[:80]}; {', '.join(kinds[:5])}"
    boxed = [line for line in sight.inner_lines if line.is_boxed]
    asks = any(line.is_control or _is_choice(line) for line in boxed)
    is_box = asks and beside < SHORT_BELOW and sum(line.size for line in boxed) >= _PROSE_FROM
    # A wrapper of the whole page may be named so too: its articles speak of others.
    if is_box and len(kinds) >= 2 and share >= _BOX_SHARE and voices().search(own):  # noqa: PLR2004 - one may be by chance
        return Verdict(Reason.CONSENT, f"nothing beside the dialog; {evidence}")
    address = _CONSENT_ADDRESS.search(sight.facts.page.url)
    if address and kinds and not sight.is_declared and any(line.is_control for line in sight.inner_lines):
        return Verdict(Reason.CONSENT, f"its address says so; {evidence}")
    is_named = any(phrases("consent_titles").starts(piece) for piece in TITLE_PIECES.split(sight.title))
    # An article that reports on cookies is declared as one, speaks of others, and says more than the words of the dialogs.
    least = 0.3 if sight.is_declared else 0.08 if is_named else 0.12
    if share < least or len(kinds) < 3 or len(voices().findall(own)) < 2:  # noqa: PLR2004 - as above
        return None
    if any(map(_is_choice, sight.inner_lines)):
        return Verdict(Reason.CONSENT, f"{share:.0%} of it are words of such dialogs; {evidence}")
    return None


def _is_choice(line: Line) -> bool:
    return line.size < _BUTTON and phrases("consent_controls").starts(line.text)


def judge_paywall(sight: Sight) -> Verdict | None:
    """Return the verdict on a stub: closed by declaration or by what stands where its text ends, and by a second sign."""
    if sight.length >= STUB_BELOW:
        return None
    locked = _locked_part(sight.facts)
    if locked is not None and locked >= _PART_FROM:
        return None
    lines = [line for line in sight.inner_lines if not line.is_framed and not line.is_heading]
    ends = [
        index for index, line in enumerate(lines) if line.size >= _PROSE_FROM and line.is_prose and not _closes(line)
    ]
    tail = lines[ends[-1] + 1 :] if ends else lines
    last = lines[ends[-1]].text if ends else ""
    gate = next((line for line in tail if not line.is_linked and _is_gate(line)), None)
    offer = next((line for line in tail if not line.is_prose and _is_offer(line)), None)
    declared = "isAccessibleForFree is false" if is_free(sight.facts) is False or locked is not None else None
    element = "a box named so" if any(line.is_in_paywall for line in tail) else None
    cut = "the text breaks off" if last.endswith(_BREAKS_OFF) or _ends_openly(sight.paragraphs) else None
    part = "the locked part is missing" if locked is not None and locked < _TEASER else None
    # Free articles end in an offer too, and whole ones are declared as locked: neither closes the text.
    is_closed = gate or (declared and (element or cut or part))
    evidence = [declared, gate and gate.text, offer and offer.text, element, cut, part]
    found = [text[:80] for text in evidence if text]
    return Verdict(Reason.PAYWALL, "; ".join(found)) if is_closed and len(found) >= 2 else None  # noqa: PLR2004 - two that agree


def _closes(line: Line) -> bool:
    return line.is_in_paywall or _is_gate(line) or _is_offer(line)


def _is_gate(line: Line) -> bool:
    return line.size < _GATE_BELOW and phrases("paywall_gates").search(line.text) is not None


def _is_offer(line: Line) -> bool:
    return line.size < _OFFER_BELOW and phrases("paywall_offers").search(line.text) is not None


def _ends_openly(paragraphs: list[str]) -> bool:
    return any(line.rstrip().endswith(_BREAKS_OFF) for line in paragraphs[-2:])


def _locked_part(facts: Facts) -> int | None:
    """Return how much text the part has that JSON-LD declares as locked, None where it declares none."""
    parts = (facts.node or {}).get("hasPart")
    for part in filter(lambda part: isinstance(part, dict), parts if isinstance(parts, list) else [parts]):
        selector, is_free_part = part.get("cssSelector"), str(part.get("isAccessibleForFree")).lower()
        if isinstance(selector, str) and is_free_part.endswith("false"):
            try:
                return sum(weigh(clean_line(node.text())) for node in facts.page.tree.css(selector))
            except SelectolaxError:  # no selector that lexbor knows
                return None
    return None
