import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.index import folding
from pipeline.index.folding import find_spans, find_words, fold, fold_words
from pipeline.index.mapping import read_mapping


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Téhéran", "teheran"),
        ("ŁÓDŹ Straße Ærø", "lodz strasse aero"),
        ("Iran’s l'état-major", "iran s l etat major"),
        ("Bundes\u00adtag a\u00a0b", "bundestag a b"),
        ("ΑΘΉΝΑ τους", "αθηνα τουσ"),
        ("Ёлка Йод", "елка йод"),
        ("كِتَابٌ می‌خواهد ۱۴۰۲", "كتاب مي خواهد 1402"),
        ("東京tower", "東 京 tower"),
        ("… 🙂 —", ""),
        ("ᾳ αͺ", "α α"),
        ("x" * 300, "x" * 255),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_words_lie_in_order_within_the_text(text: str) -> None:
    words = find_words(text)
    assert [word.folded for word in words] == fold_words(text)
    assert [(word.start, word.end) for word in words] == find_spans(text)
    places = [place for word in words for place in (word.start, word.end)]
    assert places == sorted(places)
    assert all(0 <= word.start < word.end <= len(text) and word.folded for word in words)


@given(st.text())
def test_a_folded_word_has_no_space_that_would_part_it(text: str) -> None:
    assert fold(text).split(" ") == (fold_words(text) or [""])


def test_elasticsearch_is_told_the_same_characters() -> None:
    analysis = read_mapping()["settings"]["analysis"]
    assert folding.UNSPACED in analysis["tokenizer"]["words"]["pattern"]
    assert folding.INVISIBLE in analysis["char_filter"]["invisible"]["pattern"]
    assert analysis["filter"]["truncated"]["length"] == folding.MAX_WORD
    assert "truncated" in json.dumps(analysis["analyzer"]["folded"])
