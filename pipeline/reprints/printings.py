"""A document as the search for copies knows it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.model.document import Document
from pipeline.model.evidence import Precision
from pipeline.model.reprint import Printing, Standing
from pipeline.reprints.fingerprints import take_fingerprints


def make_printings(documents: Sequence[Document]) -> list[Printing]:
    """Return what is remembered of the documents' texts."""
    taken = take_fingerprints([document.article.text for document in documents])
    return [
        Printing(
            article_id=document.id,
            fingerprint=fingerprint,
            standing=_standing(document),
            printed_at=_printed_at(document),
            captured_at=document.captured_at,
        )
        for document, fingerprint in zip(documents, taken, strict=True)
    ]


def _standing(document: Document) -> Standing:
    """Tell an agency's own article from one that names an agency, as its copies do, too."""
    agency = document.article.byline.agency
    if agency is None:
        return Standing.NONE
    name = agency.casefold().split()  # Reuters is the agency of Reuters, and of Reuters UK
    is_own = document.publisher.casefold().split()[: len(name)] == name
    return Standing.AGENCY if is_own else Standing.NAMES_AGENCY


def _printed_at(document: Document) -> datetime:
    """Return the time of publication, but never one after the first sight; of a day without a time, its end."""
    published = document.article.published
    if published is None:
        return document.first_seen_at
    is_day = published.precision is Precision.DAY
    at = published.value + timedelta(days=1) if is_day else published.value
    return min(at, document.first_seen_at)
