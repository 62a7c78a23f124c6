"""The sentence of a document that shows why a query finds it. Pure; a document is read once for all queries.

It is the sentence with most of what is asked for: words and phrases as written (else words that begin alike, as forms of one
word do), and names in any spelling that the document has for them. Of equals the first; where nothing that is asked for
stands in a sentence, such as a publisher, the text's first.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.enrich.quotations import find_quotations
from pipeline.enrich.sentences import Sentences
from pipeline.enrich.speech import load_speech
from pipeline.index.folding import fold, fold_words
from pipeline.model.query import Query
from pipeline.search.grammar import PROSE, Every, Expression, Field, Match, Some, Term, parse_text

Form = Mapping[str, Any]

MOST_CHARACTERS = 500  # of a sentence; some pages have no full stop
_KINDS = {Field.PERSON: "person", Field.ORGANIZATION: "organization", Field.PLACE: "place"}
_LEAST_STEM = 4  # letters


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that a sentence can show: any of these spellings, each as folded words."""

    spellings: tuple[tuple[str, ...], ...]
    match: Match


@dataclass(frozen=True, slots=True)
class Names:
    """Entities of a kind that a query asks for: by words of a name, by a whole name, or by id."""

    kind: str | None
    text: str
    is_whole: bool = False


#: What a query asks for, and a sentence can show.
Sought = Term | Names


class Reading:
    """A document's sentences, and where each word stands; the text's first, then deck and headline."""

    def __init__(self, form: Form) -> None:
        """Take the document's JSON form."""
        self.form = form
        text = [(piece, number) for number, piece in enumerate(_cut(form["text"], form["language"]))]
        rest = [form[name] for name in ("deck", "headline") if form.get(name)]
        self.sentences = [piece for piece, _ in text] + rest
        self._words: list[str] = []
        self._sentence: list[int] = []
        self._at: defaultdict[str, list[int]] = defaultdict(list)
        for number, sentence in enumerate(self.sentences):
            for word in fold_words(sentence):
                self._at[word].append(len(self._words))
                self._words.append(word)
                self._sentence.append(number)

    def find(self, wanted: Wanted) -> set[int]:
        """Return the numbers of the sentences that show it."""
        starts = [at for spelling in wanted.spellings for at in self._starts(spelling, wanted.match)]
        if not starts and wanted.match is Match.WORD:
            starts = [at for spelling in wanted.spellings for at in self._alike(spelling)]
        return {self._sentence[at] for at in starts}

    def _starts(self, spelling: tuple[str, ...], match: Match) -> Iterator[int]:
        *before, last = spelling
        if match is Match.PREFIX and not before:
            yield from (at for word, places in self._at.items() if word.startswith(last) for at in places)
            return
        for at in self._at.get(spelling[0], ()):
            found = self._words[at : at + len(spelling)]
            is_last = found[-1].startswith(last) if match is Match.PREFIX else found[-1] == last
            if len(found) == len(spelling) and found[:-1] == before and is_last:
                yield at

    def _alike(self, spelling: tuple[str, ...]) -> Iterator[int]:
        """Yield where words stand that begin alike: the store found one by its stem."""
        if len(spelling) == 1:
            stem = spelling[0][: max(_LEAST_STEM, len(spelling[0]) * 2 // 3)]
            yield from (at for word, places in self._at.items() if word.startswith(stem) for at in places)


def show_sentence(reading: Reading, sought: Sequence[Sought]) -> str:
    """Return the sentence that shows most of what is sought; empty where the document has no words at all."""
    shown = Counter[int]()
    for each in sought:
        wanted = _of_names(each, reading.form) if isinstance(each, Names) else _of_term(each)
        if wanted.spellings:
            shown.update(reading.find(wanted))
    best = min(shown, key=lambda number: (-shown[number], number), default=0)
    sentence = " ".join(reading.sentences[best].split()) if reading.sentences else ""
    return sentence if len(sentence) <= MOST_CHARACTERS else sentence[:MOST_CHARACTERS].rstrip() + " …"


def sought_of(query: Query) -> tuple[Sought, ...]:
    """Return what sentences are looked for with: once a query, for all its documents."""
    filters = (("person", query.people), ("organization", query.organizations), ("place", query.places))
    names = (Names(kind, value, is_whole=True) for kind, values in filters for value in values)
    return (*_terms(parse_text(query.text)), *names)


def _terms(expression: Expression | None) -> Iterator[Sought]:
    match expression:
        case Term(field=field) if field in PROSE:
            yield expression
        case Term(text=text, field=Field.PERSON | Field.ORGANIZATION | Field.PLACE as field):
            yield Names(_KINDS[field], text)
        case Term(text=text, field=Field.SPEAKER):
            yield Names("person", text)
        case Term(text=text, field=Field.ENTITY):
            yield Names(None, text)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from _terms(part)


def _of_term(term: Term) -> Wanted:
    words = tuple(fold_words(term.text))
    return Wanted((words,) if words else (), term.match)


def _of_names(names: Names, form: Form) -> Wanted:
    """Return every spelling that the document has for the entities meant."""
    asked = fold(names.text)
    spellings = dict[tuple[str, ...], None]()
    for entity in form["entities"]:
        said = [entity["name"], *entity["aliases"], *entity.get("via", ())]
        if names.kind is None:
            is_meant = entity["id"] == names.text
        elif entity["kind"] != names.kind:
            is_meant = False
        elif names.is_whole:
            is_meant = fold(entity["name"]) == asked
        else:
            is_meant = any(f" {asked}" in f" {fold(name)}" for name in said)
        if is_meant:
            spellings |= {words: None for name in said if (words := tuple(fold_words(name)))}
    return Wanted(tuple(spellings), Match.PHRASE)


def _cut(text: str, language: str) -> Iterator[str]:
    cuts = Sentences(text, find_quotations(text), load_speech(language))
    for index in range(len(cuts.starts)):
        start, end = cuts.span(index)
        if sentence := text[start:end].strip():
            yield sentence
