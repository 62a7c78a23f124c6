"""Documents that are in the search store already: kept before they are replaced, corrected where they stand."""

from collections.abc import Mapping, Sequence

from pipeline.index.document import document_json, reprint_json, withdrawal_json
from pipeline.model.document import Document
from pipeline.model.fate import ArticleState
from pipeline.model.version import Version
from pipeline.ports import Ledger, SearchStore
from pipeline.versions.difference import compare_forms

#: Documents that are corrected at a time, such as after each batch.
CORRECTED = 200


def keep_versions(
    changed: Sequence[Document], known: Mapping[str, ArticleState], *, store: SearchStore
) -> Mapping[str, str]:
    """Keep what the store says of these articles, which is to be replaced, with how the new words differ from it.

    Return which it could not keep, and why: these must not be replaced.
    """
    kept = list[Version]()
    for document in changed:
        before, state = store.document(document.id), known[document.id]
        # What is there may be newer, or what we are about to write: a batch can be repeated.
        if before and before["content_hash"] == state.content_hash and state.captured_at <= document.captured_at:
            difference = compare_forms(before, document_json(document))
            kept.append(
                Version(
                    article_id=document.id,
                    number=state.version,
                    replaced_at=document.captured_at,
                    form=before,
                    difference=difference,
                )
            )
    return store.keep_versions(kept) if kept else {}


def correct_documents(*, ledger: Ledger, store: SearchStore) -> int:
    """Write anew what was learned of some documents after they were written; return how many, 0 at the end.

    Their original came or changed after them, their page is gone, or there again, or their story became part of another.
    """
    links = ledger.untold_reprints(limit=CORRECTED)
    if links:
        store.amend({key: reprint_json(key, link) for key, link in links.items()})
        ledger.mark_told(links)
    gone = ledger.untold_withdrawals(limit=CORRECTED)
    if gone:
        store.amend({key: withdrawal_json(at) for key, at in gone.items()})
        ledger.mark_withdrawals_told(gone)
    moved = ledger.untold_stories(limit=CORRECTED)
    if moved:
        store.amend({key: {"story": story} for key, story in moved.items()})
        ledger.mark_stories_told(moved)
    return len(links) + len(gone) + len(moved)
