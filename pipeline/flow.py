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
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from pipeline.boundary import boundary, gather
from pipeline.corrections import correct_documents
from pipeline.errors import Busy, Reject, Retry, StoreUnavailable
from pipeline.fetch.responses import judge_response
from pipeline.fetch.retries import WAITS, retry_at
from pipeline.identity import identify_articles
from pipeline.index.document import document_json, make_document
from pipeline.model import codec
from pipeline.model.article import Article
from pipeline.model.capture import Batch, CaptureRef
from pipeline.model.document import Document
from pipeline.model.entity import Annotation
from pipeline.model.fate import ArticleState, Claim, Fate, Outcome, Reason
from pipeline.model.feed import Rules
from pipeline.model.handover import Extracted, Fetched, Report
from pipeline.ports import Archive, Clock, Fetcher, Ledger, SearchStore
from pipeline.reading import Reader
from pipeline.urls import article_id
from pipeline.writing import next_state, write_changed

BATCH_SIZE = 50
#: Texts annotated in one call: taggers are faster with several, and past work lets live work in between two pieces.
PIECE = 5
#: Longer than any batch takes; a crashed run's entries are taken up again after it.
LEASE = timedelta(minutes=15)
#: After which another batch has indexed what it is at work on, if it is not lost.
SOON = timedelta(minutes=1)
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
    identified = identify_articles(extracted, ledger=ledger, store=store, now=clock.now(), lease=LEASE)
    unsaid = "the article that the page names is not indexed yet"
    ledger.postpone(
        [(claim, clock.now() + (LEASE if claim.attempts else SOON), unsaid) for claim in identified.undecided]
    )
    written = write_changed(identified, ledger=ledger, store=store, clock=clock)
    ended, states = list[Outcome](), list[ArticleState]()
    for line in identified.lines:
        document = line.document
        reason, detail = written.judge(line)
        if reason.fate is Fate.INDEXED:
            states.append(next_state(line, identified.known.get(document.id)))
        letter = codec.encode(document_json(document)).decode() if reason is Reason.STORE_REFUSED else None
        settle = _settler(ended, line.claim, clock, document.capture, article_id=document.id, document=letter)
        settle(reason, detail)
    ledger.settle(ended, states, past=past, revisits=revisits)
    try:
        correct_documents(ledger=ledger, store=store)
    except StoreUnavailable as error:  # settled is settled: tried again, the batch would have nothing to tell
        log.warning("documents wait for the next batch to be corrected: %s", error)
    return Report(
        passed=len(states),
        postponed=len(identified.undecided),
        settled=_reasons(ended),
        stories=written.moved_stories(state.article_id for state in states),
    )


def feed_rules(ledger: Ledger) -> Mapping[str, Rules]:
    """Return the extraction rules by feed, only of feeds that have some."""
    return {feed.url: feed.rules for feed, _ in ledger.feeds() if feed.rules}


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
