"""Everything right of the archive, again: captures to documents to the search store, without the network.

The ledger is only read: a replay changes what the index says of an article, never how its URL ended.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from pipeline.enrich.annotate import Annotator
from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.fetch.responses import judge_response
from pipeline.flow import BATCH_SIZE, feed_rules
from pipeline.index.document import make_document
from pipeline.model.article import Article
from pipeline.model.capture import Capture, CaptureRef
from pipeline.model.document import Document
from pipeline.model.feed import Entry, Rules
from pipeline.model.handover import Report
from pipeline.ports import Archive, Ledger, SearchStore
from pipeline.urls import article_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """An article read again, with what the ledger knows of its URL."""

    entry: Entry
    first_seen_at: datetime
    captured_at: datetime
    capture: CaptureRef
    article: Article


def replay_captures(
    since: datetime,
    until: datetime,
    *,
    archive: Archive,
    ledger: Ledger,
    annotator: Annotator,
    store: SearchStore,
    generation: str | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Write the documents of the captures fetched in ``since <= t < until`` to the generation, default the live one.

    Only what the ledger holds as an article is written, once each: the URL that holds it, never its duplicates.
    """
    report = Report()
    articles = _read_articles(archive.scan(since, until), ledger, feed_rules(ledger), report)
    while group := list(islice(articles, BATCH_SIZE)):
        annotations = annotator.annotate([each.article for each in group])
        documents = [
            make_document(
                each.article,
                annotation,
                article_id=article_id(each.article.canonical_url),
                entry=each.entry,
                first_seen_at=each.first_seen_at,
                captured_at=each.captured_at,
                capture=each.capture,
            )
            for each, annotation in zip(group, annotations, strict=True)
        ]
        held = _only_holders(documents, group, ledger)
        refused = store.write(held, generation=generation)
        report.passed += len(held) - len(refused)
        on_progress(len(group))
    return report


def _read_articles(
    captures: Iterable[tuple[CaptureRef, Capture]], ledger: Ledger, rules: Mapping[str, Rules], report: Report
) -> Iterator[Replayed]:
    """Yield the articles among the captures; why the others are none goes into the report."""
    for ref, capture in captures:
        known = ledger.entry(capture.url)
        if known is None:  # the archive knows a URL that this ledger never saw: another ledger's work
            continue
        entry, first_seen_at = known
        try:
            judge_response(capture)
            article = extract_article(capture, entry, rules.get(entry.feed_url, Rules()))
        except Reject as error:
            report.settled[error.reason] += 1
            continue
        yield Replayed(
            entry=entry,
            first_seen_at=first_seen_at,
            captured_at=capture.fetched_at,
            capture=ref,
            article=article,
        )


def _only_holders(documents: Sequence[Document], group: Sequence[Replayed], ledger: Ledger) -> list[Document]:
    """Drop documents of URLs that another URL's article stands for, and keep the newest capture of each."""
    known = ledger.articles([document.id for document in documents])
    held = {
        document.id: document
        for document, each in zip(documents, group, strict=True)
        if document.id in known and known[document.id].url == each.entry.url
    }
    return list(held.values())
