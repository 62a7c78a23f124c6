"""What both search stores promise of bad input: an answer or one clear line, whatever stands in whichever field."""

from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.ports import SearchStore
from pipeline.search.request import make_query
from tests.fixtures.documents import NOON, document

HOSTILE = (
    "*",
    "**",
    "?*",
    "-*",
    "a*",
    "x" * 10_000,
    "word " * 2_000,
    "(" * 500,
    '"' * 501,
    "-" * 300 + "a",
    "NOT " * 60 + "a",
    "a OR " * 60 + "b",
    "field:value",
    "person:",
    "since:soon",
    "date:2026-02-30",
    "\x00",
    "a\x1b[31mb",
    "\ud800",
    "\u202eevil",
    "<script>alert(1)</script>",
    "'; DROP TABLE documents; --",
    '{"query": {"script": {"script": "System.exit(1)"}}}',
    "ctx._source",
    "%s %% _",
    "/.*/",
    "[* TO *]",
    "🙂",
    "9" * 400,
    "1e999",
    "",
    " ",
)
LISTS = ("people", "organizations", "places", "publishers", "languages", "sections", "entities")
SINGLE = ("text", "since", "until", "near", "sort", "story", "like")


def ask(store: SearchStore, options: dict[str, Any]) -> int | str:
    """Return how many are found, or why the question is refused."""
    try:
        return store.search(make_query(**options, with_facets=True, explains=True, folds_reprints=True)).total
    except UsageError as error:
        return str(error)


@pytest.mark.parametrize("field", [*SINGLE, *LISTS])
def test_whatever_stands_in_a_field_is_answered_or_refused_in_one_line(store: SearchStore, field: str) -> None:
    store.write([document(headline="Wheat", people=["Ann"])])
    for hostile in HOSTILE:
        answer = ask(store, {field: [hostile] if field in LISTS else hostile})
        assert answer in {0, 1} or (isinstance(answer, str) and answer.isprintable())


def test_an_export_reaches_beyond_what_pages_do(store: SearchStore) -> None:
    store.write([document(f"{number}", text="wheat", published=NOON) for number in range(10_050)])
    query = make_query("wheat", limit=0)
    assert store.search(query).total == 10_050
    assert len({form["id"] for form in store.export(query)}) == 10_050
