"""Watch-lists: entities with their names and ids, from FollowTheMoney JSON lines, plain JSON lines, or CSV.

Read a line at a time, so that a list of any length costs the same memory. A line that cannot be read is reported, and the rest
goes on.
"""

import codecs
import csv
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePath
from typing import Any

from pipeline.model import codec
from pipeline.model.entity import Kind
from pipeline.model.known import Decision, KnownEntity

#: FollowTheMoney's schemata, as far as news names them, and words that lists of one's own have for the same.
_KINDS = {
    "person": Kind.PERSON, "people": Kind.PERSON, "per": Kind.PERSON,
    "organization": Kind.ORGANIZATION, "organisation": Kind.ORGANIZATION, "org": Kind.ORGANIZATION, "company": Kind.ORGANIZATION,
    "publicbody": Kind.ORGANIZATION, "legalentity": Kind.ORGANIZATION,
    "place": Kind.PLACE, "location": Kind.PLACE, "address": Kind.PLACE,
    "other": Kind.OTHER, "vessel": Kind.OTHER, "airplane": Kind.OTHER, "asset": Kind.OTHER,
}  # fmt: skip
_ALIASES = ("alias", "weakAlias", "previousName", "abbreviation")
_COUNTRIES = ("country", "nationality", "citizenship", "jurisdiction")
_IDENTIFIERS = {
    "wikidataId": "wikidata",
    "wikidata": "wikidata",
    "geonames": "geonames",
    "iso": "iso",
    "lei": "lei",
    "leiCode": "lei",
}
#: The columns of a CSV by what its header may call them, in any case: ID, Name, Wikidataid.
_COLUMNS = {
    name.casefold(): name
    for name in (
        *("id", "kind", "schema", "type", "name", "caption", "aliases", "names", "countries"),
        *(*_ALIASES, *_COUNTRIES, *_IDENTIFIERS),
    )
}
_SEPARATORS = ";|"
_MOST_NAME = 500  # characters
_MOST_ID = 200
#: Control characters but white space, and what bytes that are no UTF-8, or halves of a surrogate pair, become.
_GARBLED = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A line that was left out, or something in it, and why."""

    line: int
    detail: str
    #: Whether the rest of the line is read.
    is_partial: bool = False


def read_watchlist(lines: Iterable[bytes], file: str) -> Iterator[tuple[int, KnownEntity | Decision] | Problem]:
    """Yield the number of each line with its entity, or the decision that an export put there, or the problem in its place.

    A file whose name ends in .csv is CSV with a header line, everything else JSON lines.
    """
    source, lines = PurePath(file).name, iter(lines)
    first = next(lines, b"")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield Problem(line=1, detail="the file is UTF-16: nothing of it is read; save it as UTF-8")
        return
    texts = _decode(chain([first] if first else [], lines))
    rows = _read_csv(texts) if source.lower().endswith((".csv", ".tsv")) else _read_json(texts)
    for number, row in rows:
        try:
            if isinstance(row, ValueError):
                raise row
            if "action" in row:
                yield number, _read_decision(row)
                continue
            yield number, _read_row(row, source)
            if unread := [code for code in _country_texts(row) if not _read_country(code)]:
                detail = f"no ISO 3166 alpha-2 code of a country: {', '.join(unread)}; the rest of the line is read"
                yield Problem(line=number, detail=_printable(detail), is_partial=True)
        except ValueError as error:
            yield Problem(line=number, detail=_printable(str(error)))


def _printable(text: str) -> str:
    """Return the text with what is no character, but half of one, or a byte of none, as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def _decode(lines: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines as text; bytes that are no UTF-8 become surrogates, which no entity may have."""
    for number, line in enumerate(lines):
        yield (line if number else line.removeprefix(codecs.BOM_UTF8)).decode("utf-8", "surrogateescape")


def _read_json(lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any] | ValueError]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:  # a decoding error's own words count lines anew in each line
            why = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else error
            yield number, ValueError(f"the line is no JSON: {why}")
            continue
        yield number, row if isinstance(row, dict) else ValueError("the line is no JSON object")


def _read_csv(lines: Iterator[str]) -> Iterator[tuple[int, Mapping[str, Any] | ValueError]]:
    first = next(lines, "")
    separator = max(",;\t", key=first.count)
    header = [
        _COLUMNS.get(name.strip().casefold(), name) for name in next(csv.reader([first], delimiter=separator), [])
    ]
    if not {"name", "caption"} & set(header):
        yield 1, ValueError("the header names no column name")
        return
    doubled = sorted({name for name in header if name in _COLUMNS.values() and header.count(name) > 1})
    if doubled:
        yield 1, ValueError(f"the header names a column twice: {', '.join(doubled)}; nothing of the file is read")
        return
    for number, cells in _read_cells(_Lines(lines), separator):
        if isinstance(cells, ValueError):
            yield number, cells
        elif len(cells) > len(header):
            yield number, ValueError(f"the line has {len(cells)} cells, the header {len(header)}")
        elif any(cells):
            yield number, dict(zip(header, cells, strict=False))


class _Lines:
    """Lines that can be read again, as far as they were taken since the last row."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again = deque[str]()
        self.taken = list[str]()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def end_row(self, count: int) -> int:
        """Have all that was taken but so many lines read again; return how many."""
        self._again.extendleft(reversed(self.taken[count:]))
        self.taken.clear()
        return count


def _read_cells(lines: _Lines, separator: str) -> Iterator[tuple[int, list[str] | ValueError]]:
    """Yield the number of the line that each row begins in, and its cells.

    A cell in quotation marks may hold lines. Where its mark is not closed, its first line alone is broken: those after it, a cell
    of 131 072 characters (csv.field_size_limit) at most, are read again as rows of their own.
    """
    reader = csv.reader(lines, delimiter=separator, strict=True)
    number = 2  # the header is read already
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            is_open = lines.taken[0].count('"') % 2
            why = f"a quotation mark that opens here is not closed ({error})" if is_open else f"it is no CSV: {error}"
            yield number, ValueError(f"the line is left out: {why}")
            number += lines.end_row(1)
            continue
        yield number, cells
        number += lines.end_row(len(lines.taken))


def _read_decision(row: Mapping[str, Any]) -> Decision:
    try:
        return codec.decode(json.dumps(row).encode(), Decision)
    except ValueError as error:  # of msgspec, too
        raise ValueError(f"the line is no decision: {error}") from error


def _read_row(row: Mapping[str, Any], source: str) -> KnownEntity:
    """Return the entity of a row. Raises ValueError where something that must be there is not."""
    facts = _facts(row)
    kind = _read_kind(facts)
    names = _texts(facts, ("caption", "name", *_ALIASES, "aliases", "names"))
    if not names:
        raise ValueError("no name")
    identifiers = tuple(
        dict.fromkeys(
            f"{prefix}:{value}"
            for key, prefix in _IDENTIFIERS.items()
            if key in facts
            for value in _texts(facts, (key,))
        )
    )
    own = facts.get("id")
    key = str(own).strip() if isinstance(own, str | int) and not isinstance(own, bool) else ""
    key = key or next(iter(identifiers), "").removeprefix("wikidata:")
    if not key:
        raise ValueError("no id, nor a Wikidata id")
    if any(character.isspace() for character in key):
        raise ValueError(f"the id {key!r} has a blank in it")
    if len(key) > _MOST_ID:
        raise ValueError(f"the id is {len(key)} characters long; it may have {_MOST_ID}")
    for text in (key, *names):
        if _GARBLED.search(text):
            raise ValueError(f"{text!r} has bytes that are no UTF-8, or control characters")
    countries = tuple(dict.fromkeys(filter(None, map(_read_country, _country_texts(row)))))
    return KnownEntity(
        id=key,
        kind=kind,
        name=names[0],
        aliases=tuple(names[1:]),
        countries=countries,
        identifiers=identifiers,
        source=source,
    )


def _facts(row: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = row.get("properties")
    return {**row, **properties} if isinstance(properties, dict) else row


def _country_texts(row: Mapping[str, Any]) -> list[str]:
    return _texts(_facts(row), (*_COUNTRIES, "countries"))


def _read_country(text: str) -> str | None:
    """Return the code that the text is, or begins with: gb-sct is GB."""
    code = text.partition("-")[0].upper()
    return code if re.fullmatch("[A-Z]{2}", code) else None


def _read_kind(facts: Mapping[str, Any]) -> Kind:
    written = facts.get("schema") or facts.get("kind") or facts.get("type") or "person"
    kind = _KINDS.get(str(written).strip().lower())
    if kind is None:
        known = ", ".join(sorted({str(kind) for kind in Kind}))
        raise ValueError(f"the kind is {written!r}; it may be {known}, or a FollowTheMoney schema of one of these")
    return kind


def _texts(facts: Mapping[str, Any], keys: Iterable[str]) -> list[str]:
    """Return what stands under these keys, a text or several, each once and in order; a CSV's cell parts them by ; or |.

    Raises ValueError for what is neither a text, a number, nor a list of these.
    """
    found: dict[str, None] = {}
    for key in keys:
        value = facts.get(key)
        if value is None:
            continue
        values = value if isinstance(value, list) else [value]
        for each in values:
            if isinstance(each, str):
                parts = [each] if key in {"name", "caption", "id"} else _split(each)
                found.update(dict.fromkeys(text for part in parts if (text := " ".join(part.split())[:_MOST_NAME])))
            elif isinstance(each, int) and not isinstance(each, bool):
                found[str(each)] = None
            elif each is not None:
                raise ValueError(
                    f'"{key}" is {json.dumps(value, ensure_ascii=False)}; it may be a text or a list of texts'
                )
    return list(found)


def _split(text: str) -> list[str]:
    for separator in _SEPARATORS:
        text = text.replace(separator, "\n")
    return text.split("\n")
