"""Asking the saved searches: about each newly indexed document once, and by the clock about silence.

    watch_documents   unwatched articles ─► which searches find them ─► which conditions came true ─► alerts
    watch_silence     searches that found nothing for so long ─► alerts

The ledger notes alerts, their deliveries and the articles as watched in one transaction: what breaks off before is done again
and notices the same, by the same ids.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

from pipeline.alerts.conditions import day_edges, is_silent, judge_volume, span_in_words
from pipeline.alerts.evidence import Reading, Sought, show_sentence, sought_of
from pipeline.alerts.merges import follow_merges
from pipeline.boundary import boundary
from pipeline.errors import TooSlow, UsageError
from pipeline.model.alert import Alert, Condition, ConditionKind, SavedSearch, Shown
from pipeline.model.fate import Reason
from pipeline.model.query import Query, Sort
from pipeline.ports import Alerts, Asked, Clock, Ledger, SearchStore
from pipeline.search.names import read_expression

#: Documents that the searches are asked about at once.
AT_ONCE = 100
#: What a name may mean changes where the index learns a spelling of an entity that it did not know.
LOOK_UP_EVERY = timedelta(days=1)
LOOKED_UP_AT_ONCE = 20
#: Before any document.
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
#: A page's clock may go ahead of ours.
_AHEAD = timedelta(days=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """How many documents the searches were asked about, the alerts that this gave, and the searches that could not be asked."""

    documents: int = 0
    alerts: tuple[Alert, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Hits:
    """A search, and which of the documents it found, the earliest first."""

    search: SavedSearch
    sought: tuple[Sought, ...]
    readings: tuple[Reading, ...]


def watch_documents(*, ledger: Ledger, store: SearchStore, clock: Clock, limit: int = AT_ONCE) -> Watched:
    """Ask all searches about up to ``limit`` unwatched articles; none there, nothing asked."""
    alerts = ledger.alerts
    unwatched = alerts.unwatched(limit=limit)
    if not unwatched:
        return Watched()
    now = clock.now()  # before the searches are read: what one of them finds that is changed meanwhile is of before
    known, refused = _part_refused(alerts.searches())
    searches = follow_merges(look_up_names(known, alerts=alerts, store=store, now=now), ledger)
    matched = store.match([_asked(search) for search in searches], list(unwatched))
    wanted = {key for found in matched.found if not isinstance(found, UsageError) for key in found}
    readings = {key: Reading(matched.forms[key]) for key in wanted}
    errors = refused | _errors(searches, matched.found)
    hits = [
        _Hits(
            search,
            sought_of(search.query, search.entities),
            tuple(sorted((readings[key] for key in found), key=_moment)),
        )
        for search, found in zip(searches, matched.found, strict=True)
        if not isinstance(found, UsageError) and found
    ]
    noticed, failed = _notice(hits, store, now)
    return Watched(documents=len(unwatched), alerts=alerts.note_alerts(noticed, unwatched), errors=errors | failed)


def look_up(search: SavedSearch, *, store: SearchStore, now: datetime) -> SavedSearch:
    """Return the search with the entities that its names may mean now."""
    return replace(search, entities=store.entities_of(search.query), looked_up_at=now)


def look_up_names(
    searches: Sequence[SavedSearch], *, alerts: Alerts, store: SearchStore, now: datetime
) -> Sequence[SavedSearch]:
    """Return the searches with the entities of their names; some of those that were looked up longest ago, anew."""
    old = sorted(
        (each for each in searches if each.looked_up_at is None or now - each.looked_up_at >= LOOK_UP_EVERY),
        key=lambda each: each.looked_up_at or BEGINNING,
    )
    fresh = {each.name: look_up(each, store=store, now=now) for each in old[:LOOKED_UP_AT_ONCE]}
    if fresh:
        alerts.change_searches([(each, fresh[each.name]) for each in searches if each.name in fresh])
    return [fresh.get(each.name, each) for each in searches]


def watch_silence(*, ledger: Ledger, store: SearchStore, clock: Clock) -> Watched:
    """Ask the searches that wait for silence whether it is there."""
    now, alerts = clock.now(), ledger.alerts
    known, refused = _part_refused(alerts.searches())
    searches = follow_merges(known, ledger)
    listening = [(each, condition) for each in searches for condition in _of_kind(each, ConditionKind.SILENCE)]
    due = [
        (each, condition)
        for each, condition in listening
        if is_silent(None, each.begun_at(condition), _span(condition), now)
    ]
    counts = store.count([(_asked(each), (now - _span(condition), now + _AHEAD)) for each, condition in due])
    silent = [
        pair for pair, count in zip(due, counts, strict=True) if not isinstance(count, UsageError) and not sum(count)
    ]
    answers = [_silence(search, condition, store, now) for search, condition in silent]
    noticed = [each for each in answers if isinstance(each, Alert)]
    fresh = alerts.note_alerts(noticed, {}) if noticed else ()
    errors = _errors([each for each, _ in due], counts) | _errors([each for each, _ in silent], answers)
    return Watched(alerts=fresh, errors=refused | errors)


def shown_by(reading: Reading, sought: Sequence[Sought]) -> Shown:
    """Return the document as what shows an alert."""
    form = reading.form
    return Shown(
        article_id=form["id"],
        url=form["canonical_url"],
        headline=form["headline"],
        publisher=form["publisher"],
        language=form["language"],
        date=_moment(reading),
        sentence=show_sentence(reading, sought),
    )


def _notice(hits: Sequence[_Hits], store: SearchStore, now: datetime) -> tuple[list[Alert], dict[str, str]]:
    """Return what the conditions of these searches say, and the searches that failed, which hold up no others.

    All that they must know of the index is counted in one go.
    """
    noticed, failed = list[Alert](), dict[str, str]()
    cases = [(each, condition, _edges(each, condition, now)) for each in hits for condition in each.search.conditions]
    asked = [(_asked(each.search), times) for each, _, edges in cases for times in edges]
    counts = iter(store.count([*asked, (Asked(query=Query()), day_edges(now))]) if asked else ())
    counted = [(each, condition, [next(counts) for _ in edges]) for each, condition, edges in cases]
    whole_index = next(counts, ())
    for each, condition, answers in counted:
        known = [answer for answer in answers if not isinstance(answer, UsageError)]
        if len(known) == len(answers) and not isinstance(whole_index, UsageError):
            with boundary(partial(_note_failure, failed, each.search.name)):
                noticed += _DECIDE[condition.kind](_Case(each, condition, known, whole_index, now))
    return noticed, failed


def _note_failure(failed: dict[str, str], name: str, _: Reason, detail: str) -> None:
    failed[name] = detail


@dataclass(frozen=True, slots=True)
class _Case:
    """What a condition is decided from: the counts are those between ``_edges``."""

    hits: _Hits
    condition: Condition
    counts: Sequence[Sequence[int]]
    whole_index: Sequence[int]
    now: datetime

    def alert(self, reading: Reading, said: str, *, key: str = "", apart: timedelta | None = None) -> Alert:
        """Return the alert that this document shows; ``key`` tells it from others of the condition."""
        shown = shown_by(reading, self.hits.sought)
        return _alert(self.hits.search, self.condition, self.now, said, shown=shown, key=key, apart=apart)


def _edges(hits: _Hits, condition: Condition, now: datetime) -> list[tuple[datetime, ...]]:
    """Return the times between which documents must be counted for the condition."""
    match condition.kind:
        case ConditionKind.FIRST:
            first = _moment(hits.readings[0])
            return [(min(BEGINNING, first - timedelta(days=1)), first)]
        case ConditionKind.TOGETHER:
            return [
                (_moment(reading) - _span(condition), _moment(reading)) for reading in _after_pauses(hits, condition)
            ]
        case ConditionKind.VOLUME:
            return [day_edges(now)]
    return []


def _any(case: _Case) -> Iterator[Alert]:
    for reading in case.hits.readings:
        yield case.alert(reading, "a document", key=reading.form["id"])


def _first(case: _Case) -> Iterator[Alert]:
    if not case.hits.search.found_before and not sum(case.counts[0]):
        yield case.alert(case.hits.readings[0], "the first document")


def _together(case: _Case) -> Iterator[Alert]:
    for reading, count in zip(_after_pauses(case.hits, case.condition), case.counts, strict=True):
        if not sum(count):
            said = f"together, for the first time in {span_in_words(_span(case.condition))}"
            yield case.alert(reading, said, key=reading.form["id"], apart=case.condition.span)


def _volume(case: _Case) -> Iterator[Alert]:
    since, until = day_edges(case.now)[-2:]
    counted = [reading for reading in case.hits.readings if since <= _moment(reading) < until]
    volume = judge_volume(case.counts[0], case.whole_index) if counted else None
    if volume:
        yield case.alert(counted[-1], str(volume), key=counted[-1].form["id"], apart=timedelta(days=1))


_DECIDE: Mapping[ConditionKind, Callable[[_Case], Iterator[Alert]]] = {
    ConditionKind.ANY: _any,
    ConditionKind.FIRST: _first,
    ConditionKind.TOGETHER: _together,
    ConditionKind.VOLUME: _volume,
    ConditionKind.SILENCE: lambda _: iter(()),  # by the clock: watch_silence
}


def _silence(search: SavedSearch, condition: Condition, store: SearchStore, now: datetime) -> Alert | TooSlow:
    """Return the alert, with the document that is the last one now: an earlier alert of the same silence may have had another.

    A new version of that document, of a newer date, ends a silence as another document does. A search that is too slow holds up
    no other: its error is returned.
    """
    said, apart = f"no document for {span_in_words(_span(condition))}", condition.span
    try:
        page = store.search(replace(search.query, sort=Sort.NEWEST, limit=1, with_facets=False))
    except TooSlow as error:
        return error
    form = store.document(page.hits[0].id) if page.hits else None
    if form is None:
        return _alert(search, condition, now, said, apart=apart)
    shown, said = shown_by(Reading(form), sought_of(search.query, search.entities)), f"{said}; this was the last"
    return _alert(search, condition, now, said, shown=shown, key=f"{shown.article_id} {shown.date}", apart=apart)


def _alert(
    search: SavedSearch,
    condition: Condition,
    now: datetime,
    said: str,
    *,
    shown: Shown | None = None,
    key: str = "",
    apart: timedelta | None = None,
) -> Alert:
    named = "\n".join([search.name, search.begun_at(condition).isoformat(), str(condition), key])
    digest = hashlib.sha256(named.encode()).hexdigest()[:32]
    return Alert(id=digest, search=search.name, condition=condition, at=now, said=said, shown=shown, apart=apart)


def _after_pauses(hits: _Hits, condition: Condition) -> list[Reading]:
    """Return the documents found that no other of them precedes within the condition's time."""
    pairs = pairwise(hits.readings)
    return [
        hits.readings[0],
        *(later for earlier, later in pairs if _moment(later) - _moment(earlier) > _span(condition)),
    ]


