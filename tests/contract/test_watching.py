"""Saved searches asked about newly indexed documents, on both search stores: what each condition says, and says once."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.alerts import evaluation
from pipeline.alerts.evaluation import Watched, watch_documents, watch_silence
from pipeline.alerts.evidence import Reading, Sought
from pipeline.alerts.searches import find_search, keep_identity, make_search
from pipeline.alerts.trial import prepare_search, try_search
from pipeline.errors import TooSlow, UsageError
from pipeline.model.alert import Alert
from pipeline.model.document import Document
from pipeline.model.entity import Entity, Kind, Quote
from pipeline.model.known import Action, Decision
from pipeline.model.query import Query, SearchPage
from pipeline.ports import Asked, SearchStore
from pipeline.search.request import make_query
from tests.fixtures.alerts import DAY, HOUR, a_search, as_indexed
from tests.fixtures.documents import MINSK, NOON, TEHRAN, FixedClock, document, entity
from tests.fixtures.tellings import telling


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    """Give one database: test_alerts.py has both."""
    opened = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


class Desk:
    """Indexes documents as the flow does, and asks the saved searches."""

    def __init__(self, ledger: SqlLedger, store: SearchStore, clock: FixedClock) -> None:
        self.ledger, self.store, self.clock = ledger, store, clock

    def save(self, name: str, text: str, when: str = "any", **query: object) -> None:
        search = replace(a_search(name, text, when), query=make_query(text, **query))  # type: ignore[arg-type]
        trial = try_search(search, ledger=self.ledger, store=self.store, clock=self.clock)
        self.ledger.alerts.save_search(replace(search, found_before=trial.total > 0))

    def change(self, name: str, text: str, when: str) -> None:
        """Put a search in the place of the one of that name, as the command and the page do."""
        there = find_search(self.ledger.alerts, name)
        assert there
        made = make_search(name, make_query(text), when=when.split(), created_at=self.clock.now())
        changed = keep_identity(made, there, self.ledger)
        search, _ = prepare_search(changed, ledger=self.ledger, store=self.store, clock=self.clock, there=there)
        self.ledger.alerts.save_search(search, replaces=True)

    def index(self, *documents: Document, version: int = 1) -> None:
        assert not self.store.write(documents)
        self.ledger.settle([], [as_indexed(each, version) for each in documents])

    def watch(self) -> Watched:
        return watch_documents(ledger=self.ledger, store=self.store, clock=self.clock)

    def noticed(self) -> list[tuple[str, str]]:
        return sorted((alert.search, ending(alert)) for alert in self.watch().alerts)

    def silence(self) -> tuple[Alert, ...]:
        return watch_silence(ledger=self.ledger, store=self.store, clock=self.clock).alerts


def ending(alert: Alert) -> str:
    return alert.shown.url.rpartition("/")[2] if alert.shown else ""


@pytest.fixture
def desk(ledger: SqlLedger, store: SearchStore, clock: FixedClock) -> Desk:
    return Desk(ledger, store, clock)


def ago(days: float, name: str, text: str = "The harvest began.", **more: object) -> Document:
    return document(name, text=text, published=NOON - days * DAY, **more)  # type: ignore[arg-type]


# What the stores are asked


def test_queries_find_only_among_the_documents_asked_about(store: SearchStore) -> None:
    documents = [
        document("wheat", text="Wheat is harvested.", people=["Ann"], publisher="Post"),
        document("ferry", text="A ferry sank.", places=[("Tehran", TEHRAN)]),
        document("other", text="Wheat and ferries."),
    ]
    store.write(documents)
    queries = [
        make_query("harvest"),
        make_query("wheat"),
        make_query("person:ann"),
        make_query(places=["tehran"]),
        make_query(near="35.7,51.4,50"),
        make_query(area="5/20/12"),
        make_query(publishers=["Post"], languages=["en"]),
        make_query("wheat -harvest"),
        make_query(),
    ]
    ids = {each.article.url.rpartition("/")[2]: each.id for each in documents}
    matched = store.match([Asked(query=each) for each in queries], [ids["wheat"], ids["ferry"], "0" * 32])
    assert {name for name, key in ids.items() if key in matched.forms} == {"wheat", "ferry"}
    wheat, ferry = frozenset({ids["wheat"]}), frozenset({ids["ferry"]})
    assert matched.found == (wheat, wheat, wheat, ferry, ferry, ferry, wheat, frozenset(), wheat | ferry)


def test_hundreds_of_queries_are_answered_in_their_order(store: SearchStore) -> None:
    documents = [document(str(number), text=f"word{number}") for number in range(30)]
    store.write(documents)
    queries = [make_query(f"word{number % 40}") for number in range(230)]
    found = store.match([Asked(query=each) for each in queries], [each.id for each in documents]).found
    wanted = [frozenset({documents[number % 40].id}) if number % 40 < 30 else frozenset() for number in range(230)]
    assert list(found) == wanted


def test_documents_of_several_months_are_matched_and_unknown_ones_are_not(store: SearchStore) -> None:
    months = [document(str(month), first_seen_at=NOON - month * 31 * DAY) for month in range(3)]
    store.write(months)
    assert store.match([Asked(query=Query())], [each.id for each in months]).found == (
        frozenset(each.id for each in months),
    )
    assert store.match([Asked(query=Query())], ["0" * 32]).found == (frozenset(),)
    assert store.match([], [months[0].id]).found == ()


def test_documents_are_counted_between_times(store: SearchStore) -> None:
    store.write([ago(days, f"d{days}", "harvest" if days % 2 else "ferry") for days in range(6)])
    edges = (NOON - 4 * DAY, NOON - 2 * DAY, NOON, NOON + DAY)
    asked = [(Query(), edges), (make_query("harvest"), edges), (make_query("nothing"), edges[:2])]
    counts = store.count([(Asked(query=query), times) for query, times in asked])
    assert counts == ((2, 2, 1), (1, 1, 0), (0,))


def test_a_query_that_cannot_be_served_spoils_no_other(tmp_path: Path, clock: FixedClock) -> None:
    store = SqliteStore(tmp_path / "search.sqlite", clock=clock)
    store.prepare()
    store.write([document()])
    bad, good = make_query("quote:x"), make_query()
    refused, found = store.match([Asked(query=bad), Asked(query=good)], [document().id]).found
    assert isinstance(refused, UsageError)
    assert found == frozenset({document().id})
    assert isinstance(store.count([(Asked(query=bad), (NOON, NOON + DAY))])[0], UsageError)
    store.close()


@pytest.mark.elasticsearch
@pytest.mark.parametrize("store", ["elasticsearch"], indirect=True)
def test_quotes_are_watched_where_the_store_knows_them(store: SearchStore) -> None:
    quoted = document(quotes=[Quote(start=0, end=9, text="We signed", speaker=None, cue="said")])
    store.write([quoted])
    assert store.match([Asked(query=make_query("quote:signed"))], [quoted.id]).found == (frozenset({quoted.id}),)


def test_a_name_finds_texts_that_spell_it_otherwise(desk: Desk) -> None:
    latin = entity(Kind.PERSON, "Alexander Lukashenko")
    cyrillic = replace(latin, name="Александр Лукашенко", aliases=("Лукашенко",))

    def named(name: str, who: Entity, text: str) -> Document:
        made = document(name, text=text)
        return replace(made, annotation=replace(made.annotation, entities=(who,)))

    desk.index(named("known", latin, "Lukashenko came."))  # from here the index knows the spelling
    desk.save("field", "person:lukashenko")
    desk.save("words", "alexander lukashenko")
    desk.index(named("russian", cyrillic, "Шёл дождь. Лукашенко приехал."), document("other", text="Шёл дождь."))
    watched = desk.watch()
    assert sorted((alert.search, ending(alert)) for alert in watched.alerts) == [
        ("field", "russian"),
        ("words", "russian"),
    ]
    assert {alert.shown.sentence for alert in watched.alerts if alert.shown} == {"Лукашенко приехал."}


def test_what_a_name_means_is_looked_up_again_after_a_day(desk: Desk) -> None:
    desk.save("field", "person:lukashenko")
    desk.index(document("one", people=["Alexander Lukashenko"]))
    desk.watch()
    before = desk.ledger.alerts.searches()
    assert [each.looked_up_at for each in before] == [NOON]
    desk.clock.time = NOON + 2 * HOUR
    desk.index(document("two"))
    desk.watch()
    assert desk.ledger.alerts.searches() == before
    desk.clock.time = NOON + DAY
    desk.index(document("three"))
    desk.watch()
    assert [each.looked_up_at for each in desk.ledger.alerts.searches()] == [NOON + DAY]


def test_a_search_for_a_story_goes_on_with_the_one_that_it_was_merged_into(desk: Desk) -> None:
    one, other = telling("one", "peru quake"), telling("other", "army tents", at=NOON - HOUR)
    before = desk.ledger.join_stories([one, other], NOON)
    merged, stays = before[other.article_id], before[one.article_id]
    desk.save("story", "", "any silence:12h", story=merged)
    desk.save("another", "", story="another")
    for number in range(10):  # each is about what both are about
        desk.ledger.join_stories([telling(number, "peru quake army tents")], NOON)
    merged, stays = next(iter(desk.ledger.follow_stories([merged, stays]).items()))
    desk.index(replace(ago(0.1, "fresh"), story=stays))
    assert desk.noticed() == [("story", "fresh")]
    assert desk.silence() == ()
    (search,) = [each for each in desk.ledger.alerts.searches() if each.name == "story"]
    assert try_search(search, ledger=desk.ledger, store=desk.store, clock=desk.clock).total == 1


def test_a_search_by_id_goes_on_with_the_entity_that_it_was_merged_into_until_that_is_undone(desk: Desk) -> None:
    def named(name: str, entity_id: str, minutes: int) -> Document:
        made = document(name, text="It rained. Ann Lee came.", published=NOON - timedelta(minutes=minutes))
        who = replace(entity(Kind.PERSON, "Ann Lee"), id=entity_id)
        return replace(made, annotation=replace(made.annotation, entities=(who,)))

    desk.save("filter", "", "any silence:12h", entities=["Q2"])
    desk.save("text", "(entity:(Q2 OR Q3)) lee")
    merges = [
        Decision(action=Action.MERGE, subject=subject, target=target, decided_at=NOON)
        for subject, target in (("Q2", "Q4"), ("Q4", "person:ann"))
    ]
    desk.ledger.knowledge.decide(merges)
    desk.index(named("merged", "person:ann", 1))
    alerts = desk.watch().alerts
    assert sorted(alert.search for alert in alerts) == ["filter", "text"]
    assert {alert.shown.sentence for alert in alerts if alert.shown} == {"Ann Lee came."}
    assert desk.silence() == ()
    desk.clock.time = NOON + DAY
    assert [ending(alert) for alert in desk.silence()] == ["merged"]
    desk.ledger.knowledge.revoke(merges)
    desk.index(named("undone", "person:ann", 2), named("own", "Q2", 3))
    assert desk.noticed() == [("filter", "own"), ("text", "own")]


def test_a_search_that_names_a_merged_id_or_the_one_it_became_asks_the_same(desk: Desk) -> None:
    desk.save("ann", "entity:Q2")
    desk.index(document("one", text="Ann Lee came."))
    before = desk.ledger.alerts.searches()[0].created_at
    desk.ledger.knowledge.decide([Decision(action=Action.MERGE, subject="Q2", target="Q4", decided_at=NOON)])
    desk.change("ann", "entity:Q4", "any")
    assert desk.ledger.alerts.searches()[0].created_at == before


# Conditions


def test_any_match_alerts_once_for_each_document_with_its_sentence(desk: Desk) -> None:
    desk.save("harvests", "harvest")
    desk.save("ferries", "ferry")
    desk.index(document("one", text="It rained. The harvest began. It ended."), document("two", text="Nothing."))
    (alert,) = desk.watch().alerts
    assert (alert.search, ending(alert)) == ("harvests", "one")
    assert alert.shown
    assert alert.shown.sentence == "The harvest began."
    assert desk.watch() == Watched()
    desk.index(document("one", text="The harvest began."))  # settled again after a crash
    assert desk.noticed() == []


def test_a_new_version_alerts_only_where_the_old_one_did_not_match(desk: Desk) -> None:
    desk.save("harvests", "harvest")
    desk.save("ferries", "ferry")
    desk.index(document(text="The harvest began."))
    assert desk.noticed() == [("harvests", "one")]
    desk.index(document(text="The harvest began on a ferry.", captured_at=NOON + HOUR), version=2)
    assert desk.noticed() == [("ferries", "one")]


def test_what_was_indexed_before_the_search_is_not_looked_at(desk: Desk) -> None:
    desk.index(document(text="The harvest began."))
    desk.save("harvests", "harvest")
    assert desk.watch() == Watched()


def test_the_first_document_alerts_once_for_ever(desk: Desk) -> None:
    desk.save("raisi", "person:raisi", "first")
    desk.index(ago(1, "later", people=["Ebrahim Raisi"]), ago(2, "earlier", people=["Ebrahim Raisi"]))
    assert desk.noticed() == [("raisi", "earlier")]
    desk.index(ago(0, "third", people=["Ebrahim Raisi"]), ago(9, "late in coming", people=["Ebrahim Raisi"]))
    assert desk.noticed() == []


def test_what_the_index_held_before_is_no_first(desk: Desk) -> None:
    desk.index(ago(5, "old", people=["Ebrahim Raisi"]))
    desk.save("raisi", "person:raisi", "first")
    desk.index(ago(1, "new", people=["Ebrahim Raisi"]))
    assert desk.noticed() == []


@pytest.mark.parametrize("days", [1, 0.5])  # of the same minute, and later
def test_what_the_index_held_before_is_no_first_whatever_its_date(desk: Desk, days: float) -> None:
    desk.index(ago(days, "old", people=["Ebrahim Raisi"]))
    desk.save("raisi", "person:raisi", "first")
    desk.index(ago(1, "new", people=["Ebrahim Raisi"]))
    assert desk.noticed() == []


def test_what_is_indexed_after_the_first_document_and_not_yet_looked_at_takes_no_alert(desk: Desk) -> None:
    desk.save("raisi", "person:raisi", "first")
    desk.index(ago(1, "first", people=["Ebrahim Raisi"]))
    assert not desk.store.write([ago(1, "second", people=["Ebrahim Raisi"])])  # searchable, not settled yet
    assert desk.noticed() == [("raisi", "first")]


def test_a_first_document_is_told_by_one_of_two_batches_that_were_indexed_at_once(desk: Desk) -> None:
    desk.save("raisi", "person:raisi", "first")
    desk.index(ago(2, "first", people=["Ebrahim Raisi"]), ago(1, "second", people=["Ebrahim Raisi"]))
    # Both are searchable; whoever is asked about the second one first leaves the alert to the other.
    said = [watch_documents(ledger=desk.ledger, store=desk.store, clock=desk.clock, limit=1) for _ in range(2)]
    assert [ending(alert) for watched in said for alert in watched.alerts] == ["first"]


def test_two_together_for_the_first_time_in_so_long(desk: Desk) -> None:
    def visit(days: float, name: str) -> Document:
        return ago(days, name, people=["Ebrahim Raisi"], places=[("Minsk", MINSK)])

    desk.save("pair", "person:raisi place:minsk", "together:7d")
    desk.index(visit(30, "long ago"), ago(1, "alone", people=["Ebrahim Raisi"]), visit(0.5, "again"), visit(0, "soon"))
    assert desk.noticed() == [("pair", "again"), ("pair", "long ago")]
    desk.index(visit(2, "late in coming"))  # before the one that was told of, and too near to it
    assert desk.noticed() == []
    desk.clock.time = NOON + 9 * DAY
    desk.index(visit(-8, "next week"))
    assert desk.noticed() == [("pair", "next week")]


def test_unusual_volume_alerts_once_a_day(desk: Desk) -> None:
    def burst(prefix: str, count: int, days: float = 0.0) -> Sequence[Document]:
        return [ago(days + 0.01 + number / 100, f"{prefix}{number}") for number in range(count)]

    desk.index(*(ago(days + 0.5, f"usual {days}") for days in range(1, 12)))
    desk.save("harvests", "harvest", "volume")
    desk.index(*burst("a", 4))
    assert desk.noticed() == []
    desk.index(*burst("b", 8))
    (alert,) = desk.watch().alerts
    assert alert.said == "12 documents in 24 hours, usually 1.0"
    desk.index(*burst("c", 30))
    assert desk.noticed() == []
    old = ago(6, "changed late", captured_at=NOON)  # found as well, and nothing of the day that is counted
    desk.index(old)
    assert desk.noticed() == []
    desk.clock.time = NOON + 23 * HOUR
    desk.index(*burst("later", 30, -22 / 24))
    assert desk.noticed() == []
    desk.clock.time = NOON + 1.5 * DAY
    desk.index(*burst("d", 40, -1.5))
    assert len(desk.watch().alerts) == 1


def test_silence_is_told_once_until_somebody_speaks(desk: Desk) -> None:
    desk.save("harvests", "harvest", "silence:12h")
    desk.save("never", "zeppelin", "silence:12h")
    desk.index(ago(0, "last"))
    desk.watch()
    (never,) = desk.silence()
    assert (never.search, never.said, never.shown) == ("never", "no document for 12 hours", None)
    desk.clock.time = NOON + timedelta(hours=12, minutes=1)
    (alert,) = desk.silence()
    assert (alert.search, ending(alert)) == ("harvests", "last")
    assert alert.said == "no document for 12 hours; this was the last"
    assert desk.silence() == ()
    desk.index(ago(-0.4, "spoken"))
    assert desk.silence() == ()
    desk.clock.time = NOON + 2 * DAY
    assert [ending(alert) for alert in desk.silence()] == ["spoken"]
    desk.ledger.alerts.drop_alerts(NOON + 3 * DAY)
    assert desk.silence() == ()


def test_a_silence_is_told_once_also_where_its_last_document_goes(desk: Desk) -> None:
    desk.save("harvests", "harvest", "silence:24h")
    old = {name: ago(days, name, first_seen_at=NOON - days * DAY) for name, days in (("x", 40), ("w", 45))}
    desk.index(*old.values())
    assert [ending(alert) for alert in desk.silence()] == ["x"]
    corrected = ago(40, "x", "The ferry sank.", first_seen_at=NOON - 40 * DAY, captured_at=NOON)
    desk.index(corrected, version=2)
    assert desk.silence() == ()
    assert desk.store.drop_months(date(2026, 11, 1))
    assert desk.silence() == ()
    desk.index(ago(3, "late in coming"))  # of before the silence that was told
    assert desk.silence() == ()
    desk.index(ago(0, "newer"))
    assert desk.silence() == ()
    desk.clock.time = NOON + 1.5 * DAY
    assert [ending(alert) for alert in desk.silence()] == ["newer"]
    assert desk.silence() == ()


def test_a_short_silence_and_a_long_one_of_a_search_are_both_told(desk: Desk) -> None:
    desk.save("harvests", "harvest", "silence:12h silence:3d")
    desk.index(ago(0, "one"))
    told = []
    for days in (0.4, 0.6, 2.9, 3.1, 4):
        desk.clock.time = NOON + days * DAY
        told += [(days, str(alert.condition)) for alert in desk.silence()]
    desk.index(ago(-3.9, "two"))
    for days in (4.5, 6, 9):
        desk.clock.time = NOON + days * DAY
        told += [(days, str(alert.condition)) for alert in desk.silence()]
    assert told == [(0.6, "silence:12h"), (3.1, "silence:3d"), (4.5, "silence:12h"), (9, "silence:3d")]


def test_somebody_who_just_began_to_listen_hears_no_silence(desk: Desk) -> None:
    desk.ledger.alerts.save_search(replace(a_search("new", "zeppelin", "silence:12h"), created_at=NOON - 11 * HOUR))
    assert desk.silence() == ()
    desk.clock.time = NOON + HOUR
    assert len(desk.silence()) == 1


def test_a_search_with_another_query_begins_anew(desk: Desk) -> None:
    def visit(days: float, name: str, person: str) -> Document:
        return ago(days, name, people=[person], places=[("Minsk", MINSK)])

    desk.save("pair", "person:raisi place:minsk", "first together:30d silence:24h")
    desk.index(visit(2, "raisi", "Ebrahim Raisi"))
    assert desk.noticed() == [("pair", "raisi")] * 2
    desk.clock.time = NOON + timedelta(minutes=1)
    desk.change("pair", "person:bennett place:minsk", "first together:30d silence:24h")
    assert desk.silence() == ()
    desk.clock.time = NOON + HOUR
    desk.index(visit(0, "bennett", "Naftali Bennett"), visit(0, "raisi again", "Ebrahim Raisi"))
    assert desk.noticed() == [("pair", "bennett")] * 2
    desk.clock.time = NOON + 24 * HOUR + timedelta(minutes=2)
    assert [ending(alert) for alert in desk.silence()] == ["bennett"]


def test_the_same_query_goes_on_and_a_condition_that_was_not_there_begins(desk: Desk) -> None:
    def raisi(days: float, name: str) -> Document:
        return ago(days, name, people=["Ebrahim Raisi"])

    desk.save("raisi", "person:raisi", "any first")
    desk.index(raisi(2, "one"))
    assert desk.noticed() == [("raisi", "one")] * 2
    desk.change("raisi", "person:raisi", "any first silence:24h")
    desk.index(raisi(2, "one"), version=2)
    desk.index(raisi(3, "older"))
    assert desk.noticed() == [("raisi", "older")]
    assert desk.silence() == ()
    desk.clock.time = NOON + 24 * HOUR
    assert [ending(alert) for alert in desk.silence()] == ["one"]
    desk.change("raisi", "person:raisi", "silence:24h")
    assert desk.silence() == ()
    desk.change("raisi", "person:raisi", "first silence:24h")  # asked for anew: what the index holds counts
    desk.index(raisi(4, "oldest"))
    assert desk.noticed() == []


def test_conditions_of_one_search_alert_side_by_side(desk: Desk) -> None:
    desk.save("raisi", "person:raisi", "any first silence:12h")
    desk.index(ago(1, "one", people=["Ebrahim Raisi"]))
    assert sorted(str(alert.condition) for alert in desk.watch().alerts) == ["any", "first"]


def test_a_search_that_the_grammar_takes_no_more_holds_up_no_other(desk: Desk) -> None:
    old = replace(a_search("old", when="any silence:12h"), query=Query(text="har*est"))
    desk.ledger.alerts.save_search(old)
    desk.save("harvests", "harvest")
    desk.index(ago(1, "one"))
    watched = desk.watch()
    assert [alert.search for alert in watched.alerts] == ["harvests"]
    assert "a * can end a word" in watched.errors["old"]
    assert desk.silence() == ()


def test_reprints_are_left_out_where_originals_are_asked_for(desk: Desk) -> None:
    desk.save("originals", "harvest", originals_only=True)
    desk.index(document("one", text="The harvest began."))
    assert desk.noticed() == [("originals", "one")]


def test_more_articles_than_one_look_takes_are_all_looked_at(desk: Desk) -> None:
    desk.save("harvests", "harvest")
    desk.index(*(document(str(number), text="The harvest began.") for number in range(25)))
    looks = [watch_documents(ledger=desk.ledger, store=desk.store, clock=desk.clock, limit=10) for _ in range(4)]
    assert [each.documents for each in looks] == [10, 10, 5, 0]
    assert sum(len(each.alerts) for each in looks) == 25


def test_a_search_is_tried_on_what_is_there_and_notes_nothing(desk: Desk) -> None:
    desk.index(ago(1, "one", people=["Ebrahim Raisi"]), ago(2, "two", people=["Ebrahim Raisi"]))
    search = a_search("raisi", "person:raisi", "any first silence:12h volume")
    trial = try_search(search, ledger=desk.ledger, store=desk.store, clock=desk.clock, limit=1)
    assert trial.total == 2
    assert [shown.url.rpartition("/")[2] for shown in trial.shown] == ["one"]
    said = {str(condition): line for condition, line in trial.conditions}
    assert said["first"] == "can never come true: 2 are there already"
    assert said["silence:12h"].endswith(": silent")
    assert said["volume"] == "1 in 24 hours: not unusual"


def test_a_search_of_what_is_silent_already_says_when_it_alerts(desk: Desk) -> None:
    desk.index(ago(3, "one", people=["Ebrahim Raisi"]))
    search = replace(a_search("raisi", "person:raisi", "silence:12h"), created_at=NOON)
    ((_, line),) = try_search(search, ledger=desk.ledger, store=desk.store, clock=desk.clock).conditions
    assert line == "the last document is of 2026-11-20 12:00: alerts if none comes until 2026-11-24 00:00"
    desk.ledger.alerts.save_search(search)
    desk.clock.time = NOON + 12 * HOUR - timedelta(minutes=1)
    assert desk.silence() == ()
    desk.clock.time = NOON + 12 * HOUR
    assert [ending(alert) for alert in desk.silence()] == ["one"]


def test_a_new_version_of_the_last_document_ends_a_silence(desk: Desk) -> None:
    desk.save("harvests", "harvest", "silence:24h")
    desk.index(ago(0, "live"))
    desk.clock.time = NOON + 1.1 * DAY
    assert [ending(alert) for alert in desk.silence()] == ["live"]
    desk.index(ago(-1.2, "live", "The harvest ended.", captured_at=NOON + 1.2 * DAY), version=2)
    assert desk.silence() == ()
    desk.clock.time = NOON + 2.3 * DAY
    assert [ending(alert) for alert in desk.silence()] == ["live"]
    assert desk.silence() == ()


def test_a_search_that_is_too_slow_or_fails_holds_up_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk.save("slow", "harvest", "any silence:24h")
    desk.save("harvests", "harvest began", "any silence:24h")
    desk.index(ago(0, "one"))
    show, search = evaluation.show_sentence, type(desk.store).search

    def fail(reading: Reading, sought: Sequence[Sought]) -> str:
        if len(sought) == 1:
            raise IndexError("no such letter")
        return show(reading, sought)

    def give_up(store: SearchStore, query: Query) -> SearchPage:
        if query.text == "harvest":
            raise TooSlow("the search took too long")
        return search(store, query)

    with monkeypatch.context() as patched:
        patched.setattr(evaluation, "show_sentence", fail)
        watched = desk.watch()
    assert [alert.search for alert in watched.alerts] == ["harvests"]
    assert watched.errors == {"slow": "IndexError: no such letter"}
    assert "no such letter" in caplog.text
    assert desk.watch().documents == 0
    desk.clock.time = NOON + 1.1 * DAY
    monkeypatch.setattr(type(desk.store), "search", give_up)
    silent = watch_silence(ledger=desk.ledger, store=desk.store, clock=desk.clock)
    assert [alert.search for alert in silent.alerts] == ["harvests"]
    assert silent.errors == {"slow": "the search took too long"}
