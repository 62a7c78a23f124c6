"""What a Summary counts and how finely, in both stores."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice

from pipeline.index.document import NAME_LISTS
from pipeline.model.entity import Kind
from pipeline.model.query import Facet, Named, Query
from pipeline.search.expression import Every, Expression, Field, Known, Some, Term

FACET_SIZE = 10
NAMED_SIZE = 20
CELLS = 500
#: A name of one or two documents alone tells nothing about the others.
LEAST_TELLING = 3
#: How many of the most frequent values are compared with their frequency elsewhere.
COMPARED = 40
_BY_HOURS = timedelta(days=3)


def entity_facets(entities: Sequence[Named]) -> dict[str, tuple[Facet, ...]]:
    """Return the facets of entities, given in the order of their counts: each by its name."""

    def count(kind: Kind) -> Iterator[Facet]:
        return (Facet(value=each.name, count=each.count) for each in entities if each.kind == kind)

    return {facet: tuple(islice(count(kind), FACET_SIZE)) for facet, kind in NAME_LISTS.items()}


def choose_telling(frequent: Iterable[tuple[str, int, int]], found: int, total: int) -> tuple[Facet, ...]:
    """Return the values that are more frequent in what was found than in all documents, the most telling first.

    ``frequent`` has values, with how many of the ``found`` and of the ``total`` documents have each.
    """
    scores = {value: (telling_score(here / found, there / total), here) for value, here, there in frequent}
    best = sorted((each for each in scores.items() if each[1][0]), key=lambda each: (-each[1][0], each[0]))
    return tuple(Facet(value=value, count=count) for value, (_, count) in best[:FACET_SIZE])


def telling_score(here: float, there: float) -> float:
    """Return how telling a value is of which a share of the documents found and a share of all has: JLH, 0 where it is not.

    The absolute times the relative change, as Elasticsearch's significant_terms has it.
    """
    return (here - there) * here / there if here > there else 0.0


def timeline_step(query: Query) -> timedelta:
    """Return how long each span of the timeline is."""
    is_short = query.since and query.until and query.until - query.since <= _BY_HOURS
    return timedelta(hours=1) if is_short else timedelta(days=1)


def asked_ids(asked: Expression | None) -> set[str]:
    """Return the entities that are asked for, which it would be no news to find named."""
    match asked:
        case Term(text, field=Field.ENTITY):
            return {text}
        case Known(part, ids):
            return {*ids, *asked_ids(part)}
        case Every(parts) | Some(parts):
            return {entity_id for part in parts for entity_id in asked_ids(part)}
    return set()
