"""An article's text in pieces that know whom they name and whether they are quoted: pure."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

Form = Mapping[str, Any]
Range = tuple[int, int]

#: Scripts that set no spaces between words, so that a name may end where another letter follows.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORD_OR_SIGN = re.compile(r"\w+|[^\w\s]")
_LETTER = re.compile(r"\w")


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
    found, end = list[tuple[int, int, Form]](), 0
    for start, lengths in _find_starts(text, spellings):
        if start >= end and (spelling := _spelling_at(text, start, lengths, spellings)):
            end = start + len(spelling)
            found.append((start, end, spellings[spelling]))
    return found


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


def _find_starts(text: str, spellings: Iterable[str]) -> Iterator[tuple[int, list[int]]]:
    """Yield where spellings may begin, and how long these are, the longest first: the time grows with the text alone.

    One alternation of all of them is tried from the first to the last at each character: seconds for a page of many names.
    """
    by_word, by_letter = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for spelling in spellings:
        if _UNSPACED.search(spelling):
            by_letter[spelling[0]].add(len(spelling))
        elif first := _WORD_OR_SIGN.match(spelling):
            by_word[first[0]].add(len(spelling))
    for word in _WORD_OR_SIGN.finditer(text):
        lengths = by_word.get(word[0], set())
        for start in range(word.start(), word.end()) if by_letter else (word.start(),):
            if either := lengths | by_letter.get(text[start], set()):
                yield start, sorted(either, reverse=True)
            lengths = set()


def _spelling_at(text: str, start: int, lengths: Sequence[int], spellings: Container[str]) -> str | None:
    """Return the longest spelling that stands there as whole words."""
    for length in lengths:
        spelling = text[start : start + length]
        if spelling in spellings and (_UNSPACED.search(spelling) or _is_whole(text, start, start + length)):
            return spelling
    return None


def _is_whole(text: str, start: int, end: int) -> bool:
    return not (_is_letter(text[start - 1 : start]) or _is_letter(text[end : end + 1]))


def _is_letter(character: str) -> bool:
    return bool(_LETTER.match(character))
