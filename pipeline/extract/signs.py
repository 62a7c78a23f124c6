"""What the texts of the blocks show at once: which begin as teasers do, and which hold a date or a credit."""

import re
from dataclasses import dataclass
from functools import cache

from pipeline.extract.blocks import Block
from pipeline.extract.words import load_words

SHORT = 100
FULL = 200  # longer texts are no credits and no headings
LONG = 300  # longer texts are no teasers and no titles

_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"(?<!\d)(?:(?:19|20)\d\d\b|\d\d?[:.h]\d\d\b|\d\d?[./-]\d\d?[./-]\d{2,4}\b)")
_CREDIT = ("©", "@", "|", "http", "www.", "photo", "foto", "image", "bild", "credit")


@dataclass(slots=True)
class Signs:
    """What the texts of the blocks show at once, each list by the place of the block."""

    #: The text, caseless unless it is long.
    said: list[str]
    teaser: list[bool]
    date: list[bool]
    credit: list[bool]
    #: Whether it says that an advertisement is there, and nothing else.
    advert: list[bool]


def read_signs(blocks: list[Block]) -> Signs:
    """Return what the texts of the blocks show."""
    sizes = [block.size for block in blocks]
    said = [block.text.casefold() if block.size < LONG else block.text for block in blocks]
    sized = list(zip(sizes, said, strict=True))
    return Signs(
        said=said,
        teaser=[size < LONG and is_teaser(text) for size, text in sized],
        date=[size < SHORT and find_date(text) for size, text in sized],
        credit=[size < FULL and find_credit(text) for size, text in sized],
        advert=[size < SHORT and is_advert(text) for size, text in sized],
    )


def is_teaser(text: str) -> bool:
    """Tell whether the caseless text begins as lines do that lead to something else."""
    start = text if text[:1].isalnum() else text[:40].lstrip(" \t-–—>»*•[(\"'|:.")
    phrases = _teasers().get(start[:2])
    return phrases is not None and start.startswith(phrases)


def is_advert(text: str) -> bool:
    """Tell whether the caseless text is the label of an advertisement."""
    return text.strip(" \t-–—>»*•[]()|:.") in _adverts()


def find_date(text: str) -> bool:
    """Tell whether a date or a time of day stands in the text."""
    digit = _DIGIT.search(text)
    return digit is not None and _DATE.search(text, digit.start()) is not None


def find_credit(text: str) -> bool:
    """Tell whether the caseless text looks like a credit, an address or a bar of links."""
    for sign in _CREDIT:  # noqa: SIM110 - any() takes three times as long, and this is asked of every short block
        if sign in text:
            return True
    return False


@cache
def _adverts() -> frozenset[str]:
    return frozenset(label for labels in load_words("adverts").values() for label in labels)


@cache
def _teasers() -> dict[str, tuple[str, ...]]:
    """Return the beginnings of teasers by their first two letters."""
    table: dict[str, tuple[str, ...]] = {}
    for phrase in {phrase for phrases in load_words("teasers").values() for phrase in phrases}:
        table[phrase[:2]] = (*table.get(phrase[:2], ()), phrase)
    return table
