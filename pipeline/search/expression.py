"""What a query asks, as a tree: terms in fields and stretches of time, joined by and, or and not.

``grammar`` reads it from the text of a query, ``names`` adds the entities that spellings stand for, and the stores build from it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.errors import UsageError
from pipeline.index.folding import fold_words


class Match(StrEnum):
    """How a term is looked for."""

    WORD = "word"
    #: The words next to each other, as written.
    PHRASE = "phrase"
    #: Words that begin so.
    PREFIX = "prefix"
    #: The whole name, whatever its case and accents; filters ask so, the grammar never does.
    WHOLE = "whole"


class Field(StrEnum):
    """Where a term is looked for."""

    ANYWHERE = "anywhere"  # headline, deck and text
    HEADLINE = "headline"
    DECK = "deck"
    TEXT = "text"
    QUOTE = "quote"  # what is said in a direct quotation
    PERSON = "person"
    ORGANIZATION = "organization"
    PLACE = "place"
    SPEAKER = "speaker"
    AUTHOR = "author"
    AGENCY = "agency"
    PUBLISHER = "publisher"
    SECTION = "section"
    TOPIC = "topic"
    LANGUAGE = "language"
    ENTITY = "entity"  # by id


#: Fields of names that have an entity behind them.
ENTITIES = frozenset({Field.PERSON, Field.ORGANIZATION, Field.PLACE})
#: Fields of prose, which the words may stand anywhere in; of the others each value is a name or an id.
PROSE = frozenset({Field.ANYWHERE, Field.HEADLINE, Field.DECK, Field.TEXT, Field.QUOTE})


@dataclass(frozen=True, slots=True)
class Term:
    """Words to look for in a field."""

    text: str
    match: Match = Match.WORD
    field: Field = Field.ANYWHERE


@dataclass(frozen=True, slots=True)
class During:
    """The document's date is from ``since``, inclusive, to ``until``, exclusive."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The part holds, or one of these entities is named: those that what the part says is a spelling of."""

    part: "Expression"
    ids: tuple[str, ...]
    #: They are quoted, not only named.
    is_speaker: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """What must not hold."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class Every:
    """All parts must hold."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part must hold."""

    parts: tuple["Expression", ...]


Expression = Term | During | Known | Not | Every | Some


def join(kind: type[Every] | type[Some], parts: list[Expression | None]) -> Expression | None:
    """Return one expression of those parts that there are; None where there are none."""
    meant = tuple(part for part in parts if part is not None)
    return kind(meant) if len(meant) > 1 else meant[0] if meant else None


def required_time(expression: Expression | None) -> During:
    """Return the time that whatever is found is of. Raises UsageError where parts that must both hold exclude each other."""
    match expression:
        case During():
            return expression
        case Every(parts):
            return overlap([required_time(part) for part in parts])
        case Some(parts):
            for part in parts:
                required_time(part)
        case Not(part) | Known(part):
            required_time(part)
    return During()


def overlap(times: Sequence[During]) -> During:
    """Return the time that all of these have in common. Raises UsageError where they have none."""
    since = max((time.since for time in times if time.since), default=None)
    until = min((time.until for time in times if time.until), default=None)
    if since and until and since >= until:
        message = (
            f"no article can be both from {since:%Y-%m-%d %H:%M} on and before {until:%Y-%m-%d %H:%M} (UTC): "
            "since lies behind until, or two dates exclude each other"
        )
        raise UsageError(message)
    return During(since, until)


def wanted_terms(expression: Expression | None) -> Iterator[Term]:
    """Yield the terms in prose that a document may be found by, for ranking and marking."""
    match expression:
        case Term(field=field) if field in PROSE:
            yield expression
        case Every(parts) | Some(parts):
            for part in parts:
                yield from wanted_terms(part)
        case Known(part):
            yield from wanted_terms(part)


def needs_words(expression: Expression | None) -> bool:
    """Tell whether whatever is found has one of the wanted terms in it."""
    match expression:
        case Term(text=text, field=field):
            return field in PROSE and bool(fold_words(text))  # without words it finds everything
        case Every(parts):
            return any(needs_words(part) for part in parts)
        case Some(parts):
            return all(needs_words(part) for part in parts)
    return False
