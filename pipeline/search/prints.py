"""Who else printed what was found."""

from collections.abc import Mapping, Sequence

from pipeline.model.query import Hit, Query, Sort
from pipeline.ports import SearchStore

#: Prints that are read for a page of hits; where a text has more, their number alone is shown.
MOST_PRINTS = 200


def find_prints(hits: Sequence[Hit], store: SearchStore) -> Mapping[str, tuple[Hit, ...]]:
    """Return an original and its reprints, in order of time, by the id of each of these hits that is one or stands for some.

    One question to the store, whatever the number of hits; none where no hit is of a text that was printed twice.
    """
    originals = {hit.id: hit.reprint_of or hit.id for hit in hits if hit.reprint_of or hit.folded}
    if not originals:
        return {}
    asked = Query(reprints_of=tuple(dict.fromkeys(originals.values())), sort=Sort.NEWEST, limit=MOST_PRINTS)
    found = store.search(asked).hits[::-1]
    return {
        key: tuple(print_ for print_ in found if original in {print_.id, print_.reprint_of})
        for key, original in originals.items()
    }
