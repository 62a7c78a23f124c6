"""Articles to stories by the pure core: what moves, and how much work one article is."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipeline.model.story import StoryState, Telling
from pipeline.stories import grouping
from pipeline.stories.fit import WINDOW, fit_telling
from pipeline.stories.grouping import Neighbourhood, join_stories
from pipeline.stories.postings import CANDIDATES, CAP, FOUND, keys_to_read, rank_stories
from tests.fixtures.documents import NOON
from tests.fixtures.tellings import DAY, HOUR, telling


class Counted:
    """Counts how often an article is compared with a story."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.comparisons = 0
        self._compare = fit_telling
        monkeypatch.setattr(grouping, "fit_telling", self._count)

    def _count(self, one: Telling, story: StoryState) -> float:
        self.comparisons += 1
        return self._compare(one, story)


def test_ten_thousand_copies_are_one_comparison_each_and_no_list_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, near = Counted(monkeypatch), Neighbourhood()
    copies = [telling(number, "peru quake arequipa", at=NOON + number * HOUR / 1000) for number in range(10_000)]
    join_stories(copies, near, copies[-1].at)
    assert counted.comparisons == len(copies) - 1
    [story] = near.stories.values()
    assert story.articles == len(copies)
    assert all(listed == [story.id] for listed in near.postings.values())
    assert len(near.postings) <= len(list(keys_to_read(copies[0].traits, NOON)))


def test_an_article_among_very_many_stories_is_compared_with_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, near = Counted(monkeypatch), Neighbourhood()
    many = [telling(number, f"peru own{number} else{number} other{number} more{number}") for number in range(1000)]
    join_stories(many, near, NOON)
    assert len(near.stories) == len(many)
    assert counted.comparisons <= CANDIDATES * len(many)
    assert max(len(listed) for listed in near.postings.values()) == CAP


def test_the_shortest_lists_are_looked_at_first_and_only_so_many() -> None:
    common = {(f"c{number}", 0): [f"common{number}-{each}" for each in range(CAP)] for number in range(20)}
    rare = {("r", 0): ["rare"]}
    looked = list[str]()

    class Listed(list[str]):
        def __iter__(self) -> Iterator[str]:
            looked.extend(self[:])
            return super().__iter__()

    postings = {key: Listed(listed) for key, listed in (common | rare).items()}
    assert rank_stories(postings, postings)[0] == "rare"
    assert looked[0] == "rare"
    assert len(looked) <= FOUND + CAP


def revise(near: Neighbourhood, article: Telling, joined: dict[str, str], about: str) -> str:
    """Give a new version of the article, an hour later; return its story."""
    near.homes = {article.article_id: joined[article.article_id]}
    other = telling("any", about, at=article.at)
    revised = replace(article, traits=other.traits, names=other.names, headline=other.headline)
    return join_stories([revised], near, NOON + HOUR)[article.article_id]


@pytest.fixture
def quake() -> list[Telling]:
    return [telling(f"quake-{number}", "peru quake arequipa", at=NOON + number * HOUR / 4) for number in range(3)]


@pytest.fixture
def match() -> list[Telling]:
    return [telling(f"match-{number}", "kelstow rovers penalty", at=NOON + number * HOUR / 4) for number in range(2)]


def test_a_new_version_about_another_event_moves(quake: list[Telling], match: list[Telling]) -> None:
    near = Neighbourhood()
    joined = join_stories([*quake, *match], near, NOON)
    there = revise(near, quake[2], joined, "kelstow rovers penalty")
    assert there == joined[match[0].article_id]
    assert (near.stories[there].articles, near.stories[joined[quake[0].article_id]].articles) == (3, 2)


def test_a_new_version_that_still_fits_stays(quake: list[Telling], match: list[Telling]) -> None:
    near = Neighbourhood()
    joined = join_stories([*quake, *match], near, NOON)
    assert revise(near, quake[2], joined, "peru quake toll") == joined[quake[2].article_id]
    assert near.stories[joined[quake[0].article_id]].articles == 3


def test_nothing_moves_once_the_window_is_closed(quake: list[Telling], match: list[Telling]) -> None:
    near = Neighbourhood()
    joined = join_stories([*quake, *match], near, NOON)
    near.homes = joined
    moved = replace(quake[2], traits=match[0].traits)
    late = NOON + WINDOW + DAY
    assert join_stories([moved], near, late)[moved.article_id] == joined[moved.article_id]


def test_the_id_of_a_story_that_its_only_article_leaves_leads_on(quake: list[Telling]) -> None:
    near, single = Neighbourhood(), telling("single", "otters thames")
    joined = join_stories([*quake, single], near, NOON)
    there = revise(near, single, joined, "peru quake arequipa")
    assert there == joined[quake[0].article_id]
    assert near.stories[joined[single.article_id]].merged_into == there
    assert near.mergers == [(joined[single.article_id], there)]


def test_an_article_that_leaves_for_no_story_begins_its_own(quake: list[Telling]) -> None:
    near = Neighbourhood()
    joined = join_stories(quake, near, NOON)
    there = revise(near, quake[2], joined, "otters thames")
    assert there == quake[2].article_id[:16]
    assert (near.stories[there].articles, near.stories[joined[quake[0].article_id]].articles) == (1, 2)


def test_a_single_article_that_becomes_another_keeps_its_story() -> None:
    near, single = Neighbourhood(), telling("single", "otters thames")
    joined = join_stories([single], near, NOON)
    there = revise(near, single, joined, "kelstow rovers penalty")
    assert there == joined[single.article_id]
    assert (near.stories[there].articles, near.stories[there].label) == (1, "About kelstow rovers penalty")


def test_the_founder_of_a_story_of_several_stays_where_nothing_else_fits(quake: list[Telling]) -> None:
    near = Neighbourhood()
    joined = join_stories(quake, near, NOON)
    assert revise(near, quake[0], joined, "otters thames") == joined[quake[0].article_id]
