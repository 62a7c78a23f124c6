"""Documents that are in the search store already: kept before they are replaced, corrected where they stand."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.index.document import amend_form, document_json, reprint_json, withdrawal_json
from pipeline.model.document import Document
from pipeline.model.fate import ArticleState, Reason
from pipeline.model.version import Version
from pipeline.ports import Form, Ledger, SearchStore
from pipeline.versions.difference import compare_forms
from pipeline.versions.notices import judge_change

#: Documents that are corrected at a time, such as after each batch.
CORRECTED = 200

log = logging.getLogger(__name__)


def read_replaced(
    documents: Sequence[Document], known: Mapping[str, ArticleState], *, store: SearchStore
) -> dict[str, Form]:
    """Return by id what the store says of those of the articles that are to be replaced."""
    replaced = dict[str, Form]()
    for document in documents:
        if (state := known.get(document.id)) is None:
            continue
        before = store.document(document.id)
        # What is there may be newer, or what we are about to write: a batch can be repeated.
        if before and before["content_hash"] == state.content_hash and state.captured_at <= document.captured_at:
            replaced[document.id] = before
    return replaced


def find_notices(documents: Sequence[Document], replaced: Mapping[str, Form]) -> dict[str, tuple[Reason, str]]:
    """Return by id which of the documents say something short in the place of their article, and why: see versions.notices."""
    notices = dict[str, tuple[Reason, str]]()
    for document in documents:
        if before := replaced.get(document.id):
            article = document.article
            verdict = judge_change(
                article.headline.value, article.text, old_headline=before["headline"], old_text=before["text"]
            )
            if verdict:
                notices[document.id] = verdict
    return notices


def keep_versions(
    changed: Sequence[Document],
    replaced: Mapping[str, Form],
    known: Mapping[str, ArticleState],
    *,
    store: SearchStore,
) -> Mapping[str, str]:
    """Keep what is to be replaced of these documents, with how the new words differ from it.

    Return which it could not keep, and why: these must not be replaced.
    """
    kept = list[Version]()
    for document in changed:
        if before := replaced.get(document.id):
            difference = compare_forms(before, document_json(document))
            kept.append(
                Version(
                    article_id=document.id,
                    number=known[document.id].version,
                    replaced_at=document.captured_at,
                    form=before,
                    difference=difference,
                )
            )
    return store.keep_versions(kept) if kept else {}


def amend_documents(store: SearchStore, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Set these fields of stored documents, by id, wherever they stand; None takes a field away."""
    refused = store.revise(changes, lambda form: amend_form(form, changes[form["id"]]))
    for key, why in refused.items():
        log.error("%s stays as it was, for the correction was refused: %s", key, why)


def correct_all_documents(*, ledger: Ledger, store: SearchStore) -> None:
    """Write anew what was learned of documents after they were written, until nothing is left to tell."""
    while correct_documents(ledger=ledger, store=store):
        pass


def correct_documents(*, ledger: Ledger, store: SearchStore) -> int:
    """Write anew what was learned of some documents after they were written; return how many, 0 at the end.

    Their original came or changed after them, their page is gone, or there again, or their story became part of another.
    """
    links = ledger.untold_reprints(limit=CORRECTED)
    if links:
        amend_documents(store, {key: reprint_json(key, link) for key, link in links.items()})
        ledger.mark_told(links)
    gone = ledger.untold_withdrawals(limit=CORRECTED)
    if gone:
        amend_documents(store, {key: withdrawal_json(at) for key, at in gone.items()})
        ledger.mark_withdrawals_told(gone)
    moved = ledger.untold_stories(limit=CORRECTED)
    if moved:
        amend_documents(store, {key: {"story": story} for key, story in moved.items()})
        ledger.mark_stories_told(moved)
    return len(links) + len(gone) + len(moved)
