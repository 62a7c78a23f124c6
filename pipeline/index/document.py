"""Article and annotation to Document, and the document's JSON form, which mappings/articles.json describes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pipeline.model.article import Article
from pipeline.model.capture import CaptureRef
from pipeline.model.document import Document
from pipeline.model.entity import Annotation, Entity, Kind, Place, Quote
from pipeline.model.evidence import Timestamp
from pipeline.model.feed import Entry
from pipeline.model.reprint import Reprint
from pipeline.urls import article_id as make_id
from pipeline.urls import canonical_url

#: The flat lists that filters and facets use, and the kind of name in each.
NAME_LISTS = {"people": Kind.PERSON, "organizations": Kind.ORGANIZATION, "places": Kind.PLACE}


def make_document(
    article: Article,
    annotation: Annotation,
    *,
    article_id: str,
    entry: Entry,
    first_seen_at: datetime,
    captured_at: datetime,
    capture: CaptureRef | None,
) -> Document:
    """Return the document of an article: publisher, feed and country are those of the source, not of the page."""
    return Document(
        id=article_id,
        article=_under_id(article, article_id),
        annotation=annotation,
        publisher=entry.publisher,
        feed_url=entry.feed_url,
        country=entry.country,
        first_seen_at=first_seen_at,
        captured_at=captured_at,
        capture=capture,
        content_hash=content_hash(article),
    )


def give_id(document: Document, article_id: str) -> Document:
    """Return the document under another id: that of the article which its URL holds, or of its own address."""
    return replace(document, id=article_id, article=_under_id(document.article, article_id))


def content_hash(article: Article) -> str:
    """Return the SHA-256, in hex, of what the article says.

    Where a value stood is no part of it, nor the image's address, which many servers sign anew for each visitor, nor
    the time of modification, which some systems renew whenever the page is rendered.
    """
    said = [
        article.headline.value,
        article.deck,
        article.text,
        article.byline.authors,
        article.byline.agency,
        _iso(article.published),
        article.section,
        article.topics,
        article.image.caption if article.image else None,
        article.is_free,
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def document_date(document: Document) -> datetime:
    """Return the time that documents are sorted and filtered by: of publication, else of the capture."""
    published = document.article.published
    return (published.value if published else document.captured_at).astimezone(UTC)


def milliseconds(time: datetime) -> int:
    """Return the whole milliseconds since 1970 in UTC: how exactly both stores know a time."""
    elapsed = time - datetime(1970, 1, 1, tzinfo=UTC)
    return (elapsed.days * 86_400 + elapsed.seconds) * 1000 + elapsed.microseconds // 1000


def document_json(document: Document) -> dict[str, Any]:
    """Return the JSON form of the document; what is not known is left out."""
    article, annotation, byline = document.article, document.annotation, document.article.byline
    dateline = article.dateline
    form = {
        "id": document.id,
        "url": article.url,
        "canonical_url": article.canonical_url,
        "feed_url": document.feed_url,
        "publisher": document.publisher,
        "country": document.country,
        "language": annotation.language,
        "headline": article.headline.value,
        "headline_source": article.headline.source,
        "deck": article.deck,
        "text": article.text,
        "text_source": str(article.text_source),
        "authors": list(byline.authors),
        "agency": byline.agency,
        "byline_raw": byline.raw,
        "byline_source": byline.source,
        "dateline": dateline.raw if dateline else None,
        "dateline_place": dateline.place if dateline else None,
        "section": article.section,
        "topics": list(article.topics),
        "date": document_date(document).isoformat(),
        **_timestamp_json("published", article.published),
        **_timestamp_json("modified", article.modified),
        **{name: list_names(annotation, kind) for name, kind in NAME_LISTS.items()},
        "locations": [_point(entity.place) for entity in annotation.entities if entity.place],
        "entities": [_entity_json(entity) for entity in annotation.entities],
        "quotes": [_quote_json(quote, annotation) for quote in annotation.quotes],
        "annotation": str(annotation.method),
        "image": _known({"url": article.image.url, "caption": article.image.caption}) if article.image else None,
        "is_free": article.is_free,
        "first_seen_at": document.first_seen_at.isoformat(),
        "captured_at": document.captured_at.isoformat(),
        "capture": _capture_json(document.capture) if document.capture else None,
        "content_hash": document.content_hash,
        **reprint_json(document.id, document.reprint),
        "story": document.story,
    }
    return _known(form)


def reprint_json(document_id: str, reprint: Reprint | None) -> dict[str, str | float | None]:
    """Return the fields that say what a document took from another; ``original`` is what reprints are folded by."""
    return {
        "original": reprint.reprint_of if reprint else document_id,
        "reprint_of": reprint.reprint_of if reprint else None,
        "similarity": reprint.similarity if reprint else None,
        "own_share": reprint.own_share if reprint else None,
    }


def withdrawal_json(withdrawn_at: datetime | None) -> dict[str, str | None]:
    """Return the field that says since when the page is gone."""
    return {"withdrawn_at": withdrawn_at.isoformat() if withdrawn_at else None}


def amend_form(form: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON form of a document with these fields changed; None takes a field away."""
    return _known({**form, **changes})


