"""Readers and writers in a loop while a generation is promoted, on each search store: no gap, no mixture, nothing lost."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.model.query import Query
from pipeline.ports import SearchStore
from pipeline.replay.promotion import promote_rebuild
from pipeline.replay.rebuild import begin_rebuild, bring_over
from pipeline.search.request import make_query
from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.documents import document

OLD = 300  # documents that readers know from the beginning
READERS = WRITERS = 2


@pytest.fixture(params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def wiring(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wiring]:
    wiring = Wiring(read_settings({"NEWSWIRE_HOME": str(tmp_path / "home")}))
    if request.param == "elasticsearch":
        url, prefix = request.getfixturevalue("elasticsearch_url"), request.getfixturevalue("elasticsearch_prefix")
        wiring.store = ElasticsearchStore(url, clock=wiring.clock, prefix=prefix)
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
