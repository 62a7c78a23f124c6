"""How frequent values are in the whole index, which tells what is more frequent in the documents found."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pipeline.adapters.elasticsearch_query import Json
from pipeline.ports import Clock

#: A field and a value of it; ``EVERYTHING`` stands for all documents.
Value = tuple[str, str]
EVERYTHING: Value = ("", "")
#: Frequent names are frequent in most searches, and do not become rare within a minute.
KEPT_FOR = timedelta(minutes=1)
MOST = 50_000  # values kept


class Background:
    """Counts of documents by value, remembered for a minute.

    ``significant_terms`` asks each segment for each value that is in three documents of a sample: half of a search's time at
    200,000 documents.
    """

    def __init__(self, clock: Clock) -> None:
        """Know nothing yet."""
        self._clock = clock
        self._counts: dict[Value, int] = {}
        self._until: datetime | None = None

    def counts(self) -> dict[Value, int]:
        """Return what is known now, for the caller to add to; another thread's next search may begin a new one."""
        now = self._clock.now()
        if self._until is None or now >= self._until or len(self._counts) > MOST:
            self._counts, self._until = {}, now + KEPT_FOR
        return self._counts


def count_bodies(values: Iterable[Value]) -> list[Json]:
    """Return what asks how many documents have each value."""
    queries: list[Json] = [
        {"match_all": {}} if value == EVERYTHING else {"term": {value[0]: value[1]}} for value in values
    ]
    return [{"query": query, "size": 0, "track_total_hits": True} for query in queries]
