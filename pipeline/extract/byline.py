"""Who wrote it: byline texts read as names, and agencies and other organizations told apart."""

import re
from collections.abc import Iterator
from dataclasses import replace

from selectolax.lexbor import LexborNode

from pipeline.extract.blocks import Block, Element
from pipeline.extract.facts import Facts, site_label
from pipeline.extract.groups import bits_of
from pipeline.extract.json_ld import Node, node_types
from pipeline.extract.names import ADDRESS, leads_to_name, parse_byline
from pipeline.extract.page import Mark, Page
from pipeline.extract.text import clean_line, clean_paragraphs, fold
from pipeline.extract.words import load_words
from pipeline.model.article import Byline

_METAS = (
    "author",
    "article:author",
    "og:article:author",
    "og:author",
    "parsely-author",
    "sailthru.author",
    "cxenseparse:author",
    "article.author",
    "byl",
    "dc.creator",
    "dcterms.creator",
)
_NAMES = ("byline", "author", "autor", "auteur")  # parts of the class of an element that names the author
#: Such parts as name it only beside the headline, where they are no list of people.
_NEAR_NAMES = (
    "writer", "journalist", "reporter", "redakteur", "redactor", "verfasser", "contributor", "penulis", "muhabir", "yazar",
    "toimittaja", "szerzo", "avtor",
)  # fmt: skip
_MAX_WRITTEN = 200  # longer texts are an author's portrait, not a byline
_LONGEST = 500  # characters of anything that can be a list of authors
_BEFORE, _AFTER = 8, 15  # blocks around the headline where bylines stand
_MANY_BOXES = 10
_BESIDE = 6  # blocks below the headline
_ABOVE, _MAX_SAID = 3, 100  # blocks above the headline, characters of a line that is a byline by its words alone
_STOPS = tuple(".!?…。！？।؟:")

_AUTHOR_FOLDERS = ("/author", "/autor", "/auteur", "/journalist", "/profile/", "/staff/")
_AUTHOR_ADDRESSES = ", ".join(f'a[href*="{folder}"]' for folder in _AUTHOR_FOLDERS)
_LATIN = re.compile(r"^[A-Za-zÀ-ɏ'’.-]+$")


def find_byline(facts: Facts, fed: tuple[str, ...], language: str | None) -> Byline:
    """Return the byline of the best source: JSON-LD, meta, page, feed; a site's own name is no author."""
    graph, node = facts.graph, facts.node or {}
    writers = list(graph.resolve(node.get("author") or node.get("creator")))
    own = frozenset(filter(None, (*map(fold, facts.site_names), site_label(facts.page.url))))
    organizations = [name for writer in writers if _is_organization(writer) for name in graph.texts([writer])]
    candidates = byline_candidates(facts, writers, fed, language)
    found = [(source, _read(texts, language, own | set(map(fold, organizations)))) for source, texts in candidates]
    named = [replace(byline, source=source) for source, byline in found if byline.authors]
    agencies = (byline.agency for _, byline in found if byline.agency)
    agency = next(agencies, None) or next((name for name in organizations if not _is_own(name, own)), None)
    if not named:
        linked = _read(_addressed_bylines(facts), language, own | set(map(fold, organizations)))
        named = [replace(linked, source="page:a")] if linked.authors else []
    if not named:
        return replace(found[0][1], source=found[0][0], agency=agency) if agency and found else Byline()
    best = named[0]
    # Linked data often lacks all but the first author; the printed line has them all.
    fuller = next((b for b in named if b.source != "feed" and set(b.authors) > set(best.authors)), best)
    return replace(fuller, agency=agency)


