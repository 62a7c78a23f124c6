"""A hit from the stored JSON form of its document: the same in every search store."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline.model.query import Hit, Reason

#: What ``make_hit`` reads of a form.
HIT_FIELDS = ("canonical_url", "headline", "publisher", "language", "published", "withdrawn_at", "reprint_of")


def make_hit(
    document_id: str,
    form: Mapping[str, Any],
    *,
    score: float | None,
    snippets: tuple[str, ...],
    folded: int,
    reasons: tuple[Reason, ...],
) -> Hit:
    """Return the hit; of the form, ``HIT_FIELDS`` will do."""
    published, withdrawn_at = form.get("published"), form.get("withdrawn_at")
    return Hit(
        id=document_id,
        url=form["canonical_url"],
        headline=form["headline"],
        publisher=form["publisher"],
        language=form["language"],
        published=datetime.fromisoformat(published) if published else None,
        score=score,
        snippets=snippets,
        withdrawn_at=datetime.fromisoformat(withdrawn_at) if withdrawn_at else None,
        reprint_of=form.get("reprint_of"),
        folded=folded,
        reasons=reasons,
    )