def _moment(reading: Reading) -> datetime:
    return datetime.fromisoformat(reading.form["date"])


def _span(condition: Condition) -> timedelta:
    assert condition.span is not None  # read_condition sees to it, of the kinds that are asked
    return condition.span


def _asked(search: SavedSearch) -> Asked:
    return Asked(query=search.query, entities=search.entities)


def _of_kind(search: SavedSearch, kind: ConditionKind) -> list[Condition]:
    return [condition for condition in search.conditions if condition.kind is kind]


def _part_refused(searches: Sequence[SavedSearch]) -> tuple[list[SavedSearch], dict[str, str]]:
    """Return those that can be asked, and why others cannot: the grammar may refuse today what it took when they were saved."""
    refused = _errors(searches, [_refusal(search) for search in searches])
    return [search for search in searches if search.name not in refused], refused


def _refusal(search: SavedSearch) -> UsageError | None:
    try:
        read_expression(search.query)
    except UsageError as error:
        return error
    return None


def _errors(searches: Sequence[SavedSearch], answers: Sequence[object]) -> dict[str, str]:
    errors = {
        search.name: str(answer)
        for search, answer in zip(searches, answers, strict=True)
        if isinstance(answer, UsageError | TooSlow)
    }
    for name, error in errors.items():
        log.warning("the saved search %s cannot be asked: %s", name, error)
    return errors
