"""What an article said before, and how it was changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class EditKind(StrEnum):
    """What became of some words."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Words of a text in a row that were kept, added or removed."""

    kind: EditKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a newer form of a document differs from an older one."""

    #: Runs of words of the text, without the kept ones.
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    #: Words added and removed.
    size: int = 0
    headline_changed: bool = False
    date_moved: bool = False
    #: Names of people, organizations and places that the text does not name any more.
    entities_dropped: tuple[str, ...] = ()
    quotes_dropped: tuple[str, ...] = ()
    #: The newer form says that it was corrected, where the older did not.
    is_correction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A form of a document that a newer capture replaced."""

    article_id: str
    #: 1 for the first.
    number: int
    #: When the capture of the form after it was fetched.
    replaced_at: datetime
    #: As the search store had it: see ``index/document.py``.
    form: Mapping[str, Any]
    #: To the form after it.
    difference: Difference

    @property
    def id(self) -> str:
        """The id that the version is stored by."""
        return f"{self.article_id}-{self.number}"
