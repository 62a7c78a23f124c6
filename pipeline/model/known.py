"""What is known of entities beyond one text: watch-lists, and what a person decided."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.model.entity import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntity:
    """An entity of a watch-list."""

    #: As the list has it, such as ``Q7747`` or ``ofac-1234``.
    id: str
    kind: Kind
    name: str
    #: Other names and spellings of it.
    aliases: tuple[str, ...] = ()
    #: ISO 3166 alpha-2, upper case: it tells people of one name apart.
    countries: tuple[str, ...] = ()
    #: Ids elsewhere, such as ``wikidata:Q7747``.
    identifiers: tuple[str, ...] = ()
    #: The file that it came from.
    source: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the name and the aliases, each once."""
        return tuple(dict.fromkeys((self.name, *self.aliases)))


class Action(StrEnum):
    """What a person decided."""

    MERGE = "merge"
    SPLIT = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A person's word on who is who; it stands above what names and watch-lists say.

    A merge says that whatever is ``subject`` is ``target``; a split, that what is spelled ``spelling`` is not ``subject``, but
    ``target``.
    """

    action: Action
    subject: str
    target: str
    #: Folded; empty for a merge.
    spelling: str = ""
    #: What the target is called.
    name: str = ""
    decided_at: datetime
