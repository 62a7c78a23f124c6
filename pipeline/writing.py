"""What of a batch's documents goes to the search store, and what becomes of each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.corrections import amend_documents, find_notices, keep_versions, read_replaced
from pipeline.identity import Identified
from pipeline.index.document import document_date, reprint_json
from pipeline.model.article import TextSource
from pipeline.model.document import Document
from pipeline.model.fate import FEED_TEXT, ArticleState, Reason
from pipeline.model.handover import Extracted
from pipeline.ports import Clock, Ledger, Refusal, Reprints, SearchStore
from pipeline.reprints.printings import make_printings
from pipeline.stories.traits import make_telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was done with the documents of a batch, each by its id."""

    identified: Identified
    links: Reprints
    #: What says something short in the place of its article, and is not written.
    notices: Mapping[str, tuple[Reason, str]]
    #: What the store did not take, and why.
    refusals: Mapping[str, str]
    #: The story of each that was sent, and the story that it was of before.
    stories: Mapping[str, str | None]
    former_stories: Mapping[str, str]

    def judge(self, line: Extracted) -> tuple[Reason, str]:
        """Return how the document of this line ends, and what there is to say about it."""
        key, detail = line.document.id, ""
        skipped = _reason_to_skip(line, self.identified)
        if skipped is Reason.SAME_ARTICLE:
            return skipped, self.identified.holders[key]
        if line.document.article.text_source is TextSource.FEED:
            detail = FEED_TEXT
        if skipped:
            return skipped, detail
        if key in self.notices:
            return self.notices[key]
        if key in self.refusals:
            return Reason.STORE_REFUSED, self.refusals[key]
        if key in self.identified.known:
            return Reason.NEW_VERSION, detail
        link = self.links[key]
        return (Reason.REPRINT, detail or link.reprint_of) if link else (Reason.NEW, detail)

    def moved_stories(self, article_ids: Iterable[str]) -> set[str]:
        """Return the stories that these articles, of those that were sent, have come to."""
        stories = {key: self.stories.get(key) for key in article_ids}
        return {story for key, story in stories.items() if story and story != self.former_stories.get(key)}


def write_changed(identified: Identified, *, ledger: Ledger, store: SearchStore, clock: Clock) -> Written:
    """Write what is new or changed, each with its original and its story; what the store said before is kept as a version."""
    known = identified.known
    to_write = [line.document for line in identified.lines if _reason_to_skip(line, identified) is None]
    replaced = read_replaced(to_write, known, store=store)
    notices = find_notices(to_write, replaced)
    to_write = [document for document in to_write if document.id not in notices]
    links = ledger.link_printings(make_printings(to_write))
    unkept = keep_versions(to_write, replaced, known, store=store)
    to_write = [document for document in to_write if document.id not in unkept]
    former = ledger.stories_of([key for key in known if key in links])
    to_write = join_stories(to_write, ledger=ledger, clock=clock, revised=former)
    refusals = {key: f"its earlier version could not be kept: {why}" for key, why in unkept.items()}
    refusals |= {each.document.id: each.detail for each in _write(to_write, links, ledger=ledger, store=store)}
    return Written(
        identified=identified,
        links=links,
        notices=notices,
        refusals=refusals,
        stories={document.id: document.story for document in to_write},
        former_stories=former,
    )


def join_stories(
    documents: Sequence[Document], *, ledger: Ledger, clock: Clock, revised: Collection[str] = ()
) -> list[Document]:
    """Return the documents, each with the story that it is of; of the revised ones, that may be another than before."""
    tellings = [make_telling(document) for document in documents]
    joined = ledger.join_stories(tellings, clock.now(), revised=revised) if tellings else {}
    return [replace(document, story=joined[document.id]) for document in documents]


def next_state(line: Extracted, known: ArticleState | None) -> ArticleState:
    """Return what the ledger is to know of the article that was written, of which it knew this."""
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


def _reason_to_skip(line: Extracted, identified: Identified) -> Reason | None:
    key = line.document.id
    if identified.holders[key] != line.claim.entry.url:
        return Reason.SAME_ARTICLE
    state, document = identified.known.get(key), line.document
    # What is indexed may be of a newer capture: a batch that others had given up comes late.
    is_told = state and (state.content_hash == document.content_hash or state.captured_at > document.captured_at)
    return Reason.SAME_CONTENT if is_told else None


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
