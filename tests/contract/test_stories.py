"""What every ledger promises of stories: one answer for an article, whoever asks and however often."""

import random
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from pipeline.adapters import sql_stories
from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.model.story import StorySort, Telling
from pipeline.ports import Ledger
from pipeline.stories.fit import LONGEST, WINDOW
from tests.fixtures.documents import NOON
from tests.fixtures.tellings import DAY, HOUR, telling


def groups(ledger: Ledger, tellings: Sequence[Telling]) -> list[list[str]]:
    """Return which articles are together, by URL."""
    joined = ledger.stories_of([each.article_id for each in tellings])
    together: dict[str, list[str]] = {}
    for each in sorted(tellings, key=lambda each: each.url):
        together.setdefault(joined[each.article_id], []).append(each.url.rpartition("/")[2])
    return sorted(together.values())


def test_articles_about_one_event_are_one_story(ledger: Ledger) -> None:
    quake = [
        telling("quake-1", "peru quake arequipa", publisher="First"),
        telling("quake-2", "peru quake arequipa", at=NOON + HOUR, publisher="Second"),
        telling("quake-3", "peru quake arequipa", at=NOON + 2 * HOUR, publisher="First", language="de"),
    ]
    other = telling("match", "kelstow rovers penalty", at=NOON + HOUR)
    ledger.join_stories([*quake, other], NOON)
    assert groups(ledger, [*quake, other]) == [["match"], ["quake-1", "quake-2", "quake-3"]]
    story, single = ledger.stories()
    assert (story.articles, story.publishers, story.languages) == (3, ("First", "Second"), ("en", "de"))
    assert (story.first_at, story.last_at) == (NOON, NOON + 2 * HOUR)
    assert (story.label, sorted(story.entities)) == ("About peru quake arequipa", ["Arequipa", "Peru", "Quake"])
    assert single.articles == 1
    assert [each.url.rpartition("/")[2] for each in ledger.timeline(story.id)] == ["quake-1", "quake-2", "quake-3"]


def test_an_article_keeps_its_story_when_it_comes_again(ledger: Ledger) -> None:
    first, second = telling(1, "peru quake arequipa"), telling(2, "peru quake arequipa", at=NOON + HOUR)
    joined = ledger.join_stories([first, second], NOON)
    again = telling(2, "another text altogether", at=NOON + HOUR)
    assert ledger.join_stories([again], NOON) == {again.article_id: joined[second.article_id]}
    assert ledger.stories()[0].articles == 2


