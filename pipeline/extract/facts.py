"""The evidence of a page, gathered once for all who weigh it."""

import html
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborNode

from pipeline.extract.blocks import Layout, read_layout
from pipeline.extract.json_ld import Graph, Node, find_article, read_graph
from pipeline.extract.page import Page
from pipeline.extract.text import clean_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A page's evidence, gathered once: its JSON-LD, the node of the article, and the names of the site."""

    page: Page
    layout: Layout
    graph: Graph
    node: Node | None
    site_names: tuple[str, ...]
    #: The h1 of the article, and all titles with their sources, best first.
    heading: str | None
    titles: tuple[tuple[str, str], ...]


def gather_facts(page: Page, publisher: str | None) -> Facts:
    """Return the evidence of the page; ``publisher`` is what the source's configuration calls it."""
    scripts = (mark for mark in page.marked("script") if "ld+json" in (mark.attributes.get("type") or "").lower())
    graph = read_graph(mark.node.text(deep=True) for mark in scripts)
    titles = tuple(title_texts(page))
    declared = declared_canonical(page)
    node = find_article(graph, tuple(filter(None, (page.url, declared))), tuple(text for _, text in titles))
    sites = [
        *page.metas.get("og:site_name", ()),
        *page.metas.get("application-name", ()),
        *graph.texts((node or {}).get("publisher")),
        *([publisher] if publisher else []),
        *(graph.text(other, "name") or "" for other in graph.nodes if other.get("@type") == "WebSite"),
    ]
    return Facts(
        page=page,
        layout=read_layout(page.tree),
        graph=graph,
        node=node,
        site_names=tuple(dict.fromkeys(filter(None, sites))),
        heading=next((text for source, text in titles if source == "page:h1"), None),
        titles=titles,
    )


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
    """Return the h1 of the article; a page with several has its site's name in another."""
    headings = list(page.marked("h1"))
    ours = [mark for mark in headings if "itemprop" in mark.attributes or mark.is_inside("article", "main")]
    return next((text for mark in ours or headings if (text := _inline_text(mark.node))), None)


def _inline_text(node: LexborNode) -> str:
    """Return the text on one line; only what breaks a line or stands in boxes of its own separates words."""
    return clean_line(node.text(separator=" " if node.css_first("br, div, p, span") else ""))


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
