"""HTML that is small or ruled by hand, cleaned by BeautifulSoup: feed content, and a source's own CSS rules."""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString
from soupsieve import SelectorSyntaxError

from pipeline.errors import UsageError
from pipeline.extract.text import clean_paragraphs
from pipeline.model.feed import Rules

#: Elements that never hold an article's text.
_FURNITURE = frozenset({
    "script", "style", "noscript", "template", "iframe", "object", "svg", "canvas", "form", "button", "select", "input",
    "textarea", "nav", "aside", "footer", "figure", "figcaption", "audio", "video",
})  # fmt: skip
_BLOCKS = frozenset(
    {
        "address",
        "article",
        "blockquote",
        "body",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "header",
        "hr",
        "html",
        "li",
    }
    | {"h1", "h2", "h3", "h4", "h5", "h6", "main", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"}
)
#: What feeds append to their entries: a link back to the page, alone on its line.
_BACKLINK = re.compile(
    r"^(?:continue reading|read more|weiterlesen|lire la suite|leer más|the post .{1,200} appeared first on)\b.*$",
    re.IGNORECASE,
)
_MAX_BACKLINK = 240


def apply_remove(html: str, rules: Rules) -> str:
    """Return the page without the elements that the rules remove. Raises UsageError on a bad selector."""
    soup = parse_html(html)
    _remove(soup, rules)
    return str(soup)


def kept_paragraphs(html: str, rules: Rules) -> list[str]:
    """Return the paragraphs inside the elements that the rules keep, less what they remove; nested ones count once."""
    soup = parse_html(html)
    _remove(soup, rules)
    kept = _select(soup, rules.keep)
    ours = set(map(id, kept))  # tags are compared by all that they hold
    outer = [tag for tag in kept if ours.isdisjoint(map(id, tag.parents))]
    return [paragraph for tag in outer for paragraph in _paragraphs(tag)]


def clean_html(html: str) -> list[str]:
    """Return the paragraphs of a piece of HTML, sub-headings and list entries among them; furniture is left out."""
    paragraphs = _paragraphs(parse_html(html))
    while paragraphs and len(paragraphs[-1]) <= _MAX_BACKLINK and _BACKLINK.match(paragraphs[-1]):
        paragraphs.pop()
    return paragraphs


def parse_html(html: str) -> BeautifulSoup:
    """Return the tree that BeautifulSoup on lxml makes of it; halves of characters, as JSON may hold, are left out."""
    return BeautifulSoup(html.encode("utf-8", "ignore").decode(), "lxml")


def _remove(soup: BeautifulSoup, rules: Rules) -> None:
    for tag in _select(soup, rules.remove):
        if not tag.decomposed:
            tag.decompose()


def _select(soup: BeautifulSoup, selectors: tuple[str, ...]) -> list[Tag]:
    if not selectors:
        return []
    try:
        return list(soup.select(", ".join(selectors)))
    except (SelectorSyntaxError, NotImplementedError) as error:
        raise UsageError(
            f"the rules {list(selectors)} of a source are not valid CSS: {str(error).splitlines()[0]}"
        ) from error


def _paragraphs(root: Tag) -> list[str]:
    for tag in root.find_all(_is_furniture):
        if not tag.decomposed:
            tag.decompose()
    return clean_paragraphs("".join(_pieces(root)).split("\n"))


def _is_furniture(tag: Tag) -> bool:
    return tag.name in _FURNITURE or tag.has_attr("hidden") or tag.get("aria-hidden") == "true"


def _pieces(root: Tag) -> Iterator[str]:
    """Yield the text, a line break wherever a block begins or ends."""
    open_blocks: list[Tag] = []
    for node in root.descendants:
        while open_blocks and open_blocks[-1] is not node.parent and open_blocks[-1] not in node.parents:
            open_blocks.pop()
            yield "\n"
        if isinstance(node, Tag):
            if node.name in _BLOCKS:
                open_blocks.append(node)
                yield "\n"
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            yield node.replace("\n", " ").replace("\r", " ")
