"""Annotation: everything that a text names, in one call; a batch at a time, since taggers are faster so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from pipeline.enrich.aliases import group_mentions
from pipeline.enrich.demonyms import find_demonyms
from pipeline.enrich.entities import Linked, attach_demonyms, link_groups
from pipeline.enrich.language import UNKNOWN, decide_language
from pipeline.enrich.linking import link_annotations
from pipeline.enrich.listed import find_listed
from pipeline.enrich.locations import decide_home
from pipeline.enrich.lookup import find_known
from pipeline.enrich.media import add_media
from pipeline.enrich.mentions import add_repeats, clean_mentions, drop_overlaps
from pipeline.enrich.places import Gazetteer
from pipeline.enrich.quotes import find_quotes
from pipeline.enrich.salience import rank_entities
from pipeline.enrich.speakers import find_speakers
from pipeline.enrich.words import load_words
from pipeline.model.article import Article
from pipeline.model.entity import Annotation, AnnotationMethod, Entity, Mention
from pipeline.ports import KnownNames, Tagger

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_GAP = "\n\n"  # parts the title from the text, so that no name runs across


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text to annotate. The title helps to tell who is meant; mentions are those of the text alone."""

    text: str
    title: str | None = None
    declared_language: str | None = None
    #: ISO 3166 alpha-2 code of the country that it comes from: of two places of one name its own is likelier.
    home: str | None = None


class Annotator:
    """Annotates with one tagger and one gazetteer, which load once and serve a whole process."""

    def __init__(self, tagger: Tagger, gazetteer: Gazetteer, knowledge: KnownNames | None = None) -> None:
        """Keep them; without knowledge, ids come from names and gazetteer alone."""
        self._tagger = tagger
        self._gazetteer = gazetteer
        self._knowledge = knowledge

    def knowing(self, knowledge: KnownNames) -> "Annotator":
        """Return the same annotator, whose entities are linked to what is known."""
        return Annotator(self._tagger, self._gazetteer, knowledge)

    def annotate(self, articles: Sequence[Article], countries: Sequence[str | None] = ()) -> tuple[Annotation, ...]:
        """Return what each article's text names, in order. ``countries`` are those of the articles' publishers."""
        return self.annotate_texts(sources_of(articles, countries))

    def annotate_texts(self, sources: Sequence[Source]) -> tuple[Annotation, ...]:
        """Return what each text names, in order."""
        annotations = annotate_texts(sources, self._tagger, self._gazetteer, self._knowledge)
        return link_annotations(annotations, self._knowledge) if self._knowledge else annotations


def sources_of(articles: Sequence[Article], countries: Sequence[str | None] = ()) -> list[Source]:
    """Return what of the articles is annotated; ``countries`` are those of their publishers."""
    return [_source(article, country) for article, country in zip_longest(articles, countries[: len(articles)])]


def _source(article: Article, country: str | None) -> Source:
    return Source(
        title=article.headline.value,
        text=article.text,
        declared_language=article.declared_language,
        home=decide_home(country, article.canonical_url, article.declared_language),
    )


def annotate_texts(
    sources: Sequence[Source], tagger: Tagger, gazetteer: Gazetteer, knowledge: KnownNames | None = None
) -> tuple[Annotation, ...]:
    """Return the annotation of each text, in order; where no language can be told, nothing is looked for.

    A control character ends a line, so that no name or quotation has one inside; all offsets are those of the text as given.
    """
    sources = [
        replace(each, text=_end_lines(each.text), title=each.title and _end_lines(each.title)) for each in sources
    ]
    languages = [decide_language(_whole(source), source.declared_language) for source in sources]
    annotations: dict[int, Annotation] = {}
    for language in dict.fromkeys(languages):
        chosen = [index for index, other in enumerate(languages) if other == language]
        texts = [_whole(sources[index]) for index in chosen]
        tagged = tagger.tag(texts, language)
        found = tagged or _look_up(texts, language, gazetteer, knowledge)
        method = AnnotationMethod.GAZETTEER if tagged is None else AnnotationMethod.MODEL
        for index, mentions in zip(chosen, found, strict=True):
            annotations[index] = _annotate(sources[index], mentions, language, gazetteer, method)
    return tuple(annotations[index] for index in range(len(sources)))


def _look_up(
    texts: Sequence[str], language: str, gazetteer: Gazetteer, knowledge: KnownNames | None
) -> list[tuple[Mention, ...]]:
    """Return the mentions that need no model: what watch-lists and gazetteer know, and who is quoted."""
    if language == UNKNOWN:
        return [()] * len(texts)
    listed = find_listed(texts, language, knowledge) if knowledge else ((),) * len(texts)
    return [
        drop_overlaps([*named, *find_speakers(text, language, gazetteer), *find_known(text, language, gazetteer)])
        for text, named in zip(texts, listed, strict=True)
    ]


def _annotate(
    source: Source, found: Sequence[Mention], language: str, gazetteer: Gazetteer, method: AnnotationMethod
) -> Annotation:
    if language == UNKNOWN:
        quotes = find_quotes(source.text, (), language)
        return Annotation(language=language, method=AnnotationMethod.NONE, quotes=quotes)
    words, whole = load_words(language), _whole(source)
    mentions = tuple(found)
    if method is AnnotationMethod.MODEL:
        cleaned = clean_mentions(whole, found, words)
        mentions = add_repeats(whole, add_media(whole, cleaned, language, words, gazetteer))
    groups = group_mentions(whole, mentions, words, gazetteer)
    offset = len(whole) - len(source.text)
    named = link_groups(whole, groups, words, gazetteer, source.home)
    linked = _only_text(named, offset)
    demonyms = find_demonyms(source.text, linked.mentions, words.demonyms)
    entities = attach_demonyms(linked.entities, demonyms, gazetteer)
    in_headline = {mention.entity for mention in named.mentions if mention.start < offset} if offset else None
    return Annotation(
        language=language,
        method=method,
        mentions=linked.mentions,
        entities=rank_entities(entities, linked.mentions, source.text, in_headline),
        quotes=find_quotes(source.text, linked.mentions, language),
    )


def _end_lines(text: str) -> str:
    return _CONTROL.sub("\n", text)


def _whole(source: Source) -> str:
    return f"{source.title}{_GAP}{source.text}" if source.title else source.text


def _only_text(linked: Linked, offset: int) -> Linked:
    """Return what is named in the text, offsets counted from its start, without what the title alone names."""
    mentions = tuple(
        replace(mention, start=mention.start - offset, end=mention.end - offset)
        for mention in linked.mentions
        if mention.start >= offset
    )
    named: dict[str, list[str]] = {}
    for mention in mentions:
        named.setdefault(mention.entity, []).append(mention.text)
    entities = {entity.id: entity for entity in linked.entities}
    return Linked(mentions=mentions, entities=tuple(_recount(entities[key], names) for key, names in named.items()))


def _recount(entity: Entity, names: list[str]) -> Entity:
    return replace(entity, count=len(names), aliases=tuple(dict.fromkeys([*names, entity.name])))
