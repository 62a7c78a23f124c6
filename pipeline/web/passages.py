"""An article's text in pieces that know whom they name and whether they are quoted: pure."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

Form = Mapping[str, Any]
Range = tuple[int, int]

#: Scripts that set no spaces between words, so that a name may end where another letter follows.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; ``entity`` is the JSON form of what it names."""

    text: str
    entity: Form | None = None
    is_quoted: bool = False


def mark_passages(text: str, entities: Sequence[Form], quotes: Sequence[Form]) -> list[list[Piece]]:
    """Return the pieces of each paragraph; together they are the text, but for the breaks between paragraphs.

    A spelling that two entities share goes to the one that stands first: they come by salience.
    """
    names = find_names(text, entities)
    quoted = list(find_quotes(text, quotes))
    cuts = sorted(
        {0, len(text), *(edge for start, end, _ in names for edge in (start, end)), *chain.from_iterable(quoted)}
    )
    passages, position = [], 0
    for paragraph in text.split("\n\n"):
        end = position + len(paragraph)
        inner = [position, *cuts[bisect_right(cuts, position) : bisect_right(cuts, end - 1)], end]
        passages.append([make_piece(text, edges, names, quoted) for edges in pairwise(inner)])
        position = end + 2
    return passages


def find_names(text: str, entities: Sequence[Form]) -> list[tuple[int, int, Form]]:
    """Return where each spelling of the entities stands, in order; the longest where several begin together."""
    spellings: dict[str, Form] = {}
    for entity in entities:
        for spelling in [entity["name"], *entity.get("aliases", ()), *entity.get("via", ())]:
            spellings.setdefault(spelling, entity)
    if not spellings:
        return []
    longest_first = sorted(spellings, key=len, reverse=True)
    pattern = re.compile("|".join(_whole_words(spelling) for spelling in longest_first))
    return [(found.start(), found.end(), spellings[found[0]]) for found in pattern.finditer(text)]


def find_quotes(text: str, quotes: Sequence[Form]) -> Iterator[Range]:
    """Yield where the quotes stand that the text has in one piece, in its order."""
    position = 0
    for quote in quotes:
        start = text.find(quote["text"], position)
        if start >= 0:
            position = start + len(quote["text"])
            yield start, position


def make_piece(
    text: str, edges: tuple[int, int], names: Sequence[tuple[int, int, Form]], quoted: Sequence[Range]
) -> Piece:
    """Return the piece between the edges, within which nothing begins or ends."""
    start, end = edges
    name = names[at - 1] if (at := bisect_right(names, start, key=lambda each: each[0])) else None
    quote = quoted[at - 1] if (at := bisect_right(quoted, start, key=lambda each: each[0])) else None
    entity = name[2] if name and start < name[1] else None
    return Piece(text[start:end], entity, is_quoted=bool(quote and start < quote[1]))


def _whole_words(spelling: str) -> str:
    literal = re.escape(spelling)
    return literal if _UNSPACED.search(spelling) else rf"(?<!\w){literal}(?!\w)"
