"""By what a story is found again: an inverted index of its articles' rarest traits, in buckets of time, each list capped.

An article looks at so many stories in its shortest lists, however many articles there are: the cost of one stays the same.
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
#: Stories that a list keeps, the newest first. A name in every tenth article finds nothing by itself.
CAP = 16
#: Stories that an article finds in its lists, the shortest first, before it looks at no other list.
FOUND = 64
#: Stories that an article is compared with; eight group half A of tests/stories no better.
CANDIDATES = 5
#: A story that shares one trait alone is looked at where the trait is that rare: in the lists of at most four stories.
RARE = 0.2


#: As long as two windows: what is within one of an article is in its own bucket or the nearer of the two beside it.
_BUCKET = 2 * WINDOW
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bucket_of(at: datetime) -> int:
    """Return the number of the bucket that the time is in."""
    return int((at - _EPOCH) // _BUCKET)


def traits_of(traits: Traits) -> list[str]:
    """Return what the article is found by, such as ``n:odessa``."""
    vectors = {"names": traits.names, "entities": traits.entities, "numbers": traits.numbers, "words": traits.words}
    return [f"{kind[0]}:{feature}" for kind, most in KEYS.items() for feature in list(vectors[kind])[:most]]


def keys_to_read(traits: Traits, at: datetime) -> Iterator[Key]:
    """Yield the lists that may hold the article's story: of its own bucket, and of the nearer one beside it."""
    bucket = bucket_of(at)
    beside = bucket - 1 if (at - _EPOCH) % _BUCKET < WINDOW else bucket + 1
    for trait in traits_of(traits):
        yield from ((trait, bucket), (trait, beside))


def rank_stories(keys: Iterable[Key], postings: Mapping[Key, Sequence[str]]) -> list[str]:
    """Return the stories that share most with the article, the rarer the more, at most so many."""
    shared, several = dict[str, float](), set[str]()
    found = 0
    for listed in sorted([postings[key] for key in keys if key in postings], key=len):
        if found >= FOUND:
            break
        found += len(listed)
        share = 1 / (1 + len(listed))
        for story in listed:
            if story in shared:
                shared[story] += share
                several.add(story)
            else:
                shared[story] = share
    likely = [story for story, weight in shared.items() if weight >= RARE or story in several]
    return sorted(likely, key=lambda story: (-shared[story], story))[:CANDIDATES]


def post_story(story: str, traits: Traits, at: datetime, postings: Postings) -> Iterator[Key]:
    """Put the story first in those lists of the article's traits that lack it; yield the lists that changed."""
    bucket = bucket_of(at)
    for trait in traits_of(traits):
        listed = postings.get((trait, bucket), [])
        if story not in listed:
            postings[trait, bucket] = [story, *listed][:CAP]
            yield trait, bucket
