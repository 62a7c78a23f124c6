"""The whole flow, said once.

What a batch goes through, each stage one call:

    poll_feeds      discover   due feeds ─► entries in the inbox (the ledger); past ones behind them (watch.py, backfill/)
    fetch_batch     fetch      claim entries ─► captures in the archive        (network, once)
    ────────────────────────── the archive: everything below can be repeated ──────────────────────────
    extract_batch   extract    captures ─► articles
                    enrich     articles ─► annotations ─► documents
    index_batch     reprints   documents ─► each with its original, where it is a copy
                    stories    documents ─► each with its story
                    index      documents ─► search store

Between the stages travels a batch's id. What the batch has by then lies as JSON lines beside its WARC file. Each claimed
URL leaves the flow in exactly one of three ways: settled with a fate, postponed, or claimed again when its lease runs out.
"""

import logging
import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from pipeline.boundary import boundary, gather
from pipeline.corrections import amend_documents, correct_documents, find_notices, keep_versions, read_replaced
from pipeline.errors import Busy, Reject, Retry, StoreUnavailable
from pipeline.fetch.responses import judge_response
from pipeline.fetch.retries import WAITS, retry_at
from pipeline.identity import identify_articles
from pipeline.index.document import document_date, document_json, make_document, reprint_json
from pipeline.model import codec
from pipeline.model.article import Article, TextSource
from pipeline.model.capture import Batch, CaptureRef
from pipeline.model.document import Document
from pipeline.model.entity import Annotation
from pipeline.model.fate import FEED_TEXT, ArticleState, Claim, Outcome, Reason
from pipeline.model.feed import Rules
from pipeline.model.handover import Extracted, Fetched, Report
from pipeline.ports import Archive, Clock, Fetcher, Ledger, Refusal, Reprints, SearchStore
from pipeline.reading import Reader
from pipeline.reprints.printings import make_printings
from pipeline.stories.traits import make_telling
from pipeline.urls import article_id

BATCH_SIZE = 50
#: Texts annotated in one call: taggers are faster with several, and past work lets live work in between two pieces.
PIECE = 5
#: Longer than any batch takes; a crashed run's entries are taken up again after it.
LEASE = timedelta(minutes=15)
MAX_DETAIL = 500  # characters of an explanation that the ledger keeps

log = logging.getLogger(__name__)


async def fetch_batch(  # noqa: PLR0913 - ports and settings, each by its name
    batch: Batch,
    *,
    ledger: Ledger,
    archive: Archive,
    fetcher: Fetcher,
    clock: Clock,
    limit: int = BATCH_SIZE,
    publisher: str | None = None,
    past: bool = False,
    until: datetime | None = None,
    retries: Sequence[timedelta] = WAITS,
    revisits: Sequence[timedelta] = (),
) -> Report:
    """Claim up to ``limit`` pending entries, fetch them, and archive every answer. Nothing claimed, nothing written.

    What is in the archive already, such as a record of an imported WARC file, is handed on without asking anybody. What would
    have to wait for a host's turn until after ``until`` is put back. For ``revisits`` see index_batch: however a visit ends,
    in whatever stage, the next one of an article's page is planned.
    """
    claims = ledger.claim(batch, clock.now(), limit=limit, lease=LEASE, publisher=publisher, past=past)
    ended, postponed, unvisited = list[Outcome](), list[tuple[Claim, datetime, str]](), list[tuple[Claim, datetime]]()
    fetched = [Fetched(claim=claim, capture=claim.capture) for claim in claims if claim.capture]
    to_fetch = [claim for claim in claims if not claim.capture]
    to_fetch.sort(key=lambda claim: claim.revision > 1)  # a host's turns are for what was never visited first
    if not claims:
        return Report()

    async def visit(claim: Claim) -> None:
        with boundary(_settler(ended, claim, clock)):
            try:
                capture = await fetcher.fetch(claim.entry.url, until=until)
                ref = writer.add(capture)
                judge_response(capture)
                fetched.append(Fetched(claim=claim, capture=ref))
            except StoreUnavailable:
                raise
            except Busy as busy:
                unvisited.append((claim, clock.now() + busy.after))
            except Retry as error:
                jitter = random.random()  # noqa: S311 - nothing to guess
                again_at = retry_at(claim.attempts, clock.now(), error.after, jitter, retries)
                if again_at is None:
                    raise Reject(Reason.UNREACHABLE, f"{error} (after {claim.attempts + 1} visits)") from error
                postponed.append((claim, again_at, str(error)))

    try:
        if to_fetch:
            with archive.open_batch(batch) as writer:
                await gather([visit(claim) for claim in to_fetch])
        fetched.sort(key=lambda line: line.claim.entry.url)
        archive.write_lines(batch, "fetched", map(codec.encode, fetched))
    except BaseException:  # Ctrl-C as well: at once, not when the lease ends; the next run may have a disk to write to
        ledger.release(batch)
        raise
    ledger.put_back(unvisited)
    ledger.postpone(postponed)
    ledger.settle(ended, revisits=revisits)
    return Report(
        claimed=len(claims),
        passed=len(fetched),
        unvisited=len(unvisited),
        postponed=len(postponed),
        settled=_reasons(ended),
    )


