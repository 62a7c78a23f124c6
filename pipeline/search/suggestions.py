"""Did you mean: the words of a query that may be misspelt, and the query with others in their place."""

from collections.abc import Iterator, Mapping

from pipeline.search.expression import ENTITIES, PROSE, Every, Expression, Field, Known, Match, Some, Term
from pipeline.search.grammar import MAX_LENGTH, replace_terms

LEAST_LETTERS = 4  # a shorter word is close to too many others


def suspect_words(asked: Expression | None) -> tuple[str, ...]:
    """Return the plain words of a query, each once."""
    return tuple(dict.fromkeys(_find_words(asked)))


def correct_text(text: str, corrections: Mapping[str, str]) -> str:
    """Return the query's text with the corrections in the words' places; as it is where that would be too long to be asked.

    What is no word of prose or of a name stays: a field called alike, what it looks for, a phrase, a day.
    """
    corrected = replace_terms(text, lambda term: corrections.get(term.text) if _may_be_misspelt(term) else None)
    return corrected if len(corrected) <= MAX_LENGTH else text


def _may_be_misspelt(term: Term) -> bool:
    is_prose = term.match is Match.WORD and term.field in PROSE | ENTITIES | {Field.SPEAKER}
    return is_prose and term.text.isalpha() and len(term.text) >= LEAST_LETTERS


def _find_words(asked: Expression | None) -> Iterator[str]:
    match asked:
        case Term() if _may_be_misspelt(asked):
            yield asked.text
        case Known(part):
            yield from _find_words(part)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from _find_words(part)
