"""The values that a page's scripts hold: JSON, JavaScript literals, and the forms that site generators pack them in."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

_ASSIGNED = re.compile(r"=\s*(?=[{\[(]|JSON\.parse)")  # window.__STATE__ = {…
_ASSIGNED_WITHIN = 400  # characters
_PUSHED = re.compile(r"__next_f\.push\(\s*(?=\[)")
_ROW = re.compile(rb"([0-9a-f]+):(?:T([0-9a-f]+),|[A-Z]{0,2})")
_REFERENCE = re.compile(r"^\$[L@]?([0-9a-f]+)$")
_PARSED = re.compile(r"JSON\.parse\(\s*(decodeURIComponent\(\s*)?")
_FUNCTION = re.compile(r"\(function\(([\w$,\s]{0,20000})\)\{(?:[^{}]{0,20000};)?\s*return\s*")
_CALLED = re.compile(r"[;\s]*+\}\s*+(?:\)\s*+)?\(")
_TOKEN = re.compile(
    r"\s*(?:(?P<open>[{\[])|(?P<string>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?P<name>!0|!1|void 0|[\w$.]+))",
    re.DOTALL | re.IGNORECASE,
)
_KEY = re.compile(r"\s*(?:(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|([\w$]+))\s*:", re.DOTALL)
_NEXT = re.compile(r"\s*(,)?\s*([}\]])?")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "\n": ""}
_CONSTANTS: Mapping[str, object] = {"true": True, "!0": True, "false": False, "!1": False}
_MAX_DEPTH, _MAX_NODES = 60, 300_000  # what is packed with references may unpack to anything
_DECODER = json.JSONDecoder(strict=False)


def read_values(scripts: Iterable[str]) -> Iterator[object]:
    """Yield the values of the scripts, references in them followed; what cannot be read is left out."""
    streamed: list[str] = []
    for script in scripts:
        pushed = _PUSHED.search(script)
        if pushed:  # Next.js, app router: React's stream in pieces
            piece = _try(_DECODER.raw_decode, script, pushed.end())
            streamed += [part for part in (piece[0] if piece else []) if isinstance(part, str)]
            continue
        value = _read_script(script)
        if value is not None:
            yield _unpack_table(value) if _is_table(value) else _follow_names(value)
    if streamed:
        yield from _read_stream("".join(streamed))


def _try(read: Callable[..., Any], *given: object) -> Any:  # noqa: ANN401 - whatever ``read`` returns
    try:
        return read(*given)
    except (ValueError, RecursionError, IndexError):
        return None


def _read_script(script: str) -> object:
    found = None if script[0] in "{[" else _ASSIGNED.search(script[:_ASSIGNED_WITHIN])
    if not found and script[0] not in "{[":
        return None
    start = found.end() if found else 0
    parsed = _PARSED.match(script, start)
    if parsed:
        quoted = _try(read_literal, script, parsed.end(), {})
        text = quoted[0] if quoted else None
        return _try(json.loads, unquote(text) if parsed[1] else text) if isinstance(text, str) else None
    if script[start] == "(":
        return _try(_call_function, script, start)
    value = _try(_DECODER.raw_decode, script, start) or _try(read_literal, script, start, {})
    return value[0] if value else None


def read_literal(text: str, at: int, names: Mapping[str, object], depth: int = 0) -> tuple[object, int]:
    """Return the JavaScript literal that begins at ``at``, and where it ends. Raises ValueError for anything else.

    ``names`` are the values of identifiers; those that are unknown are None.
    """
    token = _TOKEN.match(text, at)
    if not token or depth > _MAX_DEPTH:
        raise ValueError(at)
    if token["string"]:
        return _unquote(token["string"]), token.end()
    if token["number"]:
        return float(token["number"]), token.end()
    if token["name"]:
        return names.get(token["name"], _CONSTANTS.get(token["name"])), token.end()
    keyed, parts, at = token["open"] == "{", list[tuple[str, object]](), token.end()
    end = _NEXT.match(text, at)
    while not (end and end[2]):
        key = _KEY.match(text, at) if keyed else None
        if keyed and not key:
            raise ValueError(at)
        value, at = read_literal(text, key.end() if key else at, names, depth + 1)
        parts.append(((key[2] or _unquote(key[1])) if key else "", value))
        end = _NEXT.match(text, at)
        if not end or not (end[1] or end[2]):
            raise ValueError(at)
        at = end.end()
    return (dict(parts) if keyed else [value for _, value in parts]), end.end()


def _unquote(literal: str) -> str:
    text = _ESCAPE.sub(lambda found: _unescape(found[1]), literal[1:-1])
    # Characters beyond the first plane are escaped as two halves.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore") if "\\u" in literal else text


def _unescape(escaped: str) -> str:
    return chr(int(escaped[1:], 16)) if len(escaped) > 1 else _ESCAPED.get(escaped, escaped)


def _call_function(script: str, at: int) -> object:
    """Return what a function that is called on the spot returns, its arguments filled in: Nuxt 2 packs repeated values so."""
    head = _FUNCTION.match(script, at)
    if not head:
        return None
    _, end = read_literal(script, head.end(), {})
    called = _CALLED.match(script, end)
    given, _ = (
        read_literal("[" + script[called.end() :].rpartition(")")[0].rstrip(") ;") + "]", 0, {}) if called else ([], 0)
    )
    names = dict(
        zip((name.strip() for name in head[1].split(",")), given if isinstance(given, list) else [], strict=False)
    )
    return read_literal(script, head.end(), names)[0]


def _is_table(value: object) -> bool:
    """Tell whether the value is a list in which numbers stand for other places of it: Nuxt 3 and SvelteKit write that."""
    if not isinstance(value, list) or len(value) < 3 or not isinstance(value[0], dict | list):  # noqa: PLR2004
        return False
    records = [part for part in value[:200] if isinstance(part, dict)]
    return bool(records) and all(type(index) is int for record in records for index in record.values())


def _unpack_table(table: object) -> object:
    """Return the value of a table, its references followed; a marked list such as ["Reactive", 3] is the value that it marks."""
    budget = [_MAX_NODES]

    def value_at(index: object, depth: int) -> object:
        budget[0] -= 1
        if type(index) is not int or not 0 <= index < len(table) or depth > _MAX_DEPTH or budget[0] < 0:  # type: ignore[arg-type]
            return None
        value = table[index]  # type: ignore[index]
        if isinstance(value, dict):
            return {key: value_at(part, depth + 1) for key, part in value.items()}
        if isinstance(value, list):
            marked = bool(value) and isinstance(value[0], str)
            parts = [value_at(part, depth + 1) for part in (value[1:] if marked else value)]
            return parts[0] if marked and len(parts) == 1 else parts
        return value

    return value_at(0, 0)


def _follow_names(root: object) -> object:
    """Return the value with ``{"__ref": name}`` replaced by what has the name, as Apollo's caches refer to their records."""
    stores = [part for part in (root, *(root.values() if isinstance(root, dict) else ())) if isinstance(part, dict)]
    store = next((part for part in stores if "ROOT_QUERY" in part), None)

    def record_of(value: object) -> object:
        name = value.get("__ref") if isinstance(value, dict) and store else None
        return store.get(name) if store and isinstance(name, str) else None

    return _follow(root, record_of, [_MAX_NODES]) if store else root


