"""Words of a text as grouping compares them: folded, cut to a stem, and weighed by how rare they are in their language."""

import math
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

from anyascii import anyascii

#: Letters that a stem keeps: enough to tell words apart, few enough to drop most endings, in every language alike.
STEM = 6
#: How much a word says, at most; a word that no frequency list knows says that much.
MAX_WEIGHT = 5.0
#: The share of a language's words, as minus its logarithm, at which a word says nothing; "government" is at 3.8.
_EVERYWHERE = 3.0
#: That of a word that the lists do not know: they end near one in a million.
_UNKNOWN = 6.5
_REMEMBERED = 50_000  # words
_WORD = re.compile(r"\d+(?:[.,\u00a0\u202f ]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
_CLITIC = re.compile(r"^(?:[ldjmnstcLDJMNSTC]|qu|Qu)['’]|['’]s$")


def find_words(text: str) -> list[re.Match[str]]:
    """Return the words and numbers of the text in order."""
    return list(_WORD.finditer(text))


def bare_word(word: str) -> str:
    """Return the word without an elided article before it or a genitive behind it: ``l'Italie``, ``Peru's``."""
    return _CLITIC.sub("", word)


@lru_cache(_REMEMBERED)
def fold_word(word: str) -> str:
    """Return the word in small Latin letters, whatever its script: Одесса and Odessa are one."""
    if word.isascii():
        return word.lower()
    bare = "".join(each for each in unicodedata.normalize("NFKD", word) if not unicodedata.combining(each))
    return (bare if bare.isascii() else anyascii(bare)).lower().replace("'", "")


def weigh_word(folded: str, language: str) -> float:
    """Return how much a word says: nothing where it is everywhere, ``MAX_WEIGHT`` where it is hardly ever written."""
    share = _frequencies(language).get(folded[:STEM])
    rarity = _UNKNOWN if share is None else -math.log10(share)
    return min(MAX_WEIGHT, max(0.0, (rarity - _EVERYWHERE) * MAX_WEIGHT / (_UNKNOWN - _EVERYWHERE)))


def is_written(folded: str, language: str) -> bool:
    """Tell whether the language's frequency list has a word with this stem."""
    return folded[:STEM] in _frequencies(language)


@cache
def _frequencies(language: str) -> Mapping[str, float]:
    """Return the shares of the stems in the language; none where there is no list of it."""
    # It takes a quarter of a second to import, which a search need not wait for.
    from wordfreq import available_languages, get_frequency_dict  # noqa: PLC0415 - see above

    known = {"no": "nb", "sr": "sh", "hr": "sh", "bs": "sh"}.get(language, language)
    if known not in available_languages("small"):
        return {}
    shares: dict[str, float] = {}
    for word, share in get_frequency_dict(known, wordlist="small").items():
        stem = fold_word(word)[:STEM]
        shares[stem] = shares.get(stem, 0.0) + share
    return shares


@cache
def _beginnings() -> Mapping[str, str]:
    """Return the subject that each beginning of a word stands for, by language and beginning."""
    table = tomllib.loads(files("pipeline.stories").joinpath("data/concepts.toml").read_text(encoding="utf-8"))
    return {
        f"{language}:{fold_word(word)}": concept
        for concept, languages in table.items()
        for language, words in languages.items()
        for word in words.split()
    }


@lru_cache(_REMEMBERED)
def concept_of(folded: str, language: str) -> str | None:
    """Return the subject that the word is about, in the five languages of data/concepts.toml, or None."""
    beginnings = _beginnings()
    for length in range(len(folded), 1, -1):
        concept = beginnings.get(f"{language}:{folded[:length]}")
        # A short word must be the word, or one of its endings: "art" is not "article".
        if concept and len(folded) - length <= max(0, length - 2):
            return concept
    if language == "de":  # a compound is about its last part: Hotelbrand
        for start in range(3, len(folded) - 3):
            if concept := beginnings.get(f"de:{folded[start:]}"):
                return concept
    return None
