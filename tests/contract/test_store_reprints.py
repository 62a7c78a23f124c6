"""What both search stores promise of reprints: left out, folded under one hit, and corrected where they stand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.corrections import amend_documents
from pipeline.index.document import reprint_json, withdrawal_json
from pipeline.model.document import Document
from pipeline.model.query import Query, Sort
from pipeline.model.reprint import Reprint
from pipeline.ports import SearchStore
from pipeline.search.prints import MOST_OF_EACH, Prints, find_prints
from pipeline.urls import article_id
from tests.fixtures.documents import NOON, document

MINUTE = timedelta(minutes=1)


def a_reprint(name: str, original: str, *, minute: int, text: str = "Storm over the coast.") -> Document:
    link = Reprint(reprint_of=an_id(original), similarity=0.75, own_share=0.125)
    return replace(document(name, text=text, published=NOON + minute * MINUTE), reprint=link)


def an_id(name: str) -> str:
    return article_id(f"https://news.example/{name}")


def names(store: SearchStore, query: Query) -> list[tuple[str, int]]:
    return [(hit.url.rpartition("/")[2], hit.folded) for hit in store.search(query).hits]


@pytest.fixture
def family(store: SearchStore) -> None:
    """Three articles with one text, and two others, one of which found no original here."""
    store.write(
        [
            document("original", text="Storm over the coast, and rain."),
            a_reprint("first", "original", minute=1),
            a_reprint("second", "original", minute=2),
            document("other", text="Calm over the coast.", published=NOON + 3 * MINUTE),
            a_reprint("orphan", "dropped", minute=4),
        ]
    )


@pytest.mark.usefixtures("family")
def test_originals_alone_are_found(store: SearchStore) -> None:
    query = Query(text="coast", sort=Sort.NEWEST, originals_only=True)
    assert names(store, query) == [("other", 0), ("original", 0)]
    assert store.search(query).total == 2


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize("text", ["", "coast"])
def test_reprints_are_folded_under_the_first_of_the_hits(store: SearchStore, text: str) -> None:
    query = Query(text=text, sort=Sort.NEWEST, folds_reprints=True)
    assert names(store, query) == [("orphan", 0), ("other", 0), ("second", 2)]
    assert store.search(query).total == 5
    assert names(store, replace(query, limit=1)) == [("orphan", 0)]


@pytest.mark.usefixtures("family")
def test_only_what_is_found_is_folded(store: SearchStore) -> None:
    query = Query(text="rain", folds_reprints=True)
    assert names(store, query) == [("original", 0)]
    storm = store.search(Query(text="storm", folds_reprints=True))
    assert {hit.folded for hit in storm.hits} == {0, 2}
    assert all(hit.score is not None and hit.snippets for hit in storm.hits)


@pytest.mark.usefixtures("family")
def test_hits_name_their_original(store: SearchStore) -> None:
    hits = store.search(Query(text="storm", sort=Sort.NEWEST)).hits
    assert [hit.reprint_of for hit in hits] == [an_id("dropped"), an_id("original"), an_id("original"), None]
    assert {hit.folded for hit in hits} == {0}


@pytest.mark.usefixtures("family")
def test_the_prints_of_a_text_are_found_by_their_original(store: SearchStore) -> None:
    def found(*originals: str) -> list[str]:
        query = Query(reprints_of=tuple(map(an_id, originals)), sort=Sort.NEWEST)
        return [name for name, _ in names(store, query)]

    assert found("original") == ["second", "first", "original"]
    assert found("original", "dropped") == ["orphan", "second", "first", "original"]
    assert found("first") == []


@pytest.mark.usefixtures("family")
def test_hits_are_given_who_else_printed_them_in_one_question(
    store: SearchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits = store.search(Query(sort=Sort.NEWEST, folds_reprints=True)).hits
    asked, search = list[Query](), store.search
    monkeypatch.setattr(store, "search", lambda query: asked.append(query) or search(query))
    found = find_prints(hits, store)
    assert found.keys() == {an_id("second"), an_id("orphan")}
    of_second, of_orphan = found[an_id("second")], found[an_id("orphan")]
    assert of_second.original
    assert (of_second.original.id, [each.id for each in of_second.others]) == (an_id("original"), [an_id("first")])
    assert (of_second.more, of_orphan) == (0, Prints())
    assert len(asked) == 1
    assert find_prints([hit for hit in hits if hit.id == an_id("other")], store) == {}
    assert len(asked) == 1


def test_a_text_that_hundreds_printed_leaves_the_others_theirs(
    store: SearchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [a_reprint(f"{number}", "original", minute=60 + number) for number in range(250)]
    store.write([document("original"), document("other", published=NOON - MINUTE), *many])
    store.write([a_reprint("first", "other", minute=0), a_reprint("second", "other", minute=1)])
    hits = store.search(Query(sort=Sort.NEWEST, folds_reprints=True)).hits
    assert [hit.id for hit in hits] == [an_id("249"), an_id("second")]
    asked, search = list[Query](), store.search
    monkeypatch.setattr(store, "search", lambda query: asked.append(query) or search(query))
    newest, other = find_prints(hits, store).values()
    assert len(asked) == 2
    assert newest.original
    assert other.original
    assert (newest.original.id, other.original.id) == (an_id("original"), an_id("other"))
    assert ([each.id for each in other.others], other.more) == ([an_id("first")], 0)
    assert [each.id for each in newest.others] == [an_id(f"{number}") for number in range(MOST_OF_EACH - 1)]
    assert len(newest.others) + newest.more == 249


@pytest.mark.usefixtures("family")
def test_a_document_is_corrected_where_it_stands(store: SearchStore) -> None:
    found = Reprint(reprint_of=an_id("other"), similarity=0.5, own_share=0.25)
    links = {an_id("original"): found, an_id("first"): None, an_id("unknown"): found}
    before = store.document(an_id("original"))
    amend_documents(store, {key: reprint_json(key, link) for key, link in links.items()})
    after = store.document(an_id("original"))
    assert before
    assert after == {
        **before,
        "original": an_id("other"),
        "reprint_of": an_id("other"),
        "similarity": 0.5,
        "own_share": 0.25,
    }
    first = store.document(an_id("first"))
    assert first
    assert first["original"] == an_id("first")
    assert first.keys().isdisjoint({"reprint_of", "similarity", "own_share"})
    assert store.document(an_id("unknown")) is None
    # By its stem, which only the index keeps, not the stored form.
    assert names(store, Query(text="storms", originals_only=True)) == [("first", 0)]


def test_a_correction_reaches_every_generation_and_lets_the_capture_be_written_again(store: SearchStore) -> None:
    store.write([document("one")])
    rebuilt = store.begin_generation()
    store.write([document("one")], generation=rebuilt)
    link = Reprint(reprint_of=an_id("two"), similarity=0.5, own_share=0.25)
    amend_documents(store, {an_id("one"): reprint_json(an_id("one"), link)})
    assert [form.get("reprint_of") for form in store.documents(rebuilt)] == [an_id("two")]
    store.write([document("one")])
    form = store.document(an_id("one"))
    assert form
    assert "reprint_of" not in form


def test_a_hit_tells_that_its_page_is_gone(store: SearchStore) -> None:
    store.write([document("one")])
    for withdrawn_at in (NOON, None):
        amend_documents(store, {an_id("one"): withdrawal_json(withdrawn_at)})
        assert [hit.withdrawn_at for hit in store.search(Query()).hits] == [withdrawn_at]


def test_correcting_nothing_on_an_empty_store(store: SearchStore) -> None:
    amend_documents(store, {})
    amend_documents(store, {an_id("one"): reprint_json(an_id("one"), None)})
    assert store.search(Query()).total == 0