def find_lede(form: Mapping[str, Any]) -> str:
    """Return the first paragraph of the document's text."""
    return str(form["text"]).partition("\n\n")[0]


def list_names(annotation: Annotation, kind: Kind) -> list[str]:
    """Return the names of one kind, each once, in order of the entities."""
    return list(dict.fromkeys(entity.name for entity in annotation.entities if entity.kind is kind))


def _under_id(article: Article, article_id: str) -> Article:
    """Return the article with the address that answered, where the id is made of that.

    For the canonical URL was not believed once (pipeline/identity.py), or not known; it is not what the article is shown by.
    """
    address = canonical_url(article.url)
    has_its_own = article.canonical_url != address and article_id == make_id(address)
    return replace(article, canonical_url=address) if has_its_own else article


def _timestamp_json(name: str, timestamp: Timestamp | None) -> dict[str, object]:
    if timestamp is None:
        return {}
    return {
        name: timestamp.value.isoformat(),
        f"{name}_raw": timestamp.raw,
        f"{name}_source": timestamp.source,
        f"{name}_precision": str(timestamp.precision),
        f"{name}_has_offset": timestamp.has_offset,
    }


def _entity_json(entity: Entity) -> dict[str, object]:
    form: dict[str, object] = {
        "id": entity.id,
        "kind": str(entity.kind),
        "name": entity.name,
        "aliases": list(entity.aliases),
        "count": entity.count,
        "salience": entity.salience,
    }
    if entity.via:
        form["via"] = list(dict.fromkeys(demonym.text for demonym in entity.via))
    if entity.place is None:
        return form | _known({"country": entity.country})
    where = {"location": _point(entity.place), "geonames": entity.place.geonames, "country": entity.place.country}
    return form | _known(where)


def _quote_json(quote: Quote, annotation: Annotation) -> dict[str, object]:
    names = {entity.id: entity.name for entity in annotation.entities}
    speaker = quote.speaker
    form = {
        "text": quote.text,
        "speaker": speaker,
        "speaker_name": names.get(speaker or ""),
        "cue": quote.cue,
        "venue": quote.venue,
        "is_partial": quote.is_partial,
    }
    return _known(form)


def _capture_json(capture: CaptureRef) -> dict[str, object]:
    return {"path": capture.path, "offset": capture.offset, "length": capture.length}


def _point(place: Place) -> dict[str, float]:
    return {"lat": place.latitude, "lon": place.longitude}


def _known(form: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in form.items() if value is not None}


def _iso(timestamp: Timestamp | None) -> str | None:
    return timestamp.value.isoformat() if timestamp else None
