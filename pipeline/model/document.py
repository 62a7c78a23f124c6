"""What is indexed and searched: an article with its annotation and where it all came from."""

from dataclasses import dataclass
from datetime import datetime

from pipeline.model.article import Article
from pipeline.model.capture import CaptureRef
from pipeline.model.entity import Annotation
from pipeline.model.reprint import Reprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One article as it is searched. ``index/document.py`` gives its JSON form, which mappings/articles.json describes."""

    #: Derived from the article's canonical URL: see ``urls.article_id``.
    id: str
    article: Article
    annotation: Annotation
    #: From the source, not from the page.
    publisher: str
    feed_url: str
    country: str | None = None
    #: When the ledger first saw the URL; decides the monthly index, so it never changes.
    first_seen_at: datetime
    #: When the capture was fetched: the version of the write.
    captured_at: datetime
    #: None only for documents that never had a capture, such as a feed's own content.
    capture: CaptureRef | None = None
    #: SHA-256 over what the article says; equal hashes mean nothing to write.
    content_hash: str
    #: What it took from another article; None for an original.
    reprint: Reprint | None = None
    #: Id of the story that it is of.
    story: str | None = None
