"""Which of the articles that share text with an article is its original."""

from collections.abc import Iterable

from pipeline.model.reprint import Printing, Reprint
from pipeline.reprints.fingerprints import count_shared, read_hashes

#: A reprint has this share of its shingles from its original. A changed word changes eight shingles, so text that is taken
#: over with its numbers changed keeps about two thirds of them. Measured by ``benchmarks/reprints.py --tune`` on half A of
#: the texts and the rules for tuning: of copies with two fifths of their words taken over, 99.6 % are above, and the
#: lowest in two hundred has .359; of pairs of weather reports from one template, whose sentences are the same but for places and
#: figures, 1 % have more than .251, of sports reports .118, of market reports .176; two accounts of one event, which quote the
#: same person, have .069 at most.
LEAST_SHARED = 0.3


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
    one, another = read_hashes(article.fingerprint.sketch), read_hashes(other.fingerprint.sketch)
    shared, count, other_count = count_shared(one, another)
    if not shared or shared < LEAST_SHARED * count:
        return None
    return Reprint(
        reprint_of=other.article_id,
        similarity=round(shared / (count + other_count - shared), 3),
        own_share=round(1 - shared / count, 3),
    )
