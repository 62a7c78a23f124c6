"""Who wrote it: byline texts read as names, and agencies told apart."""

import re
from dataclasses import replace
from functools import cache

from pipeline.extract.facts import Facts
from pipeline.extract.json_ld import Node, node_types
from pipeline.extract.page import Mark, Page
from pipeline.extract.text import clean_line, fold
from pipeline.extract.words import load_words
from pipeline.model.article import Byline

_METAS = (
    "author",
    "article:author",
    "og:article:author",
    "parsely-author",
    "sailthru.author",
    "byl",
    "dc.creator",
    "dcterms.creator",
)
_NAMES = ("byline", "autor", "auteur")
_MAX_WRITTEN = 200  # longer texts are an author's portrait, not a byline
_MAX_WORDS = 6
_MAX_NAME = 60

_EMAIL = re.compile(r"\S+@\S+|(?<!\S)@\w+")
_ADDRESS = re.compile(r"^(?:https?:)?//|^www\.|/", re.IGNORECASE)
_DATE_ON = re.compile(r"\s*\b[^\W\d_]{0,12}\.?\s*\d.*$")
_SEPARATOR = re.compile(r"\s*(?:[,;|/&•·(){}\[\]\n]|\s[-–—]\s|\s\+\s)\s*")
_BASE = re.compile(r"\s+(?:in|for|at|aus|à|en|für|pour|para|reports|reporting)\s+.*$")


def find_byline(facts: Facts, fed: tuple[str, ...], language: str | None) -> Byline:
    """Return the byline of the best source: JSON-LD, meta, page, feed; a site's own name is no author."""
    page, node = facts.page, facts.node or {}
    writers = list(facts.graph.resolve(node.get("author") or node.get("creator")))
    agencies = [name for writer in writers if _is_organization(writer) for name in facts.graph.texts([writer])]
    agencies = [name for name in agencies if name not in facts.site_names]
    not_people = frozenset(map(fold, (*facts.site_names, *agencies)))
    metas = ((name, [text for text in page.metas.get(name, ()) if not _ADDRESS.search(text)]) for name in _METAS)
    candidates = [
        ("json-ld:author", facts.graph.texts(writers)),
        *((f"meta:{name}", texts) for name, texts in metas),
        *_page_bylines(page),
        ("feed", list(fed)),
    ]
    found = [replace(_read(texts, language, not_people), source=source) for source, texts in candidates if texts]
    named = [byline for byline in found if byline.authors]
    agency = next((byline.agency for byline in found if byline.agency), None) or next(iter(agencies), None)
    if not named:
        return replace(found[0], agency=agency) if agency else Byline()
    best = named[0]
    # Linked data often lacks all but the first author; the printed line has them all.
    fuller = next((b for b in named if b.source != "feed" and set(b.authors) > set(best.authors)), best)
    return replace(fuller, agency=agency)


def parse_byline(raw: str, language: str | None = None) -> Byline:
    """Return the names of a printed byline in the order given, and the agency; roles, places, addresses and dates cut."""
    text = _cut_prefix(_EMAIL.sub(" , ", clean_line(raw)), language)
    parts = _SEPARATOR.split(_conjunctions(language).sub(",", text))
    authors: dict[str, None] = {}
    agency = None
    for part in parts:
        name = clean_line(_DATE_ON.sub("", _cut_prefix(part, language))).strip(" .:-–—\"'")
        known = load_words("bylines")["agencies"].get(name.lower())
        if known:
            agency = agency or known
            continue
        name, _, employer = name.partition(" for ") if " for " in name else (name, "", "")
        agency = agency or load_words("bylines")["agencies"].get(employer.lower())
        name = _BASE.sub("", name)
        if _is_name(name):
            authors.setdefault(_recase(name))
    return Byline(authors=tuple(authors), agency=agency, raw=raw)


def _read(texts: list[str], language: str | None, not_people: frozenset[str]) -> Byline:
    bylines = [parse_byline(text, language) for text in texts]
    names = dict.fromkeys(name for byline in bylines for name in byline.authors if fold(name) not in not_people)
    agency = next((byline.agency for byline in bylines if byline.agency), None)
    return Byline(authors=tuple(names), agency=agency, raw="; ".join(texts))


def _is_organization(writer: Node | str) -> bool:
    return not isinstance(writer, str) and any(kind.endswith("Organization") for kind in node_types(writer))


def _page_bylines(page: Page) -> list[tuple[str, list[str]]]:
    found = []
    for is_byline in (_is_author_name, _is_author, _is_named_byline, _is_author_link, _is_named_author):
        mark = next((mark for mark in page.marks if is_byline(mark)), None)
        text = clean_line(mark.node.text(separator=" ")) if mark else ""
        if mark and 0 < len(text) <= _MAX_WRITTEN:
            found.append((f"page:{mark.tag}", [text]))
    return found


def _is_author_name(mark: Mark) -> bool:
    if not mark.has("itemprop", "name"):
        return False
    around = mark.node.parent
    while around is not None and "author" not in (around.attributes.get("itemprop") or "").split():
        around = around.parent
    return around is not None


def _is_author(mark: Mark) -> bool:
    return mark.tag != "meta" and mark.has("itemprop", "author")


def _is_author_link(mark: Mark) -> bool:
    return mark.has("rel", "author")


def _is_named_byline(mark: Mark) -> bool:
    names = (mark.attributes.get("class") or "").lower()
    return any(name in names for name in _NAMES)


def _is_named_author(mark: Mark) -> bool:
    return "author" in (mark.attributes.get("class") or "").lower() and mark.is_inside("article", "main")


def _is_name(text: str) -> bool:
    words = text.split()
    return (
        1 < len(text) <= _MAX_NAME
        and len(words) <= _MAX_WORDS
        and not words[0][0].islower()
        and not _ADDRESS.search(text)
        and not _roles().search(text)
    )


def _recase(name: str) -> str:
    """Names in capitals throughout are a matter of the page's style."""
    return name.title() if name.isupper() and len(name.split()) > 1 else name


def _cut_prefix(text: str, language: str | None) -> str:
    return _prefixes(language).sub("", text)


def _languages(language: str | None) -> tuple[str, ...]:
    return ("en", (language or "en").lower().replace("_", "-").partition("-")[0])


@cache
def _prefixes(language: str | None) -> re.Pattern[str]:
    table = load_words("bylines")["prefixes"]
    return re.compile(rf"^(?:{_any_of(table, language)})\b\s*:?\s*", re.IGNORECASE)


@cache
def _conjunctions(language: str | None) -> re.Pattern[str]:
    table = load_words("bylines")["conjunctions"]
    return re.compile(rf"\s(?:{_any_of(table, language)})\s", re.IGNORECASE)


@cache
def _roles() -> re.Pattern[str]:
    words = "|".join(map(re.escape, load_words("bylines")["roles"]["words"]))
    return re.compile(rf"\b(?:{words})s?\b", re.IGNORECASE)


def _any_of(table: dict[str, list[str]], language: str | None) -> str:
    phrases = {phrase for code in _languages(language) for phrase in table.get(code, ())}
    return "|".join(map(re.escape, sorted(phrases, key=len, reverse=True)))
