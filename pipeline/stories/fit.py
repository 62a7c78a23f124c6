"""How well an article fits a story: a weighted sum of how alike their traits are, as log-odds.

The weights are those of a logistic regression over the articles and stories of half A of tests/stories, rounded; two sets,
for an article in a language that the story has and in one that it has not. ``python benchmarks/stories.py`` measures them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import fsum

from pipeline.model.story import StoryState, Telling, Vector

#: An article fits a story from here on: as likely one event as two.
ACCEPTED = 0.0
#: Two stories are one from here on; higher, for a wrong merger costs more than a late one.
MERGED = 2.0
#: What is told longer after a story's last article, or before its first, is another story: the rule of tests/stories.
WINDOW = timedelta(days=3)
#: A story takes nothing in that is so long after its first article; what goes on then is a story that continues it.
LONGEST = timedelta(days=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each trait counts for."""

    words: float
    names: float
    numbers: float
    entities: float
    concepts: float
    #: In place of the entities, where one side has none.
    unlinked: float
    #: For each day between.
    day: float
    start: float


SAME_LANGUAGE = Weights(
    words=2.8, names=3.9, numbers=2.7, entities=2.9, concepts=3.8, unlinked=0.8, day=-1.4, start=-4.6
)
OTHER_LANGUAGE = Weights(
    words=1.0, names=3.1, numbers=2.5, entities=1.9, concepts=5.5, unlinked=0.6, day=-2.0, start=-4.5
)


def is_open(story: StoryState, at: datetime) -> bool:
    """Tell whether the story takes in what is told at that time."""
    is_near = story.first_at - at <= WINDOW and at - story.last_at <= WINDOW
    return is_near and max(at, story.last_at) - min(at, story.first_at) <= LONGEST


def goes_on(story: StoryState, now: datetime) -> bool:
    """Tell whether articles may still leave the story."""
    return now - story.last_at <= WINDOW


def fit_telling(telling: Telling, story: StoryState) -> float:
    """Return the log-odds that the article is of the story, time in the window given."""
    traits = telling.traits
    own = f"words.{telling.language}"
    weights = SAME_LANGUAGE if own in story.centre else OTHER_LANGUAGE
    keys = [own] if own in story.centre else [key for key in story.centre if key.startswith("words.")]
    has_entities = bool(traits.entities and story.centre.get("entities"))
    return (
        weights.start
        + weights.words * max((_cosine(traits.words, story, key) for key in keys), default=0.0)
        + weights.names * _cosine(traits.names, story, "names")
        + weights.numbers * _cosine(traits.numbers, story, "numbers")
        + weights.concepts * _cosine(traits.concepts, story, "concepts")
        + (weights.entities * _cosine(traits.entities, story, "entities") if has_entities else weights.unlinked)
        + weights.day * days_between(telling.at, telling.at, story)
    )


def fit_stories(one: StoryState, other: StoryState) -> float:
    """Return the log-odds that the two are one story."""
    shared = {key for key in one.centre if key.startswith("words.") and key in other.centre}
    weights = SAME_LANGUAGE if shared else OTHER_LANGUAGE
    has_entities = bool(one.centre.get("entities") and other.centre.get("entities"))
    return (
        weights.start
        + weights.words * max((_cosine_of(one, other, key) for key in shared), default=0.0)
        + weights.names * _cosine_of(one, other, "names")
        + weights.numbers * _cosine_of(one, other, "numbers")
        + weights.concepts * _cosine_of(one, other, "concepts")
        + (weights.entities * _cosine_of(one, other, "entities") if has_entities else weights.unlinked)
        + weights.day * days_between(one.first_at, one.last_at, other)
    )


def days_between(since: datetime, until: datetime, story: StoryState) -> float:
    """Return the days between the time and the story's; 0 where they overlap."""
    gap = max(since - story.last_at, story.first_at - until, timedelta())
    return gap / timedelta(days=1)


def _cosine(vector: Vector, story: StoryState, key: str) -> float:
    """Return the cosine of a vector of length one and that part of the story's centre."""
    centre: Mapping[str, float] = story.centre.get(key, {})
    if not vector or not centre:
        return 0.0
    shared = vector.keys() & centre.keys()
    # A set has no order, and a sum rounds by its own: fsum does not.
    return fsum([vector[feature] * centre[feature] for feature in shared]) / story.lengths[key] if shared else 0.0


def _cosine_of(one: StoryState, other: StoryState, key: str) -> float:
    return _cosine(one.centre.get(key, {}), other, key) / one.lengths.get(key, 1.0)
