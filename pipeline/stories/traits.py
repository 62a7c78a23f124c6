"""A document's traits: what grouping looks at, as sparse vectors of weights, most of which hold across languages."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pipeline.model.document import Document
from pipeline.model.entity import Annotation, Entity, Kind
from pipeline.model.story import Telling, Traits
from pipeline.stories.words import (
    MAX_WEIGHT,
    STEM,
    bare_word,
    concept_of,
    find_words,
    fold_word,
    is_written,
    weigh_word,
)

#: Characters of a text that are read: news says what happened first.
WITHIN = 2_000
#: Weights that a vector keeps, the greatest.
MOST = 60
#: A word in the headline counts as so many in the text.
_HEADLINE = 2.0
_SENTENCE_END = frozenset('.!?:"“”„»«…\n')
_SHORTEST = 3  # letters; shorter words say nothing
_TITLED = 0.7  # of the words: in "Minister leaves Lisbon for Paris" it is half
_NAME = 0.6  # of the greatest weight: a rarer word is taken for a name where any word would be written large
#: How much a kind of entity tells one event from another, before its prominence.
_KINDS = {Kind.PERSON: 1.0, Kind.ORGANIZATION: 0.9, Kind.PLACE: 0.9, Kind.OTHER: 0.7}
_COUNTRY = 0.5


#: How far a page may date itself after its first sight: clocks differ, and so do the offsets that pages forget.
_AHEAD = timedelta(hours=1)
#: Before that, news was not on the web: a clock that was never set, or a field left empty.
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def make_telling(document: Document) -> Telling:
    """Return what a story takes in of the document."""
    article = document.article
    return Telling(
        article_id=document.id,
        at=telling_time(document),
        publisher=document.publisher,
        language=document.annotation.language,
        headline=article.headline.value,
        url=article.canonical_url,
        traits=read_traits(document),
        names={entity.id: entity.name for entity in document.annotation.entities},
    )


def telling_time(document: Document) -> datetime:
    """Return when the article was published, or first seen where it says nothing, a time to come, or one before the web.

    The capture's time would not do: a replay's, or that of a later version, would sort the same article elsewhere.
    """
    published = document.article.published
    if published is None or not _EARLIEST <= published.value <= document.first_seen_at + _AHEAD:
        return document.first_seen_at
    return published.value


def read_traits(document: Document) -> Traits:
    """Return the document's traits."""
    article, language = document.article, document.annotation.language
    found = _Found(language)
    found.read(article.headline.value, _HEADLINE)
    found.read(article.text[:WITHIN], 1.0)
    return Traits(
        words=_unit({stem: _damp(count) * weigh_word(stem, language) for stem, count in found.words.items()}),
        names=_unit({name: _damp(count) * weigh_word(name, language) for name, count in found.names.items()}),
        numbers=_unit({number: _weigh_number(number) for number in found.numbers}),
        entities=_unit(_weigh_entities(document.annotation)),
        concepts=_unit({concept: _damp(count) for concept, count in found.concepts.items()}),
    )


def prominence(entity: Entity, annotation: Annotation) -> float:
    """Return from 0 to 1 how much the text is about the entity: how often it is named, and how early."""
    most = max((other.count for other in annotation.entities), default=1) or 1
    first = min((mention.start for mention in annotation.mentions if mention.entity == entity.id), default=None)
    early = 0.5 if first is None else 1 / (1 + first / 400)
    return 0.5 * entity.count / most + 0.5 * early


class _Found:
    """What texts of one language say, and how often."""

    def __init__(self, language: str) -> None:
        self._language = language
        self.words, self.names = defaultdict[str, float](float), defaultdict[str, float](float)
        self.concepts, self.numbers = defaultdict[str, float](float), set[str]()

    def read(self, text: str, weight: float) -> None:
        """Count what the text says, each time as so many."""
        found, end = find_words(text), 0
        is_titled = _is_titled([match[0] for match in found])
        for match in found:
            begins = is_titled or not end or not _SENTENCE_END.isdisjoint(text[end : match.start()])
            end = match.end()
            if match[0][0].isdigit():
                self.numbers.update(_read_numbers(match[0]))
            else:
                self._read_word(bare_word(match[0]), weight, begins=begins)

    def _read_word(self, word: str, weight: float, *, begins: bool) -> None:
        folded = fold_word(word)
        if len(folded) < _SHORTEST:
            return
        self.words[folded[:STEM]] += weight
        if concept := concept_of(folded, self._language):
            self.concepts[concept] += weight
        if word[:1].isupper() and _is_name(folded, self._language, begins=begins):
            self.names[folded[:STEM]] += weight


def _is_titled(words: Sequence[str]) -> bool:
    """Tell whether Words Are Written Large as in Many English Headlines, which says nothing of names."""
    long = [word for word in words if len(word) > _SHORTEST and word[0].isalpha()]
    return sum(word[0].isupper() for word in long) > _TITLED * len(long)


def _is_name(folded: str, language: str, *, begins: bool) -> bool:
    if language == "de":  # which writes every noun large: a name is what English writes too, or what nobody writes
        return is_written(folded, "en") or not is_written(folded, "de")
    return not begins or weigh_word(folded, language) > _NAME * MAX_WEIGHT


def _read_numbers(written: str) -> Iterable[str]:
    """Return the number in one writing: 1,600, 1.600 and 1 600 are one, and so are 6,8 and 6.8."""
    if re.fullmatch(r"\d{1,3}([.,\u00a0\u202f ]\d{3})+", written):
        yield re.sub(r"\D", "", written)
        return
    for part in re.split(r"[\u00a0\u202f ]", written):
        yield part.replace(",", ".")


def _weigh_number(number: str) -> float:
    """Return how much a number says: 2026 and 3 say little, 12,480 and 6.8 a lot."""
    digits = len(number.replace(".", "").strip("0"))
    if re.fullmatch(r"(19|20)\d\d", number) or digits < 2:  # noqa: PLR2004 - one digit
        return 0.15
    return min(3.0, digits - 0.5 + ("." in number))


def _weigh_entities(annotation: Annotation) -> dict[str, float]:
    weights = dict[str, float]()
    for entity in annotation.entities:
        is_country = entity.kind is Kind.PLACE and entity.place is not None and entity.place.geonames in {None, 0}
        weights[entity.id] = prominence(entity, annotation) * (_COUNTRY if is_country else _KINDS[entity.kind])
    return weights


def _damp(count: float) -> float:
    """Return what a count is worth: the third time that a word is said adds little."""
    return float(count**0.5)


def _unit(weights: Mapping[str, float]) -> dict[str, float]:
    """Return the greatest weights, scaled to a vector of length one."""
    kept = sorted(
        ((weight, key) for key, weight in weights.items() if weight > 0), key=lambda pair: (-pair[0], pair[1])
    )
    length = sum(weight * weight for weight, _ in kept[:MOST]) ** 0.5
    return {key: weight / length for weight, key in kept[:MOST]}
