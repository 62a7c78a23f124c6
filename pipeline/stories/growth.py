"""How a story grows: with an article, with another story that turns out to be the same, and what it is called then."""

from collections.abc import Iterable, Mapping
from operator import itemgetter

from pipeline.model.story import Story, StoryState, Telling
from pipeline.stories.fit import fit_telling

#: Features that a part of the centre keeps, the greatest: what most articles say. A hundred group half A no better, and make
#: old stories costlier to read than young ones.
MOST = 40
#: From so many articles on, what was said before fades by one part in so many, so that the centre follows the news.
MEMORY = 20
#: Names of main entities that users see.
MAIN = 6
#: Publishers, and names of entities, that a state keeps apart.
_KEPT = 200


def founded_id(telling: Telling) -> str:
    """Return the id of a story that the article founds."""
    return telling.article_id[:16]


def found_story(telling: Telling) -> StoryState:
    """Return a story of that article alone, named after it, so that the same article always founds the same story."""
    story = StoryState(id=founded_id(telling), first_at=telling.at, last_at=telling.at)
    add_telling(story, telling)
    return story


def add_telling(story: StoryState, telling: Telling) -> None:
    """Take the article in."""
    fade = 1.0 if story.articles < MEMORY else 1 - 1 / MEMORY
    _add(story, _parts(telling), fade)
    story.articles += 1
    story.first_at, story.last_at = min(story.first_at, telling.at), max(story.last_at, telling.at)
    _count(story.publishers, {telling.publisher: 1})
    _count(story.languages, {telling.language: 1})
    _name(story, telling.names)
    _label(story, telling)


def drop_telling(story: StoryState, telling: Telling) -> None:
    """Let go an article whose new version is about something else; what it said fades with time."""
    story.articles -= 1
    for counts, key in ((story.publishers, telling.publisher), (story.languages, telling.language)):
        if counts.get(key, 0) > 1:
            counts[key] -= 1
        else:
            counts.pop(key, None)


def absorb_story(story: StoryState, other: StoryState) -> None:
    """Take another story's articles in; its id leads here from now on."""
    _add(story, other.centre, 1.0)
    story.articles += other.articles
    story.first_at, story.last_at = min(story.first_at, other.first_at), max(story.last_at, other.last_at)
    _count(story.publishers, other.publishers)
    _count(story.languages, other.languages)
    _name(story, other.names)
    other.merged_into = story.id
    other.centre, other.lengths = {}, {}


def show_story(story: StoryState) -> Story:
    """Return the story as users see it."""
    return Story(
        id=story.id,
        label=story.label,
        first_at=story.first_at,
        last_at=story.last_at,
        articles=story.articles,
        publishers=tuple(_by_weight(story.publishers)),
        languages=tuple(_by_weight(story.languages)),
        entities=tuple(dict.fromkeys(story.names.values()))[:MAIN],
        continues=story.continues,
    )


def _parts(telling: Telling) -> dict[str, Mapping[str, float]]:
    traits = telling.traits
    parts = {
        f"words.{telling.language}": traits.words,
        "names": traits.names,
        "numbers": traits.numbers,
        "entities": traits.entities,
        "concepts": traits.concepts,
    }
    return {key: vector for key, vector in parts.items() if vector}


def _add(story: StoryState, parts: Mapping[str, Mapping[str, float]], fade: float) -> None:
    for key, vector in parts.items():
        known = story.centre.get(key, {})
        summed = {feature: weight * fade for feature, weight in known.items()} if fade < 1 else dict(known)
        for feature, weight in vector.items():
            summed[feature] = summed.get(feature, 0.0) + weight
        if len(summed) > MOST:
            summed = {feature: summed[feature] for feature in _by_weight(summed)[:MOST]}
        story.centre[key] = summed
        story.lengths[key] = sum([weight * weight for weight in summed.values()]) ** 0.5


def _label(story: StoryState, telling: Telling) -> None:
    """Take the article's headline where it fits better, or is in the language that most of the articles are in.

    Of the first article nothing can be said: it fits what it alone has made.
    """
    main = _by_weight(story.languages)[0]
    if telling.language != main:
        return
    fit = fit_telling(telling, story) if story.articles > 1 else 0.0
    if story.label_language != main or fit > story.label_fit:
        story.label, story.label_language, story.label_fit = telling.headline, main, fit


def _count(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for key, count in more.items():
        if key in counts or len(counts) < _KEPT:
            counts[key] = counts.get(key, 0) + count


def _name(story: StoryState, names: Mapping[str, str]) -> None:
    """Keep the names of the main entities, the first name that each had."""
    known = {**names, **story.names}
    entities = _by_weight(story.centre.get("entities", {}))
    story.names = {key: known[key] for key in entities if key in known}


def _by_weight(weights: Mapping[str, float]) -> list[str]:
    ranked: Iterable[tuple[str, float]] = sorted(sorted(weights.items()), key=itemgetter(1), reverse=True)
    return [key for key, _ in ranked]
