"""Stories: the articles about one event, and what each of them shows that it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

#: Weights by feature; of length one, or empty.
Vector = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What grouping looks at in a document; all but the words holds across languages."""

    #: By stem, of the document's own language.
    words: Vector = field(default_factory=dict)
    #: Capitalised words, folded to Latin letters.
    names: Vector = field(default_factory=dict)
    numbers: Vector = field(default_factory=dict)
    #: By the entity's id.
    entities: Vector = field(default_factory=dict)
    #: Subjects, such as ``earthquake``.
    concepts: Vector = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An article as a story takes it in."""

    article_id: str
    #: Of publication where that can be believed, else of the first sight.
    at: datetime
    publisher: str
    language: str
    headline: str
    url: str
    traits: Traits
    #: Names by the ids of its entities.
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An article of a story, as its timeline shows it."""

    article_id: str
    at: datetime
    publisher: str
    language: str
    headline: str
    url: str


@dataclass(slots=True, kw_only=True)
class StoryState:
    """A story as it grows. ``centre`` is the sum of its articles' traits, the words apart by language."""

    id: str
    first_at: datetime
    last_at: datetime
    #: The headline of the article that fitted it best when it came, and how well.
    label: str = ""
    label_language: str = ""
    label_fit: float = 0.0
    articles: int = 0
    publishers: dict[str, int] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    #: Names by the ids of its entities, the main ones first.
    names: dict[str, str] = field(default_factory=dict)
    #: The story that its articles moved to; its id still leads there.
    merged_into: str | None = None
    #: The story that it goes on from, which had become too long.
    continues: str | None = None
    #: Forgotten some time after the last article.
    centre: dict[str, dict[str, float]] = field(default_factory=dict)
    #: Lengths of the centre's vectors.
    lengths: dict[str, float] = field(default_factory=dict)


class StorySort(StrEnum):
    """Order of stories."""

    SIZE = "size"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story as users see it."""

    id: str
    label: str
    first_at: datetime
    last_at: datetime
    articles: int
    #: The one with most articles first, as in the next.
    publishers: tuple[str, ...]
    languages: tuple[str, ...]
    #: Names of its main entities, the greatest first.
    entities: tuple[str, ...] = ()
    continues: str | None = None
