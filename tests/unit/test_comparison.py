"""The field-level comparison of two streams of documents."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.rebuild import Change
from pipeline.replay.comparison import MAX_CHARACTERS, MAX_SAMPLES, compare_documents


def form(key: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"id": key, "url": f"https://news.example/{key}", **fields}


def test_equal_streams_do_not_differ() -> None:
    forms = [form("a", text="one"), form("b", people=["Ann"])]
    found = compare_documents(forms, forms)
    assert (found.live_documents, found.rebuilt_documents, found.changed, found.fields) == (2, 2, 0, ())
    assert (found.only_live.documents, found.only_rebuilt.documents) == (0, 0)


def test_empty_streams_are_fine() -> None:
    found = compare_documents([], [form("a")])
    assert (found.live_documents, found.rebuilt_documents) == (0, 1)
    assert found.only_rebuilt.samples == ("https://news.example/a",)


def test_each_side_counts_what_the_other_lacks() -> None:
    found = compare_documents([form("a"), form("c"), form("d")], [form("b"), form("c")])
    assert (found.only_live.documents, found.only_rebuilt.documents, found.changed) == (2, 1, 0)
    assert found.only_live.samples == ("https://news.example/a", "https://news.example/d")
    assert found.only_rebuilt.samples == ("https://news.example/b",)


def test_changes_are_counted_by_field_most_changed_first() -> None:
    live = [form("a", text="x", deck="d"), form("b", text="y"), form("c", text="z")]
    rebuilt = [form("a", text="X", deck="D"), form("b", text="Y"), form("c", text="z")]
    found = compare_documents(live, rebuilt)
    assert found.changed == 2
    assert [(each.field, each.documents) for each in found.fields] == [("text", 2), ("deck", 1)]


def test_a_field_that_only_one_side_has_is_a_change() -> None:
    found = compare_documents([form("a", deck="old")], [form("a", agency="new")])
    assert {each.field: each.samples for each in found.fields} == {
        "agency": (Change(id="a", url="https://news.example/a", before="", after="new"),),
        "deck": (Change(id="a", url="https://news.example/a", before="old", after=""),),
    }


def test_values_that_are_no_text_are_shown_as_json() -> None:
    found = compare_documents([form("a", people=["Ann"])], [form("a", people=["Ann", "Łukasz"])])
    [change] = found.fields[0].samples
    assert (change.before, change.after) == ('["Ann"]', '["Ann", "Łukasz"]')


def test_samples_show_where_long_values_part() -> None:
    same = "The same words. " * 50
    found = compare_documents([form("a", text=f"{same}Before. {same}")], [form("a", text=f"{same}After. {same}")])
    [change] = found.fields[0].samples
    assert "Before." in change.before
    assert "After." in change.after
    assert len(change.before) <= MAX_CHARACTERS + 2


def test_a_hash_is_counted_and_not_shown() -> None:
    found = compare_documents([form("a", content_hash="1f")], [form("a", content_hash="2e")])
    assert [(each.field, each.documents, each.samples) for each in found.fields] == [("content_hash", 1, ())]


def test_samples_are_few() -> None:
    keys = [f"{number:03}" for number in range(100)]
    found = compare_documents([form(k, text="a") for k in keys], [form(k, text="b") for k in keys])
    assert (found.fields[0].documents, len(found.fields[0].samples)) == (100, MAX_SAMPLES)
    found = compare_documents([form(k) for k in keys], [])
    assert (found.only_live.documents, len(found.only_live.samples)) == (100, MAX_SAMPLES)


def test_memory_does_not_grow_with_the_streams() -> None:
    def stream(count: int, text: str) -> Iterator[dict[str, Any]]:
        return (form(f"{number:09}", text=text * 1000) for number in range(count))

    def peak(count: int) -> int:
        tracemalloc.start()
        compare_documents(stream(count, "a"), stream(count, "b"))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(2000) < 2 * peak(100)


texts = st.dictionaries(st.text("abc", min_size=1, max_size=2), st.text("xy", max_size=2), max_size=8)


@given(texts, texts)
def test_sums_agree_with_sets(live: dict[str, str], rebuilt: dict[str, str]) -> None:
    found = compare_documents(
        [form(key, text=text) for key, text in sorted(live.items())],
        [form(key, text=text) for key, text in sorted(rebuilt.items())],
    )
    both = live.keys() & rebuilt.keys()
    assert found.only_live.documents == len(live.keys() - rebuilt.keys())
    assert found.only_rebuilt.documents == len(rebuilt.keys() - live.keys())
    assert found.changed == sum(live[key] != rebuilt[key] for key in both)
