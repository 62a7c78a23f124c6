"""Articles to stories, one after the other: into the story that it fits best, or a new one; never is the past done again.

Two stories become one where an article fits both and they fit each other: the smaller one's articles move. So a story that
began as two, since its first articles had little in common, is one in the end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.model.story import StoryState, Telling
from pipeline.stories.fit import ACCEPTED, LONGEST, MERGED, WINDOW, fit_stories, fit_telling, is_open
from pipeline.stories.growth import absorb_story, add_telling, found_story
from pipeline.stories.postings import Key, Postings, keys_to_read, post_story, rank_stories

#: A story of more articles is not merged into another: so many documents would have to be told.
MOST_MOVED = 50


@dataclass(slots=True, kw_only=True)
class Neighbourhood:
    """The part of the memory that some articles may touch, and what of it has changed."""

    postings: Postings = field(default_factory=dict)
    stories: dict[str, StoryState] = field(default_factory=dict)
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


def join_stories(tellings: Sequence[Telling], near: Neighbourhood) -> dict[str, str]:
    """Give each article its story; return the stories' ids by those of the articles."""
    joined = {telling.article_id: _join_story(telling, near) for telling in in_order(tellings)}
    return {article: follow(story, near) for article, story in joined.items()}


def follow(story_id: str, near: Neighbourhood) -> str:
    """Return the story that this one's articles are in now."""
    while (story := near.stories.get(story_id)) and story.merged_into:
        story_id = story.merged_into
    return story_id


def _join_story(telling: Telling, near: Neighbourhood) -> str:
    ids = dict.fromkeys(follow(story, near) for story in candidates_of(telling, near))
    known = [story for key in ids if (story := near.stories.get(key)) and story.centre]
    fits = [(fit_telling(telling, story), story) for story in known if is_open(story, telling.at)]
    fitting = sorted((pair for pair in fits if pair[0] >= ACCEPTED), key=lambda pair: (-pair[0], pair[1].id))
    if fitting:
        story = fitting[0][1]
        add_telling(story, telling)
        for _, other in fitting[1:]:
            story = _merge(story, other, near)
    else:
        story = found_story(telling)
        story.continues = _ended(telling, known)
        near.stories[story.id] = story
    near.changed_stories.add(story.id)
    near.changed_postings.update(post_story(story.id, telling.traits, telling.at, near.postings))
    return story.id


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
