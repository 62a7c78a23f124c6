"""The labelled events of tests/stories as documents, and how well a grouping agrees with them."""

import hashlib
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.enrich.annotate import Annotator
from pipeline.index.document import make_document
from pipeline.model.article import Article
from pipeline.model.document import Document
from pipeline.model.entity import Annotation, AnnotationMethod, Entity, Kind, Mention
from pipeline.model.evidence import Evidence, Timestamp
from pipeline.model.feed import Entry
from pipeline.urls import article_id

EVENTS = Path(__file__).parents[1] / "tests" / "stories" / "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A document, the event that it is about, and its annotation if every name in it were recognised."""

    document: Document
    event: str
    given: Annotation

    @property
    def with_given_entities(self) -> "Labelled":
        """The same with that annotation."""
        return replace(self, document=replace(self.document, annotation=self.given))


def half_of(event: str) -> str:
    """Return A for events that may be fitted on, B for those held back."""
    return "AB"[int(hashlib.sha256(event.encode()).hexdigest()[:8], 16) % 2]


def read_events(half: str, annotator: Annotator) -> list[Labelled]:
    """Return the articles of a half, annotated as the flow does it."""
    events = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(EVENTS.glob("*.toml"))}
    chosen = {name: event for name, event in events.items() if half_of(name) == half}
    names = _read_names(chosen.values())
    rows = [(name, number, row) for name, event in chosen.items() for number, row in enumerate(event["articles"])]
    articles = [_make_article(*row) for row in rows]
    annotations = annotator.annotate(articles)
    return [
        Labelled(
            document=make_labelled_document(article, annotation, publisher=row["outlet"], seen_at=row["published"]),
            event=name,
            given=_given(article, annotation, names),
        )
        for (name, _, row), article, annotation in zip(rows, articles, annotations, strict=True)
    ]


def agreement(events: Mapping[str, str], stories: Mapping[str, str]) -> tuple[float, float, float]:
    """Return BCubed precision, recall and F1 (Bagga and Baldwin 1998) of stories by the events, both by article id."""
    true, found = _members(events), _members({key: stories[key] for key in events})
    precision = recall = 0.0
    for key, event in events.items():
        shared = len(true[event] & found[stories[key]])
        precision += shared / len(found[stories[key]]) / len(events)
        recall += shared / len(true[event]) / len(events)
    return precision, recall, 2 * precision * recall / (precision + recall)


def _members(groups: Mapping[str, str]) -> dict[str, set[str]]:
    members = defaultdict[str, set[str]](set)
    for key, group in groups.items():
        members[group].add(key)
    return members


def _make_article(event: str, number: int, row: Mapping[str, Any]) -> Article:
    url = f"https://{row['outlet'].lower().replace(' ', '-')}.example/{event}/{number}"
    return Article(
        url=url,
        canonical_url=url,
        headline=Evidence(value=row["title"], source="page:h1"),
        text=row["text"],
        declared_language=row["language"],
        published=Timestamp(raw=row["published"].isoformat(), value=row["published"], source="json-ld"),
    )


def page_article(page_id: str, url: str, text: str) -> Article:
    """Return a labelled page as an article: of its headline, only the text's first words are known."""
    headline = Evidence(value=text[:100], source="page")
    return Article(url=url, canonical_url=f"{url}#{page_id}", headline=headline, text=text)


def make_labelled_document(article: Article, annotation: Annotation, *, publisher: str, seen_at: datetime) -> Document:
    """Return the article's document."""
    return make_document(
        article,
        annotation,
        article_id=article_id(article.canonical_url),
        entry=Entry(url=article.url, feed_url="https://feed.example/", publisher=publisher),
        first_seen_at=seen_at,
        captured_at=seen_at,
        capture=None,
    )


def _read_names(events: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Kind, set[str]]]:
    names: dict[str, tuple[Kind, set[str]]] = {}
    for event in events:
        for line in event["names"]:
            kind, _, spellings = line.partition(": ")
            written = [spelling.strip() for spelling in spellings.split("|")]
            names.setdefault(f"{kind}:{written[0]}", (Kind(kind), set()))[1].update(written)
    return names


def _given(article: Article, annotation: Annotation, names: Mapping[str, tuple[Kind, set[str]]]) -> Annotation:
    mentions, entities = list[Mention](), list[Entity]()
    for key, (kind, spellings) in names.items():
        pattern = "|".join(re.escape(spelling) for spelling in sorted(spellings, key=len, reverse=True))
        found = [
            Mention(start=match.start(), end=match.end(), text=match[0], kind=kind, entity=key)
            for match in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", article.text)
        ]
        if found:
            mentions += found
            entities.append(Entity(id=key, kind=kind, name=key.partition(":")[2], count=len(found)))
    return Annotation(
        language=annotation.language,
        method=AnnotationMethod.MODEL,
        mentions=tuple(mentions),
        entities=tuple(entities),
    )
