"""By what a story is found again: an inverted index of its articles' rarest traits, in buckets of time, each list capped.

A document looks at so many lists of so many stories, however many documents there are: the cost of one stays the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from pipeline.model.story import Traits
from pipeline.stories.fit import WINDOW

#: A trait and the bucket of time that it was seen in.
Key = tuple[str, int]
Postings = dict[Key, list[str]]

#: Traits of each kind that an article is looked up and remembered by, the greatest.
KEYS = {"names": 6, "entities": 4, "numbers": 3, "words": 5}
#: Stories that a list keeps, those first that were added to last. A name in every tenth article finds nothing by itself.
CAP = 32
#: Stories that an article is compared with.
CANDIDATES = 8
#: A story that shares one trait alone is looked at where the trait is that rare: in the lists of at most four stories.
RARE = 0.2


def bucket_of(at: datetime) -> int:
    """Return the number of the window that the time is in."""
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)) // WINDOW)


def traits_of(traits: Traits) -> list[str]:
    """Return what the article is found by, such as ``n:odessa``."""
    vectors = {"names": traits.names, "entities": traits.entities, "numbers": traits.numbers, "words": traits.words}
    return [f"{kind[0]}:{feature}" for kind, most in KEYS.items() for feature in list(vectors[kind])[:most]]


def keys_to_read(traits: Traits, at: datetime) -> Iterator[Key]:
    """Yield the lists that may hold the article's story: of its own bucket, and those before and after."""
    bucket = bucket_of(at)
    for trait in traits_of(traits):
        yield from ((trait, bucket - 1), (trait, bucket), (trait, bucket + 1))


def rank_stories(keys: Iterable[Key], postings: Mapping[Key, Sequence[str]]) -> list[str]:
    """Return the stories that share most with the article, the rarer the more, at most so many."""
    shared, traits = dict[str, float](), dict[str, int]()
    for key in keys:
        listed = postings.get(key, ())
        share = 1 / (1 + len(listed))
        for story in listed:
            shared[story] = shared.get(story, 0.0) + share
            traits[story] = traits.get(story, 0) + 1
    likely = [story for story in shared if traits[story] > 1 or shared[story] >= RARE]
    return sorted(likely, key=lambda story: (-shared[story], story))[:CANDIDATES]


def post_story(story: str, traits: Traits, at: datetime, postings: Postings) -> Iterator[Key]:
    """Put the story first in the lists of the article's traits; yield the lists that changed."""
    bucket = bucket_of(at)
    for trait in traits_of(traits):
        listed = postings.get((trait, bucket), [])
        if listed[:1] != [story]:
            postings[trait, bucket] = [story, *(other for other in listed if other != story)][:CAP]
            yield trait, bucket
