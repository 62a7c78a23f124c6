"""The text of the article: paragraphs found on the page, or in its JSON-LD, or in the feed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.blocks import Block, Element, Layout, read_layout
from pipeline.extract.facts import Facts
from pipeline.extract.groups import bits_of
from pipeline.extract.page import Page
from pipeline.extract.rules import apply_remove, clean_html, kept_paragraphs
from pipeline.extract.scene import Titles
from pipeline.extract.selection import Choice, choose_blocks
from pipeline.extract.text import clean_paragraphs, fold
from pipeline.model.feed import Rules

_TAG = re.compile(r"</?(?:p|br|div|a|b|strong|em|i|ul|li|h[1-6])\b[^>]*>", re.IGNORECASE)
_DESCRIPTION = 200  # characters; many sites cut it off somewhere
_LITTLE = 250  # pages that show less than this may hide their text until a script comes
_SHORTEST_DECK, _LONGEST_DECK = 30, 500
_LEDE_WITHIN = 4  # headline, deck and lede stand before the text begins
_SENTENCE = 20  # letters; a sub-heading may well begin as its paragraph does
_LONG = 60  # shorter paragraphs may well be said twice
_LONGEST_CELL = 100  # characters; what says more is a text in a table that lays out the page
_HIDDEN_SHARE = 0.35  # below this share of the declared body, ours is a stub


def page_titles(page: Page, titles: Iterable[tuple[str, str]]) -> Titles:
    """Return what the page calls itself, of which ``titles`` are the sources and texts, and how it describes itself; caseless."""
    described = page.meta("og:description", "description", "twitter:description")
    return Titles(
        frozenset(text.casefold() for _, text in titles),
        described[1].casefold()[:_DESCRIPTION] if described else "",
    )


@dataclass(frozen=True, slots=True)
class Found:
    """The text that a page shows: its paragraphs, and the standfirst above them where it has one."""

    paragraphs: list[str]
    deck: str | None = None


def read_body(facts: Facts, rules: Rules) -> Found:
    """Return the paragraphs of the page's body, sub-headings among them, after the source's own rules."""
    if rules.keep:
        return Found(kept_paragraphs(facts.page.html, rules))
    choice = choose_body(facts, rules)
    if choice is None:
        return Found([])
    kept = choice.kept()
    deck = find_shown_deck(choice, kept)
    return Found(_lines_of([block for block in kept if block is not deck]), deck.text if deck else None)


def _lines_of(blocks: list[Block]) -> list[str]:
    """Return the texts of the blocks; the cells of a row of data stand on one line."""
    return [" | ".join(block.text for block in row) for _, row in groupby(blocks, key=_row_of)]


def _row_of(block: Block) -> int:
    """Return what the block shares with those on its line: the row of a table whose cells hold no paragraphs, else nothing."""
    cell = block.owner
    return id(cell.parent if cell.tag in {"td", "th"} and block.size <= _LONGEST_CELL else block)


def choose_body(facts: Facts, rules: Rules) -> Choice | None:
    """Return which blocks of the page are the article, what the source's rules remove left out."""
    titles = page_titles(facts.page, facts.titles)
    if not rules.remove:
        return choose_shown(facts.page.tree, facts.layout, titles)
    tree = LexborHTMLParser(apply_remove(facts.page.html, rules))
    return choose_shown(tree, read_layout(tree), titles)


def find_shown_deck(choice: Choice, kept: list[Block]) -> Block | None:
    """Return the standfirst above the article's text, or None; ``kept`` are the blocks that were chosen."""
    return kept[0] if len(kept) > 1 and is_deck(kept[0], kept[1], choice.scene.container) else None


def choose_shown(tree: LexborHTMLParser, layout: Layout, titles: Titles) -> Choice | None:
    """Return the choice among the blocks that the page shows, or among all of them where it shows next to nothing."""
    choice = choose_blocks(layout, titles)
    if layout.hidden and sum(block.size for block in (choice.kept() if choice else [])) < _LITTLE:
        return choose_blocks(read_layout(tree, with_hidden=True), titles) or choice
    return choice


def is_deck(block: Block, following: Block, container: Element) -> bool:
    """Tell whether the first block is a standfirst: named so, or a heading, and of another kind than what follows."""
    owner = block.owner
    if not _SHORTEST_DECK <= block.size <= _LONGEST_DECK or owner.signature == following.owner.signature:
        return False
    if fold(following.text).startswith(fold(block.text)):  # a teaser of the lede, not a text of its own
        return False
    named = owner.mask & bits_of("deck")
    around = owner.parent
    while not named and around is not None and around is not container and around.end - around.start < _LEDE_WITHIN:
        named = around.mask & bits_of("deck")
        around = around.parent
    return bool(named or owner.mask & bits_of("<h2>", "<h3>", "<h4>"))


def declared_paragraphs(article_body: str) -> list[str]:
    """Return the paragraphs of a JSON-LD ``articleBody``, which is text or HTML."""
    return clean_html(article_body) if _TAG.search(article_body) else clean_paragraphs(article_body.splitlines())


def is_stub_of(paragraphs: list[str], declared: list[str]) -> bool:
    """Tell whether the declared body says much more than these paragraphs, and begins the same if they say anything."""
    if not declared:
        return False
    ours, theirs = fold("".join(paragraphs)), fold("".join(declared))
    return len(ours) < _HIDDEN_SHARE * len(theirs) and (not ours or any(fold(line) in theirs for line in paragraphs))


def drop_repeats(paragraphs: list[str], headline: str) -> list[str]:
    """Return the paragraphs without the headline, without a lede that the text itself repeats, and the lede but once."""
    beginning = [fold(paragraph) for paragraph in paragraphs[: 2 * _LEDE_WITHIN]]
    said = {fold(headline)} - {""}
    kept: list[str] = []
    for index, (paragraph, text) in enumerate(zip(paragraphs, beginning, strict=False)):
        following = beginning[index + 1 : index + 1 + _LEDE_WITHIN] if index < _LEDE_WITHIN else []
        is_repeated_lede = len(text) >= _SENTENCE and any(
            other != text and other.startswith(text) for other in following
        )
        if text not in said and not is_repeated_lede:
            kept.append(paragraph)
        if index < _LEDE_WITHIN and len(text) >= _LONG:
            said.add(text)
    initials = {text[0] for text in said}
    rest = paragraphs[len(beginning) :]
    return kept + [paragraph for paragraph in rest if not _says_again(paragraph, said, initials)]


def _says_again(paragraph: str, said: set[str], initials: set[str]) -> bool:
    """Tell whether the paragraph says one of these; its first letter or its beginning mostly tells that it does not."""
    if paragraph[0].isalnum() and paragraph[0].casefold()[0] not in initials:
        return False
    start = fold(paragraph[:_SENTENCE])
    return any(text.startswith(start) for text in said) and fold(paragraph) in said
