from dataclasses import replace
from datetime import datetime

import pytest

from pipeline.stories.fit import ACCEPTED, LONGEST, WINDOW, fit_telling, is_open
from pipeline.stories.growth import MEMORY, MOST, absorb_story, add_telling, found_story, show_story
from tests.fixtures.documents import NOON
from tests.fixtures.tellings import DAY, HOUR, telling


def test_a_story_is_called_by_an_article_in_its_main_language() -> None:
    story = found_story(telling(1, "peru quake", language="de"))
    assert story.label == "About peru quake"
    add_telling(story, telling(2, "peru quake lima"))
    add_telling(story, telling(3, "peru quake arequipa"))
    assert (story.label_language, story.label) == ("en", "About peru quake arequipa")


def test_an_article_that_fits_better_gives_its_headline() -> None:
    story = found_story(telling(1, "peru otters"))
    add_telling(story, telling(2, "peru quake arequipa"))
    add_telling(story, telling(3, "peru quake arequipa"))
    assert story.label == "About peru quake arequipa"


def test_the_centre_keeps_its_size_and_follows_the_news() -> None:
    story = found_story(telling("first", "old"))
    for number in range(5 * MEMORY):
        add_telling(story, telling(number, f"new{number} new war"))
    assert all(len(vector) <= MOST for vector in story.centre.values())
    assert fit_telling(telling("x", "new war"), story) > ACCEPTED > fit_telling(telling("y", "old"), story)


def test_a_merged_story_counts_both_and_leads_on() -> None:
    one, other = (
        found_story(telling(1, "a b", publisher="A")),
        found_story(telling(2, "a c", at=NOON - HOUR, publisher="B")),
    )
    absorb_story(one, other)
    assert other.merged_into == one.id
    shown = show_story(one)
    assert (shown.articles, shown.publishers, shown.first_at) == (2, ("A", "B"), NOON - HOUR)
    assert shown.entities[0] == "A"


def test_a_telling_in_another_language_is_compared_by_what_languages_share() -> None:
    story = found_story(telling(1, "peru quake arequipa"))
    german = telling(2, "peru quake arequipa", language="de")
    assert fit_telling(german, story) > ACCEPTED
    names_alone = replace(german, traits=replace(german.traits, names={}, entities={}, concepts={}))
    assert fit_telling(names_alone, story) < ACCEPTED


@pytest.mark.parametrize(
    ("at", "opened"),
    [
        (NOON + WINDOW, True),
        (NOON + WINDOW + HOUR, False),
        (NOON - WINDOW, True),
        (NOON - WINDOW - HOUR, False),
    ],
)
def test_a_story_is_open_for_the_window_around_it(at: datetime, *, opened: bool) -> None:
    assert is_open(found_story(telling(1, "a")), at) is opened


def test_a_story_that_is_too_long_takes_no_more_in() -> None:
    story = found_story(telling(1, "a"))
    story.last_at = NOON + LONGEST - DAY
    assert is_open(story, NOON + LONGEST)
    assert not is_open(story, NOON + LONGEST + HOUR)
