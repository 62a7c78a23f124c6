"""Whether two pages that name one canonical URL tell one article."""

import pytest

from examples.press import Story
from pipeline.identity import Said, tell_the_same
from tests.fixtures.documents import NOON

LONG = "\n\n".join(Story(number=11, published_at=NOON).paragraphs)
OTHER = "\n\n".join(Story(number=12, published_at=NOON).paragraphs)
STUB = LONG.partition("\n\n")[0]
FLASH = "The council of Lisbon has approved the new ferry terminal, its speaker said on Monday evening."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("A vote", LONG), ("Ã VOTE!", OTHER)),
        (("A vote", LONG), ("Another vote", LONG)),
        (("A vote", LONG), ("Another vote", LONG.replace("visitors", "guests").replace("autumn", "winter"))),
        (("A vote", LONG), ("Another vote", STUB)),
        (("A vote", FLASH), ("Another vote", FLASH.upper())),
    ],
)
def test_the_headline_or_much_of_the_text_makes_it_one_article(one: Said, other: Said) -> None:
    assert tell_the_same(one, other)
    assert tell_the_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("A vote", LONG), ("Another vote", OTHER)),
        (("A vote", LONG), ("Another vote", f"{STUB}\n\n{OTHER}")),
        (("A vote", LONG), ("Another vote", FLASH)),
        (("A vote", FLASH), ("Another vote", "Trains between Porto and Braga stand still after a storm, it was said.")),
    ],
)
def test_another_headline_over_another_text_is_another_article(one: Said, other: Said) -> None:
    assert not tell_the_same(one, other)
    assert not tell_the_same(other, one)
