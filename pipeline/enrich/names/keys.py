"""Keys of names: one that an id is made of, and those under which names that may be one person's are found.

The first reads every spelling the same way, so it needs no memory and gives the same id whatever arrives first. It is careful:
whom it takes for one is one. The others are wide: names that compare as one share at least one of them, and so do many others.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations, pairwise, product

from pipeline.enrich.names.given import given_names_of
from pipeline.enrich.names.parts import Name, Part, parse_name, speak_chinese, without_patronymics
from pipeline.enrich.names.sounds import ABJADS, Script, sounds_of
from pipeline.enrich.spelling import slug_of
from pipeline.enrich.words import load_known_names
from pipeline.model.entity import Kind

#: How sounds are written in an id.
_WRITTEN = {
    "C": "ch", "x": "h", "S": "sh", "Z": "j", "J": "j", "y": "i", "Y": "i", "c": "s", "z": "s", "3": "s", "4": "k", "q": "k",
    "w": "v", "U": "u", "W": "u", "G": "g", "T": "t", "D": "d", "A": "a", "F": "g", "H": "", "N": "", "'": "",
}  # fmt: skip
#: Spellings of one ending or vowel, made even.
_EVENED = (
    (re.compile(r"(.)\1+"), r"\1"),
    (re.compile(r"ie"), "e"),
    (re.compile(r"(?<=[aou])e(?!$)"), ""),  # Schröder and Schroeder
    (re.compile(r"(?<=o)f$"), "v"),  # Orloff
    (re.compile(r"(?<=in)e$"), ""),  # Poutine
    (re.compile(r"(?<=h)ov$"), "ev"),  # Gorbatschow
    (re.compile(r"enka$"), "enko"),  # Lukashenka
    (re.compile(r"(?<=[aeiou])h$"), ""),
    (re.compile(r"(?<=[bdfgklmnprstv])i[aeiou]*i?$"), "i"),  # Zelenskyy, Zelenskii
    (re.compile(r"(.)\1+"), r"\1"),
)
_GERMAN = re.compile(r"sch|w(?:sk|itsch|a?$)|ja$|j[eu]w|ij$")
_FRENCH = re.compile(r"tch|ou|[eéo]ï|gu[eé]")
#: Classes of consonants for finding; vowels, and what may be silent or a vowel, are left out. Wider ones find no more of the
#: pairs that rules were fitted on, and put five times as many names under a key.
_CLASSES = {
    **dict.fromkeys("pb", "p"), **dict.fromkeys("fvw", "v"), **dict.fromkeys("tdTD", "t"), **dict.fromkeys("szc", "s"),
    **dict.fromkeys("kgqxG", "k"), **dict.fromkeys("CSZJ", "C"), "l": "l", "r": "r", "m": "m", "n": "n",
}  # fmt: skip
#: Sounds that one spelling writes as a consonant of one class and another of another, or not at all.
_READ = {
    "1": ("C", "k", ""), "2": ("", "C"), "3": ("s", "C"), "4": ("k", "C", "s"), "5": ("s", "C"), "x": ("k", ""),
    "U": ("", "v"), "W": ("", "v"), "F": ("", "k"), "N": ("", "n"),
}  # fmt: skip
_READ_IN = {(Script.HEBREW, "S"): ("C", "s")}
_MOST_READINGS = 8
_CODE = 6  # classes; what follows differs too often
_SHORT = 2  # classes; many words have so few, and their first vowel parts them
#: Whether a first vowel is dark or light; an e may be either, and so may what a script without vowels leaves out.
_VOWELS = {**dict.fromkeys("aoAuU", "a"), **dict.fromkeys("iI", "i")}
_EITHER = "ai"
_MOST_WORDS = 6


@lru_cache(maxsize=10_000)
def person_key(name: str) -> str:
    """Return what the id of a person of that name is made of, such as ``vladimir-putin`` for Владимир Путин; "" for no name."""
    parsed = parse_name(name)
    if parsed.chinese:
        words = ["".join(_usual(readings) for readings in part) for part in parsed.chinese]
    else:
        words = [_write(part) for part in _in_order(parsed)]
    if parsed.generation > 1:
        words.append(_GENERATIONS.get(parsed.generation, str(parsed.generation)))
    return "-".join(word for word in words if word) or slug_of(name)


def block_keys(name: str) -> frozenset[str]:
    """Return the keys under which a name is kept, and found by another spelling: two words of it by their consonants.

    What its id is made of is among them: a wide key may be shared by too many to be looked at.
    """
    return _wide_keys(name) | {f"#{person_key(name)}"}


def _wide_keys(name: str) -> frozenset[str]:
    parsed = parse_name(name)
    if not parsed.chinese:
        return _sound_keys(parsed)
    surnames, given = (["".join(reading) for reading in product(*part)] for part in parsed.chinese)
    syllables = frozenset(f"{first} {last}" for first, last in product(surnames, given))
    return syllables | _sound_keys(parsed) | _sound_keys(speak_chinese(parsed))


_GENERATIONS = {2: "jr", 3: "iii", 4: "iv"}


def _sound_keys(parsed: Name) -> frozenset[str]:
    words = _words(parsed)[:_MOST_WORDS]
    codes = [_codes(part) for part in words]
    if len(words) == 1:
        return frozenset(f"={code}" for code in codes[0])
    pairs = list(combinations(codes, 2))
    if len(words) > 2:  # noqa: PLR2004 - Jong-un and Jongun, beside a surname
        for index, (first, second) in enumerate(pairwise(words)):
            joined = _consonants(first.sounds + second.sounds, first.script)
            pairs += [(joined, other) for place, other in enumerate(codes) if place not in {index, index + 1}]
    return frozenset(" ".join(sorted(pair)) for one, other in pairs for pair in product(one, other))


def _words(parsed: Name) -> list[Part]:
    return [part for part in without_patronymics(parsed.parts) if not part.is_initial]


def _in_order(parsed: Name) -> Iterable[Part]:
    """Return the words with known given names first, as Hungary has them last; one middle initial tells nothing."""
    words = _words(parsed)
    initials = [part for part in parsed.parts if part.is_initial]
    if len(initials) > 1 or len(words) < 2:  # noqa: PLR2004 - George H. W. Bush; J. Smith
        words = [part for part in parsed.parts if part in words or part.is_initial]
    given = [part for part in words if part.given]
    return words if len(given) == len(words) else [*given, *(part for part in words if part not in given)]


@lru_cache(maxsize=10_000)
def _write(part: Part) -> str:
    if part.given:
        return min(part.given)
    if any(
        given_names_of(name) == part.long_forms for name in part.long_forms
    ):  # Joe is Joseph, Ted Edward or Theodore
        return min(part.long_forms)
    if not part.sounds:
        return slug_of(part.word)
    written = "".join(_WRITTEN.get(sound, sound) for sound in _decide(part))
    for pattern, replacement in _EVENED:
        written = pattern.sub(replacement, written)
    return written


def _decide(part: Part) -> str:
    """Return the sounds with what the spelling leaves open decided by the language that it looks like."""
    word, sounds = part.word, sounds_of(part.word.replace("ё", "е"))
    if _GERMAN.search(word):
        return sounds.replace("1", "x").replace("2", "y")
    if _FRENCH.search(word):
        return sounds.replace("1", "S").replace("2", "Z")
    if sounds.endswith("i4"):  # Vucic
        sounds = sounds.replace("4", "C").replace("3", "C")
    return re.sub(r"(?:^|(?<=[aeiou]))2(?=[aeiouU])", "J", sounds.replace("1", "C")).replace("2", "y")


def _usual(readings: frozenset[str]) -> str:
    """Return the reading that newspapers without apostrophes mean more often: Chou is Zhou."""
    return min(readings, key=lambda reading: (reading[:1] in "cpqtk", reading))


@lru_cache(maxsize=10_000)
def _codes(part: Part) -> frozenset[str]:
    """Return how a word is kept for finding: its given names, and its consonants in each way that they may be read."""
    return _consonants(part.sounds, part.script) | part.given | part.long_forms


def _consonants(sounds: str, script: Script) -> frozenset[str]:
    readings = [""]
    for sound in sounds:
        values = _READ_IN.get((script, sound)) or _READ.get(sound) or (_CLASSES.get(sound, ""),)
        readings = [reading + value for reading in readings for value in values][:_MOST_READINGS]
    codes = {re.sub(r"(.)\1+", r"\1", reading)[:_CODE] for reading in readings}
    vowel = "" if script in ABJADS else next((sound for sound in sounds if sound in "aeiouUIA"), "")
    return frozenset(
        f"{code}{first}" for code in codes for first in (_VOWELS.get(vowel, _EITHER) if len(code) <= _SHORT else ("",))
    )


def name_key(kind: Kind, name: str) -> str:
    """Return what the id of a thing of that name is made of."""
    if kind is Kind.PERSON:
        return person_key(name)
    words = slug_of(name).split("-")
    forms = load_known_names().legal_forms
    while kind is Kind.ORGANIZATION and len(words) > 1 and words[-1] in forms:
        words.pop()
    return "-".join(words)
