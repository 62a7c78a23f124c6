"""The sentence of a document that shows why a query finds it. Pure; a document is read once for all queries.

It is the sentence with most of what is asked for: words and phrases as written (else words that begin alike, as forms of one
word do), and names in any spelling that the document has for them. Of equals the first; where nothing that is asked for
stands in a sentence, such as a publisher, the text's first.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any

from pipeline.enrich.quotations import find_quotations
from pipeline.enrich.sentences import Sentences
from pipeline.enrich.speech import load_speech
from pipeline.index.folding import fold_words
from pipeline.model.query import Query
from pipeline.search.expression import PROSE, Every, Expression, Field, Match, Some, Term
from pipeline.search.grammar import parse_text

Form = Mapping[str, Any]

MOST_CHARACTERS = 500  # of a sentence; some pages have no full stop
_KINDS = {
    Field.PERSON: "person",
    Field.SPEAKER: "person",
    Field.ORGANIZATION: "organization",
    Field.PLACE: "place",
}
_LEAST_STEM = 4  # letters


@dataclass(frozen=True, slots=True)
class Words:
    """Words of prose that a query asks for, folded."""

    words: tuple[str, ...]
    match: Match


@dataclass(frozen=True, slots=True)
class Names:
    """Entities of a kind that a query asks for: by words of a name, by a whole name (both folded), or by ids."""

    kind: str | None
    words: tuple[str, ...] = ()
    is_whole: bool = False
    ids: frozenset[str] = frozenset()


#: What a query asks for, and a sentence can show.
Sought = Words | Names


class Reading:
    """A document's sentences, and where each word stands; the text's first, then deck and headline."""

    def __init__(self, form: Form) -> None:
        """Take the document's JSON form."""
        self.form = form
        rest = [form[name] for name in ("deck", "headline") if form.get(name)]
        self.sentences = [*_cut(form["text"], form["language"]), *rest]
        self._words: list[str] = []
        self._sentence: list[int] = []
        self._at: defaultdict[str, list[int]] = defaultdict(list)
        for number, sentence in enumerate(self.sentences):
            for word in fold_words(sentence):
                self._at[word].append(len(self._words))
                self._words.append(word)
                self._sentence.append(number)

    def find(self, sought: Sought) -> set[int]:
        """Return the numbers of the sentences that show it."""
        if isinstance(sought, Names):
            starts = [at for spelling in self._spellings(sought) for at in self._phrase(spelling)]
        elif sought.match is Match.PREFIX:
            starts = list(self._prefix(sought.words))
        else:
            starts = list(self._phrase(sought.words))
            if not starts and sought.match is Match.WORD and len(sought.words) == 1:
                starts = self._form(sought.words[0])
        return {self._sentence[at] for at in starts}

    def _phrase(self, words: tuple[str, ...]) -> Iterator[int]:
        """Yield where the words stand next to each other."""
        size, phrase = len(words), list(words)
        for at in self._at.get(words[0], ()):
            if size == 1 or self._words[at : at + size] == phrase:
                yield at

    def _form(self, word: str) -> list[int]:
        """Return where words stand that share the longest beginning with it: the store found one of them, by its stem."""
        for length in range(len(word) - 1, max(_LEAST_STEM, len(word) * 2 // 3) - 1, -1):
            if starts := list(self._prefix((word[:length],))):
                return starts
        return []

    def _prefix(self, words: tuple[str, ...]) -> Iterator[int]:
        """Yield where the words stand next to each other, the last one longer perhaps."""
        *before, last = words
        first = bisect_left(self._sorted, last)
        for word in takewhile(lambda word: word.startswith(last), self._sorted[first:]):
            for at in self._at[word]:
                begin = at - len(before)
                if begin >= 0 and self._words[begin:at] == before:
                    yield begin

    def _spellings(self, names: Names) -> Iterator[tuple[str, ...]]:
        """Yield every spelling that the document has for the entities meant."""
        for entity_id, kind, spellings in self._entities:
            if names.ids:
                is_meant = entity_id in names.ids
            elif names.is_whole:
                is_meant = (
                    kind == names.kind and names.words in spellings[:1]
                )  # of letters that fold to nothing there is none
            else:
                is_meant = kind == names.kind and any(_holds(spelling, names.words) for spelling in spellings)
            if is_meant:
                yield from spellings

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._at)

    @cached_property
    def _entities(self) -> list[tuple[str, str, tuple[tuple[str, ...], ...]]]:
        """Id, kind and folded spellings of each entity, its name first."""
        named = [
            (each["id"], each["kind"], [each["name"], *each["aliases"], *each.get("via", ())])
            for each in self.form["entities"]
        ]
        return [(key, kind, _fold_all(names)) for key, kind, names in named]


def show_sentence(reading: Reading, sought: Sequence[Sought]) -> str:
    """Return the sentence that shows most of what is sought; empty where the document has no words at all."""
    shown = Counter[int]()
    for each in sought:
        shown.update(reading.find(each))
    best = min(shown, key=lambda number: (-shown[number], number), default=0)
    sentence = " ".join(reading.sentences[best].split()) if reading.sentences else ""
    return sentence if len(sentence) <= MOST_CHARACTERS else sentence[:MOST_CHARACTERS].rstrip() + " …"


def sought_of(query: Query, entities: Mapping[str, Sequence[str]]) -> tuple[Sought, ...]:
    """Return what sentences are looked for with: once a query, for all its documents.

    ``entities`` are those that its names may mean, for texts that spell them otherwise.
    """
    filters = (("person", query.people), ("organization", query.organizations), ("place", query.places))
    names = (Names(kind, tuple(fold_words(value)), is_whole=True) for kind, values in filters for value in values)
    by_id = [Names(None, ids=frozenset(ids)) for ids in (*entities.values(), query.entities) if ids]
    return (*_terms(parse_text(query.text)), *names, *by_id)


def _terms(expression: Expression | None) -> Iterator[Sought]:
    match expression:
        case Term(text=text, field=Field.ENTITY):
            yield Names(None, ids=frozenset({text}))
        case Term(text=text, match=how, field=field) if words := tuple(fold_words(text)):
            if field in PROSE:
                yield Words(words, how)
            elif field in _KINDS:
                yield Names(_KINDS[field], words)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from _terms(part)


def _holds(spelling: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Tell whether the words stand in the spelling next to each other, the last one longer perhaps."""
    *before, last = words
    places = range(len(spelling) - len(words) + 1)
    return any(
        list(spelling[at : at + len(before)]) == before and spelling[at + len(before)].startswith(last) for at in places
    )


def _fold_all(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(words for words in dict.fromkeys(tuple(fold_words(name)) for name in names) if words)


def _cut(text: str, language: str) -> Iterator[str]:
    cuts = Sentences(text, find_quotations(text), load_speech(language))
    for index in range(len(cuts.starts)):
        start, end = cuts.span(index)
        if sentence := text[start:end].strip():
            yield sentence
