"""What a text is about: its entities by how prominent they are."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from pipeline.model.entity import Entity, Mention

#: What each sign of prominence weighs; they add up to 1. News says what it is about in headline and first paragraph.
_HEADLINE, _LEDE, _COUNT, _SPREAD = 0.3, 0.2, 0.3, 0.2
_PARTS = 10  # of the text, in which an entity can be named
_ADJECTIVE = 0.3  # "Belarusian" names Belarus less than Belarus does
_LEDE_LENGTH = 400  # characters, where the first paragraph is longer


def rank_entities(
    entities: Iterable[Entity], mentions: Iterable[Mention], text: str, in_headline: Collection[str] | None
) -> tuple[Entity, ...]:
    """Return the entities with their salience from 0 to 1, the most prominent first.

    ``in_headline`` are the ids that the headline names; None where there is no headline, whose weight the others share.
    """
    entities = list(entities)
    places: dict[str, list[int]] = {entity.id: [demonym.start for demonym in entity.via] for entity in entities}
    for mention in mentions:
        places[mention.entity].append(mention.start)
    named = {entity.id: entity.count + _ADJECTIVE * len(entity.via) for entity in entities}
    most = max(named.values(), default=0.0)
    lede = min(_end_of_lede(text), _LEDE_LENGTH)
    whole = 1.0 if in_headline is not None else 1.0 - _HEADLINE
    ranked = []
    for entity in entities:
        share = (entity.count and 1.0) or _ADJECTIVE
        score = _COUNT * math.sqrt(named[entity.id] / most) if most else 0.0
        score += _SPREAD * share * _spread(places[entity.id], len(text))
        score += _LEDE * share * any(start < lede for start in places[entity.id])
        score += _HEADLINE * (in_headline is not None and entity.id in in_headline)
        ranked.append(replace(entity, salience=round(score / whole, 3)))
    return tuple(sorted(ranked, key=lambda entity: -entity.salience))


def _spread(starts: Sequence[int], length: int) -> float:
    """Return the share of the text's parts that name it, as many parts as a text so long can have."""
    parts = {start * _PARTS // max(length, 1) for start in starts}
    return len(parts) / _PARTS


def _end_of_lede(text: str) -> int:
    begin = len(text) - len(text.lstrip())
    end = text.find("\n", begin)
    return end if end >= 0 else len(text)
