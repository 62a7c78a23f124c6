"""How a word of a name sounds, whatever its script, and how far two words are apart.

The code has one character a sound. Small letters are themselves; x is kh, c is ts, y the semivowel. S Z C J are sh, zh, ch, dj;
T D G are th, dh, gh; N a nasal and F the g of ng, which other spellings leave out; 5 is dz, I a Russian ы. Some spellings leave
open what is meant: 1 is a Latin ch, 2 a Latin j, 3 a Latin c before e and i, 4 another Latin c, U a Latin ou; A W Y H are the
letters of Arabic and Hebrew that are vowels or consonants.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from anyascii import anyascii


class Script(StrEnum):
    """Scripts that are read in a way of their own; every other is read by its usual romanization."""

    LATIN = "latin"
    CYRILLIC = "cyrillic"
    #: Of Ukraine and Belarus, whose spellings of a name differ from the Russian one as those of another script do.
    WEST_CYRILLIC = "west cyrillic"
    GREEK = "greek"
    ARABIC = "arabic"
    HEBREW = "hebrew"
    HAN = "cjk"
    HANGUL = "hangul"
    OTHER = "other"


#: Written without their short vowels.
ABJADS = frozenset({Script.ARABIC, Script.HEBREW})
_VOWELS = frozenset("aeiouUI")
_GLIDES = frozenset("yWYHA'NFh")

_LAST_VOWEL = 0.3  # more for a vowel at the end that another name of the same script lacks: Khatam is not Khatami
#: Sounds that are one together, whichever letters they were written with.
_GROUPS = (("dZ", "J"), ("dz", "5"), ("ds", "5"), ("ts", "c"), ("tC", "C"), ("ng", "nF"))
#: Its ts and dz are the t and d of its neighbours.
_BELARUSIAN = re.compile(r"[ao]usk|ў")


@lru_cache(maxsize=20_000)
def script_of(word: str) -> Script:
    """Return the script of the word's first letter."""
    for character in word:
        if character.isalpha():
            name = unicodedata.name(character, "").lower()
            first = name.partition(" ")[0]
            if first in {"hiragana", "katakana"}:
                return Script.OTHER
            return Script(first) if first in Script._value2member_map_ else Script.OTHER
    return Script.OTHER


@lru_cache(maxsize=10_000)
def sounds_of(word: str) -> str:
    """Return how the folded word sounds; empty for what has no sound."""
    script = script_of(word)
    if script is Script.HANGUL and len(word) > 1:  # the end of one and the beginning of the next are two sounds
        return "".join(sounds_of(syllable) for syllable in word)
    if script in {Script.OTHER, Script.HAN, Script.HANGUL}:
        word, table = anyascii(word).lower(), Script.LATIN
    else:
        table = script
    pattern, values = _letters(table)
    coded = pattern.sub(lambda found: values[found[0]], _without_marks(word, values))
    if not coded.isascii():
        coded = anyascii(coded)
    coded = re.sub(r"[^A-Za-z12345']", "", coded)
    if script is Script.OTHER:  # the dot of Indian scripts is the nasal of the consonant behind it
        coded = re.sub(r"m(?=[cCdDgGjkKtTsS])", "n", coded)
    for group, code in _GROUPS:
        coded = coded.replace(group, code)
    coded = re.sub(r"(?<=[aeio])h$", "H", coded)
    if _BELARUSIAN.search(word):
        coded = re.sub(
            r"ci", "ti", coded.replace("dzi", "di").replace("dze", "de").replace("Usk", "owsk").replace("ausk", "owsk")
        )
    return re.sub(r"(.)\1+", r"\1", coded)


@lru_cache(maxsize=20_000)
def weigh(sounds: str) -> float:
    """Return how much there is to compare: consonants count one, vowels and what may be silent less."""
    return sum(0.3 if sound in _VOWELS or sound in _GLIDES else 1.0 for sound in sounds)


def count_consonants(sounds: str) -> int:
    """Return how many of the sounds no spelling leaves out."""
    return sum(sound not in _VOWELS and sound not in _GLIDES for sound in sounds)


@lru_cache(maxsize=30_000)
def distance(one: str, other: str, scripts: tuple[Script, Script]) -> float:
    """Return what it costs to turn one into the other, over the larger weight: 0 for the same, 1 for nothing in common.

    The usual edit distance (Wagner and Fischer 1974) with costs by sound and by the two scripts, from data/sounds.toml.
    """
    substitute, skip = _costs(_relation(scripts))
    row = [0.0]
    for sound in other:
        row.append(row[-1] + skip.get(sound, 1.0))
    for mine in one:
        skipped = skip.get(mine, 1.0)
        above = row
        row = [above[0] + skipped]
        for index, theirs in enumerate(other):
            cost = 0.0 if mine == theirs else substitute.get(mine + theirs, 1.0)
            row.append(min(above[index + 1] + skipped, row[-1] + skip.get(theirs, 1.0), above[index] + cost))
    extra = _LAST_VOWEL if scripts[0] is scripts[1] and _has_other_end(one, other) else 0.0
    return (row[-1] + extra) / max(weigh(one), weigh(other), 1.0)


def _has_other_end(one: str, other: str) -> bool:
    """Tell whether one ends in a vowel, other than the silent e, and the other in a consonant."""
    ends = one[-1:], other[-1:]
    return any(
        mine in set("aiouUI") and theirs and not (theirs in _VOWELS or theirs in _GLIDES)
        for mine, theirs in (ends, ends[::-1])
    )


def _relation(scripts: tuple[Script, Script]) -> str:
    if scripts[0] is scripts[1]:
        return "within"
    if ABJADS & {*scripts}:
        return "abjad"
    return "han" if Script.HAN in scripts else "across"


@cache
def _costs(relation: str) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return the costs of substitution by pair, and of skipping by sound, for two scripts that stand so to each other."""
    tables = tomllib.loads(files("pipeline.enrich").joinpath("data", "sounds.toml").read_text(encoding="utf-8"))
    substitute = {one + other: 0.35 for one in _VOWELS for other in _VOWELS}
    for name in {"within": ("any", "within"), "han": ("any", "across", "han")}.get(relation, ("any", "across")):
        for cost, pairs in tables[name].items():
            for one, other in pairs.split():
                substitute[one + other] = substitute[other + one] = float(cost)
    skip: dict[str, float] = {}
    skips = {"within": ("skip", "skip_within"), "across": ("skip",)}
    for name in skips.get(relation, ("skip", "skip_vowel")):
        skip |= {sound: float(cost) for cost, sounds in tables[name].items() for sound in sounds.split()}
    return substitute, skip


def _without_marks(word: str, values: Mapping[str, str]) -> str:
    """Return the word without accents, but for letters that sound otherwise with theirs."""
    composed = unicodedata.normalize("NFC", word)
    return "".join(
        character
        if character in values
        else "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
        for character in composed
    )


@cache
def _letters(script: Script) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """Return the pattern that finds the script's letters, longest groups first, and how they sound."""
    values: Mapping[str, str] = _load_letters()[script]
    return re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True)))), values


@cache
def _load_letters() -> Mapping[str, Mapping[str, str]]:
    source = files("pipeline.enrich").joinpath("data", "letters.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))
