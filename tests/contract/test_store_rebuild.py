"""What both search stores promise to a rebuild: reading all, finding what is missing, copying, and holding writers."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from pipeline.errors import UsageError
from pipeline.index.document import document_json
from pipeline.model.query import Query
from pipeline.ports import SearchStore
from pipeline.search.request import make_query
from tests.fixtures.documents import NOON, document

HOUR = timedelta(hours=1)


def names(forms: Iterator[object]) -> set[str]:
    return {form["url"].rpartition("/")[2] for form in forms}  # type: ignore[index]


def test_documents_come_in_order_of_id_whole_and_from_one_generation(store: SearchStore) -> None:
    months = [NOON - timedelta(days=40 * number) for number in range(3)]
    written = [document(str(number), first_seen_at=months[number % 3]) for number in range(450)]
    store.write(written)
    rebuilt = store.begin_generation()
    store.write([document("other")], generation=rebuilt)
    live = store.status()[0].generation
    forms = [document_json(each) for each in sorted(written, key=lambda each: each.id)]
    assert list(store.documents(live)) == forms
    assert names(store.documents(rebuilt)) == {"other"}


def test_an_unknown_generation_cannot_be_read(store: SearchStore) -> None:
    for read in (store.documents, store.missing):
        with pytest.raises(UsageError, match="there is no generation"):
            next(read("articles-00000000"))


def test_missing_is_what_the_generation_lacks_or_has_of_an_older_capture(store: SearchStore) -> None:
    store.write([document("same"), document("newer", captured_at=NOON + HOUR), document("older"), document("lacking")])
    rebuilt = store.begin_generation()
    store.write(
        [document("same"), document("newer"), document("older", captured_at=NOON + HOUR), document("own")],
        generation=rebuilt,
    )
    assert names(store.missing(rebuilt)) == {"newer", "lacking"}
    assert next(iter(store.missing(store.status()[0].generation)), None) is None


def test_missing_finds_all_of_many(store: SearchStore) -> None:
    store.write([document(str(number)) for number in range(450)])
    rebuilt = store.begin_generation()
    assert len(list(store.missing(rebuilt))) == 450


def test_marks_leave_out_nothing_that_was_written_since(store: SearchStore) -> None:
    store.write([document("before"), document("changed")])
    rebuilt = store.begin_generation()
    store.copy(list(store.missing(rebuilt)), generation=rebuilt)
    marks = store.marks()
    assert list(store.missing(rebuilt, since=marks)) == []
    long_ago = NOON - timedelta(days=99)  # another month: an index that the marks do not know
    store.write(
        [document("new"), document("past", first_seen_at=long_ago), document("changed", captured_at=NOON + HOUR)]
    )
    assert names(store.missing(rebuilt, since=marks)) == {"new", "past", "changed"}


def test_a_copy_is_found_as_the_document_was(store: SearchStore) -> None:
    original = document(headline="Elections postponed", text="They were held later.", people=["Ann"], section="World")
    store.write([original])
    asked = [make_query("election", people=["ann"]), make_query("late*")]
    before = [store.search(query).hits for query in asked]
    rebuilt = store.begin_generation()
    assert store.copy(list(store.missing(rebuilt)), generation=rebuilt) == {}
    store.promote(rebuilt)
    assert [[hit.id for hit in store.search(query).hits] for query in asked] == [
        [h.id for h in hits] for hits in before
    ]
    assert all(before)
    assert store.document(original.id) == document_json(original)


def test_a_copy_never_replaces_a_newer_capture(store: SearchStore) -> None:
    store.write([document(text="older")])
    rebuilt = store.begin_generation()
    forms = list(store.missing(rebuilt))
    store.write([document(text="newer", captured_at=NOON + HOUR)], generation=rebuilt)
    assert store.copy(forms, generation=rebuilt) == {}
    assert [form["text"] for form in store.documents(rebuilt)] == ["newer"]


def test_what_cannot_be_copied_is_refused_alone(store: SearchStore) -> None:
    rebuilt = store.begin_generation()
    good, bad = document_json(document("good")), document_json(document("bad"))
    bad["locations"] = [{"lat": 400, "lon": 0}]
    refused = store.copy([bad, good], generation=rebuilt)
    assert set(refused) == {bad["id"]}
    assert names(store.documents(rebuilt)) == {"good"}


def test_removed_documents_are_gone_unless_a_newer_capture_is_there(store: SearchStore) -> None:
    rebuilt = store.begin_generation()
    newer = document("newer", captured_at=NOON + HOUR)
    store.write([document("one"), newer], generation=rebuilt)
    store.remove({document("one").id: NOON, newer.id: NOON, "0" * 32: NOON}, generation=rebuilt)
    assert names(store.documents(rebuilt)) == {"newer"}
    store.write([document("one")], generation=rebuilt)  # the same capture, judged otherwise
    assert names(store.documents(rebuilt)) == {"newer", "one"}


# Holding writers


def test_a_held_write_is_in_the_generation_that_is_promoted(store: SearchStore) -> None:
    store.write([document("before")])
    old, rebuilt = store.status()[0].generation, store.begin_generation()
    refusals: list[object] = []
    writer = threading.Thread(target=lambda: refusals.append(store.write([document("held")])))
    with store.hold_writers():
        writer.start()
        writer.join(0.5)
        assert writer.is_alive()
        assert names(store.documents(old)) == {"before"}
        store.copy(list(store.missing(rebuilt)), generation=rebuilt)
        store.promote(rebuilt)
    writer.join(30)
    assert refusals == [()]
    assert names(store.documents(rebuilt)) == {"before", "held"}
    assert names(store.documents(old)) == {"before"}


def test_who_names_the_live_generation_waits_while_writers_are_held(store: SearchStore) -> None:
    store.write([document("before")])
    live, rebuilt = store.status()[0].generation, store.begin_generation()
    [form] = store.documents(live)
    writer = threading.Thread(target=lambda: store.copy([{**form, "section": "Sport"}], generation=live))
    with store.hold_writers():
        writer.start()
        writer.join(0.5)
        assert writer.is_alive()
        assert [each.get("section") for each in store.documents(live)] == [form.get("section")]
        store.promote(rebuilt)
    writer.join(30)
    assert not writer.is_alive()


def test_readers_notice_nothing_while_writers_are_held(store: SearchStore) -> None:
    store.write([document()])
    totals: list[int] = []
    with store.hold_writers():
        reader = threading.Thread(target=lambda: totals.append(store.search(Query()).total))
        reader.start()
        reader.join(30)
    assert totals == [1]


def test_after_an_error_writers_go_on_where_they_were(store: SearchStore) -> None:
    with pytest.raises(ZeroDivisionError), store.hold_writers():
        _ = 1 // 0
    store.write([document()])
    assert store.search(Query()).total == 1


def test_a_generation_that_was_live_can_be_written_and_promoted_again(store: SearchStore) -> None:
    store.write([document("one")])
    old, rebuilt = store.status()[0].generation, store.begin_generation()
    with store.hold_writers():
        store.promote(rebuilt)
    store.write([document("two")])
    store.write([document("three")], generation=old)
    with store.hold_writers():
        store.promote(old)
    store.write([document("four")])
    assert names(store.documents(old)) == {"one", "three", "four"}
