"""Names of watch-lists in languages without a model: what the user listed is found wherever it is spelled as in the list."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.enrich.linking import MOST_CANDIDATES, spelling_number
from pipeline.enrich.lookup import UNPARTED_LANGUAGES, prefixes_of
from pipeline.enrich.spelling import fold_name
from pipeline.model.entity import Kind, Mention
from pipeline.ports import KnownNames

#: With the marks that stand for vowels in Arabic, Hebrew and the scripts of India, and the joiner of Persian.
_WORD = re.compile(r"[\w\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0dff\u200c]+(?:['’·.-]\w+)*")
_MOST_WORDS = 5
#: Characters of a name in a script that parts no words: one of two is too often something else.
_UNPARTED = range(3, 13)
_UNPARTED_RUN = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff·・]+")

Span = tuple[int, int]


def find_listed(texts: Sequence[str], language: str, knowledge: KnownNames) -> tuple[tuple[Mention, ...], ...]:
    """Return for each text the mentions of listed names, in order, none overlapping, the longest at each place.

    A name is of several words, or of three characters where words are not parted: one word alone is too often another.
    """
    spans = [_list_spans(text, language) for text in texts]
    names = list(
        dict.fromkeys(fold_name(text[a:b]) for text, those in zip(texts, spans, strict=True) for a, b in those)
    )
    found = knowledge.candidates([{spelling_number(name)} for name in names], limit=MOST_CANDIDATES)
    kinds: dict[str, Kind] = {}
    for name, entities in zip(names, found, strict=True):
        for entity in entities:
            if any(fold_name(other) == name for other in entity.names):
                kinds.setdefault(name, entity.kind)
                break
    return tuple(tuple(_choose(text, those, kinds)) for text, those in zip(texts, spans, strict=True))


def _choose(text: str, spans: Sequence[Span], kinds: dict[str, Kind]) -> Iterator[Mention]:
    after = 0
    for start, end in spans:
        kind = kinds.get(fold_name(text[start:end])) if start >= after else None
        if kind:
            yield Mention(start=start, end=end, text=text[start:end], kind=kind)
            after = end


def _list_spans(text: str, language: str) -> list[Span]:
    """Return where names may stand, by start, the longest first."""
    if language in UNPARTED_LANGUAGES:
        return [
            (start, start + length)
            for run in _UNPARTED_RUN.finditer(text)
            for start in range(run.start(), run.end())
            for length in reversed(_UNPARTED)
            if start + length <= run.end()
        ]
    words = [(word.start(), word.end()) for word in _WORD.finditer(text)]
    prefixes = prefixes_of(language)
    return [
        (start, words[index + count - 1][1])
        for index in range(len(words))
        for start in _starts(text, *words[index], prefixes)
        for count in range(min(_MOST_WORDS, len(words) - index), 1, -1)
        if not text[words[index + count - 1][0]].islower() and _is_joined(text, words[index : index + count])
    ]


def _starts(text: str, start: int, end: int, prefixes: Sequence[str]) -> list[int]:
    """Return where a name that begins with the word may begin: nowhere in a small letter, and behind "and" or "to" as well."""
    if text[start].islower():
        return []
    return [
        start,
        *(start + len(prefix) for prefix in prefixes if text.startswith(prefix, start) and len(prefix) < end - start),
    ]


def _is_joined(text: str, words: Sequence[Span]) -> bool:
    """Tell whether nothing but a blank stands between the words."""
    return all(text[one[1] : other[0]] in {" ", "\u00a0"} for one, other in pairwise(words))
