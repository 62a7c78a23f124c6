"""Which names of people in one text are one person's: surnames, initials, spellings, families named first.

Every look-up is by key, so that a text with a thousand people costs a thousand look-ups and not a million comparisons.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from pipeline.enrich.speech import Gender, load_given_names
from pipeline.enrich.spelling import fold_name, spelling_key

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "junior", "senior"})
#: Small words that belong to a surname in Dutch, German and the Romance languages. None is a given name: Ben, Al.
_PARTICLES = frozenset(
    {
        *(
            "van",
            "der",
            "den",
            "de",
            "ter",
            "ten",
            "te",
            "het",
            "von",
            "zu",
            "zum",
            "zur",
            "vom",
            "und",
            "af",
            "av",
            "di",
        ),
        *(
            "da",
            "do",
            "dos",
            "das",
            "del",
            "della",
            "delle",
            "dello",
            "degli",
            "la",
            "le",
            "las",
            "los",
            "du",
            "des",
            "y",
        ),
        *("'t", "t", "d", "l"),
    }
)
_ARABIC = re.compile(r"^(?:al|el|ul|as|ash|ad|ar|at|az)[-‑]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FullName:
    """A name of several words, taken apart; all folded."""

    given: str
    middle: tuple[str, ...]
    surname: str
    #: The surname with its particles: "van der hoek".
    family: str
    suffix: str | None


def is_bare(name: str) -> bool:
    """Tell whether the name is a surname alone, particles counted to it: "Merkel", "von der Leyen"."""
    *before, _ = name.split() or [""]
    return all(fold_name(part) in _PARTICLES for part in before)


def take_apart(name: str) -> FullName:
    """Return the parts of a name of at least two words."""
    parts = [part.strip(",") for part in name.split()]
    suffix = next((fold_name(part) for part in parts[1:] if fold_name(part) in _SUFFIXES), None)
    parts = [part for part in parts if fold_name(part) not in _SUFFIXES] or parts
    begin = len(parts) - 1
    while begin > 1 and fold_name(parts[begin - 1]) in _PARTICLES:
        begin -= 1
    return FullName(
        given=fold_name(parts[0]),
        middle=tuple(fold_name(part) for part in parts[1:begin]),
        surname=_ARABIC.sub("", parts[-1]),
        family=fold_name(" ".join(parts[begin:])),
        suffix=suffix,
    )


def merge_variants(names: Sequence[str]) -> dict[str, str]:
    """Return for each full name the one that stands for it: the same first and last name, however spelled or abbreviated.

    Never on a guess: "J. Marlow" after John and Jane Marlow is a third name, and another middle initial another person.
    """
    counts = Counter(names)
    places = {name: place for place, name in enumerate(counts)}
    ordered = sorted(counts, key=lambda name: (_is_abbreviated(name), -counts[name]))  # ties in order of the text
    known = _Known(places)
    return {name: known.settle(name, take_apart(name)) for name in ordered}


class _Known:
    """The people of a text by every key that another spelling of their name would have."""

    _MOST = 8  # people of one name whose middle names are compared

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = places
        self._by_name: dict[tuple[str, str], list[tuple[str, FullName]]] = {}
        self._by_initial: dict[tuple[str, str], list[tuple[str, FullName]]] = {}
        self._by_words: dict[frozenset[str], str] = {}

    def settle(self, name: str, parts: FullName) -> str:
        """Return the name that stands for this one, itself where nobody like that is known."""
        surname = spelling_key(parts.surname)
        initial = parts.given[:1]
        if len(parts.given) <= 1:
            alike = [known for known, other in self._by_initial.get((surname, initial), []) if _agree(parts, other)]
            before = [known for known in alike if self._places[known] < self._places[name]]
            if 1 in {len(alike), len(before)}:
                return (before or alike)[0]
        else:
            by_name = self._by_name.setdefault((surname, spelling_key(parts.given)), [])
            alike = [known for known, other in by_name if _agree(parts, other)]
            if alike:
                return alike[0]
            by_name[self._MOST :] = []
            by_name.append((name, parts))
        words = frozenset(fold_name(name).split())
        if len(words) == len(("given", "family")) and words in self._by_words:  # Orbán Viktor, Viktor Orbán
            return self._by_words[words]
        self._by_words[words] = name
        by_initial = self._by_initial.setdefault((surname, initial), [])
        if len(by_initial) <= self._MOST:
            by_initial.append((name, parts))
        return name


def _agree(one: FullName, other: FullName) -> bool:
    """Tell whether nothing that both names say differs: middle names, Jr. and Sr., the initials of the first."""
    if one.suffix and other.suffix and one.suffix != other.suffix:
        return False
    initials = [[part[:1] for part in name.middle if part not in _PARTICLES] for name in (one, other)]
    return not all(initials) or initials[0][0] == initials[1][0]


def _is_abbreviated(name: str) -> bool:
    return any(len(part.rstrip(".")) == 1 for part in name.split())


class Surnames:
    """Whom a surname means, as the text is read from its start."""

    def __init__(self, full: Sequence[tuple[int, str]], canonical: Mapping[str, str], paragraphs: "Paragraphs") -> None:
        """Take where which full name stands, in order, and which name stands for each."""
        self._full, self._canonical, self._paragraphs = full, canonical, paragraphs
        self._read = 0
        #: By key, the people of that name read so far, the last named last, with where.
        self._named: dict[tuple[str, str], dict[str, int]] = {}
        #: By key, everybody of that name in the text.
        self._all: dict[tuple[str, str], dict[str, None]] = {}
        for _, name in full:
            for key in self._keys(name):
                self._all.setdefault(key, {})[canonical[name]] = None

    def find_owner(self, name: str, start: int, gender: Gender | None) -> str | None:
        """Return the full name that the surname at this position stands for, None where it stands for nobody or for two.

        A surname counts before a given name, which comes last where families are named first. Of two with one surname the
        title tells who is meant, or that one of them alone is named in this paragraph; else nothing does.
        """
        self._read_until(start)
        folded = fold_name(name)
        last = name.rsplit(maxsplit=1)[-1]
        for key in (
            ("family", folded),
            ("spelling", spelling_key(_ARABIC.sub("", last))),
            ("middle", folded),
            ("given", folded),
        ):
            everybody = self._all.get(key)
            if everybody:
                named = self._named.get(key)
                return self._choose(named, start, gender) if named else self._only(everybody, gender)
        return None

    def _read_until(self, start: int) -> None:
        while self._read < len(self._full) and self._full[self._read][0] < start:
            position, name = self._full[self._read]
            for key in self._keys(name):
                named = self._named.setdefault(key, {})
                named.pop(self._canonical[name], None)
                named[self._canonical[name]] = position
            self._read += 1

    def _keys(self, name: str) -> list[tuple[str, str]]:
        parts = take_apart(name)
        keys = [
            ("family", parts.family),
            ("family", fold_name(parts.surname)),
            ("spelling", spelling_key(parts.surname)),
        ]
        keys += [("middle", part) for part in parts.middle if len(part) > 1]
        return [*dict.fromkeys([*keys, ("given", parts.given)])]

    def _only(self, people: Iterable[str], gender: Gender | None) -> str | None:
        some = [name for name in islice(people, 9) if _suits(name, gender)]
        return some[0] if len(some) == 1 else None

    def _choose(self, named: dict[str, int], start: int, gender: Gender | None) -> str | None:
        latest = [name for name in islice(reversed(named), 9) if _suits(name, gender)] if len(named) > 1 else [*named]
        if len(latest) > 1:
            here = [name for name in latest if self._paragraphs.index(named[name]) == self._paragraphs.index(start)]
            return here[0] if len(here) == 1 else None
        return latest[0] if latest else None


class Paragraphs:
    """Which paragraph a position is in."""

    def __init__(self, text: str) -> None:
        """Take the text."""
        self._text = text

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer(r"\n+", self._text))]

    def index(self, position: int) -> int:
        """Return the number of the paragraph."""
        return bisect_right(self._starts, position)


def _suits(name: str, gender: Gender | None) -> bool:
    known = load_given_names().get(name.split(maxsplit=1)[0].lower())
    return gender is None or known is None or known is gender
