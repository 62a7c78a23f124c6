"""What saved searches ask after merges: a story or an entity that was merged into another is that one from then on.

They are kept as they were saved, and followed wherever they are asked: a merge of entities can be taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.enrich.linking import Decisions, Identity
from pipeline.model.alert import SavedSearch
from pipeline.model.query import Query
from pipeline.ports import KnownNames, Ledger
from pipeline.search.expression import Field
from pipeline.search.grammar import rename_ids


def follow_merges(searches: Sequence[SavedSearch], ledger: Ledger) -> list[SavedSearch]:
    """Return the searches with the ids of today: what was merged is looked up once for all of them."""
    queries = [search.query for search in searches]
    story_ids = {query.story for query in queries if query.story}
    stories = ledger.follow_stories(story_ids) if story_ids else {}
    entities = _merged_entities(ledger.knowledge) if any(map(_names_ids, queries)) else {}
    if not stories and not entities:
        return list(searches)
    return [
        replace(each, query=_follow(each.query, stories, entities))
        if each.query.story or _names_ids(each.query)
        else each
        for each in searches
    ]


def asks_the_same(one: SavedSearch, other: SavedSearch, ledger: Ledger) -> bool:
    """Tell whether two searches find the same, whichever of several merged ids each names."""
    one, other = follow_merges([one, other], ledger)
    return one.query == other.query


def _merged_entities(knowledge: KnownNames) -> dict[str, str]:
    decisions = Decisions.of(knowledge.decisions())
    return {subject: decisions.merge(Identity(id=subject, name="")).id for subject in decisions.merges}


def _names_ids(query: Query) -> bool:
    return bool(query.entities) or f"{Field.ENTITY}:" in query.text.lower()


def _follow(query: Query, stories: Mapping[str, str], entities: Mapping[str, str]) -> Query:
    return replace(
        query,
        story=stories.get(query.story, query.story) if query.story else None,
        entities=tuple(dict.fromkeys(entities.get(each, each) for each in query.entities)),
        text=rename_ids(query.text, entities),
    )
