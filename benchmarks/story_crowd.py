"""Made-up articles without end, in the order of their times, for measuring what one costs among very many.

Words and entities are drawn by Zipf's law, as they are in news: the commonest entity is in about every tenth article, most
are in a handful. Half of the events have one article, some have hundreds; an event's articles share about half of their
traits and come within two days.
"""

import heapq
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from pipeline.model.story import Telling, Traits

PER_DAY = 20_000
_WORDS, _NAMES, _NUMBERS, _CONCEPTS = 60_000, 200_000, 20_000, 100
_LANGUAGES = ("en", "en", "en", "en", "de", "fr", "es", "ru")
_START = datetime(2026, 1, 1, tzinfo=UTC)


class Crowd:
    """The articles of one seed."""

    def __init__(self, seed: int = 1) -> None:
        """Set up the frequencies."""
        self._chance = random.Random(seed)
        self._words, self._names = _zipf(_WORDS), _zipf(_NAMES)

    def tellings(self, count: int) -> Iterator[Telling]:
        """Yield so many articles by time."""
        step = timedelta(days=1) / PER_DAY
        waiting: list[tuple[datetime, int, int]] = []
        events: dict[int, tuple[dict[str, list[int]], int]] = {}
        made = event = 0
        now = _START
        while made < count:
            while not waiting or waiting[0][0] > now:
                size = self._size()
                events[event] = (self._subject(), size)
                for number in range(size):
                    at = now + timedelta(hours=min(48.0, self._chance.expovariate(1 / 12)) if number else 0)
                    heapq.heappush(waiting, (at, event, self._chance.getrandbits(128)))
                event += 1
            _, which, number = heapq.heappop(waiting)
            yield self._telling(f"{number:032x}", now, events[which][0])
            made += 1
            now += step
            if made % 10_000 == 0:
                alive = {entry[1] for entry in waiting}
                events = {key: value for key, value in events.items() if key in alive}

    def _size(self) -> int:
        return 1 if self._chance.getrandbits(1) else min(500, int(self._chance.paretovariate(1.1) * 2))

    def _subject(self) -> dict[str, list[int]]:
        return {
            "words": self._draw(self._words, _WORDS, 14),
            "names": self._draw(self._names, _NAMES, 6),
            "numbers": [self._chance.randrange(_NUMBERS) for _ in range(3)],
            "concepts": [self._chance.randrange(_CONCEPTS) for _ in range(4)],
        }

    def _telling(self, article_id: str, at: datetime, subject: dict[str, list[int]]) -> Telling:
        some, language = self._chance.sample, self._chance.choice(_LANGUAGES)
        words = some(subject["words"], 8) + self._draw(self._words, _WORDS, 22)
        names = some(subject["names"], 4) + self._draw(self._names, _NAMES, 2)
        numbers = [*some(subject["numbers"], 2), self._chance.randrange(_NUMBERS)]
        concepts = [*some(subject["concepts"], 3), self._chance.randrange(_CONCEPTS)]
        return Telling(
            article_id=article_id,
            at=at,
            publisher=f"Outlet {self._chance.randrange(400)}",
            language=language,
            headline=f"Headline {article_id[-8:]}",
            url=f"https://news.example/{article_id}",
            traits=Traits(
                words=_vector([f"{language}{word}" for word in words], words),
                names=_vector([f"name{name}" for name in names], names),
                numbers=_vector([str(number) for number in numbers], numbers),
                entities=_vector([f"person:{name}" for name in names], names),
                concepts=_vector([f"concept{concept}" for concept in concepts], concepts),
            ),
        )

    def _draw(self, frequencies: list[float], size: int, count: int) -> list[int]:
        return self._chance.choices(range(size), cum_weights=frequencies, k=count)


def _zipf(size: int) -> list[float]:
    return list(accumulate(1 / (rank + 10) for rank in range(size)))


def _vector(features: list[str], ranks: list[int]) -> dict[str, float]:
    """Return a vector whose greatest weights are those of the rarest features, as ours are."""
    weights = {feature: 1 + rank.bit_length() / 4 for feature, rank in zip(features, ranks, strict=True)}
    length = sum(weight * weight for weight in weights.values()) ** 0.5
    return {key: weight / length for key, weight in sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))}