def _follow(root: object, referred: Callable[[object], object], budget: list[int]) -> object:
    """Return the value with what it refers to in place of the references, while the ``budget`` of parts lasts."""

    def follow(value: object, depth: int) -> object:
        budget[0] -= 1
        if depth > _MAX_DEPTH or budget[0] < 0:
            return None
        target = referred(value)
        if target is not None:
            return follow(target, depth + 1)
        if isinstance(value, dict):
            return {key: follow(part, depth + 1) for key, part in value.items()}
        return [follow(part, depth + 1) for part in value] if isinstance(value, list) else value

    return follow(root, 0)


def _read_stream(stream: str) -> Iterator[object]:
    """Yield the rows of React's stream with references to other rows followed; text rows say their length in bytes."""
    rows: dict[str, object] = {}
    data, at = stream.encode("utf-8", "replace"), 0
    while row := _ROW.match(data, at):
        name = row[1].decode()
        if row[2]:
            at = min(row.end() + int(row[2], 16), len(data))  # of many digits, no position takes it
            rows[name] = data[row.end() : at].decode("utf-8", "replace")
            continue
        end = data.find(b"\n", row.end())
        end = end if end >= 0 else len(data)
        value = _try(_DECODER.decode, data[row.end() : end].decode("utf-8", "replace"))
        if value is not None:
            rows[name] = value
        at = end + 1

    def row_of(value: object) -> object:
        named = _REFERENCE.match(value) if isinstance(value, str) else None
        return rows.get(named[1]) if named else None

    budget = [_MAX_NODES]  # of all rows: a thousand that each refer to one large row would take minutes
    yield from (_follow(value, row_of, budget) for value in rows.values() if isinstance(value, dict | list))