def test_the_same_article_founds_the_same_story_in_every_ledger(
    ledger: Ledger, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = open_ledger(f"sqlite:///{tmp_path_factory.mktemp('other')}/ledger.sqlite")
    tellings = [telling(number, f"event{number % 3} place{number % 3}", at=NOON + number * HOUR) for number in range(9)]
    one = ledger.join_stories(tellings, NOON)
    backwards = other.join_stories(tellings[::-1], NOON + DAY)
    other.close()
    assert one == backwards


@pytest.mark.parametrize("size", [1, 4])
def test_batches_make_the_stories_that_one_call_makes(ledger: Ledger, size: int) -> None:
    tellings = [
        telling(number, f"event{number % 4} place{number % 4}", at=NOON + number * HOUR) for number in range(16)
    ]
    random.Random(size).shuffle(tellings)
    for start in range(0, len(tellings), size):
        ledger.join_stories(tellings[start : start + size], NOON)
    assert [len(group) for group in groups(ledger, tellings)] == [4, 4, 4, 4]


def test_what_comes_after_the_window_is_another_story(ledger: Ledger) -> None:
    inside = telling("inside", "peru quake arequipa lima", at=NOON + DAY)
    after = telling("after", "peru quake arequipa lima", at=NOON + DAY + WINDOW + HOUR)
    first = telling("first", "peru quake arequipa lima")
    ledger.join_stories([first, inside, after], NOON)
    assert groups(ledger, [first, inside, after]) == [["after"], ["first", "inside"]]


def test_an_earlier_article_that_comes_late_joins_and_the_id_stays(ledger: Ledger) -> None:
    late, early = telling("late", "peru quake arequipa"), telling("early", "peru quake arequipa", at=NOON - HOUR)
    joined = ledger.join_stories([late], NOON)
    assert ledger.join_stories([early], NOON) == {early.article_id: joined[late.article_id]}
    assert ledger.stories()[0].first_at == NOON - HOUR


def test_a_story_that_never_ends_goes_on_as_another(ledger: Ledger) -> None:
    days = int(LONGEST / DAY)
    war = [telling(f"day-{day:02}", "war front kharkiv odesa", at=NOON + day * DAY) for day in range(days + 3)]
    for each in war:
        ledger.join_stories([each], each.at)
    second, first = ledger.stories(sort=StorySort.NEWEST)
    assert (first.articles, second.articles) == (days + 1, 2)
    assert second.continues == first.id


def test_two_stories_that_turn_out_to_be_one_become_one(ledger: Ledger) -> None:
    left = [telling(f"left-{number}", "peru quake arequipa toll", at=NOON) for number in range(2)]
    right = telling("right", "army tents children hospital", at=NOON - 12 * HOUR)
    before = ledger.join_stories([*left, right], NOON)
    ledger.mark_stories_told(before)
    moved, stays = before[right.article_id], before[left[0].article_id]
    assert moved != stays
    for number in range(10):  # each is about what both are about
        both = telling(f"both-{number}", "peru quake arequipa toll army tents children hospital")
        ledger.join_stories([both], NOON)
    story = ledger.story(moved)
    assert story is not None
    assert (story.id, story.articles) == (stays, 13)
    assert len(ledger.timeline(moved)) == 13
    assert ledger.follow_stories([moved, stays, "none"]) == {moved: stays}
    assert [each.id for each in ledger.stories()] == [stays]
    assert ledger.untold_stories(limit=10) == {right.article_id: stays}
    ledger.mark_stories_told({right.article_id: stays})
    assert ledger.untold_stories(limit=10) == {}


def test_a_new_version_about_another_event_moves_and_its_document_is_untold(ledger: Ledger) -> None:
    quake = [telling(f"quake-{number}", "peru quake arequipa") for number in range(2)]
    match = telling("match", "kelstow rovers penalty")
    joined = ledger.join_stories([*quake, match], NOON)
    ledger.mark_stories_told(joined)
    key, there = quake[1].article_id, joined[match.article_id]
    revised = telling("quake-1", "kelstow rovers penalty")
    assert ledger.join_stories([revised], NOON + HOUR) == {key: joined[key]}  # as a replay asks
    assert ledger.join_stories([revised], NOON + HOUR, revised={key}) == {key: there}
    assert ledger.join_stories([revised], NOON + HOUR, revised={key}) == {key: there}
    assert ledger.untold_stories(limit=10) == {key: there}
    assert sorted(story.articles for story in ledger.stories()) == [1, 2]
    assert {each.headline for each in ledger.timeline(there)} == {"About kelstow rovers penalty"}


def test_a_draft_that_another_writer_overtook_is_made_anew(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = telling("first", "peru quake arequipa"), telling("second", "peru quake arequipa", at=NOON + HOUR)
    draft, drafts = sql_stories.draft_stories, list[object]()

    def draft_and_be_overtaken(
        connection: Connection, given: Sequence[Telling], now: datetime, revised: Collection[str]
    ) -> object:
        drafts.append(draft(connection, given, now, revised))
        if len(drafts) == 1:
            ledger.join_stories([first], NOON)
        return drafts[-1]

    monkeypatch.setattr(sql_stories, "draft_stories", draft_and_be_overtaken)
    joined = ledger.join_stories([second], NOON)
    assert joined == {second.article_id: first.article_id[:16]}
    assert [story.articles for story in ledger.stories()] == [2]
    assert len(drafts) == 3


def test_a_document_written_with_the_story_that_it_has_left_is_untold(ledger: Ledger) -> None:
    joined = ledger.join_stories([telling(1, "peru quake arequipa")], NOON)
    [(article, story)] = joined.items()
    ledger.mark_stories_told({article: "a-story-before"})
    assert ledger.untold_stories(limit=10) == {article: story}


def test_a_thousand_copies_are_one_story(ledger: Ledger) -> None:
    copies = [telling(number, "peru quake arequipa", at=NOON + number * HOUR / 100) for number in range(1000)]
    for start in range(0, len(copies), 100):
        ledger.join_stories(copies[start : start + 100], NOON)
    [story] = ledger.stories()
    assert story.articles == 1000
    assert len(ledger.timeline(story.id, limit=10)) == 10


def test_stories_are_listed_by_size_and_recency(ledger: Ledger) -> None:
    large = [telling(f"large-{number}", "peru quake arequipa", at=NOON + number * HOUR) for number in range(3)]
    small = [telling(f"small-{number}", "kelstow rovers penalty", at=NOON + DAY + number * HOUR) for number in range(2)]
    ledger.join_stories([*large, *small, telling("single", "otters thames", at=NOON + 2 * DAY)], NOON)
    assert [story.articles for story in ledger.stories()] == [3, 2, 1]
    assert [story.articles for story in ledger.stories(sort=StorySort.NEWEST)] == [1, 2, 3]
    assert [story.articles for story in ledger.stories(since=NOON + DAY, least_articles=2)] == [2]
    assert ledger.stories(limit=1)[0].articles == 3
    assert ledger.story("none") is None
    assert ledger.timeline("none") == ()


def test_a_closed_story_stays_and_takes_no_more_in(ledger: Ledger) -> None:
    first = telling("first", "peru quake arequipa")
    ledger.join_stories([first], NOON)
    assert ledger.close_stories(NOON + DAY, dry_run=True) == 1
    assert ledger.close_stories(NOON + DAY) == 1
    assert ledger.close_stories(NOON + DAY) == 0
    ledger.join_stories([telling("second", "peru quake arequipa", at=NOON + HOUR)], NOON + 2 * DAY)
    assert [story.articles for story in ledger.stories()] == [1, 1]
    assert ledger.stories_of([first.article_id]) == {first.article_id: first.article_id[:16]}


def test_articles_without_any_trait_stand_alone(ledger: Ledger) -> None:
    empty = [telling("empty-1", ""), telling("empty-2", "")]
    ledger.join_stories(empty, NOON)
    assert groups(ledger, empty) == [["empty-1"], ["empty-2"]]


@pytest.mark.parametrize("at", [datetime(1990, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_any_time_that_a_page_may_claim_is_taken(ledger: Ledger, at: datetime) -> None:
    pair = [telling(1, "peru quake arequipa", at=at), telling(2, "peru quake arequipa", at=at)]
    ledger.join_stories(pair, NOON)
    assert groups(ledger, pair) == [["1", "2"]]
