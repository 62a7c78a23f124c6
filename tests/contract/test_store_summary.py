"""What both search stores promise of a summary: what all documents found have in common."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.model.document import Document
from pipeline.model.query import Facet, Named, Query, Span, Summary
from pipeline.ports import SearchStore
from pipeline.search.request import make_query
from tests.fixtures.documents import MINSK, NOON, TEHRAN, document

HOUR = timedelta(hours=1)


@pytest.fixture
def store(store: SearchStore) -> SearchStore:
    """Four documents on wheat and six on other things."""
    ann, both = ["Ann"], ["Ann", "Ben"]
    wheat = [
        document("1", text="wheat", people=ann, places=[("Tehran", TEHRAN)], published=NOON - 25 * HOUR),
        document("2", text="wheat", people=both, places=[("Tehran", TEHRAN)], published=NOON - HOUR),
        document("3", text="wheat", people=both, organizations=["Mill"], places=[("Minsk", MINSK)]),
        document("4", text="wheat", people=["Everyone", "Ben"], published=datetime(1969, 12, 31, 23, tzinfo=UTC)),
    ]
    topics = replace(wheat[0], article=replace(wheat[0].article, topics=("Bread",)))
    others = [document(f"other{number}", text="rice", people=["Everyone"]) for number in range(6)]
    store.write([topics, *wheat[1:], *others])
    return store


def summary(store: SearchStore, query: Query) -> Summary:
    found = store.search(query).summary
    assert found is not None
    return found


def test_days_have_counts(store: SearchStore) -> None:
    assert summary(store, make_query("wheat", with_facets=True)).timeline == (
        Span(start=datetime(1969, 12, 31, tzinfo=UTC), count=1),
        Span(start=datetime(2026, 11, 22, tzinfo=UTC), count=1),
        Span(start=datetime(2026, 11, 23, tzinfo=UTC), count=2),
    )


def test_hours_have_counts_where_the_query_is_of_three_days(store: SearchStore) -> None:
    query = make_query("wheat", since="2026-11-21", until="2026-11-23", with_facets=True)
    assert [(span.start, span.count) for span in summary(store, query).timeline] == [
        (NOON - 25 * HOUR, 1),
        (NOON - HOUR, 1),
        (NOON, 1),
    ]


@pytest.mark.parametrize(
    "options", [{"text": "wheat person:ann"}, {"text": "wheat", "people": ["Ann"]}, {"entities": ["person:Ann"]}]
)
def test_who_is_named_with_whom_is_counted_without_whom_was_asked_for(
    store: SearchStore, options: dict[str, str]
) -> None:
    query = make_query(**options, with_facets=True)  # type: ignore[arg-type] - each value has its option's type
    assert summary(store, query).named == (
        Named(id="person:Ben", kind="person", name="Ben", count=2),
        Named(id="place:Tehran", kind="place", name="Tehran", count=2),
        Named(id="organization:Mill", kind="organization", name="Mill", count=1),
        Named(id="place:Minsk", kind="place", name="Minsk", count=1),
    )


def test_an_entity_of_several_names_counts_once_by_the_most_frequent(store: SearchStore) -> None:
    def spelled(key: str, name: str) -> Document:
        written = document(key, text="rye", people=[name])
        [entity] = written.annotation.entities
        known = replace(entity, id="person:ann-vell")
        return replace(written, annotation=replace(written.annotation, entities=(known,)))

    store.write(
        [spelled("a", "Anne Vell"), spelled("b", "Ann Vell"), spelled("c", "Anne Vell"), spelled("d", "Аня Велль")]
    )
    found = summary(store, make_query("rye", with_facets=True))
    assert found.facets["people"] == (Facet(value="Anne Vell", count=4),)
    assert found.named == (Named(id="person:ann-vell", kind="person", name="Anne Vell", count=4),)


def test_what_is_more_frequent_than_elsewhere_is_telling(store: SearchStore) -> None:
    assert summary(store, make_query("wheat", with_facets=True)).telling == (
        Facet(value="Ann", count=3),
        Facet(value="Ben", count=3),
    )
    assert summary(store, make_query(with_facets=True)).telling == ()


def test_cells_of_the_map_count_documents(store: SearchStore) -> None:
    cells = summary(store, make_query("wheat", with_facets=True)).cells
    assert [(cell.tile, cell.count) for cell in cells] == [("5/20/12", 2), ("5/18/10", 1)]
    assert cells[0].latitude == pytest.approx(36.6, abs=5)
    assert cells[0].longitude == pytest.approx(50.6, abs=6)
    closer = summary(store, make_query(near="35.7,51.4,50", with_facets=True)).cells
    assert [(cell.tile, cell.count) for cell in closer] == [("11/1316/806", 2)]
    within = summary(store, make_query(area="5/20/12", with_facets=True)).cells
    assert [(cell.tile, cell.count) for cell in within] == [("8/164/100", 2)]


def test_a_summary_of_nothing_is_empty_and_an_unasked_one_absent(store: SearchStore) -> None:
    empty = summary(store, make_query("barley", with_facets=True))
    assert (empty.timeline, empty.named, empty.telling, empty.cells) == ((), (), (), ())
    assert store.search(make_query("wheat")).summary is None


def test_facets_are_exact_though_each_month_has_more_names_than_are_told_of_it(store: SearchStore) -> None:
    """What stands in a facet is among the 200 most frequent names of each month; 230 others are in one document each."""
    by_month = [[number + 2 for number in range(10)], [7 * number % 10 + 2 for number in range(10)]]
    for month, seen in enumerate([NOON - timedelta(days=31), NOON]):
        rare = [f"Rare {month} {number}" for number in range(230)]
        written = [document(f"rare{month}", text="oats", people=rare, first_seen_at=seen)]
        for copy in range(max(by_month[month])):
            here = [number for number, count in enumerate(by_month[month]) if count > copy]
            written.append(
                document(
                    f"{month}-{copy}",
                    text="oats",
                    people=[f"people {number}" for number in here],
                    organizations=[f"organizations {number}" for number in here],
                    places=[(f"places {number}", None) for number in here],
                    first_seen_at=seen,
                )
            )
        assert store.write(written) == ()
    totals = sorted((-sum(counts), number) for number, counts in enumerate(zip(*by_month, strict=True)))
    facets = summary(store, make_query("oats", with_facets=True)).facets
    for facet in ("people", "organizations", "places"):
        assert facets[facet] == tuple(Facet(value=f"{facet} {number}", count=-total) for total, number in totals)
