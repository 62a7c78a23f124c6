"""Which of the articles that share text with an article is its original."""

from collections.abc import Iterable

from pipeline.model.reprint import Printing, Reprint
from pipeline.reprints.fingerprints import count_shared

#: A reprint has this share of its passages from its original. A changed word changes twelve passages, so text that is taken
#: over with its numbers changed keeps about half of them. Chosen between what ``benchmarks/reprints.py --tune`` prints of
#: copies with at least two fifths of their words taken over (half A of the texts, the rules for tuning) and of lookalikes.
#: The lowest 0.2 % of such copies have .242; of pairs of reports from one template, the highest 0.1 % have .222 (weather), .088
#: (sports) and .156 (markets); of texts retold in other words around the same quotations, .181. What is wrong there comes at
#: a thousandth of the pairs; what is missed is missed for good.
LEAST_SHARED = 0.18


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
    shared, count, _ = count_shared(article.fingerprint.passages, other.fingerprint.passages)
    if not shared or shared < LEAST_SHARED * count:
        return None
    shared, count, other_count = count_shared(article.fingerprint.shingles, other.fingerprint.shingles)
    return Reprint(
        reprint_of=other.article_id,
        similarity=round(shared / (count + other_count - shared), 3),
        own_share=round(1 - shared / count, 3),
    )
