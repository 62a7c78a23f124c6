"""Why a page was read as it was: for each field its candidates, for each block its score and what made it.

Nothing of this is reckoned unless somebody asks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.extract.blocks import Element
from pipeline.extract.body import choose_body, find_shown_deck
from pipeline.extract.byline import byline_candidates
from pipeline.extract.dates import modified_candidates, published_candidates
from pipeline.extract.facts import Facts, gather_facts
from pipeline.extract.metadata import deck_candidates, declared_language, headline_candidates, topic_candidates
from pipeline.extract.page import read_page
from pipeline.extract.selection import LEAST, Choice, weigh_block
from pipeline.model.article import Article, Dateline
from pipeline.model.capture import Capture
from pipeline.model.evidence import Precision, Timestamp
from pipeline.model.feed import Rules

_REASONS = 5  # the strongest parts of a score
_PATH = 4  # elements around a block


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What one source says of a field, and whether that is what the article says."""

    source: str
    value: str
    won: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldReport:
    """A field's value, the rule by which it was chosen, and all that was to choose from, best source first."""

    name: str
    value: str | None
    rule: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockReport:
    """A block with its score from 0 to 1, what it became, where it stands, and what added most to its score."""

    text: str
    score: float
    #: ``text``, ``deck``, ``dropped``, or ``outside`` for blocks too far from the article to be scored.
    became: str
    place: str
    reasons: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a page was read as it was. ``verdict`` is ``article`` or why it is none; blocks above ``cut`` are the text."""

    verdict: str
    text_source: str | None
    #: What the source's own rules are, which were applied.
    rules: Rules
    fields: tuple[FieldReport, ...]
    container: str | None
    cut: float
    blocks: tuple[BlockReport, ...]


def explain_page(capture: Capture, rules: Rules) -> Explanation:
    """Return why the page is read as it is. Raises Reject where it cannot be read at all, as ``read_page`` does."""
    facts = gather_facts(read_page(capture), None)
    try:
        article, verdict = extract_article(capture, None, rules), "article"
    except Reject as error:
        article, verdict = None, str(error)
    choice = None if rules.keep else choose_body(facts, rules)
    return Explanation(
        verdict=verdict,
        text_source=article.text_source if article else None,
        rules=rules,
        fields=tuple(_explain_fields(facts, article)),
        container=_path(choice.scene.container) if choice else None,
        cut=choice.cut if choice else 0.0,
        blocks=tuple(_explain_blocks(choice)) if choice else (),
    )


def _explain_fields(facts: Facts, article: Article | None) -> Iterator[FieldReport]:
    headline, byline = (article.headline, article.byline) if article else (None, None)
    published, modified = (article.published, article.modified) if article else (None, None)
    writers = list(facts.graph.resolve((facts.node or {}).get("author") or (facts.node or {}).get("creator")))
    bylines = (
        (source, "; ".join(texts))
        for source, texts in byline_candidates(facts, writers, (), declared_language(facts, None))
    )
    yield _report(
        "headline",
        headline.value if headline else None,
        "what most sources say, as the first of these writes it",
        ((found.source, found.value) for found in headline_candidates(facts)),
        headline.source if headline else None,
    )
    yield _report(
        "authors",
        ", ".join(byline.authors) if byline else None,
        "the first source with a person's name, or a later one that has these names and more",
        bylines,
        byline.source if byline else None,
    )
    for name, stamp, stamps in (
        ("published", published, published_candidates(facts, None)),
        ("modified", modified, modified_candidates(facts, None)),
    ):
        rule = "the first that is not in the future, or a later one that says the same more exactly"
        found = ((stamp.source, _show_time(stamp)) for stamp in stamps)
        yield _report(name, _show_time(stamp) if stamp else None, rule, found, stamp.source if stamp else None)
    dateline = article.dateline if article else None
    yield FieldReport(
        name="dateline",
        value=dateline.raw if dateline else None,
        rule="what stands before the first sentence, where its parts read as place, day and agency",
        candidates=tuple(_dateline_parts(dateline)),
    )
    topics = [*topic_candidates(facts)]
    yield _report(
        "topics",
        ", ".join(article.topics) if article else None,
        "the first source that has any",
        ((source, ", ".join(found)) for source, found in topics),
        topics[0][0] if topics else None,
    )
    deck = article.deck if article else None
    rule = "the standfirst above the text, or the first description that is not the headline again"
    decks = [(found.source, found.value) for found in deck_candidates(facts)]
    shown = [("page:standfirst", deck)] if article and article.deck_is_shown and deck else []
    winner = next((source for source, value in (*shown, *decks) if value == deck), None)
    yield _report("deck", deck, rule, (*shown, *decks), winner)


def _dateline_parts(dateline: Dateline | None) -> Iterator[Candidate]:
    """Yield what each part of the dateline was read as."""
    if dateline:
        day = dateline.date.value.date().isoformat() if dateline.date else ""
        told = {"place": dateline.place, "day": day, "agency": dateline.agency, "authors": ", ".join(dateline.authors)}
        yield from (Candidate(source=part, value=value, won=True) for part, value in told.items() if value)


def _report(
    name: str, value: str | None, rule: str, found: Iterable[tuple[str, str]], winner: str | None
) -> FieldReport:
    candidates: list[Candidate] = []
    for source, text in found:
        won = source == winner and not any(candidate.won for candidate in candidates)
        candidates.append(Candidate(source=source, value=text, won=won))
    return FieldReport(name=name, value=value or None, rule=rule, candidates=tuple(candidates))


def _show_time(stamp: Timestamp) -> str:
    exact = stamp.value.isoformat() if stamp.has_offset else stamp.value.replace(tzinfo=None).isoformat()
    return exact[:10] if stamp.precision is Precision.DAY else exact + ("" if stamp.has_offset else " (no offset told)")


def _explain_blocks(choice: Choice) -> Iterator[BlockReport]:
    scene, deck = choice.scene, find_shown_deck(choice, choice.kept())
    scene.seen.clear()  # what stood before a block, as when it was scored
    for at, block in enumerate(scene.blocks):
        score, place = choice.scores[at], _path(block.owner)
        if not scene.start <= at < scene.end:
            yield BlockReport(text=block.text, score=score, became="outside", place=place)
            continue
        if scene.signs.advert[at]:
            advert = (("label of an advertisement", LEAST),)
            yield BlockReport(text=block.text, score=score, became="dropped", place=place, reasons=advert)
            continue
        parts = {name: part for name, part in weigh_block(scene, at).items() if name != "bias"}
        scene.seen.add(scene.signs.said[at])
        strongest = sorted(parts.items(), key=lambda part: -abs(part[1]))[:_REASONS]
        became = "deck" if block is deck else "text" if score > choice.cut else "dropped"
        reasons = tuple((name, round(part, 2)) for name, part in strongest if part)
        yield BlockReport(text=block.text, score=score, became=became, place=place, reasons=reasons)


def _path(element: Element) -> str:
    """Return the element and those around it, outermost first, each as tag.class."""
    names: list[str] = []
    around: Element | None = element
    while around is not None and len(names) < _PATH:
        names.append(".".join(around.signature.split()).rstrip(".")[:40])
        around = around.parent
    return " > ".join(reversed(names))
