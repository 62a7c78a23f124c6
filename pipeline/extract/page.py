"""A page: bytes decoded as a browser would, and parsed once."""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from typing import NamedTuple

from charset_normalizer import from_bytes
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.encodings import UNSENT
from pipeline.errors import Reject
from pipeline.extract.text import clean_line
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

#: Labels that browsers read as another encoding than they name (WHATWG Encoding, section 4.2); by Python's names.
_WHATWG = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*+=\s*+(?:[\"']\s*+)?([\w.:-]{2,40})", re.IGNORECASE)
_META_WITHIN = 4096  # the standard says 1,024; real pages put scripts and comments before it
_FEW_FAULTS = 3  # bytes that make nobody doubt a declaration
_GUESS_WITHIN = 65_536  # a guess on more bytes is slower, not better

_HTML_TYPES = ("html", "xml", "text/plain", "application/octet-stream", "unknown")
_HTML_TAG = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|div|p|article|main|section|h1|span|a)[\s>/]", re.IGNORECASE
)
#: What is read once is never tried another way: forty comments in front of a page could be cut into comments in 2^39 ways.
_OTHER_ROOT = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?><!--.*?-->\s*)*+<(?:rss|feed|rdf:RDF|urlset|sitemapindex|svg)[\s>]", re.DOTALL
)
_SNIFF_WITHIN = 100_000

#: Parsing takes the square of the depth (every start tag looks up the open elements), so 10 MiB of <div> would take hours.
_MANY_TAGS, _SHORTEST_TAG = 20_000, 5
_MANY_MARKS = 5_000  # real pages have some hundreds; what looks around each would take minutes
_MANY_CONTENTS = 200  # of meta elements with one name
_MAX_DEPTH = 5_000
_MAX_STEPS = 30_000_000  # of all look-ups; pages of 10 MiB take five million
#: So does an element's list of attributes, as each is compared with those before it. What is quoted may be long.
_LONG_PAGE, _LONG_TAG, _MANY_ATTRIBUTES = 400_000, 40_000, 10_000
_WHOLE_TAG = re.compile(r"""<[a-zA-Z][^"'>]*+(?:(?:"[^"]*+"|'[^']*+')[^"'>]*+)*+""")
_QUOTED = re.compile(r"""\"[^"]*+"|'[^']*+'""")
_DEEP = 200
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
#: Elements that hold nothing, or that the next of their kind closes.
_FLAT = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
    | {"dd", "dt", "li", "option", "p", "tbody", "td", "th", "tr"}
)


#: What evidence is read from, found by one query: each query is a walk over the whole tree.
_MARKED = (
    ":is(html, title, meta[content], link[rel~=canonical i], script[type*=ld i], h1, time, [itemprop], "
    "[rel~=author], [rel~=tag])"
)


class Mark(NamedTuple):
    """An element that says something about the article."""

    tag: str
    attributes: Mapping[str, str | None]
    node: LexborNode

    def has(self, attribute: str, word: str) -> bool:
        """Tell whether the word is one of those in the attribute's value."""
        written = self.attributes.get(attribute)
        return written is not None and word in written.split()

    def is_inside(self, *tags: str) -> bool:
        """Tell whether an element with one of the tags is around it."""
        return any(around.tag in tags for around in self.around())

    def follows(self, tag: str) -> bool:
        """Tell whether an element with the tag stands before it in the same element."""
        before = self.node.prev
        while before is not None and before.tag != tag:
            before = before.prev
        return before is not None

    def around(self) -> Iterator[LexborNode]:
        """Yield the elements around it, inner before outer, as many as real pages nest."""
        around = self.node.parent
        for _ in range(_DEEP):
            if around is None:
                return
            yield around
            around = around.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page parsed once. ``metas`` are the contents of its meta elements by name in lower case, in order.

    ``marks`` holds of the meta elements only those with an itemprop.
    """

    #: The address that answered.
    url: str
    html: str
    tree: LexborHTMLParser
    marks: tuple[Mark, ...]
    metas: Mapping[str, tuple[str, ...]]

    def meta(self, *names: str) -> tuple[str, str] | None:
        """Return the name and content of the first of these meta elements that says anything, or None."""
        return next(((name, self.metas[name][0]) for name in names if name in self.metas), None)

    @property
    def language(self) -> str | None:
        """The language that the html element declares, as written."""
        root = next(self.marked("html"), None)
        attributes = root.attributes if root else {}
        return clean_line(attributes.get("lang") or attributes.get("xml:lang") or "") or None

    @property
    def title(self) -> str | None:
        """The text of the title element, None where it says nothing; an svg has a title too, but not the first."""
        found = next(self.marked("title"), None)
        return (clean_line(found.node.text()) or None) if found else None

    def marked(self, tag: str) -> Iterator[Mark]:
        """Yield the marks with this tag, in order."""
        return (mark for mark in self.marks if mark.tag == tag)

    def find(self, selector: str) -> list[Mark]:
        """Return the elements that the CSS selector finds, as many as can be looked at in time; a walk over the tree."""
        return _find_marks(self.tree, selector)

    def first(self, selector: str) -> LexborNode | None:
        """Return the first element that the CSS selector finds, or None; a walk over the whole tree."""
        return self.tree.css_first(selector)


def read_page(capture: Capture) -> Page:
    """Return the page of the capture. Raises Reject (not HTML) for anything that is none, (too large) where it nests too deep."""
    content_type = capture.header("Content-Type") or ""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type and not any(kind in media_type for kind in _HTML_TYPES):
        raise Reject(Reason.NOT_HTML, f"the server calls it {media_type[:80]}")
    html, encoding = decode(capture.body, content_type)
    if b"\x00" in capture.body and "\x00" in html:  # bytes are searched much faster than text
        html, encoding = html.replace("\x00", ""), "none"
    if _OTHER_ROOT.match(html, 0, _SNIFF_WITHIN) or not _HTML_TAG.search(html, 0, _SNIFF_WITHIN):
        raise Reject(Reason.NOT_HTML, "there is no HTML element in it")
    # Bytes are counted faster; there are no fewer of them.
    if (
        len(html) > _SHORTEST_TAG * _MANY_TAGS
        and capture.body.count(b"<") > _MANY_TAGS
        and html.count("<") > _MANY_TAGS
    ):
        deepest, steps = _nesting(html)
        if deepest > _MAX_DEPTH or steps > _MAX_STEPS:
            raise Reject(Reason.TOO_LARGE, f"elements nested {deepest} deep")
    if len(html) > _LONG_PAGE and _has_many_attributes(html):
        raise Reject(Reason.TOO_LARGE, f"an element with more than {_MANY_ATTRIBUTES} attributes")
    # The parser wants UTF-8: what came as that need not be written as that again.
    tree = LexborHTMLParser(capture.body if encoding == "utf-8" else html)
    return make_page(capture.final_url, html, tree)


def make_page(url: str, html: str, tree: LexborHTMLParser) -> Page:
    """Return the page of a parsed tree."""
    found = _find_marks(tree, _MARKED)
    metas = _read_metas(mark.attributes for mark in found if mark.tag == "meta")
    marks = tuple(mark for mark in found if mark.tag != "meta" or "itemprop" in mark.attributes)
    return Page(url=url, html=html, tree=tree, marks=marks, metas=metas)


def _find_marks(tree: LexborHTMLParser, selector: str) -> list[Mark]:
    return [Mark(node.tag or "", node.attributes, node) for node in tree.css(selector)[:_MANY_MARKS]]


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text and its encoding: byte order mark, HTTP charset, meta element, UTF-8, then a guess.

    A declaration that the bytes contradict is not believed. The encoding is "utf-8" only where all bytes are.
    """
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, errors="replace"), f"{encoding} with a byte order mark"
    is_ascii = body.isascii()
    if not is_ascii:  # No other text is UTF-8 by chance: where it is, a declaration of something else is a mistake.
        with suppress(UnicodeDecodeError):
            return body.decode("utf-8"), "utf-8"
    declared = [find_codec(label) for label in (_http_charset(content_type), _meta_charset(body)) if label]
    for codec in (*declared, "utf-8") if is_ascii else declared:
        if codec:
            try:
                return body.decode(codec), codec
            except UnicodeError:
                continue
    fallback = next((codec for codec in declared if codec and codec != "utf-8"), None)
    fallback = fallback or ("utf-8" if _is_mostly_utf8(body, is_declared="utf-8" in declared) else _guess_codec(body))
    return body.decode(fallback, errors="replace"), f"{fallback} with faults"


