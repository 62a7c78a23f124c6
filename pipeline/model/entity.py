"""Whom and what a text names."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of thing is named."""

    PERSON = "person"
    ORGANIZATION = "organization"
    PLACE = "place"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A span of the text that names something. Offsets are characters of the text, end exclusive."""

    start: int
    end: int
    text: str
    kind: Kind
    #: The id of the Entity it names; empty until it is linked.
    entity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a place is: WGS 84 degrees, GeoNames id, ISO 3166 alpha-2 country."""

    latitude: float
    longitude: float
    geonames: int | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonym:
    """A nationality adjective or a people in the text, such as Belarusian; offsets as those of a Mention."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """What one or several mentions name; ``count`` is their number in the text."""

    id: str
    kind: Kind
    name: str
    #: Every spelling found in the text, the name itself among them, in order of appearance.
    aliases: tuple[str, ...] = ()
    count: int = 0
    place: Place | None = None
    #: ISO 3166 alpha-2 code of the country that an organization is a body of, such as the Kremlin.
    country: str | None = None
    #: What else counts toward a country; a country that nothing but these name has no mentions.
    via: tuple[Demonym, ...] = ()
    #: How much the text is about it, from 0 to 1; entities stand in this order.
    salience: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A direct quotation: the words between the marks, who said them (an Entity's id) and the verb that says so."""

    start: int
    end: int
    text: str
    speaker: str | None = None
    cue: str | None = None
    #: Whether it is some words in a sentence of the article's own: He called it "a mistake".
    is_partial: bool = False
    #: Where it was said, as the text says it: a medium, a platform, an audience ("Deutschlandfunk", "X", "reporters").
    venue: str | None = None


class AnnotationMethod(StrEnum):
    """How the mentions were found."""

    MODEL = "model"
    #: No model of this language: known names were looked up, and the document says so.
    GAZETTEER = "gazetteer"
    #: No language could be told: the document is indexed without mentions and says so.
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Everything that enrichment found in one text."""

    #: ISO 639-1 language of the text; ``und`` where it cannot be told.
    language: str
    method: AnnotationMethod
    mentions: tuple[Mention, ...] = ()
    entities: tuple[Entity, ...] = ()
    quotes: tuple[Quote, ...] = ()
