"""What queries ask after merges of entities: an entity that was merged into another is that one from then on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.enrich.linking import Decisions, Identity
from pipeline.model.query import Query
from pipeline.ports import KnownNames
from pipeline.search.expression import Field
from pipeline.search.grammar import rename_ids


def names_ids(query: Query) -> bool:
    """Tell whether the query may name an entity by its id: all others are the same after any merge."""
    return bool(query.entities) or f"{Field.ENTITY}:" in query.text.lower()


def follow_entities(queries: Sequence[Query], knowledge: KnownNames) -> list[Query]:
    """Return the queries with the ids of today: what was merged is looked up once for all of them."""
    merged = _merged(knowledge) if any(map(names_ids, queries)) else {}
    return [_follow(each, merged) if merged and names_ids(each) else each for each in queries]


def _merged(knowledge: KnownNames) -> dict[str, str]:
    decisions = Decisions.of(knowledge.decisions())
    targets = {subject: decisions.merge(Identity(id=subject, name="")).id for subject in decisions.merges}
    # Merges in a circle, which only imports can make, end nowhere: followed, two pages would lead to each other for ever.
    return {subject: target for subject, target in targets.items() if target not in decisions.merges}


def _follow(query: Query, merged: Mapping[str, str]) -> Query:
    entities = tuple(dict.fromkeys(merged.get(each, each) for each in query.entities))
    return replace(query, entities=entities, text=rename_ids(query.text, merged))
