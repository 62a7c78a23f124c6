"""Entities: what the groups of mentions name, with ids that stay the same across documents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.enrich.aliases import Group
from pipeline.enrich.mentions import is_demonym
from pipeline.enrich.names.keys import name_key
from pipeline.enrich.places import Gazetteer, Location
from pipeline.enrich.words import Words
from pipeline.model.entity import Entity, Kind, Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The mentions of a text with the ids of what they name, and the entities in order of their first mention."""

    mentions: tuple[Mention, ...]
    entities: tuple[Entity, ...]


def link_groups(text: str, groups: Iterable[Group], words: Words, gazetteer: Gazetteer) -> Linked:
    """Return the groups' mentions and entities; groups that turn out to be one place are one entity."""
    groups = list(groups)
    countries = _countries(text, groups, words, gazetteer)
    followers = _followers(text, groups)
    entities: dict[str, Entity] = {}
    mentions: list[Mention] = []
    for group in groups:
        entity = _make_entity(group, _locate(group, countries, followers, gazetteer))
        mentions.extend(replace(mention, kind=group.kind, entity=entity.id) for mention in group.mentions)
        known = entities.get(entity.id)
        entities[entity.id] = _merge(known, entity) if known else entity
    mentions.sort(key=lambda mention: mention.start)
    return Linked(mentions=tuple(mentions), entities=tuple(entities.values()))


def entity_id(kind: Kind, name: str, location: Location | None = None) -> str:
    """Return ``geonames:<id>`` for a known place, else the kind and the name as every spelling of it is read.

    So ``person:svetlana-tihanovskaia`` stands for Светлана Тихановская and for Sviatlana Tsikhanouskaya.
    """
    if location and location.place.geonames:
        return f"geonames:{location.place.geonames}"
    return f"{kind}:{name_key(kind, name) or 'unnamed'}"


def _make_entity(group: Group, location: Location | None) -> Entity:
    name = location.name if location else group.name
    return Entity(
        id=entity_id(group.kind, group.name, location),
        kind=group.kind,
        name=name,
        aliases=tuple(dict.fromkeys([*(mention.text for mention in group.mentions), name])),
        count=len(group.mentions),
        place=location.place if location else None,
    )


def _merge(one: Entity, other: Entity) -> Entity:
    aliases = tuple(dict.fromkeys((*one.aliases, *other.aliases)))
    return replace(one, aliases=aliases, count=one.count + other.count)


def _locate(group: Group, countries: set[str], followers: Mapping[int, str], gazetteer: Gazetteer) -> Location | None:
    if group.kind is not Kind.PLACE:
        return None
    neighbours = [followers[mention.end] for mention in group.mentions if mention.end in followers]
    return gazetteer.resolve(group.name, countries, neighbours)


def _countries(text: str, groups: Iterable[Group], words: Words, gazetteer: Gazetteer) -> set[str]:
    """Return the countries that the text names, by themselves or by their people."""
    named = gazetteer.countries(group.name for group in groups if group.kind is Kind.PLACE)
    tokens = {token.strip(".,;:!?\"'“”()") for token in text.split()}
    peoples = {word for word in tokens if is_demonym(word, words)}
    return named | {code for word in peoples if (code := words.demonyms.get(word) or words.demonyms.get(word[:-1]))}


def _followers(text: str, groups: Iterable[Group]) -> dict[int, str]:
    """Return the place that follows after a comma, by the end of the place before it: "Paris, Texas"."""
    places = sorted(
        (mention for group in groups if group.kind is Kind.PLACE for mention in group.mentions),
        key=lambda mention: mention.start,
    )
    pairs = pairwise(places)
    return {first.end: second.text for first, second in pairs if text[first.end : second.start].strip(" ") == ","}
