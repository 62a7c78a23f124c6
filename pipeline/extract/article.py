"""From a capture to an article: the evidence gathered, weighed and put together."""

from dataclasses import dataclass, replace
from itertools import dropwhile

from pipeline.errors import Reject
from pipeline.extract.body import declared_paragraphs, drop_repeats, is_stub_of, read_body
from pipeline.extract.byline import find_byline
from pipeline.extract.dateline import complete_byline, find_dateline
from pipeline.extract.dates import modified_at, published_at
from pipeline.extract.facts import Facts, gather_facts
from pipeline.extract.metadata import (
    declared_language,
    find_deck,
    find_headline,
    find_image,
    find_publisher,
    find_section,
    find_topics,
    is_free,
)
from pipeline.extract.page import read_page
from pipeline.extract.rules import clean_html
from pipeline.extract.script_data import script_paragraphs
from pipeline.extract.sight import SHORT_BELOW
from pipeline.extract.text import clean_line, join_paragraphs, weigh
from pipeline.extract.times import is_date_line
from pipeline.extract.walls import judge_page
from pipeline.model.article import Article, Byline, TextSource
from pipeline.model.capture import Capture
from pipeline.model.evidence import Evidence
from pipeline.model.fate import Reason
from pipeline.model.feed import Entry, Rules
from pipeline.urls import canonical_url

_FULL_TEXT = 400  # characters; a feed's shorter content is a summary
_NEXT_TO_NOTHING = 250  # characters of text; a page that shows less may have it in its scripts
_LONGEST_HEADLINE = 120  # of one made from the text
#: The page is the article's own, only its text is missing: what it says beside the text still holds.
_TEXT_MISSING = frozenset({Reason.PAYWALL, Reason.TOO_SHORT, Reason.NO_TEXT})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """A text and where it came from; empty where nothing was found."""

    paragraphs: list[str]
    source: TextSource = TextSource.PAGE
    deck: str | None = None


def extract_article(capture: Capture, entry: Entry | None, rules: Rules) -> Article:
    """Return the article that the capture holds; ``entry`` is what its feed claims, ``rules`` are the source's own.

    Raises Reject with the reason and its evidence where there is none: a wall, an index page, too little text, no HTML.
    A feed's own full text takes the place of such a page, and ``text_source`` says so.
    """
    fed = _fed_paragraphs(entry)
    try:
        return _extract_from_page(capture, entry, rules, fed)
    except Reject:
        if not (entry and entry.title and fed):
            raise
        return _extract_from_entry(capture, entry, fed)


def _extract_from_page(capture: Capture, entry: Entry | None, rules: Rules, fed: list[str]) -> Article:
    page = read_page(capture)
    facts = gather_facts(page, entry.publisher if entry else None)
    headline = find_headline(facts, entry.title if entry else None)
    title = headline.value if headline else ""
    body = _find_body(facts, rules, fed, title)
    body = replace(body, paragraphs=drop_repeats([*dropwhile(is_date_line, body.paragraphs)], title))
    verdict = judge_page(facts, body.paragraphs)
    if verdict:
        if not (verdict.reason in _TEXT_MISSING and fed):
            raise Reject(verdict.reason, verdict.evidence)
        body = _Body(paragraphs=fed, source=TextSource.FEED)
    article = _assemble(capture, entry, facts, headline or _headline_from_text(body.paragraphs))
    deck = body.deck or find_deck(facts, title)
    dateline = find_dateline(body.paragraphs, article.published)
    return replace(
        article,
        byline=complete_byline(article.byline, dateline, body.paragraphs),
        dateline=dateline,
        deck=deck,
        deck_is_shown=body.deck is not None,
        text=join_paragraphs(body.paragraphs),
        text_source=body.source,
    )


def _assemble(capture: Capture, entry: Entry | None, facts: Facts, headline: Evidence) -> Article:
    """Return the article with everything but its text."""
    language = declared_language(facts, entry.language if entry else None)
    published = published_at(facts, entry.published if entry else None, capture.fetched_at)
    updated = entry.updated if entry else None
    authors = entry.authors if entry else ()
    return Article(
        url=capture.final_url,
        canonical_url=canonical_url(capture.final_url, facts.canonical),
        headline=headline,
        text="",
        declared_language=language,
        publisher=find_publisher(facts),
        byline=find_byline(facts, authors, language),
        published=published,
        modified=modified_at(facts, updated, capture.fetched_at, published),
        section=find_section(facts) or (entry.section if entry else None),
        topics=find_topics(facts),
        image=find_image(facts),
        is_free=is_free(facts),
    )


def _extract_from_entry(capture: Capture, entry: Entry, fed: list[str]) -> Article:
    """Return the article as the feed has it; the page is a wall and says nothing of it, not even its address."""
    headline = clean_line(entry.title or "")
    summary = clean_html(entry.summary or "")
    return Article(
        url=capture.url,
        canonical_url=canonical_url(capture.url),
        headline=Evidence(value=headline, source="feed"),
        deck=summary[0] if len(summary) == 1 and summary[0] not in fed else None,
        text=join_paragraphs(fed),
        text_source=TextSource.FEED,
        declared_language=entry.language,
        byline=Byline(
            authors=entry.authors, raw="; ".join(entry.authors) or None, source="feed" if entry.authors else None
        ),
        published=entry.published,
        modified=entry.updated,
        section=entry.section,
    )


def _find_body(facts: Facts, rules: Rules, fed: list[str], title: str) -> _Body:
    """Return the page's own text, or the fuller one that its JSON-LD, its feed or its scripts have where it shows a stub."""
    found = read_body(facts, rules)
    paragraphs = found.paragraphs
    # So little is a line of the page's frame, such as its copyright, which says nothing of the article's text.
    length = sum(map(len, paragraphs))
    shown = paragraphs if rules.keep or length >= SHORT_BELOW or sum(map(weigh, paragraphs)) >= SHORT_BELOW else []
    article_body = (facts.node or {}).get("articleBody")
    if isinstance(article_body, str) and length < len(article_body) / 2:
        declared = declared_paragraphs(article_body)
        if is_stub_of(shown, declared):
            return _Body(paragraphs=declared, source=TextSource.JSON_LD)
    if paragraphs and is_stub_of(paragraphs, fed):
        return _Body(paragraphs=fed, source=TextSource.FEED)
    if length < _NEXT_TO_NOTHING and not rules.keep:
        data = script_paragraphs(facts.page, title)
        if is_stub_of(shown, data):
            return _Body(paragraphs=data, source=TextSource.SCRIPT)
    return _Body(paragraphs=paragraphs, deck=found.deck)


def _fed_paragraphs(entry: Entry | None) -> list[str]:
    """Return the feed's own content if it is a full text, else nothing."""
    if not (entry and entry.content_html):
        return []
    paragraphs = drop_repeats(clean_html(entry.content_html), entry.title or "")
    return paragraphs if sum(map(weigh, paragraphs)) >= _FULL_TEXT else []


def _headline_from_text(paragraphs: list[str]) -> Evidence:
    first = paragraphs[0]
    cut = first if len(first) <= _LONGEST_HEADLINE else first[:_LONGEST_HEADLINE].rpartition(" ")[0] + "…"
    return Evidence(value=cut, source="page:text")
