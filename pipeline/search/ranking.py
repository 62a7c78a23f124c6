"""How hits are ranked, in both stores: score = (text + prominence) × freshness.

*Text* is BM25, a word counting more in the headline than in the deck, the first paragraph and the rest. *Prominence* is the
salience of a name that was asked for. *Freshness* falls from 1.5 to 1 with the document's age: of two that fit alike the newer
stands first, and an old one that fits clearly better above both.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.model.query import Part, Reason
from pipeline.search.expression import ENTITIES, Every, Expression, Field, Known, Some, Term

#: Of headline, deck, lede and text.
WEIGHTS = {"headline": 3.0, "deck": 1.5, "lede": 1.5, "text": 1.0}
#: What a salience of 1 counts: about as much as a rare word that stands in the text.
PROMINENCE = 4.0
#: What newness adds to a factor of 1, and after how long half of it is left.
NEWNESS = 0.5
HALF_LIFE = timedelta(days=7)
_HALF_LIFE_MS = HALF_LIFE / timedelta(milliseconds=1)

_PLACES = {
    "headline": "headline",
    "deck": "deck",
    "lede": "first paragraph",
    "text": "text",
    "quotes.text": "a quotation",
}
_NAMES = ENTITIES | {Field.ENTITY}


def freshness(age_ms: float) -> float:
    """Return the factor of a document of that age: 1.5 at first, 1.25 after a week, 1 in the end."""
    return float(1 + NEWNESS * 0.5 ** (abs(age_ms) / _HALF_LIFE_MS))


def wanted_names(expression: Expression | None) -> Iterator[Term | Known]:
    """Yield what may name an entity whose salience counts: names, ids, and plain words that may be a part of one."""
    match expression:
        case Term(field=field) if field in _NAMES or field is Field.ANYWHERE:
            yield expression
        case Known():
            yield expression
        case Every(parts) | Some(parts):
            for part in parts:
                yield from wanted_names(part)


def words_of(expression: Expression) -> str:
    """Return the words of a wanted name as they were asked."""
    match expression:
        case Term(text):
            return text
        case Known(part):
            return words_of(part)
        case Every(parts) | Some(parts):
            return " ".join(words_of(part) for part in parts)
    return ""


def text_reason(term: Term, value: float, places: list[str]) -> Reason:
    """Say where a term was found, by the names of fields; in none of them, it was by its stem."""
    where = ", ".join(_PLACES.get(place, place) for place in places) or "another form of the word"
    return Reason(part=Part.TEXT, value=value, detail=f"“{term.text}”: {where}")


def like_reason(value: float) -> Reason:
    """Say what the telling words count that it shares with the document whose like was asked for."""
    return Reason(part=Part.TEXT, value=value, detail="says the like: telling words of the article given")


def prominence_reason(name: Term | Known, value: float) -> Reason:
    """Say how much the document is about a name."""
    return Reason(part=Part.PROMINENCE, value=value, detail=f"“{words_of(name)}”: salience {value / PROMINENCE:.2f}")


def freshness_reason(date: datetime, now: datetime) -> Reason:
    """Say how old the document is."""
    hours = abs(now - date) / timedelta(hours=1)
    age = f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"  # noqa: PLR2004 - two days
    return Reason(part=Part.FRESHNESS, value=freshness((now - date) / timedelta(milliseconds=1)), detail=f"{age} old")
