"""What a body is, in words, where it is not what was asked for."""

import json
import re

from selectolax.lexbor import LexborHTMLParser

_SAMPLE = 65536  # a title stands within the first 64 KiB
#: A comment is read in one way only: forty before the root could be cut into comments in 2^39 ways.
_HTML = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(?><!--.*?-->\s*)*+<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")


def is_html(body: bytes) -> bool:
    """Tell whether the body begins as an HTML page does."""
    return _HTML.match(_sample(body)) is not None


def describe_body(body: bytes) -> str:
    """Return what the body is, to stand after "the server sent", such as ``an HTML page titled “Sign in”``."""
    text = _sample(body)
    if not text.strip():
        return "an empty body"
    if is_html(body):
        title = LexborHTMLParser(text).css_first("title")
        named = " ".join(title.text().split()) if title else ""
        return f"an HTML page titled “{named[:100]}”" if named else "an HTML page without a title"
    if b"\0" in body[:_SAMPLE] or text.count("\ufffd") * 10 > len(text):
        return f"binary data ({len(body)} bytes)"
    root = _ROOT.search(text) if text.lstrip().startswith("<") else None
    if root:
        return f"an XML document that begins with <{root[1]}>"
    return f"{'JSON' if _is_json(body) else 'text'} that begins with {text.strip()[:60]!r}"


def _sample(body: bytes) -> str:
    return body[:_SAMPLE].decode("utf-8", errors="replace").lstrip("\ufeff")


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
