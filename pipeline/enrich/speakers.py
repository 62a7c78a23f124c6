"""People whom quotations give away, in languages without a model: who is named beside a quotation's verb of saying speaks.

Precision before recall: a full name counts, and a surname alone where the text has the full name, or a title stands before it.
"""

import re
from collections.abc import Iterator, Sequence

from pipeline.enrich.mentions import add_repeats, drop_overlaps
from pipeline.enrich.names.given import given_names_of
from pipeline.enrich.people import is_bare
from pipeline.enrich.places import Gazetteer, Level
from pipeline.enrich.quotations import Quotation, find_quotations
from pipeline.enrich.speech import Speech, load_given_names, load_speech
from pipeline.enrich.tagging.lexicon import UNKNOWN, load_lexicon
from pipeline.model.entity import Kind, Mention

_CAPITAL = r"(?![\d_a-zß-öø-ÿа-яё])\w(?:\.|\w*(?:['’-]\w+)*)"
_SMALL = r"(?:de|del|della|di|da|dos|du|la|le|van|von|der|den|ten|zu|y|bin|al|el)"
_RUN = re.compile(rf"(?<![\w'’.-]){_CAPITAL}(?: (?:{_SMALL} )*{_CAPITAL}){{0,4}}(?!\w)")
_SENTENCE = re.compile(r"[.!?…]['\"”’»)]*\s+(?=[^\W\da-z])|[;\n]")
_REACH = 160  # characters beside a quotation
_BETWEEN = 3  # words between the verb and who speaks
_LEAST_SURNAME = 3  # letters


def find_speakers(text: str, language: str, gazetteer: Gazetteer) -> tuple[Mention, ...]:
    """Return the mentions of the people who are named as speakers, in order, none overlapping."""
    speech, quotations = load_speech(language), find_quotations(text)
    has_capital_nouns = language == "de"
    names: dict[str, None] = {}
    for begin, end in _beside(text, quotations):
        for run in _subjects(text, begin, end, speech):
            name = _cut_name(run, speech, has_capital_nouns=has_capital_nouns)
            if name is None and " " not in run:
                name = _find_full(text, run)
            if name and not _is_place(name, gazetteer):
                names[name] = None
    found = (
        Mention(start=at.start(), end=at.end(), text=name, kind=Kind.PERSON)
        for name in names
        for at in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    )
    mentions = drop_overlaps(found)
    return add_repeats(text, mentions) if mentions else ()


def _beside(text: str, quotations: Sequence[Quotation]) -> Iterator[tuple[int, int]]:
    """Yield the spans behind and before each quotation, to the end of the sentence, another quotation or the paragraph."""
    for index, each in enumerate(quotations):
        following = quotations[index + 1].opened_at if index + 1 < len(quotations) else len(text)
        end = min(following, each.paragraph[1], each.closed_at + _REACH)
        stop = _SENTENCE.search(text, each.closed_at, end)
        yield each.closed_at, stop.start() if stop else end
        previous = quotations[index - 1].closed_at if index else 0
        begin = max(previous, each.paragraph[0], each.opened_at - _REACH)
        stops = [stop.end() for stop in _SENTENCE.finditer(text, begin, each.opened_at)]
        yield next((stop for stop in reversed(stops) if text[stop : each.opened_at].strip()), begin), each.opened_at


def _subjects(text: str, begin: int, end: int, speech: Speech) -> Iterator[str]:
    """Yield for each verb of saying the capitalised words nearest to it, but for those that a preposition stands before."""
    runs = [run for run in _RUN.finditer(text, begin, end) if not _is_oblique(text[begin : run.start()], speech)]
    for cue in speech.cue.finditer(text, begin, end):
        gaps = [(_words_between(text, cue, run), run) for run in runs]
        near = [(gap, run.start(), run[0]) for gap, run in gaps if gap is not None and gap <= _BETWEEN]
        if near:
            yield min(near)[2]


def _words_between(text: str, cue: re.Match[str], run: re.Match[str]) -> int | None:
    if run.start() < cue.end() and cue.start() < run.end():
        return None
    between = text[min(cue.end(), run.end()) : max(cue.start(), run.start())]
    return None if "," in between.strip(" ,") else len(between.split())


def _is_oblique(before: str, speech: Speech) -> bool:
    words = re.findall(r"\w+", before.lower())[-2:]
    if words and words[-1] in speech.determiners:
        words.pop()
    return bool(words) and words[-1] in speech.prepositions


def _cut_name(run: str, speech: Speech, *, has_capital_nouns: bool) -> str | None:
    """Return the name within a run of capitalised words, without a title; None where it is none, or a surname alone."""
    words = run.split()
    for index, word in enumerate(words[:-1]):
        if _is_given_name(word):
            return " ".join(words[index:])
    titled = next((place for place, word in enumerate(words[:-1], 1) if _is_title(word, speech)), 0)
    if titled:
        return " ".join(words[titled:])
    is_full = len(words) > 1 and not has_capital_nouns and not any(word.isupper() for word in words)
    return run if is_full and not is_bare(run) else None


def _find_full(text: str, surname: str) -> str | None:
    """Return the first full name in the text that ends with the surname."""
    if len(surname) < _LEAST_SURNAME:
        return None
    for found in re.finditer(rf"(?<!\w){_CAPITAL} (?:{_CAPITAL} )?(?:{_SMALL} )*{re.escape(surname)}(?!\w)", text):
        words = found[0].split()
        given = next((place for place, word in enumerate(words[:-1]) if _is_given_name(word)), None)
        if given is not None:
            return " ".join(words[given:])
    return None


def _is_given_name(word: str) -> bool:
    folded = word.lower()
    lexicon = load_lexicon()
    return (
        folded in load_given_names()
        or bool(given_names_of(folded))
        or bool(lexicon.given_names[lexicon.rows.get(folded, UNKNOWN)])
    )


def _is_title(word: str, speech: Speech) -> bool:
    """Tell whether the word is a title or a role; German writes "Polizeisprecherin" in one."""
    folded = word.lower().rstrip(".")
    roles = speech.roles | speech.genders.keys()
    return folded in roles or any(len(role) > _LEAST_SURNAME and folded.endswith(role) for role in roles)


def _is_place(name: str, gazetteer: Gazetteer) -> bool:
    """Tell whether the name is a country's or a state's, or behind "von" any place's: the mayor of Berlin."""
    bare = re.sub(rf"^(?:{_SMALL} )+", "", name)
    return any(bare != name or place.level >= Level.STATE for place in gazetteer.find(bare))
