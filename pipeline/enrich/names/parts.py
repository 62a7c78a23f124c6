"""The parts of a person's name: its words without titles and particles, initials, generation, what comes first."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from itertools import zip_longest

from anyascii import anyascii

from pipeline.enrich.names.chinese import Syllables, read_chinese
from pipeline.enrich.names.given import given_names_of, long_forms_of
from pipeline.enrich.names.sounds import ABJADS, Script, count_consonants, script_of, sounds_of

_PATRONYMIC = re.compile(
    r"(?:ovich|evich|ovych|evych|avich|owitsch|ewitsch|ovitch|evitch|ovna|evna|ivna|owna|ewna"
    r"|ович|евич|івна|овна|евна|авіч|евіч|аўна|еўна|оўна|оглы|кызы)$"
)
_SERVANT_OF = re.compile(r"(?:abd(?:[eoua]l)?|абд(?:ул|ель)?|عبد)$")
_SERVANT = re.compile(r"(?:abd[eoua]l(?=[bcdfghjkmnpqrstvwxyz])|абд[еу]ль?(?=[бвгджзкмнпрстфх]))")
_SERVANT_IN = {Script.ARABIC: "عبد", Script.CYRILLIC: "абд"}
#: The vowel signs and points that follow letters, which no pattern of letters covers.
_MARKS = (
    r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0955-\u0957\u0962\u0963\u0980-\u0983\u09bc-\u09cd"
    r"\u0a01-\u0a03\u0a3c-\u0a4d\u0a70\u0a71\u0b82\u0bbe-\u0bcd\u0c00-\u0c04\u0c3c-\u0c56\u0e31-\u0e3a\u0e47-\u0e4e"
)
_LETTER = rf"(?:[^\W\d_][{_MARKS}]*)"
_WORD = re.compile(rf"{_LETTER}+(?:['’ʼ`´‘]{_LETTER}+)*['’ʼ`´‘]?|-")
_WEST_CYRILLIC = re.compile(r"[іїєґў]")
_MOST_WORDS = 12  # a longer text is no name; comparing costs more with each
_MOST_CHINESE = 3  # words


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """data/name_words.toml."""

    particles: frozenset[str]
    articles: frozenset[str]
    son_of: frozenset[str]
    titles: frozenset[str]
    generations: Mapping[str, int]
    last_generations: Mapping[str, int]
    korean: Mapping[str, str]
    pinyin: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """One word of a name."""

    word: str
    sounds: str
    script: Script
    is_initial: bool
    given: frozenset[str]
    long_forms: frozenset[str]
    #: How many of its sounds are consonants that no spelling leaves out.
    consonants: int

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


@lru_cache(maxsize=4_000)
def parse_name(name: str) -> Name:
    """Return the parts of the name, surname last where a comma says which it is."""
    family, comma, given = name.partition(",")
    if comma and given.strip() and _fold(given).strip(". ") not in _load_words().generations:
        name = f"{given} {family}"
    folded = _fold(name)
    words, generation, has_son_of = _split(folded)
    plain = tuple(word.replace("-", " ") for word in folded.replace("’", "'").split())
    chinese = read_chinese(tuple(word.replace(" ", "-") for word in plain)) if len(plain) <= _MOST_CHINESE else None
    parts = tuple(_make_part(word) for word in words)
    if _WEST_CYRILLIC.search(folded):
        parts = tuple(replace(part, script=Script.WEST_CYRILLIC) for part in parts)
    return Name(folded, parts, generation, has_son_of, chinese)


def _fold(name: str) -> str:
    """Return the name caseless and without invisible marks; accents stay, for they tell sounds apart."""
    if name.isascii() and name.isprintable():
        return name.lower()
    text = unicodedata.normalize("NFKC", name).replace("\u200c", "").replace("\u200d", "").replace("\u0640", "")
    text = "".join(
        character for character in text if unicodedata.category(character) not in {"Cf", "Cc"} or character.isspace()
    )
    text = text.replace("İ", "i").casefold()
    return re.sub(r"[‐‑‒–—−]", "-", text)


def _split(folded: str) -> tuple[list[str], int, bool]:
    """Return the words that count, the generation (1 where none is named) and whether one is the son of another."""
    known = _load_words()
    words: list[str] = []
    generation, has_son_of = 1, False
    tokens = _WORD.findall(folded)
    for word, following in zip_longest(tokens, tokens[1:], fillvalue=""):
        is_article = word in known.articles and following == "-"
        if word == "-" or is_article or word in known.particles or word in known.titles:
            continue
        if words and (number := known.generations.get(word) or (not following and known.last_generations.get(word))):
            generation = number
        elif word in known.son_of:
            has_son_of = True
        else:
            words += _split_korean(_without_article(word))
    return _join_servants(words[:_MOST_WORDS]), generation, has_son_of


def _split_korean(word: str) -> tuple[str, ...]:
    """Return surname and given name of a name in Hangul."""
    if script_of(word) is not Script.HANGUL or not 2 <= len(word) <= 3:  # noqa: PLR2004 - of one and one or two syllables
        return (word,)
    return _load_words().korean.get(word[0], word[0]), word[1:]


def _without_article(word: str) -> str:
    return word[2:] if word.startswith("ال") and len(word) > 4 else word  # noqa: PLR2004 - two letters are no name


def _join_servants(words: Sequence[str]) -> list[str]:
    """Join "Abd al-Fattah", "Abdel Fattah" and "Abdelfattah" into one word of one spelling."""
    joined: list[str] = []
    for word in words:
        if joined and _SERVANT_OF.fullmatch(joined[-1]):
            joined[-1] = _SERVANT_IN.get(script_of(word), "abd") + word
        else:
            joined.append(_SERVANT.sub(lambda found: found[0][:3], word, count=1) if _SERVANT.match(word) else word)
    return joined


def speak_chinese(name: Name) -> Name:
    """Return the name as its syllables sound to others, where it is Chinese: pinyin writes sh x and ch q."""
    if name.chinese is None or not name.parts or name.parts[0].script is Script.CYRILLIC:
        return name
    words = ["".join(_spoken(min(readings)) for readings in part) for part in name.chinese]
    return replace(name, parts=tuple(_make_part(word) for word in words))


def _spoken(syllable: str) -> str:
    for initial, sound in _load_words().pinyin.items():
        if syllable.startswith(initial):
            return sound + syllable.removeprefix(initial)
    return syllable


@lru_cache(maxsize=20_000)
def _make_part(word: str) -> Part:
    script = script_of(word)
    spoken = word
    if script is Script.HAN:
        spoken = "".join(_spoken(anyascii(character).lower()) for character in word)
    sounds = sounds_of(spoken)
    return Part(
        word=word,
        sounds=sounds,
        script=script,
        is_initial=len(word.strip("'’")) == 1 and script not in {Script.HAN, Script.HANGUL},
        given=given_names_of(word),
        long_forms=long_forms_of(word),
        consonants=count_consonants(sounds),
    )


def without_patronymics(parts: Sequence[Part]) -> list[Part]:
    """Return the parts without those that Slavic papers put between given name and surname, or last; Abramovich alone is none."""
    return [part for index, part in enumerate(parts) if not _is_patronymic(parts, index)]


def _is_patronymic(parts: Sequence[Part], index: int) -> bool:
    is_last = index == len(parts) - 1
    follows_given = bool(index and parts[index - 1].given)
    return follows_given and bool(_PATRONYMIC.search(parts[index].word)) and (not is_last or index > 1)


@cache
def _load_words() -> _Words:
    tables = tomllib.loads(files("pipeline.enrich").joinpath("data", "name_words.toml").read_text(encoding="utf-8"))
    return _Words(
        particles=frozenset(tables["particles"].split()),
        articles=frozenset(tables["articles"].split()),
        son_of=frozenset(tables["son_of"].split()),
        titles=frozenset(tables["titles"].split()),
        generations=tables["generations"],
        last_generations=tables["last_generations"],
        korean=tables["korean"],
        pinyin=tables["pinyin"],
    )
