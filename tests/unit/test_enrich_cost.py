"""A text twice as long costs twice as much, whatever stands in it: calls are counted, not seconds."""

import re
import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.enrich.aliases import group_mentions
from pipeline.enrich.demonyms import find_demonyms
from pipeline.enrich.entities import link_groups
from pipeline.enrich.places import load_gazetteer
from pipeline.enrich.quotes import find_quotes
from pipeline.enrich.salience import rank_entities
from pipeline.enrich.words import load_words
from pipeline.model.entity import Kind, Mention

PIECES = (
    'Ida Brekke said "it burns now," and she told Tom Aske in Paris, Texas, that. ',
    "“‘It’ burns",
    '"It burns.\n\n',
    '"a," ',
    "‘as’ bs’ ",
    "He said the Belarusian Brekke was said by Ola Brekke (EU) to ",
    "“",
    ". ! ?\n",
)
NAME = re.compile(r"(?:Ida|Tom|Ola) [A-Z]\w+|Brekke|Paris|Texas|EU")


def annotate(text: str) -> None:
    kinds = {"Paris": Kind.PLACE, "Texas": Kind.PLACE, "EU": Kind.ORGANIZATION}
    mentions = tuple(
        Mention(start=one.start(), end=one.end(), text=one[0], kind=kinds.get(one[0], Kind.PERSON))
        for one in NAME.finditer(text)
    )
    words, gazetteer = load_words("en"), load_gazetteer()
    linked = link_groups(text, group_mentions(text, mentions, words, gazetteer), words, gazetteer)
    find_demonyms(text, linked.mentions, words.demonyms)
    rank_entities(linked.entities, linked.mentions, text, None)
    find_quotes(text, linked.mentions, "en")


def count_calls(work: Callable[[], None]) -> int:
    count = 0

    def note(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("piece", PIECES)
def test_no_text_costs_more_by_the_character_when_it_is_long(piece: str) -> None:
    annotate(piece * 50)  # what is kept from one text to the next
    short, long = (count_calls(lambda size=size: annotate(piece * size)) for size in (100, 400))
    assert long < 4.4 * short


def test_many_names_cost_no_more_each() -> None:
    def text(size: int) -> str:
        syllables = [first + second for first in "bdfgklmnprstv" for second in ("ar", "el", "in", "os", "un")]
        name = (f"Ida {one.capitalize()}{other}" for one in syllables for other in syllables)
        return " ".join(
            f'"It burns," {one} said of {one.split()[1]}.' for one, _ in zip(name, range(size), strict=False)
        )

    annotate(text(400))
    short, long = (count_calls(lambda size=size: annotate(text(size))) for size in (100, 400))
    assert long < 4.4 * short


@given(
    st.lists(st.sampled_from((*PIECES, "\u200f", "\x00", "的“我", "«", "»", ", dit-il, ", "— сказал он")), max_size=12)
)
@settings(deadline=None, max_examples=60)
def test_nothing_is_ever_raised(pieces: list[str]) -> None:
    annotate("".join(pieces))
