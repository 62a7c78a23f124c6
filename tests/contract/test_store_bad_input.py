"""What both search stores promise of bad input: an answer or one clear line, whatever stands in whichever field."""

import tracemalloc
from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.ports import SearchStore
from pipeline.search.grammar import parse_text
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
    " ".join(f"word{number}" for number in range(64)),
    " ".join(f"{letter}{other}*" for letter in "abcdefgh" for other in "abcdefgh"),
    f'"{"a " * 1_990}"',
    "a-" * 2_000,
    "中" * 4_000,
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


def test_filters_take_so_many_values_in_all(store: SearchStore) -> None:
    store.write([document(headline="Wheat", people=["Ann"])])
    few, many = ({field: [f"{field} {number}" for number in range(count)] for field in LISTS} for count in (9, 100))
    refused = "the filters have {} values in all; at most 64 can be asked at once"
    assert ask(store, few) == 0
    assert ask(store, {"people": [*many["people"][:63], "Ann"]}) == 1
    assert [ask(store, {field: values}) for field, values in many.items()] == [refused.format(100)] * len(LISTS)
    assert ask(store, many) == refused.format(700)


def test_an_export_reaches_beyond_what_pages_do(store: SearchStore) -> None:
    store.write([document(f"{number}", text="wheat", published=NOON) for number in range(10_050)])
    query = make_query("wheat", limit=0)
    assert store.search(query).total == 10_050
    tracemalloc.start()
    try:
        ids = {form["id"] for form in store.export(query)}
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(ids) == 10_050
    assert peak < 5_000_000  # bytes; all documents at once take 50 MB


@pytest.mark.parametrize("form", ["a OR b ({})", "a ({} OR b)", "person:a OR person:b ({})", "-a (-b OR text:c {})"])
def test_brackets_as_deep_as_can_be_written_are_no_burden(store: SearchStore, form: str) -> None:
    text, told = "harvest", ""
    while not told:
        assert ask(store, {"text": text}) == 0
        try:
            parse_text(form.format(text))
        except UsageError as error:
            told = str(error)
        text = form.format(text)
    assert "nested more than 8 deep" in told


def test_an_excerpt_of_a_text_that_says_one_word_for_ever(store: SearchStore) -> None:
    """Marks were counted from the text's beginning each: a minute for this one."""
    store.write([document(text="harvest " * 100_000)])
    [hit] = store.search(make_query("harvest")).hits
    assert hit.snippets[0].startswith("<mark>harvest</mark> <mark>harvest</mark>")
