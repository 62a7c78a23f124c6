"""The text of the article: paragraphs found on the page, or in its JSON-LD, or in the feed."""

import re
from collections.abc import Iterator

from lxml.etree import _Element
from trafilatura import bare_extraction
from trafilatura.settings import Document

from pipeline.extract.page import Page
from pipeline.extract.rules import apply_remove, clean_html, kept_paragraphs
from pipeline.extract.text import clean_line, clean_paragraphs, fold
from pipeline.model.feed import Rules

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")  # lxml refuses them
_INLINE = frozenset({"hi", "ref", "del", "graphic", "span"})
_TAG = re.compile(r"</?(?:p|br|div|a|b|strong|em|i|ul|li|h[1-6])\b[^>]*>", re.IGNORECASE)
#: Comments under names that trafilatura does not know; plurals, since a "Kommentar" is an opinion piece.
_COMMENT_CLASSES = "kommentare kommentarer commentaires comentarios commenti reacties komentarze"
_COMMENTS = ", ".join(f'[class*="{name}" i], [id*="{name}" i]' for name in _COMMENT_CLASSES.split())
_DECK_CLASSES = (
    "standfirst deck dek subtitle sub-title subhead sub-head teaser summary lead intro abstract "
    "vorspann unterzeile chapo entradilla sommario ingress"
)
_DECK_ELEMENTS = ", ".join(f'[class*="{name}" i]' for name in _DECK_CLASSES.split())
_LEDE_WITHIN = 4  # headline, deck and lede stand before the text begins
_LONG = 60  # shorter paragraphs may well be said twice
_HIDDEN_SHARE = 0.35  # below this share of the declared body, ours is a stub


def page_paragraphs(page: Page, rules: Rules) -> list[str]:
    """Return the paragraphs of the page's body, sub-headings kept as such, after the source's own rules."""
    html = _CONTROLS.sub("", page.html)
    if rules.keep:
        return kept_paragraphs(html, rules)
    if rules.remove:
        html = apply_remove(html, rules)
    found = bare_extraction(html, url=page.url, favor_precision=True, include_comments=False, with_metadata=False)
    if not isinstance(found, Document) or found.body is None:
        return []
    paragraphs = clean_paragraphs("".join(_pieces(found.body)).split("\n"))
    return _restore_headings(page, _drop_comments(page, paragraphs))


def declared_paragraphs(article_body: object) -> list[str]:
    """Return the paragraphs of a JSON-LD ``articleBody``, which is text or HTML."""
    if not isinstance(article_body, str):
        return []
    return clean_html(article_body) if _TAG.search(article_body) else clean_paragraphs(article_body.splitlines())


def is_stub_of(paragraphs: list[str], declared: list[str]) -> bool:
    """Tell whether the declared body says much more than these paragraphs, and begins the same if they say anything."""
    if not declared:
        return False
    ours, theirs = fold("".join(paragraphs)), fold("".join(declared))
    return len(ours) < _HIDDEN_SHARE * len(theirs) and (not ours or any(fold(line) in theirs for line in paragraphs))


def drop_repeats(paragraphs: list[str], headline: str) -> list[str]:
    """Return the paragraphs without the headline, without a lede that the text itself repeats, and none of them twice."""
    title = fold(headline)
    seen: set[str] = set()
    kept = []
    for index, paragraph in enumerate(paragraphs):
        text = fold(paragraph)
        following = paragraphs[index + 1 : index + 1 + _LEDE_WITHIN] if index < _LEDE_WITHIN else []
        is_repeated_lede = any(fold(other).startswith(text) for other in following)
        if text and text != title and text not in seen and not is_repeated_lede:
            kept.append(paragraph)
            seen.update([text] if len(text) >= _LONG else [])
    return kept


def drop_deck(page: Page, paragraphs: list[str], deck: str | None) -> list[str]:
    """Return the paragraphs without the standfirst, where the page marks one by its class.

    Unmarked, a first paragraph that says the same as the description is the lede: many sites copy it there.
    """
    if not deck or not paragraphs[1:] or fold(paragraphs[0]) != fold(deck):
        return paragraphs
    marked = (fold(node.text()) for node in page.tree.css(_DECK_ELEMENTS))
    return paragraphs[1:] if fold(deck) in marked else paragraphs


def _drop_comments(page: Page, paragraphs: list[str]) -> list[str]:
    """Return the paragraphs without readers' comments; all of them where the comments' mark holds the article too."""
    comments = {fold(node.text()) for box in page.tree.css(_COMMENTS) for node in box.css("p, li, div, h2, h3, h4")}
    return [line for line in paragraphs if fold(line) not in comments] or paragraphs


def _restore_headings(page: Page, paragraphs: list[str]) -> list[str]:
    """Return the paragraphs with the sub-headings between them, which trafilatura drops from short pages."""
    places = {fold(paragraph): index for index, paragraph in enumerate(paragraphs)}
    inserts: dict[int, str] = {}
    previous, heading = -1, ""
    for node in page.tree.css("h2, h3, h4, p, ul, ol, table, form"):
        text = clean_line(node.text())
        place = places.get(fold(text))
        if node.tag in {"h2", "h3", "h4"}:
            heading = "" if place is not None else text
        elif place is None:
            heading, previous = "", -1
        else:
            if heading and previous >= 0 and place == previous + 1:
                inserts[place] = heading
            heading, previous = "", place
    return [line for index, paragraph in enumerate(paragraphs) for line in (inserts.get(index), paragraph) if line]


def _pieces(element: _Element) -> Iterator[str]:
    """Yield the text of trafilatura's tree, a line break wherever a block begins or ends."""
    for event, node in _walk(element):
        edge = "" if node.tag in _INLINE else "\n"
        if event == "start":
            yield edge + (node.text or "").replace("\n", " ")
        else:
            yield edge + (node.tail or "").replace("\n", " ")


def _walk(root: _Element) -> Iterator[tuple[str, _Element]]:
    stack: list[tuple[str, _Element]] = [("start", root)]
    while stack:
        event, node = stack.pop()
        yield event, node
        if event == "start":
            stack.append(("end", node))
            stack.extend(("start", child) for child in reversed(node))
