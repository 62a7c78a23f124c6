"""newswire annotate: whom one text names and quotes, without any store."""

import codecs
import re
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import console
from pipeline.cli.rows import JsonObject, read_bytes, write_rows
from pipeline.enrich.annotate import Source
from pipeline.errors import Reject, UsageError
from pipeline.model.entity import Annotation, Entity
from pipeline.settings import read_settings
from pipeline.wiring import Wiring


def annotate(
    file: Annotated[Path | None, typer.Argument(help="A text file; - or nothing: standard input.")] = None,
    language: Annotated[str | None, typer.Option(help="ISO 639-1, where it is known.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help='Read lines {"id","language"?,"title"?,"text"}.')] = False,
    as_json: console.Json = False,
) -> None:
    """Print whom and what a text names, and who is quoted."""
    language = _check_language(language)
    reader = Wiring(read_settings()).page_reader

    def annotate_row(row: JsonObject) -> JsonObject:
        text, title, tongue = row.get("text"), row.get("title"), row.get("language")
        if not isinstance(text, str):
            raise UsageError('"text" is missing or no string')
        for name, value in (("title", title), ("language", tongue)):
            if not isinstance(value, str | None):
                raise UsageError(f'"{name}" is no string')
        source = Source(text=text, title=title, declared_language=_check_language(tongue))
        [found] = reader.annotate_texts([source])
        if isinstance(found, Reject):
            raise found
        return {"id": row.get("id")} | _annotation_json(found)

    if jsonl:
        write_rows(file, annotate_row)
        return
    text = _as_text(read_bytes(file))
    [found] = reader.annotate_texts([Source(text=text, declared_language=language)])
    if isinstance(found, Reject):
        raise found
    if as_json:
        console.print_json(_annotation_json(found))
        return
    console.say(f"language: {found.language}, annotation: {found.method}")
    rows = [(e.kind, e.name, e.count, " · ".join(e.aliases), _where(e)) for e in found.entities]
    console.show(console.make_table("", ("kind", "name", "mentions#", "spellings", "where"), rows))
    names = {entity.id: entity.name for entity in found.entities}
    for quote in found.quotes:
        console.say(f"“{quote.text}” — {names.get(quote.speaker or '', 'unattributed')}")


def _check_language(language: str | None) -> str | None:
    if language is not None and not re.fullmatch("[a-z]{2}", language, re.IGNORECASE | re.ASCII):
        raise UsageError(f"the language is {language!r}; it must be an ISO 639-1 code of two letters, such as en")
    return language.lower() if language else None


def _annotation_json(found: Annotation) -> JsonObject:
    return {
        "language": found.language,
        "annotation": found.method,
        "mentions": [
            {"start": m.start, "end": m.end, "text": m.text, "kind": m.kind, "entity": m.entity} for m in found.mentions
        ],
        "entities": [_entity_json(entity) for entity in found.entities],
        "quotes": [
            {
                "start": quote.start,
                "end": quote.end,
                "text": quote.text,
                "speaker": quote.speaker,
                "cue": quote.cue,
                "venue": quote.venue,
                "partial": quote.is_partial,
            }
            for quote in found.quotes
        ],
    }


def _entity_json(entity: Entity) -> JsonObject:
    row: JsonObject = {
        "id": entity.id,
        "kind": entity.kind,
        "name": entity.name,
        "aliases": list(entity.aliases),
        "count": entity.count,
        "salience": entity.salience,
    }
    if entity.via:
        row["via"] = [{"start": one.start, "end": one.end, "text": one.text} for one in entity.via]
    if entity.country:
        row["country"] = entity.country
    if entity.place:
        place = entity.place
        row |= {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "geonames": place.geonames,
            "country": place.country,
        }
    return row


def _where(entity: Entity) -> str:
    place = entity.place
    return f"{place.latitude:.2f}, {place.longitude:.2f} {place.country or ''}" if place else ""


def _as_text(content: bytes) -> str:
    """Return a text file's text: in UTF-16 where its mark says so, else in UTF-8. The mark is no part of it."""
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf_16 else "utf-8-sig", "replace")
