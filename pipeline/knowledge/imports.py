"""Taking a watch-list in, some entities at a time."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar

from pipeline.enrich.linking import entity_keys
from pipeline.knowledge.watchlists import Problem, read_watchlist
from pipeline.model.known import Decision, KnownEntity
from pipeline.ports import Added, Knowledge

_Row = TypeVar("_Row")
#: Rows that are written at once. Their keys lie all over the table of keys: the more at once, the less often a page is written.
_PIECE = 20_000
_TOLD = 500  # rows


def import_watchlist(
    lines: Iterable[bytes],
    file: str,
    *,
    knowledge: Knowledge,
    now: datetime,
    on_problem: Callable[[Problem], None],
    on_decision: Callable[[Decision], None] = lambda _: None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Added:
    """Keep the entities that the file lists, under the file's name, and report what was left out; constant in memory.

    An entity that is known already is replaced; of two lines with one id, the first counts. Broken off, it can be repeated.
    """
    new = replaced = 0
    rows = _tell(read_watchlist(lines, file), on_progress)
    while piece := list(islice(rows, _PIECE)):
        entities: dict[str, KnownEntity] = {}
        numbers: dict[str, int] = {}
        for row in piece:
            if isinstance(row, Problem):
                on_problem(row)
                continue
            number, entity = row
            if isinstance(entity, Decision):
                on_decision(entity)
                continue
            if entity.id in entities:
                on_problem(_repeated(number, entity.id))
                continue
            entities[entity.id], numbers[entity.id] = entity, number
        added = knowledge.add_known([(each, entity_keys(each.kind, each.names)) for each in entities.values()], now)
        for entity_id in sorted(added.repeated, key=numbers.__getitem__):
            on_problem(_repeated(numbers[entity_id], entity_id))
        new, replaced = new + added.new, replaced + added.replaced
    return Added(new=new, replaced=replaced)


def _tell(rows: Iterator[_Row], on_progress: Callable[[int], None]) -> Iterator[_Row]:
    """Yield the rows, and tell every so many of them."""
    while some := list(islice(rows, _TOLD)):
        yield from some
        on_progress(len(some))


def _repeated(line: int, entity_id: str) -> Problem:
    return Problem(line=line, detail=f"the id {entity_id!r} stands in an earlier line already")
