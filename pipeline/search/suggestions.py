"""Did you mean: the words of a query that may be misspelt, and the query with others in their place."""

import re
from collections.abc import Iterator, Mapping

from pipeline.search.expression import ENTITIES, PROSE, Every, Expression, Field, Known, Match, Some, Term

LEAST_LETTERS = 4  # a shorter word is close to too many others


def suspect_words(asked: Expression | None) -> tuple[str, ...]:
    """Return the plain words of a query, each once."""
    return tuple(dict.fromkeys(_find_words(asked)))


def correct_text(text: str, corrections: Mapping[str, str]) -> str:
    """Return the query's text with the corrections in the words' places."""
    for word, correction in corrections.items():
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", lambda _: correction, text)  # noqa: B023 - used at once
    return text


def _find_words(asked: Expression | None) -> Iterator[str]:
    match asked:
        case Term(text, Match.WORD, field) if field in PROSE | ENTITIES | {Field.SPEAKER}:
            if text.isalpha() and len(text) >= LEAST_LETTERS:
                yield text
        case Known(part):
            yield from _find_words(part)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from _find_words(part)
