"""What both search stores promise of stories: their articles are found, and follow where they move to."""

from dataclasses import replace

import pytest

from pipeline.corrections import amend_documents
from pipeline.model.query import Query
from pipeline.ports import SearchStore
from pipeline.urls import article_id
from tests.fixtures.documents import document


@pytest.fixture
def store(store: SearchStore) -> SearchStore:
    store.write(
        [
            replace(document("quake", text="Walls fell in Arequipa."), story="quake"),
            replace(document("toll", text="The toll in Arequipa rose."), story="quake"),
            replace(document("match", text="A match in Arequipa."), story="match"),
            document("loose", text="Arequipa, before there were stories."),
        ]
    )
    return store


def names(store: SearchStore, query: Query) -> set[str]:
    return {hit.url.rpartition("/")[2] for hit in store.search(query).hits}


def test_the_articles_of_a_story_are_found(store: SearchStore) -> None:
    assert names(store, Query(story="quake")) == {"quake", "toll"}
    assert names(store, Query(story="quake", text="walls")) == {"quake"}
    assert names(store, Query(story="none")) == set()
    assert len(names(store, Query(text="Arequipa"))) == 4


def test_an_article_that_moves_is_found_in_its_new_story_with_all_else_as_it_was(store: SearchStore) -> None:
    key = article_id("https://news.example/match")
    before = store.document(key)
    amend_documents(store, {key: {"story": "quake"}, article_id("https://news.example/unknown"): {"story": "quake"}})
    assert names(store, Query(story="quake")) == {"quake", "toll", "match"}
    assert names(store, Query(story="match")) == set()
    after = store.document(key)
    assert before is not None
    assert after == {**before, "story": "quake"}
