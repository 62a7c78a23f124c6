"""A saved search tried out on what is indexed already: what it finds, and how its conditions stand. Nothing is noted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.alerts.conditions import day_edges, judge_volume, silent_at, span_in_words
from pipeline.alerts.evaluation import look_up, shown_by
from pipeline.alerts.evidence import Reading, sought_of
from pipeline.alerts.merges import asks_the_same, follow_merges
from pipeline.errors import UsageError
from pipeline.model.alert import Condition, ConditionKind, SavedSearch, Shown
from pipeline.model.query import Query, Sort
from pipeline.ports import Asked, Clock, Ledger, SearchStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How many documents are found, the newest with their sentences, and a line about each condition."""

    total: int
    shown: tuple[Shown, ...]
    conditions: tuple[tuple[Condition, str], ...]


def prepare_search(
    search: SavedSearch, *, ledger: Ledger, store: SearchStore, clock: Clock, there: SavedSearch | None = None
) -> tuple[SavedSearch, Trial]:
    """Return the search as it is kept, its names looked up, and what it finds already. Raises UsageError as ``try_search`` does.

    ``there`` is the one of that name: where it waited for the same first document, what it found meanwhile came after it.
    """
    search = look_up(search, store=store, now=clock.now())
    [asked] = follow_merges([search], ledger)
    trial = _try(asked, store, clock.now(), limit=0)
    waits = there and asks_the_same(search, there, ledger) and Condition(kind=ConditionKind.FIRST) in there.conditions
    found_before = there.found_before if there and waits else trial.total > 0
    return replace(search, found_before=found_before), trial


def try_search(search: SavedSearch, *, ledger: Ledger, store: SearchStore, clock: Clock, limit: int = 5) -> Trial:
    """Ask the store, up to ``limit`` documents. Raises UsageError where it cannot serve the query."""
    now = clock.now()
    [asked] = follow_merges([search], ledger)
    return _try(look_up(asked, store=store, now=now), store, now, limit=limit)


def _try(search: SavedSearch, store: SearchStore, now: datetime, *, limit: int) -> Trial:
    page = store.search(replace(search.query, sort=Sort.NEWEST, limit=max(limit, 1), with_facets=False))
    asked = Asked(query=search.query, entities=search.entities)
    sought = sought_of(asked.query, asked.entities)
    forms = [store.document(hit.id) for hit in page.hits]
    shown = tuple(shown_by(Reading(form), sought) for form in forms if form)
    days = list(_counted(store.count([(asked, day_edges(now)), (Asked(query=Query()), day_edges(now))])))
    last_at = shown[0].date if shown else None
    lines = (_line(each, search, page.total, last_at, days, now) for each in search.conditions)
    return Trial(total=page.total, shown=shown[:limit], conditions=tuple(zip(search.conditions, lines, strict=True)))


def _counted(answers: Sequence[tuple[int, ...] | UsageError]) -> Iterator[tuple[int, ...]]:
    for answer in answers:
        if isinstance(answer, UsageError):
            raise answer
        yield answer


def _line(
    condition: Condition,
    search: SavedSearch,
    total: int,
    last_at: datetime | None,
    days: Sequence[Sequence[int]],
    now: datetime,
) -> str:
    last = f"the last document is of {last_at:%Y-%m-%d %H:%M}" if last_at else "no document yet"
    match condition.kind:
        case ConditionKind.FIRST:
            return f"can never come true: {total} are there already" if total else "waits for the first document"
        case ConditionKind.TOGETHER:
            return f"{last}; alerts for one that comes {span_in_words(condition.span or timedelta(0))} later or more"
        case ConditionKind.VOLUME:
            return str(judge_volume(*days) or f"{days[0][-1]} in 24 hours: not unusual")
        case ConditionKind.SILENCE:
            due = silent_at(last_at, search.begun_at(condition), condition.span or timedelta(0))
            return f"{last}: " + ("silent" if now >= due else f"alerts if none comes until {due:%Y-%m-%d %H:%M}")
    return "alerts for each document to come"
