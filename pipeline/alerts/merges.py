"""What saved searches ask after merges: a story or an entity that was merged into another is that one from then on.

They are kept as they were saved, and followed wherever they are asked: a merge of entities can be taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.model.alert import SavedSearch
from pipeline.model.query import Query
from pipeline.ports import Ledger
from pipeline.search.merges import follow_entities


def follow_merges(searches: Sequence[SavedSearch], ledger: Ledger) -> list[SavedSearch]:
    """Return the searches with the ids of today: what was merged is looked up once for all of them."""
    queries = follow_entities([search.query for search in searches], ledger.knowledge)
    story_ids = {query.story for query in queries if query.story}
    stories = ledger.follow_stories(story_ids) if story_ids else {}
    return [replace(search, query=_follow(query, stories)) for search, query in zip(searches, queries, strict=True)]


def asks_the_same(one: SavedSearch, other: SavedSearch, ledger: Ledger) -> bool:
    """Tell whether two searches find the same, whichever of several merged ids each names."""
    one, other = follow_merges([one, other], ledger)
    return one.query == other.query


def _follow(query: Query, stories: Mapping[str, str]) -> Query:
    return replace(query, story=stories.get(query.story, query.story)) if query.story else query