def extract_batch(
    batch: Batch,
    *,
    ledger: Ledger,
    archive: Archive,
    reader: Reader,
    clock: Clock,
    revisits: Sequence[timedelta] = (),
    before_each: Callable[[], None] = lambda: None,
) -> Report:
    """Make documents of the batch's captures; what is no article is settled here. Piece by piece, with a call before each."""
    rules = feed_rules(ledger)
    ended, extracted = list[Outcome](), list[Extracted]()
    fetched = (codec.decode(line, Fetched) for line in archive.read_lines(batch, "fetched"))
    while piece := list(islice(fetched, PIECE)):
        before_each()
        read = list[tuple[Fetched, datetime]]()
        articles = []
        for line in piece:
            entry = line.claim.entry
            with boundary(_settler(ended, line.claim, clock, line.capture)):
                capture = archive.read(line.capture)
                articles.append(reader.extract(capture, entry, rules.get(entry.feed_url, Rules())))
                read.append((line, capture.fetched_at))
        annotations = reader.annotate(articles, [line.claim.entry.country for line, _ in read])
        for (line, captured_at), article, annotation in zip(read, articles, annotations, strict=True):
            with boundary(_settler(ended, line.claim, clock, line.capture)):
                if isinstance(annotation, Reject):
                    raise annotation
                document = _document_of(line, article, annotation, captured_at)
                extracted.append(Extracted(claim=line.claim, document=document))
    archive.write_lines(batch, "documents", map(codec.encode, extracted))
    ledger.settle(ended, revisits=revisits)
    return Report(passed=len(extracted), settled=_reasons(ended))


def index_batch(
    batch: Batch,
    *,
    ledger: Ledger,
    archive: Archive,
    store: SearchStore,
    clock: Clock,
    revisits: Sequence[timedelta] = (),
    past: bool = False,
) -> Report:
    """Write what is new or changed to the search store, and settle every document of the batch.

    Articles are visited again so long after they were published or first seen, whichever came first. Saved searches will be
    asked about them unless they are ``past`` ones.
    """
    extracted = [codec.decode(line, Extracted) for line in archive.read_lines(batch, "documents")]
    identified = identify_articles(extracted, ledger=ledger, store=store, now=clock.now())
    extracted, holders, known = identified.lines, identified.holders, identified.known
    unsaid = "the article that the page names is not indexed yet"
    ledger.postpone([(claim, clock.now() + LEASE, unsaid) for claim in identified.undecided])
    to_write = [line.document for line in extracted if _reason_to_skip(line, holders, known) is None]
    replaced = read_replaced(to_write, known, store=store)
    notices = find_notices(to_write, replaced)
    to_write = [document for document in to_write if document.id not in notices]
    links = ledger.link_printings(make_printings(to_write))
    unkept = keep_versions(to_write, replaced, known, store=store)
    to_write = [document for document in to_write if document.id not in unkept]
    before = ledger.stories_of([key for key in known if key in links])
    to_write = join_stories(to_write, ledger=ledger, clock=clock, revised=before)
    refusals = {key: f"its earlier version could not be kept: {why}" for key, why in unkept.items()}
    refusals |= {each.document.id: each.detail for each in _write(to_write, links, ledger=ledger, store=store)}
    ended, states = list[Outcome](), list[ArticleState]()
    for line in extracted:
        document = line.document
        reason = _reason_to_skip(line, holders, known)
        detail = FEED_TEXT if document.article.text_source is TextSource.FEED else ""
        if reason is Reason.SAME_ARTICLE:
            detail = holders[document.id]
        if reason is None and document.id in notices:
            reason, detail = notices[document.id]
        letter, link = None, links.get(document.id)
        if reason is None and document.id in refusals:
            reason, detail = Reason.STORE_REFUSED, refusals[document.id]
            letter = codec.encode(document_json(document)).decode()
        elif reason is None:
            states.append(_next_state(line, known.get(document.id)))
            reason = Reason.NEW_VERSION if document.id in known else Reason.NEW
            if link and reason is Reason.NEW:
                reason, detail = Reason.REPRINT, detail or link.reprint_of
        settle = _settler(ended, line.claim, clock, document.capture, article_id=document.id, document=letter)
        settle(reason, detail)
    ledger.settle(ended, states, past=past, revisits=revisits)
    correct_documents(ledger=ledger, store=store)
    written = {state.article_id for state in states}
    joined = {document.id: document.story for document in to_write if document.story and document.id in written}
    stories = {story for key, story in joined.items() if before.get(key) != story}
    postponed = len(identified.undecided)
    return Report(passed=len(states), postponed=postponed, settled=_reasons(ended), stories=stories)


