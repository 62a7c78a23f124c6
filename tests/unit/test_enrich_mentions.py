"""Mentions hold the name and nothing else."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enrich.mentions import add_repeats, clean_mentions, has_title
from pipeline.enrich.words import load_words
from pipeline.model.entity import Kind, Mention

EN = load_words("en")


def mention(text: str, span: str, kind: Kind, at: int = 0) -> Mention:
    start = text.index(span, at)
    return Mention(start=start, end=start + len(span), text=span, kind=kind)


@pytest.mark.parametrize(
    ("text", "span", "kind", "expected"),
    [
        ("He met President Ida Brekke.", "President Ida Brekke", Kind.PERSON, "Ida Brekke"),
        (
            "He met Norwegian Prime Minister Ida Brekke.",
            "Norwegian Prime Minister Ida Brekke",
            Kind.PERSON,
            "Ida Brekke",
        ),
        ("It is Ida Brekke's boat.", "Ida Brekke's", Kind.PERSON, "Ida Brekke"),
        ("It is Ida Brekke’s boat.", "Ida Brekke’s", Kind.PERSON, "Ida Brekke"),
        ("The EU said no.", "The EU", Kind.ORGANIZATION, "EU"),
        ("A court in The Hague said no.", "The Hague", Kind.PLACE, "The Hague"),
        ('The "Courier" said no.', '"Courier"', Kind.ORGANIZATION, "Courier"),
        ("In Norhaven\nToday", "Norhaven\nToday", Kind.PLACE, "Norhaven"),
        ("Mr. Brekke left.", "Mr. Brekke", Kind.PERSON, "Brekke"),
        ("The Russians came.", "Russians", Kind.PLACE, None),
        ("Belarusian forces", "Belarusian", Kind.ORGANIZATION, None),
        ("The President spoke.", "The President", Kind.PERSON, None),
        ("The Islamic Republic did.", "The Islamic Republic", Kind.PLACE, None),
        ("some words", "words", Kind.PERSON, None),
        ("i live in norhaven now", "norhaven", Kind.PLACE, "norhaven"),
        ("GERMAN FERRY SINKS", "GERMAN", Kind.PLACE, None),
        ("In 2024 it", "2024", Kind.OTHER, None),
    ],
)
def test_spans_are_cleaned(text: str, span: str, kind: Kind, expected: str | None) -> None:
    cleaned = clean_mentions(text, [mention(text, span, kind)], EN)
    assert [found.text for found in cleaned] == ([expected] if expected else [])
    assert all(text[found.start : found.end] == found.text for found in cleaned)


def test_of_overlapping_mentions_the_first_and_longest_stays() -> None:
    text = "Ida Brekke Hansen"
    spans = [
        mention(text, "Brekke Hansen", Kind.PERSON),
        mention(text, "Ida Brekke", Kind.PERSON),
        mention(text, "Ida", Kind.PERSON),
    ]
    assert [found.text for found in clean_mentions(text, spans, EN)] == ["Ida Brekke"]


def test_names_found_once_are_found_again() -> None:
    text = "Brekke spoke. Later Brekke left, but Brekke-Hansen and John Brekke Smith stayed. Rice is here, rice there. Rice."
    found = add_repeats(text, [mention(text, "Brekke", Kind.PERSON), mention(text, "Rice", Kind.PERSON)])
    assert [(one.start, one.text) for one in found][:2] == [(0, "Brekke"), (20, "Brekke")]
    assert sum(one.text == "Rice" for one in found) == 1


def test_titles_stand_right_before_the_name() -> None:
    text = "Prime Minister Brekke and the town of Norhaven"
    assert has_title(text, mention(text, "Brekke", Kind.PERSON), EN)
    assert not has_title(text, mention(text, "Norhaven", Kind.PERSON), EN)


@given(
    st.text(alphabet="ABc d.'’\n\"The ", max_size=80),
    st.lists(st.tuples(st.integers(0, 80), st.integers(1, 30)), max_size=8),
)
def test_offsets_are_exact_and_nothing_overlaps(text: str, spans: list[tuple[int, int]]) -> None:
    tagged = [
        Mention(start=start, end=min(len(text), start + length), text=text[start : start + length], kind=Kind.PERSON)
        for start, length in spans
        if start < len(text)
    ]
    found = add_repeats(text, clean_mentions(text, tagged, EN))
    assert all(text[one.start : one.end] == one.text and "\n" not in one.text for one in found)
    assert all(first.end <= second.start for first, second in pairwise(found))
