"""Where documents are searched."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from pipeline.errors import UsageError
from pipeline.model.document import Document
from pipeline.model.query import Query, SearchPage
from pipeline.model.version import Version

#: A document's JSON form, as a store keeps it: see ``index/document.py``.
Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A document that the store will never take as it is, and why."""

    document: Document
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """A generation of the index, as ``newswire index status`` shows it."""

    generation: str
    documents: int
    is_live: bool
    indices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMonth:
    """The documents of the live generation whose URLs were first seen in one month, named by its first day (UTC)."""

    month: date
    documents: int


#: Ids of the entities that each name of a query may mean: see ``search/names.py``.
Entities = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query of many that are asked at once, with the entities of its names, looked up before."""

    query: Query
    entities: Entities = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Some documents, and which of them each of some queries finds: their ids, or why the store cannot serve the query."""

    forms: Mapping[str, Form]
    found: tuple[frozenset[str] | UsageError, ...]


class SearchStore(Protocol):
    """Keeps documents and finds them; speaks Query, never a store's own language.

    A *generation* is a complete set of indices; readers see exactly one, the live one. Writes go to the live one unless named.
    """

    def close(self) -> None:
        """Give the connections back; the next use of an embedded store opens anew."""
        ...

    def prepare(self) -> None:
        """Make the live generation ready for writes. Raises UsageError where its mapping is not ours, saying what to do."""
        ...

    def write(self, documents: Sequence[Document], *, generation: str | None = None) -> tuple[Refusal, ...]:
        """Upsert the documents, searchable on return; an older capture never replaces a newer one. Return the refused ones.

        A write to the live generation is in the one that is live on return, whatever was promoted meanwhile.
        """
        ...

    def revise(self, ids: Collection[str], change: Callable[[Form], Form]) -> Mapping[str, str]:
        """Make others of these stored documents in every generation of our mapping; return why some were refused, by id.

        Searchable on return. Of two that revise a document at once, neither undoes what the other did. What is not there is
        left alone, and so is a document that a newer capture replaces meanwhile.
        """
        ...

    def search(self, query: Query) -> SearchPage:
        """Return the page. Raises UsageError on a query that it cannot serve."""
        ...

    def entities_of(self, query: Query) -> Entities:
        """Return the ids of the entities that the query's names may mean, as far as the index knows their spellings now."""
        ...

    def match(self, asked: Sequence[Asked], document_ids: Sequence[str]) -> Matched:
        """Return which of these live documents each query finds, in order of the queries; many queries, few documents."""
        ...

    def count(self, asked: Sequence[tuple[Asked, Sequence[datetime]]]) -> tuple[tuple[int, ...] | UsageError, ...]:
        """Return how many documents each query finds between each time given for it and the next, the later one exclusive."""
        ...

    def export(self, query: Query) -> Iterator[Form]:
        """Yield every document that the query finds, newest first, constant in memory; its limit and order do not count.

        What is written meanwhile may be left out. Raises UsageError on a query that it cannot serve.
        """
        ...

    def document(self, document_id: str) -> Form | None:
        """Return the stored JSON form of the document, or None."""
        ...

    def keep_versions(self, versions: Sequence[Version]) -> Mapping[str, str]:
        """Keep earlier forms of documents, apart from the generations, searchable on return; repeating it changes nothing.

        Return why some were refused, by the article's id.
        """
        ...

    def versions(
        self, article_id: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Version, ...]:
        """Return the earlier forms of an article, or those replaced in ``since <= t < until``, or both, oldest first.

        At most 1000.
        """
        ...

    def naming(self, entity_id: str, *, everywhere: bool = False) -> Iterator[Form]:
        """Yield the live documents that name the entity, in ascending order of id, constant in memory.

        Or those of every generation of our mapping, each generation's after another's.
        """
        ...

    def status(self) -> tuple[StoreStatus, ...]:
        """Return every generation, the live one first."""
        ...

    def begin_generation(self) -> str:
        """Create an empty generation under the current mapping and return its name."""
        ...

    def promote(self, generation: str) -> None:
        """Make the generation live, atomically for readers. Raises UsageError where there is none of that name."""
        ...

    def drop(self, generation: str) -> None:
        """Delete a generation. Raises UsageError for the live one."""
        ...

    def months(self) -> tuple[StoredMonth, ...]:
        """Return the months of the live generation, oldest first; none of which it keeps nothing."""
        ...

    def drop_months(self, before: date) -> tuple[StoredMonth, ...]:
        """Delete the months of the live generation that ended by then, and nothing else; return them, oldest first.

        The current month always stays, and the generation stays live, also where nothing is left in it. Broken off, it can
        be asked again for the rest.
        """
        ...

    # What a rebuild needs. All of it streams, constant in memory, and raises UsageError where there is no such generation.

    def drop_versions(self, before: date, *, dry_run: bool = False) -> int:
        """Delete the earlier forms that were replaced before that first day of a month; return how many, in a dry run as well."""
        ...

    def documents(self, generation: str) -> Iterator[Form]:
        """Yield the documents of the generation in ascending order of id."""
        ...

    def missing(self, generation: str, *, since: Mapping[str, int] | None = None) -> Iterator[Form]:
        """Yield the live documents that the generation lacks or has of an older capture; none where nothing is live.

        ``since``, what ``marks`` once returned, leaves out what was written before that, to be faster.
        """
        ...

    def marks(self) -> Mapping[str, int]:
        """Return how far the live generation has been written, for ``missing``."""
        ...

    def copy(self, forms: Sequence[Form], *, generation: str) -> Mapping[str, str]:
        """Write documents as they are, like ``write``; return why the refused ones were refused, by id."""
        ...

    def remove(self, captured: Mapping[str, datetime], *, generation: str) -> None:
        """Remove documents by id, but not those of a newer capture than given."""
        ...

    def hold_writers(self) -> AbstractContextManager[None]:
        """Let writes to the live generation wait while the block runs, after those under way; readers notice nothing.

        Writers go on with the generation that is live at the end. If the block raises, nothing has changed.
        """
        ...
