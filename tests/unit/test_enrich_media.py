"""Media that only the place of a quotation names."""

import pytest

from pipeline.enrich.media import add_media
from pipeline.enrich.places import load_gazetteer
from pipeline.enrich.words import load_words
from pipeline.model.entity import Kind, Mention


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"We agree," Vell said on Radio Norhaven.', ["Radio Norhaven"]),
        ('"We agree," Vell told the Norhaven Post.', ["Norhaven Post"]),
        ('"We agree," Vell said on Monday.', []),
        ('"We agree," Vell said on March 3.', []),
        ('"We agree," Vell told the Prime Minister.', []),
        ('"We agree," Vell said on Cyprus.', []),
        ("Vell said on Radio Norhaven that she agrees.", []),
    ],
)
def test_the_place_of_a_quotation_is_an_organization(text: str, names: list[str]) -> None:
    found = add_media(text, (), "en", load_words("en"), load_gazetteer())
    assert [(one.text, one.kind) for one in found] == [(name, Kind.ORGANIZATION) for name in names]


def test_a_name_that_is_found_already_stays_what_it_is() -> None:
    text = '"We agree," Vell said on Radio Norhaven.'
    known = Mention(start=text.index("Norhaven"), end=text.index("Norhaven") + 8, text="Norhaven", kind=Kind.PLACE)
    assert add_media(text, [known], "en", load_words("en"), load_gazetteer()) == (known,)
