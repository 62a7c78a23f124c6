"""The evidence of a page, gathered once for all who weigh it."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborNode

from pipeline.extract.blocks import Element, Layout, read_layout
from pipeline.extract.json_ld import Graph, Node, find_article, read_graph
from pipeline.extract.page import Mark, Page
from pipeline.extract.text import clean_line, fold

_KICKER = re.compile(
    "kicker|topline|overline|dachzeile|spitzmarke|overtitle|roofline|eyebrow|pretitle|surtitre|antetitulo|occhiello",
    re.IGNORECASE,
)
_HEADINGS = frozenset({"h2", "h3", "dt"})  # that say the title where no h1 does
_FEW_BLOCKS = 3  # that a headline is broken into


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A page's evidence, gathered once: its JSON-LD, the node of the article, and the names of the site."""

    page: Page
    layout: Layout
    graph: Graph
    node: Node | None
    #: The address that the page declares as its own.
    canonical: str | None
    site_names: tuple[str, ...]
    #: The h1 of the article, and all titles with their sources, best first.
    heading: str | None
    titles: tuple[tuple[str, str], ...]
    #: The box of the headline: dates and bylines stand near it.
    headline: Element | None


def gather_facts(page: Page, publisher: str | None) -> Facts:
    """Return the evidence of the page; ``publisher`` is what the source's configuration calls it."""
    scripts = (mark for mark in page.marked("script") if "ld+json" in (mark.attributes.get("type") or "").lower())
    graph = read_graph(mark.node.text(deep=True) for mark in scripts)
    titles = tuple(title_texts(page))
    canonical = declared_canonical(page)
    node = find_article(graph, tuple(filter(None, (page.url, canonical))), tuple(text for _, text in titles))
    sites = [
        *page.metas.get("og:site_name", ()),
        *page.metas.get("application-name", ()),
        *graph.texts((node or {}).get("publisher")),
        *([publisher] if publisher else []),
        *(_inline_text(mark.node) for mark in page.marked("h1") if _is_logo(mark)),
        *(graph.text(other, "name") or "" for other in graph.nodes if other.get("@type") == "WebSite"),
    ]
    layout = read_layout(page.tree)
    return Facts(
        page=page,
        layout=layout,
        graph=graph,
        node=node,
        canonical=canonical,
        site_names=tuple(dict.fromkeys(filter(None, sites))),
        heading=next((text for source, text in titles if source == "page:h1"), None),
        titles=titles,
        headline=_find_headline(layout, [fold(text) for _, text in titles]),
    )


def _find_headline(layout: Layout, titles: list[str]) -> Element | None:
    """Return the box that says a title of the page: an h1 or another heading; the first h1 where none does."""
    tops = [element for element in layout.elements if element.tag == "h1"]
    others = (element for element in layout.elements if element.tag in _HEADINGS)
    named = (element for element in chain(tops, others) if _says_title(element, layout, titles))
    return next(named, next(iter(tops), None))


def _says_title(element: Element, layout: Layout, titles: list[str]) -> bool:
    """Tell whether the box says a title, or all but what stands after it, such as the site's name."""
    text = "".join(fold(block.text) for block in layout.blocks[element.start : element.end][:_FEW_BLOCKS])
    return bool(text) and any(t == text or (t.startswith(text) and len(text) >= len(t) / 2) for t in titles)


def declared_canonical(page: Page) -> str | None:
    """Return the address that the page declares as its own, made absolute, or None."""
    links = (mark.attributes for mark in page.marked("link"))
    declared = next(
        (a["href"] for a in links if a.get("href") and "canonical" in (a["rel"] or "").lower().split()), None
    )
    declared = declared or next(iter(page.metas.get("og:url", ())), None)
    return absolute_url(page.url, declared) if declared else None


def title_texts(page: Page) -> Iterable[tuple[str, str]]:
    """Return the page's titles with their sources, best first."""
    texts = (
        ("page:h1", read_heading(page)),
        *(
            (f"meta:{name}", page.metas[name][0])
            for name in ("og:title", "twitter:title", "headline")
            if name in page.metas
        ),
        ("page:title", page.title),
    )
    # Some sites escape twice.
    return [(source, clean_line(html.unescape(text)) if "&" in text else text) for source, text in texts if text]


def read_heading(page: Page) -> str | None:
    """Return the h1 of the article, without a kicker; a page with several, or one that leads home, has its site's name in it."""
    headings = [mark for mark in page.marked("h1") if not _is_logo(mark)]
    ours = [mark for mark in headings if "itemprop" in mark.attributes or mark.is_inside("article", "main")]
    if not headings:
        named = next(
            (mark.node for mark in page.marks if mark.has("itemprop", "headline") and mark.tag != "meta"), None
        )
        node = named or page.first("article h2, main h2, h2[class*=title i]")
        return (_cut_kicker(node) or None) if node else None
    sites = {fold(name) for name in page.metas.get("og:site_name", ())}
    texts = [text for mark in ours or headings if (text := _cut_kicker(mark.node))]
    return next((text for text in texts if fold(text) not in sites), next(iter(texts), None))


def _is_logo(mark: Mark) -> bool:
    """Tell whether the heading is a link to the front page, or stands in one, as the name of a site does."""
    around = mark.node.parent
    link = None if _is_bare(mark.node) else mark.node.css_first("a[href]")
    link = around if around is not None and around.tag == "a" else link
    address = (link.attributes.get("href") or "") if link else ""
    return bool(address) and urlsplit(address).path in {"", "/"} and not address.startswith(("#", "?", "javascript:"))


def _cut_kicker(heading: LexborNode) -> str:
    """Return the text of the heading without what is named a kicker at its beginning."""
    text = _inline_text(heading)
    for node in () if _is_bare(heading) else heading.css("[class]"):
        if _KICKER.search(node.attributes.get("class") or ""):
            said = _inline_text(node)
            rest = text.removeprefix(said).lstrip(" :|–—-") if said else text
            text = rest if len(rest) > len(said) else text
    return text


def _inline_text(node: LexborNode) -> str:
    """Return the text on one line; only what breaks a line or stands in boxes of its own separates words."""
    return clean_line(node.text(separator=" " if not _is_bare(node) and node.css_first("br, div, p, span") else ""))


def _is_bare(node: LexborNode) -> bool:
    """Tell whether the element holds nothing but text: a query takes longer than to look."""
    first = node.child
    return first is None or (first.next is None and first.tag == "-text")


def site_label(url: str) -> str:
    """Return the name of the site in its address: "courier" of news.courier.example."""
    labels = urlsplit(url).netloc.partition(":")[0].removeprefix("www.").split(".")
    return max(labels[:-1], key=len, default="").replace("-", "")


def absolute_url(base: str, address: str) -> str | None:
    """Return the address made absolute if it is http(s), or None."""
    try:
        absolute = urljoin(base, address.strip())
    except ValueError:
        return None
    return absolute if address and absolute.startswith(("http://", "https://")) else None
