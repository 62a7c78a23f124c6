"""Archived captures to documents, by the code of today."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from pipeline.boundary import boundary
from pipeline.errors import Reject
from pipeline.fetch.responses import judge_response
from pipeline.flow import BATCH_SIZE, PIECE
from pipeline.index.document import amend_form, document_json, make_document, reprint_json, withdrawal_json
from pipeline.model.article import Article
from pipeline.model.capture import Capture, CaptureRef
from pipeline.model.document import Document
from pipeline.model.fate import Reason
from pipeline.model.feed import Rules
from pipeline.model.rebuild import Interval, Replayed
from pipeline.ports import Form, Holding
from pipeline.replay.parts import Parts
from pipeline.reprints.printings import make_printings
from pipeline.writing import join_stories

Element = TypeVar("Element")

#: Ends that are the code's: a document that is there is better than none.
_OURS = frozenset({Reason.BUG, Reason.TIMEOUT, Reason.OUT_OF_MEMORY, Reason.CRASH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """A capture that speaks for an article, and what the ledger knows of the two."""

    capture: Capture
    ref: CaptureRef
    holding: Holding

    @property
    def article_id(self) -> str:
        """The id that the ledger knows the article by."""
        return self.holding.article.article_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What became of captures: documents, and the ids of the articles that make none."""

    documents: list[Document]
    #: The page is no article, and why.
    rejected: Mapping[str, Reason]
    #: The code failed, or was stopped, which says nothing about the page; and how.
    broken: Mapping[str, Reason]


def replay_interval(
    generation: str,
    interval: Interval,
    *,
    parts: Parts,
    rules: Mapping[str, Rules],
    on_progress: Callable[[int], None] = lambda _: None,
) -> Replayed:
    """Write the documents of the interval's captures to the generation, and remove what is no article any more.

    Only captures that speak for an article are read again. What is left out is not counted here, but by
    ``rebuild.bring_over``, which meets each live document once.
    """
    report = Replayed()
    for group in in_groups(parts.archive.scan(interval.since, interval.until), BATCH_SIZE):
        speaking = list(_find_speaking(group, parts))
        pieces = [read_captures(piece, parts=parts, rules=rules) for piece in _giving_way(speaking, parts)]
        documents = [document for piece in pieces for document in piece.documents]
        rejected = {key: reason for piece in pieces for key, reason in piece.rejected.items()}
        report.captures += len(group)
        if documents:
            refused = write_documents(documents, generation, parts=parts)
            report.written += len(documents) - len(refused)
            report.refused += len(refused)
        if rejected:
            captured = {each.article_id: each.capture.fetched_at for each in speaking if each.article_id in rejected}
            parts.store.remove(captured, generation=generation)
        on_progress(len(group))
    return report


def write_documents(documents: Sequence[Document], generation: str, *, parts: Parts) -> Mapping[str, str]:
    """Write the documents, each with its original as the texts of today tell, and its story; return why some were refused."""
    parts.ledger.link_printings(make_printings(documents))
    joined = join_stories(documents, ledger=parts.ledger, clock=parts.clock)
    refused = copy_documents([document_json(document) for document in joined], generation, parts=parts)
    parts.ledger.mark_stories_told({document.id: document.story for document in joined if document.story})
    return refused


def copy_documents(forms: Sequence[Form], generation: str, *, parts: Parts) -> Mapping[str, str]:
    """Write documents as they are, but for what the ledger knows of them; return why some were refused, by id.

    The ledger is asked again afterwards: what it learned meanwhile, others could tell no document that was still on its way.
    Nothing of the live generation is touched, for its writers may be held.
    """
    refused, written = dict[str, str](), dict[str, Form]()
    while forms := [form for form in _as_known(forms, parts) if written.get(form["id"]) != form]:
        refused |= parts.store.copy(forms, generation=generation)
        written |= {form["id"]: form for form in forms}
    return refused


def _as_known(forms: Sequence[Form], parts: Parts) -> list[Form]:
    """Return the forms with their originals, stories and withdrawals as the ledger knows them now."""
    ids = [form["id"] for form in forms]
    links, stories = parts.ledger.reprints(ids), parts.ledger.stories_of(ids)
    gone = parts.ledger.withdrawals(ids)
    return [
        amend_form(
            form,
            {**reprint_json(key, links.get(key)), **withdrawal_json(gone.get(key)), "story": stories.get(key)},
        )
        for key, form in zip(ids, forms, strict=True)
    ]


def read_captures(captures: Iterable[Speaking], *, parts: Parts, rules: Mapping[str, Rules]) -> Read:
    """Extract and annotate the captures. An article keeps the id that the ledger knows.

    For the code may find another canonical address today, and the document would be a second one.
    """
    read, articles = list[Speaking](), list[Article]()
    rejected = dict[str, Reason]()
    for each in captures:

        def reject(reason: Reason, _: str, article_id: str = each.article_id) -> None:
            rejected[article_id] = reason

        with boundary(reject):
            judge_response(each.capture)
            entry = each.holding.entry
            articles.append(parts.reader.extract(each.capture, entry, rules.get(entry.feed_url, Rules())))
            read.append(each)
    documents = list[Document]()
    annotations = parts.reader.annotate(articles, [each.holding.entry.country for each in read]) if articles else ()
    for each, article, annotation in zip(read, articles, annotations, strict=True):
        if isinstance(annotation, Reject):
            rejected[each.article_id] = annotation.reason
            continue
        documents.append(
            make_document(
                article,
                annotation,
                article_id=each.article_id,
                entry=each.holding.entry,
                first_seen_at=each.holding.first_seen_at,
                captured_at=each.capture.fetched_at,
                capture=each.ref,
            )
        )
    broken = {key: reason for key, reason in rejected.items() if reason in _OURS}
    rejected = {key: reason for key, reason in rejected.items() if key not in broken}
    return Read(documents=documents, rejected=rejected, broken=broken)


def has_captures(interval: Interval, parts: Parts) -> bool:
    """Tell whether the archive holds anything fetched in the interval."""
    return next(iter(parts.archive.scan(interval.since, interval.until)), None) is not None


def in_groups(elements: Iterable[Element], size: int) -> Iterator[list[Element]]:
    """Yield the elements in lists of that size, the last one shorter."""
    waiting = iter(elements)
    while group := list(islice(waiting, size)):
        yield group


def _giving_way(captures: Iterable[Speaking], parts: Parts) -> Iterator[list[Speaking]]:
    """Yield pieces that take a fraction of a second each, when no live work wants the processor."""
    for piece in in_groups(captures, PIECE):
        parts.give_way()
        yield piece


def _find_speaking(group: Sequence[tuple[CaptureRef, Capture]], parts: Parts) -> Iterator[Speaking]:
    """Yield the captures that the live documents were made of: the ledger knows the time of each."""
    holdings = parts.ledger.holdings([capture.url for _, capture in group])
    for ref, capture in group:
        holding = holdings.get(capture.url)
        if holding and holding.article.captured_at == capture.fetched_at:
            yield Speaking(capture=capture, ref=ref, holding=holding)
