"""What both search stores promise of earlier versions: kept apart from what is searched, and found by article and time."""

from datetime import timedelta

from pipeline.index.document import document_json
from pipeline.model.query import Query
from pipeline.model.version import Difference, Version
from pipeline.ports import SearchStore
from tests.fixtures.documents import MINSK, NOON, document

DAY = timedelta(days=1)
CHANGE = Difference(
    added=("Twelve",),
    removed=("Eleven", "on Monday"),
    size=4,
    headline_changed=True,
    date_moved=True,
    entities_dropped=("Ana Ruiz",),
    quotes_dropped=("We saw it fall",),
    is_correction=True,
)


def a_version(name: str, number: int = 1, *, days: int = 0, difference: Difference = CHANGE) -> Version:
    form = document_json(document(name, text=f"Version {number}.", places=[("Minsk", MINSK)]))
    return Version(
        article_id=form["id"], number=number, replaced_at=NOON + days * DAY, form=form, difference=difference
    )


def test_versions_come_back_whole_and_in_order(store: SearchStore) -> None:
    first, second, other = (
        a_version("one"),
        a_version("one", 2, days=40, difference=Difference()),
        a_version("two", days=1),
    )
    store.keep_versions([second, other])
    store.keep_versions([first])
    assert store.versions(first.article_id) == (first, second)
    assert store.versions() == (first, other, second)
    assert store.versions("unknown") == ()


def test_versions_are_found_by_time(store: SearchStore) -> None:
    versions = [a_version("one", number, days=number) for number in range(4)]
    store.keep_versions(versions)
    assert store.versions(since=NOON + DAY, until=NOON + 3 * DAY) == tuple(versions[1:3])
    assert store.versions(versions[0].article_id, until=NOON + DAY) == (versions[0],)


def test_a_version_is_kept_once(store: SearchStore) -> None:
    for _ in range(2):
        store.keep_versions([a_version("one")])
    assert store.versions() == (a_version("one"),)


def test_versions_are_no_search_results_and_outlive_generations(store: SearchStore) -> None:
    version = a_version("one")
    store.keep_versions([version])
    assert store.search(Query(text="version")).total == 0
    assert store.document(version.id) is None
    rebuilt = store.begin_generation()
    live = store.status()[0].generation
    store.promote(rebuilt)
    store.drop(live)
    assert [status.generation for status in store.status()] == [rebuilt]
    assert store.versions() == (version,)


def test_nothing_was_ever_changed(store: SearchStore) -> None:
    store.keep_versions([])
    assert store.versions() == ()


def test_versions_leave_by_the_month_of_the_change(store: SearchStore) -> None:
    old, young, other = a_version("one"), a_version("one", 2, days=40), a_version("two", days=75)
    assert store.drop_versions(NOON.date().replace(day=1)) == 0
    store.keep_versions([old, young, other])
    kept_from = young.replaced_at.date().replace(day=1)
    for dry_run, left in ((True, (old, young, other)), (False, (young, other))):
        assert store.drop_versions(kept_from, dry_run=dry_run) == 1
        assert store.versions() == left
    assert store.drop_versions(kept_from) == 0