def byline_candidates(
    facts: Facts, writers: list[Node | str], fed: tuple[str, ...], language: str | None
) -> list[tuple[str, list[str]]]:
    """Return the texts that may name the authors, with their sources, best first."""
    page = facts.page
    metas = ((f"meta:{name}", [t for t in page.metas.get(name, ()) if not ADDRESS.search(t)]) for name in _METAS)
    creators = facts.graph.texts((facts.node or {}).get("creator"))
    declared = [("json-ld:author", facts.graph.texts(writers)), ("json-ld:creator", creators)]
    candidates = [*declared, *metas, *_page_bylines(facts, language)]
    found = (*candidates, *_labelled(page), *_said_bylines(facts, language), ("feed", list(fed)))
    short = ((source, [text for text in texts if len(text) <= _LONGEST]) for source, texts in found)
    told: dict[tuple[str, ...], tuple[str, list[str]]] = {}  # what a box named as a byline says may begin as one too
    for source, texts in short:
        told.setdefault((source, *texts) if not source.startswith("page:") else tuple(texts), (source, texts))
    return [(source, texts) for source, texts in told.values() if texts]


def _read(texts: list[str], language: str | None, not_people: frozenset[str] | set[str]) -> Byline:
    bylines = [parse_byline(text, language) for text in texts]
    names = dict.fromkeys(name for byline in bylines for name in byline.authors if not _is_own(name, not_people))
    if any(" " in name for name in names):
        names = dict.fromkeys(name for name in names if " " in name or not _LATIN.match(name))
    agency = next((byline.agency for byline in bylines if byline.agency), None)
    return Byline(authors=tuple(names), agency=agency, raw="; ".join(texts))


def _is_own(name: str, own: frozenset[str] | set[str]) -> bool:
    """Tell whether the name is the site's, or one of its desks: "Courier Business" on the site of the Courier."""
    folded = fold(name)
    return folded in own or any(len(site) > 2 and folded.startswith(site) for site in own)  # noqa: PLR2004 - initials


def _is_organization(writer: Node | str) -> bool:
    return not isinstance(writer, str) and any(kind.endswith("Organization") for kind in node_types(writer))


def _page_bylines(facts: Facts, language: str | None) -> Iterator[tuple[str, list[str]]]:
    """Yield what the page prints: microdata, then author links, then boxes with a name such as "byline"."""
    page = facts.page
    for is_author in (_is_author_name, _is_author, _is_author_link):
        group = _first_group([mark for mark in page.marks if is_author(mark)])
        lines = [line for mark in group for line in _lines(mark)]
        if lines and sum(map(len, lines)) <= _MAX_WRITTEN:
            yield f"page:{group[0].tag}", lines
    yield from _named_bylines(facts, language)


def _first_group(marks: list[Mark]) -> list[Mark]:
    """Return the first mark and those beside it: further on, other articles name their authors."""
    if not marks:
        return []
    around = {parent.mem_id for parent in _parents(marks[0])}
    return [marks[0], *(mark for mark in marks[1:] if any(parent.mem_id in around for parent in _parents(mark)))]


def _parents(mark: Mark) -> list[LexborNode]:
    """Return the boxes that the author's neighbours may share with it; the article itself is too large for one."""
    parent = mark.node.parent
    outer = parent.parent if parent else None
    return [node for node in (parent, outer) if node is not None and node.tag not in {"body", "main", "article"}]


def _lines(mark: Mark) -> list[str]:
    """Return the text of the mark, boxes in it apart, unless they are the parts of a name."""
    written = mark.attributes.get("content") if mark.tag == "meta" else None
    lines = clean_paragraphs((written or mark.node.text(separator="\n")).split("\n"))
    return lines if any(" " in line for line in lines) else list(filter(None, [" ".join(lines)]))


