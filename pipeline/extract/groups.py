"""What the names on an element say of it: class, id, role and itemprop, read as groups, each a bit of a mask."""

import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from pipeline.extract.words import load_words

#: Tags that say something of what stands in them; those in one group count as one.
_TAG_GROUPS = {
    "p": "p", "li": "li", "ul": "ul", "ol": "ul", "blockquote": "blockquote", "q": "blockquote", "h1": "h1", "h2": "h2",
    "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4", "figure": "figure", "figcaption": "figcaption", "table": "table",
    "td": "cell", "th": "cell", "tr": "table", "aside": "asidetag", "header": "headertag", "footer": "footertag", "nav": "navtag",
    "form": "form", "article": "articletag", "main": "maintag", "section": "sectiontag", "address": "address", "pre": "pre",
    "dd": "dl", "dt": "dl", "dl": "dl", "details": "details", "div": "div",
    **dict.fromkeys(("a", "span", "small", "label", "time"), "inlinetag"),
}  # fmt: skip
#: Groups that make an inline element a box of its own.
_SPLITTING = ("comment", "related", "share", "offer", "advert", "caption", "byline", "profile", "topic", "dialog")
LONGEST_NAMES = (
    400  # characters of an attribute; longer lists of names come from tools, and what is remembered stays small
)
#: A word of a name: "articleBody" has two, "HTMLText" is one.
_WORD = re.compile(r"[A-Z]*[^\W\d_A-Z]+|[A-Z]+")
_SMALL = re.compile(r"[a-z]+")  # the same where all letters are small and in ASCII, as in most names


@cache
def group_names() -> tuple[str, ...]:
    """Return the names of all groups; the place of each is its bit."""
    return (*load_words("groups"), *(f"<{name}>" for name in dict.fromkeys(_TAG_GROUPS.values())))


@cache
def bit_of(name: str) -> int:
    """Return the bit of the group."""
    return 1 << group_names().index(name)


def bits_of(*names: str) -> int:
    """Return the mask of the groups."""
    return sum(map(bit_of, names))


def add_bits(mask: int, weights: tuple[float, ...]) -> float:
    """Return the sum of the weights of the groups in the mask; ``weights`` are in the order of ``group_names``."""
    total = 0.0
    while mask:
        lowest = mask & -mask
        total += weights[lowest.bit_length() - 1]
        mask ^= lowest
    return total


@cache
def splitting() -> int:
    """Return the mask of the groups that make an inline element a box of its own."""
    return bits_of(*_SPLITTING)


@cache
def tag_mask(tag: str) -> int:
    """Return the mask of a tag, or 0 for one that says nothing."""
    group = _TAG_GROUPS.get(tag)
    return bit_of(f"<{group}>") if group else 0


def mask_of(names: str) -> int:
    """Return the mask of the groups that the names, the value of one attribute up to LONGEST_NAMES, belong to."""
    mask = 0
    for name in names.split():
        mask |= _mask_of_name(name)
    return mask


@lru_cache(maxsize=20_000)
def _mask_of_name(name: str) -> int:
    """Return the mask of one name: of its words, and of each two of them written as one."""
    if name.isalpha() and name.islower():
        return _mask_of_word(name)
    words = _SMALL.findall(name) if name.isascii() and name.islower() else [w.lower() for w in _WORD.findall(name)]
    begun = _tables().begun
    mask = 0
    for word in words:
        mask |= _mask_of_word(word)
    for word, following in pairwise(words):
        if word in begun:
            mask |= _mask_of_word(word + following)
    return mask


@lru_cache(maxsize=20_000)  # sites write their names with the same words
def _mask_of_word(word: str) -> int:
    """Return the mask of a word in small letters."""
    tables = _tables()
    mask = tables.whole.get(word, 0)
    for beginning, bits in tables.beginnings.get(word[:3], ()):
        if word.startswith(beginning):
            mask |= bits
    return mask


class _Tables(NamedTuple):
    """The masks of whole words, and those of beginnings by their first three letters."""

    whole: dict[str, int]
    beginnings: dict[str, tuple[tuple[str, int], ...]]
    #: What some of them begin with: no other word makes one of them with the word behind it.
    begun: frozenset[str]


@cache
def _tables() -> _Tables:
    whole: dict[str, int] = {}
    beginnings: dict[str, tuple[tuple[str, int], ...]] = {}
    begun: set[str] = set()
    for group, words in load_words("groups").items():
        for word in words:
            bare = word.rstrip("*")
            begun.update(bare[:end] for end in range(1, len(bare)))
            if bare == word:
                whole[word] = whole.get(word, 0) | bit_of(group)
            else:
                beginnings[bare[:3]] = (*beginnings.get(bare[:3], ()), (bare, bit_of(group)))
    return _Tables(whole, beginnings, frozenset(begun))
