"""Which of the articles that share text with an article is its original."""

from collections.abc import Iterable

from pipeline.model.reprint import Fingerprint, Printing, Reprint
from pipeline.reprints.fingerprints import count_all, count_shared, take_fingerprints

#: So many passages in common prove nothing: they are a sentence of twenty words, such as outlets set below every text, or what
#: two forecasts have in common that were filled in alike.
NOTHING_PROVEN = 9
#: A reprint has those and this share of its passages from its original. A changed word changes twelve passages, so text that
#: is taken over with its numbers changed keeps about half of them. Chosen on half A of the texts by ``benchmarks/reprints.py
#: --tune``: without the nine, .18 was needed, links six times as many forecasts, and finds no more.
LEAST_SHARED = 0.13
#: And this share of its shingles, which is about the share of its words: who quotes another's quotations, or a paragraph,
#: shares as many passages as one who edited every line of it, but not as many words. Of half A, copies with at least two
#: fifths of their words taken over that were linked had .375 or more, and what was linked for a quotation .206 or less.
LEAST_TAKEN = 0.28


def find_original(article: Printing, candidates: Iterable[Printing]) -> Reprint | None:
    """Return what the article took from the best-ranked candidate before it that it is a reprint of, or None."""
    for candidate in sorted(candidates, key=lambda each: each.rank):
        if candidate.rank >= article.rank:
            return None
        if reprint := compare(article, candidate):
            return reprint
    return None


def compare(article: Printing, other: Printing) -> Reprint | None:
    """Return what the article took from the other, where that is enough for a reprint."""
    taken = _count_taken(article.fingerprint, other.fingerprint)
    if taken is None:
        return None
    shared, count, other_count = taken
    return Reprint(
        reprint_of=other.article_id,
        similarity=round(shared / (count + other_count - shared), 3),
        own_share=round(1 - shared / count, 3),
    )


def share_text(one: str, other: str) -> bool:
    """Tell whether either text took enough from the other for a reprint; one of fewer than some thirty words never did."""
    first, second = take_fingerprints([one, other])
    return any(_count_taken(*pair) is not None for pair in ((first, second), (second, first)))


def _count_taken(copy: Fingerprint, original: Fingerprint) -> tuple[int, int, int] | None:
    """Return how many shingles both have, and how many each, as far as both sketches reach; None: not enough for a reprint."""
    shared, count, _ = count_shared(copy.passages, original.passages)
    if not shared or shared / count < LEAST_SHARED + NOTHING_PROVEN / count_all(copy.passages):
        return None
    counts = count_shared(copy.shingles, original.shingles)
    return None if counts[0] < LEAST_TAKEN * counts[1] else counts