def _is_mostly_utf8(body: bytes, *, is_declared: bool) -> bool:
    """Tell whether more of the characters beyond ASCII are UTF-8 than not: a comment pasted into it is no reason to doubt it."""
    text = body[:_GUESS_WITHIN].decode("utf-8", errors="replace")
    faults = text.count("\ufffd")
    return (is_declared and faults < _FEW_FAULTS) or sum(not char.isascii() for char in text) > 2 * faults


def find_codec(label: str) -> str | None:
    """Return Python's name of the encoding that browsers mean by the label, or None where there is none."""
    try:
        found = codecs.lookup(label.strip().strip("\"'"))
    except (LookupError, ValueError):
        return None
    # "hex" and "zip" are codecs too, but none of text.
    is_text = getattr(found, "_is_text_encoding", True) and found.name not in UNSENT
    return _WHATWG.get(found.name, found.name) if is_text else None


def _nesting(html: str) -> tuple[int, int]:
    """Return about how deep the elements nest, and the sum of the depths of all, without parsing."""
    depth = deepest = steps = 0
    for closing, name in _TAG.findall(html):
        if name.lower() not in _FLAT:
            depth = max(0, depth - 1) if closing else depth + 1
            deepest = max(deepest, depth)
        steps += depth
    return deepest, steps


def _has_many_attributes(html: str) -> bool:
    """Tell whether an element has more attributes than can be read in good time."""
    long = (found[0] for found in _WHOLE_TAG.finditer(html) if found.end() - found.start() > _LONG_TAG)
    return any(len(_QUOTED.sub(" ", tag).split()) > _MANY_ATTRIBUTES for tag in long)


@lru_cache(maxsize=1_000)
def _http_charset(content_type: str) -> str | None:
    message = Message()
    message["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    charset = message.get_param("charset")
    return charset if isinstance(charset, str) else None


def _meta_charset(body: bytes) -> str | None:
    found = _META_CHARSET.search(body[:_META_WITHIN])
    if not found:
        return None
    label = found[1].decode("ascii")
    # A meta element that can be read byte by byte is not in UTF-16, whatever it says (HTML standard, section 13.2.3.2).
    return "utf-8" if label.lower().startswith("utf-16") else label


def _guess_codec(body: bytes) -> str:
    best = from_bytes(body[:_GUESS_WITHIN]).best()
    return best.encoding if best else "cp1252"


def _read_metas(elements: Iterable[Mapping[str, str | None]]) -> dict[str, tuple[str, ...]]:
    metas: dict[str, list[str]] = {}
    for attributes in elements:
        names = [name for key in ("property", "name", "itemprop") if (name := attributes.get(key))]
        content = clean_line(attributes.get("content") or "") if names else ""
        if content:
            for name in map(str.lower, map(str.strip, names)):
                metas.setdefault(name, []).append(content)
    return {name: tuple(contents[:_MANY_CONTENTS]) for name, contents in metas.items()}
