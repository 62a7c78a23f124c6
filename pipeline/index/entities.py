"""Entities of documents that are indexed already: who they are, said anew."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pipeline.index.document import NAME_LISTS

#: A document's JSON form, and an entity's within it.
Form = Mapping[str, Any]


def relink_form(form: Form, identify: Callable[[Form], list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the form with each entity replaced by what ``identify`` returns for it; what becomes one id becomes one entity.

    The lists of names and the speakers of quotes follow. A speaker whose entity was parted in two stays with the first.
    """
    entities: dict[str, dict[str, Any]] = {}
    renamed: dict[str, str] = {}
    for entity in form["entities"]:
        parts = identify(entity)
        renamed[entity["id"]] = parts[0]["id"]
        for part in parts:
            known = entities.get(part["id"])
            entities[part["id"]] = _join(known, part) if known else dict(part)
    return {
        **form,
        "entities": list(entities.values()),
        "quotes": [_with_speaker(quote, renamed, entities) for quote in form["quotes"]],
        **{
            listed: list(dict.fromkeys(entity["name"] for entity in entities.values() if entity["kind"] == str(kind)))
            for listed, kind in NAME_LISTS.items()
        },
    }


def part_spellings(
    entity: Form, text: str, is_other: Callable[[str], bool]
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the entity without the spellings that are another's, and that other with them; None for what is left without any.

    A surname alone stays with the first as long as a full name does. How often each is named is counted in the text.
    """
    others = [alias for alias in entity["aliases"] if is_other(alias)]
    if not others:
        return dict(entity), None
    own = [alias for alias in entity["aliases"] if alias not in others]
    if not any(" " in alias for alias in own if alias in text):
        return None, dict(entity)
    counts = {alias: len(re.findall(rf"(?<!\w){re.escape(alias)}(?!\w)", text)) for alias in others}
    count = min(max(sum(counts.values()), 1), max(entity["count"] - 1, 1))
    return (
        {**entity, "aliases": own, "count": max(entity["count"] - count, 1)},
        {**entity, "aliases": others, "count": count},
    )


def _join(one: dict[str, Any], other: Form) -> dict[str, Any]:
    aliases = list(dict.fromkeys((*one["aliases"], *other["aliases"])))
    return {**one, "aliases": aliases, "count": one["count"] + other["count"]}


def _with_speaker(quote: Form, renamed: Mapping[str, str], entities: Mapping[str, Form]) -> dict[str, Any]:
    speaker = renamed.get(quote.get("speaker", ""))
    return {**quote, "speaker": speaker, "speaker_name": entities[speaker]["name"]} if speaker else dict(quote)