def join_stories(
    documents: Sequence[Document], *, ledger: Ledger, clock: Clock, revised: Collection[str] = ()
) -> list[Document]:
    """Return the documents, each with the story that it is of; of the revised ones, that may be another than before."""
    tellings = [make_telling(document) for document in documents]
    joined = ledger.join_stories(tellings, clock.now(), revised=revised) if tellings else {}
    return [replace(document, story=joined[document.id]) for document in documents]


def feed_rules(ledger: Ledger) -> Mapping[str, Rules]:
    """Return the extraction rules by feed, only of feeds that have some."""
    return {feed.url: feed.rules for feed, _ in ledger.feeds() if feed.rules}


def _write(documents: Sequence[Document], links: Reprints, *, ledger: Ledger, store: SearchStore) -> Sequence[Refusal]:
    """Write the documents with their links, and correct what they change in others."""
    if not documents:
        return ()
    store.prepare()
    refusals = store.write([replace(document, reprint=links[document.id]) for document in documents])
    # Another process may have linked anew what was on its way to the store, and found nothing there to correct.
    late = {key: link for key, link in ledger.reprints(list(links)).items() if link != links[key]}
    if late:
        amend_documents(store, {key: reprint_json(key, link) for key, link in late.items()})
    # Two stories may have become one while these were on their way: corrected from now on.
    ledger.mark_stories_told({document.id: document.story for document in documents if document.story})
    return refusals


def _settler(
    ended: list[Outcome],
    claim: Claim,
    clock: Clock,
    capture: CaptureRef | None = None,
    *,
    article_id: str | None = None,
    document: str | None = None,
) -> Callable[[Reason, str], None]:
    """Return what notes down how this claim ended."""

    def end(reason: Reason, detail: str) -> None:
        ended.append(
            Outcome(
                url=claim.entry.url,
                revision=claim.revision,
                reason=reason,
                at=clock.now(),
                detail=detail[:MAX_DETAIL],
                article_id=article_id,
                capture=capture,
                document=document,
            )
        )

    return end


def _document_of(line: Fetched, article: Article, annotation: Annotation, captured_at: datetime) -> Document:
    return make_document(
        article,
        annotation,
        article_id=article_id(article.canonical_url),
        entry=line.claim.entry,
        first_seen_at=line.claim.first_seen_at,
        captured_at=captured_at,
        capture=line.capture,
    )


def _reasons(ended: Sequence[Outcome]) -> Counter[Reason]:
    return Counter(outcome.reason for outcome in ended)


def _reason_to_skip(line: Extracted, holders: Mapping[str, str], known: Mapping[str, ArticleState]) -> Reason | None:
    if holders[line.document.id] != line.claim.entry.url:
        return Reason.SAME_ARTICLE
    state = known.get(line.document.id)
    return Reason.SAME_CONTENT if state and state.content_hash == line.document.content_hash else None


def _next_state(line: Extracted, known: ArticleState | None) -> ArticleState:
    return ArticleState(
        article_id=line.document.id,
        url=line.claim.entry.url,
        content_hash=line.document.content_hash,
        version=known.version + 1 if known else 1,
        first_seen_at=line.document.first_seen_at,
        captured_at=line.document.captured_at,
        public_since=min(document_date(line.document), line.document.first_seen_at),
        has_feed_text=line.document.article.text_source is TextSource.FEED,
    )
