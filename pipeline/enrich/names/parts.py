"""The parts of a person's name: its words without titles and particles, initials, generation, what comes first."""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

from pipeline.enrich.names.chinese import Syllables, read_chinese
from pipeline.enrich.names.given import given_names_of, long_forms_of
from pipeline.enrich.names.sounds import ABJADS, Script, script_of, sounds_of

#: Words that one paper writes and another leaves out; they tell nobody apart.
_PARTICLES = frozenset(
    "al el de da do dos das del della di van von der den zu zum la le du des y e af av ter ten te the".split()
)
#: Written with a hyphen, these are the Arabic article before a sun letter.
_ARTICLES = frozenset("al el ul as es ash esh ar er an en at et ad ed az ez аль эль ас аш ан ар ад аз".split())
_SON_OF = frozenset("bin ibn ben bint بن ابن بنت бин ибн бен".split())
_TITLES = frozenset(
    "mr mrs ms dr prof sir dame lord lady sheikh shaikh sheik ayatollah ajatollah imam mullah king prince princess pope "
    "president gen general col rev hon saint st".split()
)
#: Which generation of a family; the first one has none.
_GENERATIONS = {"jr": 2, "junior": 2, "fils": 2, "filho": 2, "ii": 2, "iii": 3, "iv": 4, "sr": 0, "senior": 0, "sen": 0, "père": 0}
_PATRONYMIC = re.compile(
    r"(?:ovich|evich|ovych|evych|avich|owitsch|ewitsch|ovitch|evitch|ovic|ovna|evna|ivna|owna|ewna"
    r"|ович|евич|івна|овна|евна|авіч|евіч|аўна|еўна|оўна|оглы|кызы)$"
)
_SERVANT_OF = re.compile(r"^(?:abd|abdel|abdul|abdal|abdol|عبد|абд|абдул|абдель|абд)$")
_SERVANT = re.compile(r"^(?:abd[eoua]l(?=[bcdfghjkmnpqrstvwxyz])|абд[еу]ль?(?=[бвгджзкмнпрстфх]))")
#: How newspapers write the Korean surnames that the official romanization has otherwise.
_KOREAN = {"이": "lee", "박": "park", "최": "choi", "노": "roh", "임": "lim", "정": "jung", "조": "cho", "우": "woo", "오": "oh"}
#: A letter with its marks, which Indian scripts write their vowels with.
_LETTER = r"(?:[^\W\d_][\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0955-\u0957\u0962\u0963\u0980-\u0983"
_LETTER += r"\u09bc-\u09cd\u0a01-\u0a03\u0a3c-\u0a4d\u0a70\u0a71\u0b82\u0bbe-\u0bcd\u0c00-\u0c04\u0c3c-\u0c56\u0e31-\u0e3a\u0e47-\u0e4e]*)"
_PINYIN = (("zh", "dzh"), ("x", "sh"), ("q", "tch"), ("j", "dj"), ("ch", "tch"), ("c", "ts"), ("z", "dz"))
_WORD = re.compile(rf"{_LETTER}+(?:['’ʼ`´‘]{_LETTER}+)*['’ʼ`´‘]?|-")


@dataclass(frozen=True, slots=True)
class Part:
    """One word of a name."""

    word: str
    sounds: str
    script: Script
    is_initial: bool
    given: frozenset[str]
    long_forms: frozenset[str]

    @property
    def is_unvowelled(self) -> bool:
        """Tell whether the script leaves short vowels out."""
        return self.script in ABJADS


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name, taken apart."""

    folded: str
    parts: tuple[Part, ...]
    generation: int
    has_son_of: bool
    chinese: tuple[Syllables, Syllables] | None


@lru_cache(maxsize=50_000)
def parse_name(name: str) -> Name:
    """Return the parts of the name, surname last where a comma says which it is."""
    family, comma, given = name.partition(",")
    if comma and given.strip() and _fold(given).strip(". ") not in _GENERATIONS:
        name = f"{given} {family}"
    folded = _fold(name)
    words, generation, has_son_of = _split(folded)
    plain = tuple(word.replace("-", " ") for word in folded.replace("’", "'").split())
    chinese = read_chinese(tuple(word.replace(" ", "-") for word in plain)) if len(plain) <= _MOST_CHINESE else None
    parts = tuple(_make_part(word) for word in words)
    return Name(folded, parts, generation, has_son_of, chinese)


_MOST_CHINESE = 3  # words


def _fold(name: str) -> str:
    """Return the name caseless and without invisible marks; accents stay, for they tell sounds apart."""
    text = unicodedata.normalize("NFKC", name).replace("\u200c", "").replace("\u200d", "").replace("\u0640", "")
    text = "".join(character for character in text if unicodedata.category(character) not in {"Cf", "Cc"} or character.isspace())
    text = text.replace("İ", "i").casefold().replace("ss", "ss")
    return re.sub(r"[‐‑‒–—−]", "-", text)


def _split(folded: str) -> tuple[list[str], int, bool]:
    """Return the words that count, the generation (1 where none is named) and whether one is the son of another."""
    words: list[str] = []
    generation, has_son_of = 1, False
    tokens = _WORD.findall(re.sub(r"\bст\.|\bмл\.", " ", folded))
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        if token == "-" or token in _PARTICLES or token in _TITLES or (token in _ARTICLES and following == "-"):
            continue
        if token in _GENERATIONS and words:
            generation = _GENERATIONS[token] or 1
        elif token in _SON_OF:
            has_son_of = True
        else:
            words.append(token)
    bare = [_without_article(word) for word in words]
    return _join_servants([part for word in bare for part in _split_korean(word)]), generation, has_son_of


def _split_korean(word: str) -> tuple[str, ...]:
    """Return surname and given name of a name in Hangul."""
    if script_of(word) is not Script.HANGUL or not 2 <= len(word) <= 3:  # noqa: PLR2004 - of one and one or two syllables
        return (word,)
    return _KOREAN.get(word[0], word[0]), word[1:]


def _without_article(word: str) -> str:
    return word[2:] if word.startswith("ال") and len(word) > 4 else word  # noqa: PLR2004 - two letters are no name


def _join_servants(words: list[str]) -> list[str]:
    """Join "Abd al-Fattah", "Abdel Fattah" and "Abdelfattah" into one word of one spelling."""
    joined: list[str] = []
    for word in words:
        if joined and _SERVANT_OF.match(joined[-1]):
            joined[-1] = ("عبد" if script_of(word) is Script.ARABIC else "абд" if script_of(word) is Script.CYRILLIC else "abd") + word
        else:
            joined.append(_SERVANT.sub(lambda found: found[0][:3], word))
    return joined


def speak_chinese(name: Name) -> Name:
    """Return the name as its syllables sound to others, where it is Chinese: pinyin writes sh x and ch q."""
    if name.chinese is None or name.parts[0].script is Script.CYRILLIC:
        return name
    words = ["".join(_spoken(min(readings)) for readings in part) for part in name.chinese]
    return replace(name, parts=tuple(_make_part(word) for word in words))


def _spoken(syllable: str) -> str:
    return next((sound + syllable.removeprefix(initial) for initial, sound in _PINYIN if syllable.startswith(initial)), syllable)


def _make_part(word: str) -> Part:
    is_initial = len(word.strip("'’")) == 1 and script_of(word) not in {Script.HAN, Script.HANGUL}
    return Part(word, sounds_of(word), script_of(word), is_initial, given_names_of(word), long_forms_of(word))


def is_patronymic(word: str) -> bool:
    """Tell whether the folded word is one that Slavic papers put between given name and surname."""
    return bool(_PATRONYMIC.search(word))
