"""Entities: what the groups of mentions name, with ids that stay the same across documents."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.enrich.aliases import Group
from pipeline.enrich.demonyms import find_demonyms
from pipeline.enrich.locations import NamedPlace, locate_places, weigh_neighbours
from pipeline.enrich.names.keys import name_key
from pipeline.enrich.places import Gazetteer, Location
from pipeline.enrich.spelling import slug_of
from pipeline.enrich.words import Words, load_known_names
from pipeline.model.entity import Demonym, Entity, Kind, Mention

_COMMA = 3  # characters between "Paris" and "Texas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The mentions of a text with the ids of what they name, and the entities in order of their first mention."""

    mentions: tuple[Mention, ...]
    entities: tuple[Entity, ...]


def link_groups(
    text: str, groups: Iterable[Group], words: Words, gazetteer: Gazetteer, home: str | None = None
) -> Linked:
    """Return the groups' mentions and entities; groups that turn out to be one place are one entity.

    ``home`` is the code of the country that the text comes from.
    """
    groups = list(groups)
    located = _locate(text, groups, words, gazetteer, home)
    entities: dict[str, Entity] = {}
    mentions: list[Mention] = []
    for group in groups:
        entity = _make_entity(group, located.get(group.name) if group.kind is Kind.PLACE else None)
        if group.kind is Kind.PERSON and _are_told_apart(entity, entities.get(entity.id)):
            entity = replace(entity, id=f"{group.kind}:{slug_of(group.name)}")
        mentions.extend(replace(mention, kind=group.kind, entity=entity.id) for mention in group.mentions)
        known = entities.get(entity.id)
        entities[entity.id] = _merge(known, entity) if known else entity
    mentions.sort(key=lambda mention: mention.start)
    return Linked(mentions=tuple(mentions), entities=tuple(entities.values()))


def attach_demonyms(
    entities: Iterable[Entity], demonyms: Iterable[tuple[str, Demonym]], gazetteer: Gazetteer
) -> tuple[Entity, ...]:
    """Return the entities with what counts toward each country; a country that only its people name is one more."""
    by_country: dict[str, list[Demonym]] = {}
    for code, demonym in demonyms:
        by_country.setdefault(code, []).append(demonym)
    attached = list[Entity]()
    for entity in entities:
        country = gazetteer.country(entity.place.country) if entity.place and entity.place.country else None
        is_country = (
            country is not None and entity.place is not None and country.place.geonames == entity.place.geonames
        )
        via = by_country.pop(entity.place.country or "", []) if entity.place and is_country else []
        attached.append(replace(entity, via=(*entity.via, *via)) if via else entity)
    for code, via in by_country.items():
        country = gazetteer.country(code)
        if country:
            name, key = country.name, entity_id(Kind.PLACE, country.name, country)
            attached.append(
                Entity(id=key, kind=Kind.PLACE, name=name, aliases=(name,), place=country.place, via=tuple(via))
            )
    return tuple(attached)


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
        country=load_known_names().bodies.get(group.name) if group.kind is Kind.ORGANIZATION else None,
    )


def _are_told_apart(one: Entity, other: Entity | None) -> bool:
    """Tell whether initials part two people of one text whose names are read as one: George H. and George W. Marlow."""
    return other is not None and bool(
        _initials(one.name) and _initials(other.name) and _initials(one.name) != _initials(other.name)
    )


def _initials(name: str) -> list[str]:
    return [part[0] for part in name.split() if len(part.rstrip(".")) == 1]


def _merge(one: Entity, other: Entity) -> Entity:
    aliases = tuple(dict.fromkeys((*one.aliases, *other.aliases)))
    return replace(one, aliases=aliases, count=one.count + other.count)


def _locate(
    text: str, groups: Sequence[Group], words: Words, gazetteer: Gazetteer, home: str | None
) -> dict[str, Location]:
    """Return where the places are, by name."""
    places = [group for group in groups if group.kind is Kind.PLACE]
    neighbours = weigh_neighbours(_neighbours(text, places))
    named = [NamedPlace(name=group.name, neighbours=neighbours.get(group.name, ())) for group in places]
    return locate_places(named, _countries(text, groups, words, gazetteer), home, gazetteer)


def _countries(text: str, groups: Iterable[Group], words: Words, gazetteer: Gazetteer) -> set[str]:
    """Return the countries that the text names, by themselves, by their people or by one of their bodies."""
    groups = list(groups)
    named = gazetteer.countries(group.name for group in groups if group.kind is Kind.PLACE)
    bodies = {load_known_names().bodies.get(group.name, "") for group in groups if group.kind is Kind.ORGANIZATION}
    peoples = {code for code, _ in find_demonyms(text, (), words.demonyms)}
    return (named | bodies | peoples) - {""}


def _neighbours(text: str, places: Iterable[Group]) -> Iterator[tuple[str, str]]:
    """Yield each place with the one that follows it after a comma, as in "Paris, Texas"."""
    ordered = sorted(
        ((mention, group.name) for group in places for mention in group.mentions), key=lambda pair: pair[0].start
    )
    for (first, name), (second, other) in pairwise(ordered):
        if second.start - first.end <= _COMMA and text[first.end : second.start].strip(" ") == ",":
            yield name, other
