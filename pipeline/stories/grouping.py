"""Articles to stories, one after the other: into the story that it fits best, or a new one; never is the past done again.

Two stories become one where an article fits both and they fit each other: the smaller one's articles move. So a story that
began as two, since its first articles had little in common, is one in the end. And an article moves whose new version does
not fit its story any more, while the story goes on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.model.story import StoryState, Telling
from pipeline.stories.fit import ACCEPTED, LONGEST, MERGED, WINDOW, fit_stories, fit_telling, goes_on, is_open
from pipeline.stories.growth import absorb_story, add_telling, drop_telling, found_story, founded_id
from pipeline.stories.postings import Key, Postings, keys_to_read, post_story, rank_stories

#: A story of more articles is not merged into another: so many documents would have to be told.
MOST_MOVED = 50


@dataclass(slots=True, kw_only=True)
class Neighbourhood:
    """The part of the memory that some articles may touch, and what of it has changed."""

    postings: Postings = field(default_factory=dict)
    stories: dict[str, StoryState] = field(default_factory=dict)
    #: The stories of those articles that come with a new version.
    homes: dict[str, str] = field(default_factory=dict)
    changed_postings: set[Key] = field(default_factory=set)
    changed_stories: set[str] = field(default_factory=set)
    #: From and to, in order.
    mergers: list[tuple[str, str]] = field(default_factory=list)


def in_order(tellings: Iterable[Telling]) -> list[Telling]:
    """Return the articles in the order in which they are taken in, whatever order they came in."""
    return sorted(tellings, key=lambda telling: (telling.at, telling.article_id))


def candidates_of(telling: Telling, near: Neighbourhood) -> list[str]:
    """Return the ids of the stories that the article is compared with."""
    return rank_stories(keys_to_read(telling.traits, telling.at), near.postings)


def stories_to_leave(tellings: Iterable[Telling], near: Neighbourhood) -> set[str]:
    """Return the ids of the stories that new versions come from, and of those that they may have founded."""
    return {story for each in tellings for story in (near.homes[each.article_id], founded_id(each))}


def join_stories(tellings: Sequence[Telling], near: Neighbourhood, now: datetime) -> dict[str, str]:
    """Give each article its story; return the stories' ids by those of the articles."""
    joined = {
        telling.article_id: _join_again(telling, near, now)
        if telling.article_id in near.homes
        else _join(telling, near)
        for telling in in_order(tellings)
    }
    return {article: follow(story, near) for article, story in joined.items()}


def follow(story_id: str, near: Neighbourhood) -> str:
    """Return the story that this one's articles are in now."""
    while (story := near.stories.get(story_id)) and story.merged_into:
        story_id = story.merged_into
    return story_id


def _join(telling: Telling, near: Neighbourhood) -> str:
    known = _known_candidates(telling, near)
    fitting = _fitting(telling, known)
    if fitting:
        story = fitting[0]
        add_telling(story, telling)
        for other in fitting[1:]:
            story = _merge(story, other, near)
    else:
        story = found_story(telling)
        story.continues = _ended(telling, known)
    _keep(story, telling, near)
    return story.id


def _join_again(telling: Telling, near: Neighbourhood, now: datetime) -> str:
    """Return the story of an article's new version: the one that it had, unless that goes on and does not fit any more."""
    home = near.stories[follow(near.homes[telling.article_id], near)]
    if not home.centre or not goes_on(home, now) or fit_telling(telling, home) >= ACCEPTED:
        return home.id
    fitting = _fitting(telling, [story for story in _known_candidates(telling, near) if story is not home])
    if fitting:
        story = fitting[0]
        add_telling(story, telling)
    elif founded_id(telling) not in near.stories or (home.id == founded_id(telling) and home.articles == 1):
        story = found_story(telling)
    else:  # the id of a story of its own is taken
        return home.id
    if story.id != home.id:
        drop_telling(home, telling)
        if not home.articles:
            absorb_story(story, home)
            near.mergers.append((home.id, story.id))
        near.changed_stories.add(home.id)
    _keep(story, telling, near)
    return story.id


def _known_candidates(telling: Telling, near: Neighbourhood) -> list[StoryState]:
    ids = dict.fromkeys(follow(story, near) for story in candidates_of(telling, near))
    return [story for key in ids if (story := near.stories.get(key)) and story.centre]


def _fitting(telling: Telling, known: Iterable[StoryState]) -> list[StoryState]:
    """Return the stories that the article fits, the best first."""
    fits = [(fit_telling(telling, story), story) for story in known if is_open(story, telling.at)]
    fitting = sorted((pair for pair in fits if pair[0] >= ACCEPTED), key=lambda pair: (-pair[0], pair[1].id))
    return [story for _, story in fitting]


def _keep(story: StoryState, telling: Telling, near: Neighbourhood) -> None:
    """Note that the story has taken the article in, and by what it is found."""
    near.stories[story.id] = story
    near.changed_stories.add(story.id)
    near.changed_postings.update(post_story(story.id, telling.traits, telling.at, near.postings))


def _merge(one: StoryState, other: StoryState, near: Neighbourhood) -> StoryState:
    """Make one story of the two where they are; return the one that the first's articles are in then."""
    # The larger stays, or the earlier: the fewest articles move, and the id that most have seen lives on.
    stays, goes = sorted((one, other), key=lambda story: (-story.articles, story.first_at, story.id))
    span = max(one.last_at, other.last_at) - min(one.first_at, other.first_at)
    if goes.articles > MOST_MOVED or span > LONGEST or fit_stories(one, other) < MERGED:
        return one
    absorb_story(stays, goes)
    near.mergers.append((goes.id, stays.id))
    near.changed_stories.update((goes.id, stays.id))
    return stays


def _ended(telling: Telling, known: Sequence[StoryState]) -> str | None:
    """Return the story that the article would be of, had it not become too long."""
    too_long = [story for story in known if not is_open(story, telling.at) and telling.at - story.last_at <= WINDOW]
    fits = [(fit_telling(telling, story), story.id) for story in too_long if telling.at > story.first_at]
    best, story_id = max(fits, default=(ACCEPTED - 1, ""))
    return story_id if best >= ACCEPTED else None