def _named_bylines(facts: Facts, language: str | None) -> Iterator[tuple[str, list[str]]]:
    """Yield the texts of the boxes that are named as bylines are, those below the headline first."""
    others, named = bits_of("comment", "related"), bits_of("byline")
    layout = facts.layout
    heading = facts.headline.start if facts.headline else 0
    near = range(heading - _BEFORE, heading + _AFTER)
    boxes = [
        e
        for e in layout.elements
        if (
            (e.mask & named and _is_named(e, _NAMES))
            or (heading < e.start <= heading + _BESIDE and _is_named(e, _NEAR_NAMES))
        )
        and e.end > e.start
        and not _is_others(e, others)
        and (e.start in near or _is_in_article(e))
    ]
    boxes.sort(key=lambda box: (box.start not in near, box.start < heading))
    taken: list[Element] = []
    for box in boxes[:_MANY_BOXES]:
        group = [box, *(e for e in boxes if e is not box and e.parent is box.parent and e.signature == box.signature)]
        blocks = [block for element in group for block in layout.blocks[element.start : element.end]]
        if sum(block.size for block in blocks) <= _MAX_WRITTEN and not any(e.start <= box.start < e.end for e in taken):
            yield f"page:{box.tag}", _first_names(blocks, language)
            taken += group


def _first_names(blocks: list[Block], language: str | None) -> list[str]:
    """Return the texts up to the first name, later ones of its kind, and agencies: others are roles, dates and links."""
    read = [parse_byline(block.text, language) for block in blocks]
    first = next((at for at, byline in enumerate(read) if byline.authors), len(blocks) - 1)
    kind = blocks[first].owner.signature
    kept = (at <= first or block.owner.signature == kind or read[at].agency for at, block in enumerate(blocks))
    return [block.text for block, is_kept in zip(blocks, kept, strict=True) if is_kept]


def _is_named(element: Element, names: tuple[str, ...]) -> bool:
    signature = element.signature.lower()
    return any(name in signature for name in names)


def _is_others(element: Element, mask: int) -> bool:
    """Tell whether the box or the one around it holds comments or other articles."""
    outer = element.parent
    return bool((element.mask | (outer.mask if outer and outer.tag != "header" else 0)) & mask)


def _is_in_article(element: Element) -> bool:
    around: Element | None = element
    while around is not None and around.tag not in {"article", "main"}:
        around = around.parent
    return around is not None


def _said_bylines(facts: Facts, language: str | None) -> Iterator[tuple[str, list[str]]]:
    """Yield the short texts around the headline that begin as bylines do: "Von Anne Klöver publiziert am 25. September"."""
    heading = facts.headline
    around = facts.layout.blocks[max(0, heading.start - _ABOVE) : heading.end + _BEFORE] if heading else []
    for block in around:
        if block.size <= _MAX_SAID and not block.text.endswith(_STOPS) and leads_to_name(block.text, language):
            yield f"page:{block.owner.tag}", [block.text]


def _addressed_bylines(facts: Facts) -> list[str]:
    """Return the texts of the links to authors' pages that stand between headline and text."""
    heading = facts.headline
    around = facts.layout.blocks[heading.start : heading.end + _BEFORE] if heading else []
    shown = " ".join(block.text for block in around if block.links and block.size <= _MAX_WRITTEN)
    if not shown or not any(folder in facts.page.html for folder in _AUTHOR_FOLDERS):  # a query takes much longer
        return []
    links = (clean_line(node.text()) for node in facts.page.tree.css(_AUTHOR_ADDRESSES))
    return [text for text in dict.fromkeys(links) if text and text in shown]


def _labelled(page: Page) -> Iterator[tuple[str, list[str]]]:
    """Yield the author that cards for social networks show beside a label."""
    labels = load_words("bylines")["labels"]["words"]
    for number in ("1", "2"):
        label, data = page.metas.get(f"twitter:label{number}"), page.metas.get(f"twitter:data{number}")
        if label and data and label[0].lower() in labels:
            yield f"meta:twitter:data{number}", [data[0]]


def _is_author_name(mark: Mark) -> bool:
    if not mark.has("itemprop", "name"):
        return False
    return any("author" in (around.attributes.get("itemprop") or "").split() for around in mark.around())


def _is_author(mark: Mark) -> bool:
    return mark.has("itemprop", "author")


def _is_author_link(mark: Mark) -> bool:
    return mark.has("rel", "author")
