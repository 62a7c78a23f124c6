"""Who else printed what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.model.query import Hit, Query, Sort
from pipeline.ports import SearchStore
from pipeline.search.request import MAX_HITS

#: Prints that are read for a page of hits; where there are more, so many of each text, and the number of the others.
MOST_PRINTS, MOST_OF_EACH = 200, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Prints:
    """Whom a hit was taken from, who else printed its text, the earliest first, and how many more did."""

    original: Hit | None = None
    others: tuple[Hit, ...] = ()
    more: int = 0


def find_prints(hits: Sequence[Hit], store: SearchStore) -> Mapping[str, Prints]:
    """Return the prints of each of these hits that is a reprint or stands for some, by its id.

    One question to the store, whatever the number of hits, and a second, dearer one where there are very many prints; none
    where no hit is of a text that was printed twice.
    """
    originals = {hit.id: hit.reprint_of or hit.id for hit in hits if hit.reprint_of or hit.folded}
    if not originals:
        return {}
    query = Query(reprints_of=tuple(dict.fromkeys(originals.values())), sort=Sort.OLDEST, limit=MOST_PRINTS)
    page = store.search(query)
    if page.total > MOST_PRINTS:  # those of one text would take the places of all others
        most = min(len(query.reprints_of) * MOST_OF_EACH, MAX_HITS)
        page = store.search(replace(query, limit=most, folds_reprints=True, more_prints=MOST_OF_EACH - 1))
    found: dict[str, list[Hit]] = {}
    for each in page.hits:
        found.setdefault(each.reprint_of or each.id, []).append(each)
    return {hit.id: _prints_of(hit, found.get(originals[hit.id], ())) for hit in hits if hit.id in originals}


def _prints_of(hit: Hit, prints: Sequence[Hit]) -> Prints:
    """Return the prints of the hit's text, it among them where it is one of the first."""
    others = tuple(each for each in prints if each.id not in {hit.id, hit.reprint_of})
    is_read = any(each.id == hit.id for each in prints)
    total = max((each.folded + 1 for each in prints), default=0)
    return Prints(
        original=next((each for each in prints if each.id == hit.reprint_of), None),
        others=others,
        more=max(total - len(prints) - (not is_read), 0),
    )
