"""Spellings: when two ways of writing a name are one name."""

import re
import unicodedata
from functools import lru_cache

_NOT_WORD = re.compile(r"[\W_]+")

#: What transliterations into Latin script write differently, longest first; German, French and English ways meet here.
_WAYS = (
    (re.compile(r"schtsch|shch|sch|tsch|tch|tsh|ch|sh|kh|gh|zh|h|ck|q"), "k"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"[wuv]"), "v"),
    (re.compile(r"ts|tz|cz|z|s|c"), "s"),
    (re.compile(r"i[yj]|y[yj]|[iyj]"), "i"),
    (re.compile(r"ei|ie|ai|ae"), "i"),
    (re.compile(r"dsk|ds|j"), "s"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"(.)\1+"), r"\1"),
)
_LEAST = 6  # shorter names differ by a letter and are different names


@lru_cache(maxsize=20_000)
def fold_name(name: str) -> str:
    """Return the name caseless, without accents and punctuation, words parted by one blank."""
    bare = name
    if not name.isascii():
        decomposed = unicodedata.normalize("NFKD", name)
        bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(_NOT_WORD.sub(" ", bare.casefold()).split())


def slug_of(name: str) -> str:
    """Return the name as a part of an id, such as ``svetlana-tikhanovskaya``; letters of any script stay."""
    return fold_name(name).replace(" ", "-")


@lru_cache(maxsize=10_000)
def spelling_key(word: str) -> str:
    """Return what all transliterations of a name share, such as Tichanovskaya and Tikhanovskaya.

    Short names differ by a letter and are their own key.
    """
    folded = fold_name(word)
    return folded if len(folded) < _LEAST else f"~{_skeleton(folded)}"


def _skeleton(word: str) -> str:
    for pattern, replacement in _WAYS:
        word = pattern.sub(replacement, word)
    return word.rstrip("aoei")
