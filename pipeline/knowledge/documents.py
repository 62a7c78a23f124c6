"""Entities of documents that are indexed already: who they are, said anew."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pipeline.enrich.parting import nearest, part_names, rename
from pipeline.index.document import NAME_LISTS

#: A document's JSON form, and an entity's within it.
Form = Mapping[str, Any]
_Owner = TypeVar("_Owner")


def relink_form(form: Form, identify: Callable[[Form], list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the form with each entity replaced by what ``identify`` returns for it; what becomes one id becomes one entity.

    The lists of names and the speakers of quotes follow; of a speaker that was parted, who is named nearest to the quote.
    """
    entities: dict[str, dict[str, Any]] = {}
    speakers: dict[str, list[dict[str, Any]]] = {}
    for entity in form["entities"]:
        parts = identify(entity)
        speakers[entity["id"]] = parts
        for part in parts:
            known = entities.get(part["id"])
            entities[part["id"]] = _join(known, part) if known else dict(part)
    return {
        **form,
        "entities": list(entities.values()),
        "quotes": _with_speakers(form, speakers, entities),
        **{
            listed: list(dict.fromkeys(entity["name"] for entity in entities.values() if entity["kind"] == str(kind)))
            for listed, kind in NAME_LISTS.items()
        },
    }


def part_spellings(
    entity: Form, text: str, is_other: Callable[[str], bool]
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the entity without the spellings that are another's, and that other with them; None for what is left without any.

    How often each is named is counted in the text.
    """
    aliases = entity["aliases"]
    own, others = part_names(aliases, is_other, {alias for alias in aliases if alias in text})
    if not others:
        return dict(entity), None
    if not own:
        return None, dict(entity)
    count = sum(is_others for _, _, is_others in _find_names(text, {alias: alias in others for alias in aliases}))
    count = min(max(count, 1), max(entity["count"] - 1, 1))
    called = rename(entity["name"], own, others)
    other = {key: value for key, value in entity.items() if key != "via"}
    return (
        {**entity, "name": called, "aliases": list(own), "count": max(entity["count"] - count, 1)},
        {**other, "aliases": list(others), "count": count},
    )


def _find_names(text: str, owners: Mapping[str, _Owner]) -> Iterator[tuple[int, int, _Owner]]:
    """Yield where each name stands in the text, and whose it is; a surname within a full name is none."""
    names = "|".join(re.escape(name) for name in sorted(owners, key=len, reverse=True))
    for found in re.finditer(rf"(?<!\w)(?:{names})(?!\w)", text):
        yield found.start(), found.end(), owners[found[0]]


def _join(one: dict[str, Any], other: Form) -> dict[str, Any]:
    aliases = list(dict.fromkeys((*one["aliases"], *other["aliases"])))
    return {**one, "aliases": aliases, "count": one["count"] + other["count"]}


def _with_speakers(
    form: Form, speakers: Mapping[str, Sequence[Form]], entities: Mapping[str, Form]
) -> list[dict[str, Any]]:
    quotes, text, end = list[dict[str, Any]](), form["text"], 0
    for quote in form["quotes"]:
        start = text.find(quote["text"], end)  # quotes stand in the order of the text
        end = start + len(quote["text"]) if start >= 0 else end
        parts = speakers.get(quote.get("speaker", ""))
        if not parts:
            quotes.append(dict(quote))
            continue
        speaker = parts[0]["id"]
        if len(parts) > 1 and start >= 0:
            owners = {alias: part["id"] for part in parts for alias in part["aliases"]}
            speaker = nearest(_find_names(text, owners), start, end) or speaker
        quotes.append({**quote, "speaker": speaker, "speaker_name": entities[speaker]["name"]})
    return quotes
