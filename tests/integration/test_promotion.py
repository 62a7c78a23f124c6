"""Readers and writers in a loop while a generation is promoted, on each search store: no gap, no mixture, nothing lost."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.knowledge.decisions import Deciding
from pipeline.model.document import Document
from pipeline.model.entity import Entity, Kind
from pipeline.model.query import Query
from pipeline.model.rebuild import Interval
from pipeline.ports import Form, SearchStore
from pipeline.replay.promotion import promote_rebuild
from pipeline.replay.rebuild import begin_rebuild, bring_over, rebuild_generation
from pipeline.search.request import make_query
from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.documents import document

OLD = 300  # documents that readers know from the beginning
READERS = WRITERS = 2
NEVER = Interval(since=datetime(1999, 1, 1, tzinfo=UTC), until=datetime(1999, 1, 2, tzinfo=UTC))


@pytest.fixture
def wiring(search_settings: dict[str, str], tmp_path: Path) -> Iterator[Wiring]:
    wiring = Wiring(read_settings({"NEWSWIRE_HOME": str(tmp_path / "home"), **search_settings}))
    wiring.store.prepare()
    yield wiring
    wiring.close()


@contextmanager
def loops(*bodies: Callable[[int], None]) -> Iterator[list[threading.Event]]:
    """Run each body again and again in a thread of its own, with the number of its turn; raise what one of them raises.

    The events are set when a body has had some turns.
    """
    is_over, errors, warm = threading.Event(), list[BaseException](), [threading.Event() for _ in bodies]

    def run(body: Callable[[int], None], is_warm: threading.Event) -> None:
        try:
            for turn in count():
                body(turn)
                if turn > 2:
                    is_warm.set()
                if is_over.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised again below, in the test's own thread
            errors.append(error)
            is_warm.set()

    threads = [threading.Thread(target=run, args=pair) for pair in zip(bodies, warm, strict=True)]
    for thread in threads:
        thread.start()
    try:
        for event in warm:
            assert event.wait(60)
        yield warm
    finally:
        is_over.set()
        for thread in threads:
            thread.join(120)
    for error in errors:
        raise error


class Writer:
    """Writes new documents and new captures of its own first one; remembers what the store has confirmed."""

    def __init__(self, store: SearchStore, name: str) -> None:
        self.store, self.name, self.confirmed = store, name, 0

    def __call__(self, turn: int) -> None:
        assert self.store.write([document(f"{self.name}-{turn}", publisher="Live", section=self.name)]) == ()
        self.confirmed = turn + 1


def naming(name: str, entity_id: str) -> Document:
    entity = Entity(id=entity_id, kind=Kind.PERSON, name="Ann Lee", aliases=("Ann Lee",), count=1)
    written = document(name)
    return replace(written, annotation=replace(written.annotation, entities=(entity,)))


def assert_whole(store: SearchStore, writers: list[Writer]) -> None:
    """Look once as a reader: all of the old documents in one version, and all that was confirmed before the question."""
    confirmed = sum(writer.confirmed for writer in writers)
    page = store.search(Query(limit=0, with_facets=True))
    publishers = {facet.value: facet.count for facet in page.facets["publishers"]}
    live = publishers.pop("Live", 0)
    assert publishers in ({"Before": OLD}, {"After": OLD})
    assert live >= confirmed


def test_readers_see_no_gap_and_no_mixture_and_writers_lose_nothing(wiring: Wiring) -> None:
    store = wiring.store
    store.write([document(str(number), publisher="Before") for number in range(OLD)])
    generation = begin_rebuild(wiring)
    store.write([document(str(number), publisher="After") for number in range(OLD)], generation=generation)
    writers = [Writer(store, f"writer-{number}") for number in range(WRITERS)]
    readers = [lambda _: assert_whole(store, writers) for _ in range(READERS)]
    with loops(*writers, *readers):
        before = sum(writer.confirmed for writer in writers)
        promote_rebuild(generation, parts=wiring)
        after = sum(writer.confirmed for writer in writers)
        with loops(*readers):  # some more turns of everybody
            pass
    assert store.status()[0].generation == generation
    assert 0 < before <= after < sum(writer.confirmed for writer in writers)
    found = {form["url"].rpartition("/")[2] for form in store.documents(generation)}
    written = {f"{writer.name}-{turn}" for writer in writers for turn in range(writer.confirmed)}
    assert found == written | {str(number) for number in range(OLD)}


def test_generations_change_back_and_forth_under_a_writer(wiring: Wiring) -> None:
    store = wiring.store
    first, second = store.status()[0].generation, begin_rebuild(wiring)
    writer = Writer(store, "writer")
    with loops(writer):
        for generation in (second, first, second, first):
            promote_rebuild(generation, parts=wiring, is_forced=True)
    assert store.search(make_query("", limit=0)).total == writer.confirmed


def test_a_promotion_that_fails_changes_nothing(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    store = wiring.store
    store.write([document("one")])
    live, generation = store.status()[0].generation, begin_rebuild(wiring)
    bring_over(generation, parts=wiring)

    def fail(_: str) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(store, "promote", fail)
        with pytest.raises(ZeroDivisionError):
            promote_rebuild(generation, parts=wiring)
    store.write([document("two")])
    assert store.status()[0].generation == live
    promote_rebuild(generation, parts=wiring)
    assert store.search(Query()).total == 2


def test_the_last_round_brings_over_only_what_is_new(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    store = wiring.store
    store.write([document(str(number)) for number in range(60)])
    generation = begin_rebuild(wiring)
    original, late = store.hold_writers, iter(range(10))

    @contextmanager
    def hold() -> Iterator[None]:
        store.write([document(f"late-{next(late)}")])  # after the last round, before writers are held
        with original():
            yield

    monkeypatch.setattr(store, "hold_writers", hold)
    promotion = promote_rebuild(generation, parts=wiring)
    assert promotion.report.copied == 61
    assert store.search(Query(limit=0)).total == 61


def test_what_is_copied_says_what_the_ledger_learned_after_it_was_read(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, ledger, now = wiring.store, wiring.ledger, wiring.clock.now()
    written = document("one")
    store.write([written])
    generation = begin_rebuild(wiring)
    gone, copy = dict[str, datetime](), store.copy
    monkeypatch.setattr(ledger, "withdrawals", lambda _: gone)

    def copy_late(forms: Sequence[Form], *, generation: str) -> Mapping[str, str]:
        refused = copy(forms, generation=generation)
        gone[written.id] = now
        return refused

    monkeypatch.setattr(store, "copy", copy_late)
    promote_rebuild(generation, parts=wiring)
    form = store.document(written.id)
    assert form
    assert form["withdrawn_at"] == now.isoformat()


def test_a_merge_during_a_rebuild_survives_its_promotion(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    store = wiring.store
    one, other = "person:ann-lee", "person:anna-li"
    store.write([naming("one", one), naming("other", other)])
    generation = begin_rebuild(wiring)
    missing = store.missing

    def missing_before(generation: str, *, since: Mapping[str, int] | None = None) -> Iterator[Form]:
        forms = list(missing(generation, since=since))
        Deciding(wiring.knowledge, store, wiring.clock.now()).merge(one, other)
        yield from forms  # as they were before the merge

    monkeypatch.setattr(store, "missing", missing_before)
    rebuild_generation(generation, NEVER, parts=wiring)
    monkeypatch.undo()
    promote_rebuild(generation, parts=wiring)
    assert store.status()[0].generation == generation
    assert list(store.naming(other)) == []
    assert len(list(store.naming(one))) == 2


def test_what_is_to_be_told_to_documents_waits_for_the_end_of_a_promotion(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, calls = wiring.store, list[bool]()
    store.write([document("one")])
    generation = begin_rebuild(wiring)
    monkeypatch.setattr(wiring, "correct_documents", lambda: calls.append(store.status()[0].generation == generation))
    promote_rebuild(generation, parts=wiring)
    assert calls == [True]


@pytest.mark.parametrize(
    "search_settings", [pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)], indirect=True
)
def test_two_corrections_of_one_document_both_stand(
    wiring: Wiring, elasticsearch_url: str, elasticsearch_prefix: str
) -> None:
    def open_store() -> ElasticsearchStore:
        return ElasticsearchStore(
            elasticsearch_url, clock=wiring.clock, prefix=elasticsearch_prefix, alone=wiring.ledger.alone
        )

    written = document("one")
    wiring.store.write([written])
    has_read, is_done = threading.Event(), threading.Event()

    def slowly(form: Form) -> Form:
        has_read.set()
        is_done.wait(1)  # which never comes while the other is kept out
        return {**form, "section": "Sport"}

    def revise(change: Callable[[Form], Form]) -> None:
        with closing(open_store()) as store:
            assert store.revise([written.id], change) == {}

    first = threading.Thread(target=revise, args=(slowly,))
    first.start()
    assert has_read.wait(30)
    revise(lambda form: {**form, "story": "quake"})
    is_done.set()
    first.join(30)
    form = wiring.store.document(written.id)
    assert form
    assert (form["section"], form["story"]) == ("Sport", "quake")
