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
from pipeline.enrich.spelling import fold_name
from pipeline.model.entity import Annotation, Entity, Kind
from pipeline.model.known import Action, Decision, KnownEntity
from pipeline.ports import Knowledge

#: Known entities that a name is compared with; what more than so many share tells nobody apart.
MOST_CANDIDATES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who an entity of a text turned out to be."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people decided, ready to be applied."""

    merges: Mapping[str, Decision] = field(default_factory=dict)
    splits: Mapping[tuple[str, str], Decision] = field(default_factory=dict)

    @classmethod
    def of(cls, decisions: Iterable[Decision]) -> "Decisions":
        """Take them apart."""
        found = tuple(decisions)
        return cls(
            {each.subject: each for each in found if each.action is Action.MERGE},
            {(each.subject, each.spelling): each for each in found if each.action is Action.SPLIT},
        )

    def apply(self, identity: Identity, spellings: Iterable[str]) -> Identity:
        """Return who it is by these decisions: a split spelling first, then merges, one after another."""
        found = tuple(spellings)
        # A surname alone is many people's: it counts only where there is no more of the name.
        folded = [fold_name(spelling) for spelling in [each for each in found if " " in each] or found]
        seen = {identity.id}
        while True:
            split = next(
                (self.splits[identity.id, word] for word in folded if (identity.id, word) in self.splits), None
            )
            decision = split or self.merges.get(identity.id)
            if decision is None or decision.target in seen:
                return identity
            seen.add(decision.target)
            identity = Identity(id=decision.target, name=decision.name or identity.name)


def link_annotations(annotations: Sequence[Annotation], knowledge: Knowledge) -> tuple[Annotation, ...]:
    """Return the annotations with the ids and names of what is known, in order."""
    decisions = Decisions.of(knowledge.decisions())
    known = _find_known(annotations, knowledge)
    return tuple(
        relink(each, partial(_identify, annotation=each, known=known, decisions=decisions)) for each in annotations
    )


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


def entity_keys(kind: Kind, names: Iterable[str]) -> frozenset[int]:
    """Return the keys that an entity of these names is found by: numbers of 32 bits, with a sign.

    Two of ten million keys may be one number, which costs a comparison and changes no answer.
    """
    if kind is Kind.PERSON:
        keys = {f"{kind} {key}" for name in names for key in block_keys(name)}
    else:
        keys = {f"{kind} {name_key(kind, name)}" for name in names}
    return frozenset(
        int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=4).digest(), "big", signed=True)
        for key in keys
    )


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
    annotations: Sequence[Annotation], knowledge: Knowledge
) -> Mapping[tuple[Kind, str], tuple[KnownEntity, ...]]:
    """Return who may be meant by each name."""
    named = list(dict.fromkeys((each.kind, each.name) for annotation in annotations for each in annotation.entities))
    found = knowledge.candidates([entity_keys(kind, [name]) for kind, name in named], limit=MOST_CANDIDATES)
    return dict(zip(named, found, strict=True))


def _identify(
    entity: Entity,
    annotation: Annotation,
    known: Mapping[tuple[Kind, str], tuple[KnownEntity, ...]],
    decisions: Decisions,
) -> Identity:
    countries = {other.place.country for other in annotation.entities if other.place and other.place.country}
    match = choose_known(entity.kind, entity.name, known[entity.kind, entity.name], countries)
    identity = Identity(id=match.id, name=match.name) if match else Identity(id=entity.id, name=entity.name)
    return decisions.apply(identity, (entity.name, *entity.aliases))


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
