"""Quotations are found in any marks, with their speaker and the verb that says so."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enrich.quotes import find_quotes
from pipeline.model.entity import Kind, Mention

PEOPLE = ("Ida Brekke", "Tom Aske", "Brekke")


def people_in(text: str) -> list[Mention]:
    found: list[Mention] = []
    for name in PEOPLE:
        start = text.find(name)
        while start >= 0:
            if not any(one.start <= start < one.end for one in found):
                found.append(Mention(start=start, end=start + len(name), text=name, kind=Kind.PERSON, entity=name))
            start = text.find(name, start + 1)
    return sorted(found, key=lambda one: one.start)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"It burns," Ida Brekke said.', [("It burns,", "Ida Brekke", "said")]),
        ("“It burns,” said Ida Brekke.", [("It burns,", "Ida Brekke", "said")]),
        ('Ida Brekke told Tom Aske: "It burns."', [("It burns.", "Ida Brekke", "told")]),
        ('The light is out, said Brekke. "It burns no more." It rained.', [("It burns no more.", "Brekke", "said")]),
        (
            '"It burns," Brekke continued. "It warms."',
            [("It burns,", "Brekke", "continued"), ("It warms.", "Brekke", "continued")],
        ),
        ('Ida Brekke has described Tom Aske as a "fool".', [("fool", "Ida Brekke", "described")]),
        ('Brekke: the light is "ours"', [("ours", "Brekke", None)]),
        ('Critics call it "a ruin". Brekke left.', [("a ruin", None, "call")]),
        ("«It burns», said Tom Aske.", [("It burns", "Tom Aske", "said")]),
        ("„It burns“, said Tom Aske.", [("It burns", "Tom Aske", "said")]),
        ("‘It burns,’ Tom Aske said, and didn’t stay.", [("It burns,", "Tom Aske", "said")]),
        ("It's Brekke's and the boys' boat.", []),
        ('The mast is 6" wide, and 8" long.', []),
        ('"It burns.\nAnd warms," said Brekke.', []),
        ("", []),
    ],
)
def test_who_said_what(text: str, expected: list[tuple[str, str | None, str | None]]) -> None:
    quotes = find_quotes(text, people_in(text), "en")
    assert [(quote.text, quote.speaker, quote.cue) for quote in quotes] == expected


@given(st.text(alphabet='"“”„«»‘’ aB.\n', max_size=60))
def test_offsets_are_exact(text: str) -> None:
    quotes = find_quotes(text, people_in(text), "en")
    assert all(text[quote.start : quote.end] == quote.text for quote in quotes)
    assert all(first.end <= second.start for first, second in pairwise(quotes))
