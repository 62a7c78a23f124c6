import html

from hypothesis import given
from hypothesis import strategies as st

from pipeline.index.folding import find_words
from pipeline.index.snippets import MARK_END, MARK_START, cut_snippets, escape_snippet


def marks_of(text: str, word: str) -> list[tuple[int, int]]:
    return [(each.start, each.end) for each in find_words(text) if each.folded == word]


def test_the_beginning_is_shown_where_nothing_is_marked() -> None:
    (snippet,) = cut_snippets("word " * 100, [])
    assert snippet.startswith("word word")
    assert 150 <= len(snippet) <= 160
    assert snippet.endswith("word")


def test_no_text_no_snippet() -> None:
    assert cut_snippets("", []) == ()


def test_two_excerpts_around_marks_that_lie_apart() -> None:
    text = "Iran " + "and so on " * 60 + "in Iran " + "and so on " * 60 + "Iran"
    first, second = cut_snippets(text, marks_of(text, "iran"))
    assert first.startswith("<mark>Iran</mark> and")
    assert "in <mark>Iran</mark> and" in second
    assert len(second) < 180


def test_excerpts_begin_and_end_with_whole_words() -> None:
    text = "beginning " * 50 + "Iran" + " ending" * 50
    (snippet,) = cut_snippets(text, marks_of(text, "iran"))
    assert set(snippet.split()) == {"beginning", "<mark>Iran</mark>", "ending"}


def test_paragraphs_become_one_line() -> None:
    assert cut_snippets("One.\n\nTwo.", []) == ("One. Two.",)


def test_overlapping_marks_give_the_longest() -> None:
    assert cut_snippets("state visit", [(0, 11), (6, 11)]) == ("<mark>state visit</mark>",)


def test_an_odd_sign_marks_nothing() -> None:
    assert escape_snippet(f"a{MARK_START}b") == "ab"


@given(st.text(), st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20))))
def test_excerpts_are_escaped_and_say_nothing_new(text: str, stretches: list[tuple[int, int]]) -> None:
    marks = sorted((start, start + length) for start, length in stretches if start + length <= len(text))
    plain = text.replace(MARK_START, "").replace(MARK_END, "")
    for snippet in cut_snippets(plain, marks if plain == text else []):
        unmarked = snippet.replace("<mark>", "").replace("</mark>", "")
        assert "<" not in unmarked
        assert "".join(html.unescape(unmarked).split()) in "".join(html.unescape(html.escape(plain)).split())
