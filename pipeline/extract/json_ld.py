"""schema.org in JSON-LD, in all the shapes that pages write it."""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from pipeline.extract.text import clean_line, fold

Node = Mapping[str, object]

_ARTICLE = re.compile(r"(?:Article|BlogPosting|Report|Posting)$", re.IGNORECASE)
_NOT_ARTICLE = frozenset({"DiscussionForumPosting", "SocialMediaPosting", "JobPosting"})
_WRAPPING_START = re.compile(r"^\s*+(?:(?://\s*+)?(?:<!--|<!\[CDATA\[|/\*\s*+<!\[CDATA\[\s*+\*/)\s*+)+")
_WRAPPING_END = re.compile(r"(?://\s*+)?(?:-->|\]\]>|/\*\s*+\]\]>\s*+\*/)\s*+$")
_LONGEST_WRAPPING = 60  # characters
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_BETWEEN = re.compile(r"[\s,;]*")
#: A page describes a few dozen things; what is larger is no description, and would take longer than the whole page.
_MAX_NODES, _LARGEST = 5_000, 2_000_000
_MAX_DEPTH = 12  # real graphs nest four or five deep
_DECODER = json.JSONDecoder(strict=False)  # line breaks inside strings are the most common mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Every object of a page's JSON-LD, outer before inner."""

    nodes: tuple[Node, ...] = ()
    by_id: Mapping[str, Node] = field(default_factory=dict)

    def resolve(self, value: object) -> Iterator[Node | str]:
        """Yield what the value stands for: texts, and objects with references by ``@id`` followed."""
        if isinstance(value, list):
            parts = (part for some in value[:200] for part in (some[:200] if isinstance(some, list) else [some]))
            for part in parts:
                yield from self.resolve(part) if not isinstance(part, list) else ()
        elif isinstance(value, dict):
            reference = value.get("@id")
            known = self.by_id.get(reference) if isinstance(reference, str) else None
            is_reference = len(value) <= 2 or bool(known and "name" in known and "name" not in value)  # noqa: PLR2004 - @id and @type
            yield known if known and is_reference else value
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield str(value)

    def texts(self, value: object, key: str = "name") -> list[str]:
        """Return the value as clean texts; an object gives its name (or ``key``) or value."""
        named = (part if isinstance(part, str) else part.get(key) or _other_name(part) for part in self.resolve(value))
        found = (text for name in named for text in (name if isinstance(name, list) else [name]))
        plain = (text.get("@value") if isinstance(text, dict) else text for text in found)
        lines = (clean_line(html.unescape(text)) for text in plain if isinstance(text, str))
        return [line for line in lines if line]

    def text(self, node: Node | None, *keys: str) -> str | None:
        """Return the first text that the node has under one of the keys, or None."""
        return next((text for key in keys for text in self.texts((node or {}).get(key))), None)


def _other_name(node: Node) -> object:
    """Return the value of a node that has no name: a literal's, or the parts of a person's name."""
    parts = (node.get("givenName"), node.get("familyName"))
    return node.get("@value") or " ".join(part for part in parts if isinstance(part, str))


def read_graph(scripts: Iterable[str]) -> Graph:
    """Return the JSON-LD of a page's scripts; what cannot be mended is left out."""
    nodes: list[Node] = []
    by_id: dict[str, Node] = {}
    for script in scripts:
        if len(nodes) >= _MAX_NODES:
            break
        for value in parse_json(script) if len(script) <= _LARGEST else ():
            for node in islice(_walk(value, 0), _MAX_NODES - len(nodes)):
                nodes.append(node)
                name = node.get("@id")
                if isinstance(name, str) and len(node) > len(by_id.get(name, {})):
                    by_id[name] = node
    return Graph(nodes=tuple(nodes), by_id=by_id)


def parse_json(text: str) -> list[object]:
    """Return the JSON values in the text, after mending what can be mended without guessing; [] where nothing can."""
    for mend in (str.strip, _unwrap, _drop_commas, html.unescape, _drop_commas):
        text = mend(text)
        try:
            return _decode_all(text)
        except (ValueError, RecursionError):
            continue
    return []


def _unwrap(text: str) -> str:
    start = _WRAPPING_START.sub("", text)
    before, end = start[:-_LONGEST_WRAPPING], start[-_LONGEST_WRAPPING:]
    while wrapping := _WRAPPING_END.search(end):
        end = end[: wrapping.start()]
    return (before + end).strip().rstrip(";")


def _drop_commas(text: str) -> str:
    return _TRAILING_COMMA.sub("", text)


def node_types(node: Node) -> frozenset[str]:
    """Return the node's types without the vocabulary's address."""
    value = node.get("@type")
    values = value if isinstance(value, list) else [value]
    return frozenset(re.split(r"[/#:]", kind)[-1] for kind in values if isinstance(kind, str))


def is_article(node: Node) -> bool:
    """Tell whether the node describes an article of any kind."""
    return any(_ARTICLE.search(kind) and kind not in _NOT_ARTICLE for kind in node_types(node))


def find_article(graph: Graph, urls: tuple[str, ...], titles: tuple[str, ...]) -> Node | None:
    """Return the node of the article that this page is: the one of its address or its title, else the only candidate.

    Pages describe related articles too, and list pages describe nothing else; these are told by the address and title.
    """
    candidates = [node for node in graph.nodes if is_article(node) and (node.get("headline") or node.get("name"))]
    updates = {id(update) for node in candidates for update in graph.resolve(node.get("liveBlogUpdate"))}
    candidates = [node for node in candidates if id(node) not in updates]  # entries are parts of their live blog
    addresses = {_bare(url) for url in urls}
    wanted = {fold(title) for title in titles}
    for node in candidates:
        if any(
            _bare(text) in addresses
            for key in ("url", "@id", "mainEntityOfPage")
            for text in graph.texts(node.get(key), "@id")
        ):
            return node
    for node in candidates:
        headline = fold(graph.text(node, "headline", "name") or "")
        if headline and any(title.startswith(headline) or headline.startswith(title) for title in wanted if title):
            return node
    return candidates[0] if len({graph.text(node, "headline", "name") for node in candidates}) == 1 else None


def _decode_all(text: str) -> list[object]:
    """Read all values of the text; some pages write several objects one after the other."""
    values: list[object] = []
    position = 0
    while position < len(text) and len(values) < _MAX_NODES:
        value, position = _DECODER.raw_decode(text, position)
        values.append(value)
        between = _BETWEEN.match(text, position)
        position = between.end() if between else position
    return values


def _walk(value: object, depth: int) -> Iterator[Node]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        if "@type" in value or "@id" in value:
            yield value
        for part in value.values():
            if isinstance(part, dict | list):
                yield from _walk(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part, depth + 1)


def _bare(url: str) -> str:
    return url.partition("://")[2].partition("#")[0].partition("?")[0].rstrip("/").removeprefix("www.").lower()
