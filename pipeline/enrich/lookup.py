"""Mentions in languages without a model: places and bodies that are known by name, and names of the user's own.

Precision before recall: a name counts where it stands by itself, as it is written in the language's script. Languages that
part words by blanks are read by the word; those that do not, by the character.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from pipeline.enrich.places import Gazetteer, Level
from pipeline.enrich.spelling import fold_name
from pipeline.enrich.tagging.lexicon import UNKNOWN, load_lexicon
from pipeline.model.entity import Kind, Mention

#: With the marks that stand for vowels in Arabic, Hebrew and the scripts of India, the joiner of Persian, and the mark inside
#: of Hebrew initials.
_LETTER = r"[\w'’\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0dff\u200c]"
_WORD = re.compile(rf"{_LETTER}+(?:[\u05f3\u05f4]{_LETTER}+)*")
#: Scripts that do not part words: Han, kana, Thai, Lao, Khmer, Burmese.
_UNPARTED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")
UNPARTED_LANGUAGES = frozenset({"zh", "ja", "th", "lo", "km", "my"})
_SENTENCE_START = re.compile(r"(?:^|[.!?…:\n][\"'”’»)\]]{0,4}\s{0,4})\Z")  # in five characters
_SMALL_WORD = 5  # letters: "Nach", "Στην", not "Universität"
_LONGEST = 5  # words
_LONGEST_UNPARTED = 12  # characters
_LEAST = 4  # letters of a name in a script with capitals
_LEAST_UNCASED = 2
_LEAST_UNPARTED = 2
#: Inhabitants from which a city's name is hardly ever anything else.
_KNOWN = 300_000
_KNOWN_UNPARTED = 1_000_000
#: Endings that a name takes, by language, with what the name ended in.
_CASES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    **dict.fromkeys(("de", "nl", "sv", "da", "no"), (("s",), ("",))),
    **dict.fromkeys(
        ("ru", "uk", "be", "bg", "mk", "sr"),
        (
            ("ою", "ою", "ой", "ом", "ем", "єю", "ею", "а", "у", "и", "і", "ї", "ы", "е", "я", "ю", "ь"),
            ("", "а", "я", "ь"),
        ),
    ),
    "ko": (
        (
            "에서는",
            "에서",
            "에게",
            "으로",
            "부터",
            "까지",
            "은",
            "는",
            "이",
            "가",
            "을",
            "를",
            "에",
            "의",
            "와",
            "과",
            "로",
            "도",
        ),
        ("",),
    ),
}
#: Cities that are words of the language as well, and as often written with a capital.
_ALSO_WORDS: Mapping[str, frozenset[str]] = {"de": frozenset({"Essen", "Halle"}), "pt": frozenset({"Natal", "Vitória"})}
#: "and", "in", "to", "so", "like": written together with the word that follows.
_PREFIXES: Mapping[str, Sequence[str]] = {
    "ar": ("وال", "بال", "و", "ب", "ل", "ف", "ك"),
    "he": ("וה", "וב", "ב", "ל", "מ", "ו", "ה", "ש"),
}


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    kind: Kind


def find_known(text: str, language: str, gazetteer: Gazetteer) -> tuple[Mention, ...]:
    """Return the known places and bodies that the text names, in order of start, none overlapping."""
    known = _Known(language, gazetteer)
    found = _scan_characters(text, known) if language in UNPARTED_LANGUAGES else _scan_words(text, known)
    return tuple(
        Mention(start=each.start, end=each.end, text=text[each.start : each.end], kind=each.kind) for each in found
    )


class _Known:
    """What a name is, for one language."""

    def __init__(self, language: str, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._bodies = load_bodies()
        self._endings, self._restored = _CASES.get(language, ((), ()))
        self.prefixes = prefixes_of(language)
        self._also_words = _ALSO_WORDS.get(language, frozenset())
        self._population = _KNOWN_UNPARTED if language in UNPARTED_LANGUAGES else _KNOWN

    def find(self, name: str) -> tuple[str, Kind] | None:
        """Return the known form of the name, as it stands or without an ending of its case, and what it is."""
        for form in (name, *self._base_forms(name)):
            if form in self._also_words:
                return None
            if fold_name(form) in self._bodies:
                return form, Kind.ORGANIZATION
            if any(
                location.level >= Level.STATE or location.population >= self._population
                for location in self._gazetteer.find(form)
            ):
                return form, Kind.PLACE
        return None

    def _base_forms(self, name: str) -> Iterator[str]:
        for ending in self._endings:
            if name.endswith(ending) and len(name) - len(ending) >= _least(name):
                yield from (name[: -len(ending)] + restored for restored in self._restored)


def prefixes_of(language: str) -> Sequence[str]:
    """Return what the language writes together with the word that follows, the longest first."""
    return _PREFIXES.get(language, ())


@cache
def load_bodies() -> Mapping[str, str]:
    """Return the bodies known in many languages, by folded name, with their name in English."""
    tables = tomllib.loads(files("pipeline.enrich").joinpath("data", "bodies.toml").read_text(encoding="utf-8"))
    return {fold_name(name): body for body, names in tables.items() for name in (body, *names)}


def _scan_words(text: str, known: _Known) -> Iterator[_Found]:
    words = [(word.start(), word.end()) for word in _WORD.finditer(text)]
    index = 0
    while index < len(words):
        taken = 1
        if _may_begin(text, words, index):
            for count in range(min(_LONGEST, len(words) - index), 0, -1):
                found = _look_up(text, words[index : index + count], known)
                if found and _stands_alone(text, words, index, count, found):
                    yield found
                    taken = count
                    break
        index += taken


def _look_up(text: str, words: Sequence[tuple[int, int]], known: _Known) -> _Found | None:
    start, end = words[0][0], words[-1][1]
    if any(
        not text[before[1] : after[0]].isspace() or "\n" in text[before[1] : after[0]]
        for before, after in pairwise(words)
    ):
        return None
    name = text[start:end]
    if len(words) > 1 and name[0].isupper() and not text[words[-1][0]].isupper():
        return None
    for prefix in ("", *known.prefixes):
        bare = name[len(prefix) :]
        if name.startswith(prefix) and len(bare) >= _least(bare):
            found = known.find(bare)
            if found:
                form, kind = found
                begin = start + len(prefix)
                # What is only appended, such as a particle or a genitive's s, is no part of the name.
                return _Found(begin, begin + len(form) if bare.startswith(form) else end, kind)
    return None


def _least(name: str) -> int:
    """Return how long a name must be; initials such as EU are short in every script."""
    if name.isupper():
        return 2
    return _LEAST if name != name.swapcase() else _LEAST_UNCASED


def _may_begin(text: str, words: Sequence[tuple[int, int]], index: int) -> bool:
    """Tell whether a name may begin with the word: with a capital, where the script has them."""
    first = text[words[index][0]]
    return first.isalpha() and not first.islower()


def _stands_alone(text: str, words: Sequence[tuple[int, int]], index: int, count: int, found: _Found) -> bool:
    """Tell whether no other capitalised word stands beside the name, of whose longer name it would be a part."""
    following = index + count
    has_ending = found.end < words[following - 1][1]  # German "Deutschlands Rolle": what follows is a noun
    if following < len(words) and not has_ending and _is_capital_beside(text, words[following], words[following - 1]):
        return False
    if not index or not _is_capital_beside(text, words[index - 1], words[index]):
        return True
    before = text[slice(*words[index - 1])]
    begin = words[index - 1][0]
    is_small = len(before) <= _SMALL_WORD and bool(_SENTENCE_START.search(text[max(0, begin - 5) : begin]))
    return text[found.start : found.end].isupper() or (is_small and not _is_given_name(before))


def _is_given_name(word: str) -> bool:
    lexicon = load_lexicon()
    return bool(lexicon.given_names[lexicon.rows.get(word.lower(), UNKNOWN)])


def _is_capital_beside(text: str, word: tuple[int, int], other: tuple[int, int]) -> bool:
    between = text[min(word[1], other[1]) : max(word[0], other[0])]
    return between in {" ", "-", "\u00a0"} and text[word[0]].isupper()


def _scan_characters(text: str, known: _Known) -> Iterator[_Found]:
    for run in _UNPARTED.finditer(text):
        start = run.start()
        while start < run.end():
            found = _longest_at(text, start, min(run.end(), start + _LONGEST_UNPARTED), known)
            if found:
                yield found
            start = found.end if found else start + 1


def _longest_at(text: str, start: int, limit: int, known: _Known) -> _Found | None:
    for end in range(limit, start + _LEAST_UNPARTED - 1, -1):
        found = known.find(text[start:end])
        if found:
            return _Found(start, end, found[1])
    return None
