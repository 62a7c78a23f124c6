"""The English tagger keeps the promises of its port."""

import pytest

from pipeline.adapters.spacy_tagger import SpacyTagger
from pipeline.model.entity import Kind

TEXT = "Angela Merkel met officials of the World Bank in Paris on Monday. The French minister left early."


@pytest.fixture(scope="module")
def tagger() -> SpacyTagger:
    return SpacyTagger()


def test_other_languages_are_not_its_own(tagger: SpacyTagger) -> None:
    assert tagger.tag([TEXT], "de") is None


def test_names_with_their_kinds_and_no_nationalities(tagger: SpacyTagger) -> None:
    tagged = tagger.tag([TEXT, "", TEXT], "en")
    assert tagged is not None
    assert tagged[0] == tagged[2]
    assert tagged[1] == ()
    found = {mention.text: mention.kind for mention in tagged[0]}
    assert found["Angela Merkel"] is Kind.PERSON
    assert found["Paris"] is Kind.PLACE
    assert "French" not in found
    assert "Monday" not in found


@pytest.mark.parametrize("gap", ["\n\n", " ", ""])
def test_long_texts_keep_their_offsets(tagger: SpacyTagger, gap: str) -> None:
    text = gap.join([TEXT] * 500)
    tagged = tagger.tag([text], "en")
    assert tagged is not None
    assert all(text[mention.start : mention.end] == mention.text for mention in tagged[0])
    assert all(first.end <= second.start for first, second in zip(tagged[0], tagged[0][1:], strict=False))
    assert sum(mention.text == "Paris" for mention in tagged[0]) > 450
