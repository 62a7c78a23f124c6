"""Who is known: entities of texts linked to those of watch-lists, and what people decided applied. A batch of texts at a time.

The answer depends on the text and on what is known, never on which text came first. Where a name may be two known people, and
nothing in the text tells which, it is linked to neither and keeps the id of its name.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b

from pipeline.enrich.names.comparison import compare_names
from pipeline.enrich.names.keys import block_keys, name_key
from pipeline.enrich.parting import Span, nearest, part_names, rename
from pipeline.enrich.spelling import fold_name
from pipeline.model.entity import Annotation, Entity, Kind, Mention
from pipeline.model.known import Action, Decision, KnownEntity
from pipeline.ports import KnownNames

#: Known entities that a name is compared with; what more than so many share tells nobody apart.
MOST_CANDIDATES = 16
_MOST_DECISIONS = 4  # a split on a merge on a split; more is a circle


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who an entity of a text turned out to be."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people decided, ready to be applied."""

    merges: Mapping[str, Decision] = field(default_factory=dict)
    #: By subject, in order of spelling.
    splits: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    targets: frozenset[str] = frozenset()

    @classmethod
    def of(cls, decisions: Iterable[Decision]) -> "Decisions":
        """Take them apart."""
        found = tuple(decisions)
        splits: dict[str, tuple[Decision, ...]] = {}
        for each in sorted(found, key=lambda each: each.spelling):
            if each.action is Action.SPLIT:
                splits[each.subject] = (*splits.get(each.subject, ()), each)
        merges = {each.subject: each for each in found if each.action is Action.MERGE}
        return cls(merges, splits, frozenset(each.target for each in found))

    def merge(self, identity: Identity) -> Identity:
        """Return who it is after all merges, one after another."""
        seen = {identity.id}
        while (decision := self.merges.get(identity.id)) and decision.target not in seen:
            seen.add(decision.target)
            identity = Identity(id=decision.target, name=decision.name or identity.name)
        return identity


def link_annotations(annotations: Sequence[Annotation], knowledge: KnownNames) -> tuple[Annotation, ...]:
    """Return the annotations with the ids and names of what is known, in order."""
    decisions = Decisions.of(knowledge.decisions())
    known = _find_known(annotations, knowledge)
    return tuple(
        _decide(relink(each, partial(_identify, annotation=each, known=known)), decisions) for each in annotations
    )


def _decide(annotation: Annotation, decisions: Decisions) -> Annotation:
    """Return the annotation as people decided: what is merged may be split, and what is split merged."""
    for _ in range(_MOST_DECISIONS):
        parted = _part_entities(annotation, decisions.splits)
        decided = relink(parted, lambda entity: decisions.merge(Identity(id=entity.id, name=entity.name)))
        if decided is annotation:
            break
        annotation = decided
    return annotation


def _part_entities(annotation: Annotation, splits: Mapping[str, tuple[Decision, ...]]) -> Annotation:
    """Return the annotation with each spelling that was split off an entity another one's, as documents in the index have it.

    Of a quote, who is named nearest to it is the speaker, where the speaker was parted.
    """
    if not any(entity.id in splits for entity in annotation.entities):
        return annotation
    mentions, quotes = list(annotation.mentions), list(annotation.quotes)
    entities: dict[str, Entity] = {}
    for entity in annotation.entities:
        parts = _part_entity(entity, [each for each in mentions if each.entity == entity.id], splits.get(entity.id, ()))
        owners = {alias: part.id for part in parts for alias in part.aliases}
        first = parts[0].id
        spans = list[Span]()
        for place, mention in enumerate(mentions):
            if mention.entity == entity.id:
                mentions[place] = replace(mention, entity=owners.get(mention.text, first))
                spans.append((mention.start, mention.end, mentions[place].entity))
        quotes = [
            replace(quote, speaker=nearest(spans, quote.start, quote.end) or first)
            if quote.speaker == entity.id
            else quote
            for quote in quotes
        ]
        for part in parts:
            entities[part.id] = _join(entities[part.id], part) if part.id in entities else part
    return replace(annotation, mentions=tuple(mentions), entities=tuple(entities.values()), quotes=tuple(quotes))


def _part_entity(entity: Entity, mentions: Sequence[Mention], splits: Sequence[Decision]) -> list[Entity]:
    """Return what is left of the entity, if anything is, and whose each spelling is that was split off."""
    own, parts = entity, list[Entity]()
    named = {mention.text for mention in mentions} or set(entity.aliases)
    for decision in splits:
        left, others = part_names(own.aliases, partial(_is_folded, spelling=decision.spelling), named)
        if not others:
            continue
        called = decision.name or own.name
        if not left:
            return [*parts, replace(own, id=decision.target, name=called)]
        count = min(max(sum(each.text in others for each in mentions), 1), max(own.count - 1, 1))
        parts.append(replace(own, id=decision.target, name=called, aliases=others, count=count, via=()))
        own = replace(own, name=rename(own.name, left, others), aliases=left, count=max(own.count - count, 1))
    return [own, *parts]


def _is_folded(alias: str, spelling: str) -> bool:
    return fold_name(alias) == spelling


def relink(annotation: Annotation, identify: Callable[[Entity], Identity]) -> Annotation:
    """Return the annotation with each entity as it is identified; those that turn out to be one become one."""
    identities = {entity.id: identify(entity) for entity in annotation.entities}
    if all(key == identity.id for key, identity in identities.items()):
        return annotation
    entities: dict[str, Entity] = {}
    for entity in annotation.entities:
        identity = identities[entity.id]
        renamed = replace(entity, id=identity.id, name=identity.name)
        first = entities.get(identity.id)
        entities[identity.id] = _join(first, renamed) if first else renamed

    def new_id(old: str) -> str:
        return identities[old].id if old in identities else old

    return replace(
        annotation,
        mentions=tuple(replace(mention, entity=new_id(mention.entity)) for mention in annotation.mentions),
        entities=tuple(entities.values()),
        quotes=tuple(replace(quote, speaker=quote.speaker and new_id(quote.speaker)) for quote in annotation.quotes),
    )


def entity_keys(kind: Kind, names: Collection[str]) -> frozenset[int]:
    """Return the keys that an entity of these names is found by: numbers of 32 bits, with a sign.

    Each spelling has one of its own. Two of ten million keys may be one number, which costs a comparison and changes no answer.
    """
    if kind is Kind.PERSON:
        keys = {f"{kind} {key}" for name in names for key in block_keys(name)}
    else:
        keys = {f"{kind} {name_key(kind, name)}" for name in names}
    return frozenset({*map(_number, keys), *(spelling_number(fold_name(name)) for name in names)})


def spelling_number(folded: str) -> int:
    """Return the key of a folded spelling, whatever kind of entity it names."""
    return _number(f"= {folded}")


def _number(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=4).digest(), "big", signed=True)


def _join(one: Entity, other: Entity) -> Entity:
    aliases = tuple(dict.fromkeys((*one.aliases, *other.aliases)))
    return replace(
        one,
        aliases=aliases,
        count=one.count + other.count,
        via=(*one.via, *other.via),
        salience=max(one.salience, other.salience),
    )


def _find_known(
    annotations: Sequence[Annotation], knowledge: KnownNames
) -> Mapping[tuple[Kind, str], tuple[KnownEntity, ...]]:
    """Return who may be meant by each name."""
    named = list(dict.fromkeys((each.kind, each.name) for annotation in annotations for each in annotation.entities))
    found = knowledge.candidates([entity_keys(kind, [name]) for kind, name in named], limit=MOST_CANDIDATES)
    return dict(zip(named, found, strict=True))


def _identify(
    entity: Entity, annotation: Annotation, known: Mapping[tuple[Kind, str], tuple[KnownEntity, ...]]
) -> Identity:
    countries = {other.place.country for other in annotation.entities if other.place and other.place.country}
    match = choose_known(entity.kind, entity.name, known[entity.kind, entity.name], countries)
    return Identity(id=match.id, name=match.name) if match else Identity(id=entity.id, name=entity.name)


def choose_known(
    kind: Kind, name: str, candidates: Iterable[KnownEntity], countries: Collection[str]
) -> KnownEntity | None:
    """Return the one known entity that the name means, or None where none does, or more than one.

    Who is spelled just so comes before who is spelled otherwise; of several, the only one of a country that the text names.
    """
    alike = [found for found in candidates if found.kind is kind]
    for is_meant in (_is_spelled_so, _is_similar):
        matches = [found for found in alike if is_meant(kind, name, found)]
        if len(matches) > 1:
            matches = [found for found in matches if set(found.countries) & set(countries)]
            return matches[0] if len(matches) == 1 else None
        if matches:
            return matches[0]
    return None


def _is_spelled_so(_: Kind, name: str, known: KnownEntity) -> bool:
    folded = fold_name(name)
    return any(folded == fold_name(other) for other in known.names)


def _is_similar(kind: Kind, name: str, known: KnownEntity) -> bool:
    if kind is Kind.PERSON:
        return any(compare_names(name, other).is_same for other in known.names)
    key = name_key(kind, name)
    return any(key == name_key(kind, other) for other in known.names)
