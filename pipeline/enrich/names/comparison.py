"""Whether two names are one person's, whatever their spelling and script.

Every word of the shorter name must be found in the longer one, by its sound or as a variant of the same given name. What is
left over on both sides, another generation or other initials tell two people apart; what is left over on one side may be a middle
name.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from pipeline.enrich.names.chinese import Syllables
from pipeline.enrich.names.parts import Name, Part, parse_name, speak_chinese, without_patronymics
from pipeline.enrich.names.sounds import Script, distance, sounds_of, weigh

#: Farthest that two words may sound apart, of one script and of two.
_WITHIN, _ACROSS = 0.15, 0.22
_MOST_ODD = 2  # consonants that one word may have more than another: none that is compared has so many to spare
_JOINED = 0.8  # of that, where two words stand for one
_SHORT = 2.8  # what words weigh that sound like many others
_NICKNAME = 0.05
_INITIAL = 0.02
_LEAST = 2  # words that must agree, unless both names have only one


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What comparing two names gave: whether they are one person's, how far apart they sound, and why."""

    is_same: bool
    distance: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Pair:
    """Words of one name that stand for words of the other."""

    ours: tuple[int, ...]
    theirs: tuple[int, ...]
    distance: float


@lru_cache(maxsize=4_000)
def compare_names(one: str, other: str) -> Comparison:
    """Return whether two names of people may be one person's, and why."""
    ours, theirs = parse_name(one), parse_name(other)
    if not ours.parts or not theirs.parts:
        return Comparison(is_same=False, distance=1.0, reason="no letters")
    if ours.generation != theirs.generation:
        return Comparison(is_same=False, distance=1.0, reason="another generation")
    if ours.folded == theirs.folded:
        return Comparison(is_same=True, distance=0.0, reason="same spelling")
    if ours.chinese and theirs.chinese:
        return _compare_chinese(ours, theirs)
    return _compare_words(speak_chinese(ours), speak_chinese(theirs))


def is_same_person(one: str, other: str) -> bool:
    """Tell whether two names may be one person's."""
    return compare_names(one, other).is_same


def _compare_chinese(ours: Name, theirs: Name) -> Comparison:
    assert ours.chinese
    assert theirs.chinese
    is_same = all(_agree(mine, other) for mine, other in zip(ours.chinese, theirs.chinese, strict=True))
    if is_same and ours.parts[0].script is theirs.parts[0].script is Script.HAN:
        # Other characters with the same sound are another name; simplified and traditional ones share at least one.
        is_same = bool(set(ours.folded[1:]) & set(theirs.folded[1:]))
    return Comparison(is_same=is_same, distance=0.0 if is_same else 1.0, reason="by syllables")


def _agree(ours: Syllables, theirs: Syllables) -> bool:
    return len(ours) == len(theirs) and all(mine & other for mine, other in zip(ours, theirs, strict=True))


def _compare_words(ours: Name, theirs: Name) -> Comparison:
    pairs = _find_pairs(ours.parts, theirs.parts)
    mean = sum(pair.distance for pair in pairs) / len(pairs) if pairs else 1.0
    reason = _conflict(ours, theirs, pairs)
    return Comparison(is_same=reason is None, distance=round(mean, 3), reason=reason or "by sound")


def _conflict(ours: Name, theirs: Name, pairs: Sequence[_Pair]) -> str | None:
    """Return what tells the two apart, or None."""
    left = _left_over(ours, {index for pair in pairs for index in pair.ours})
    right = _left_over(theirs, {index for pair in pairs for index in pair.theirs})
    whole = sum(1 for pair in pairs if not _is_by_initial(pair, ours, theirs))
    most = min(len(ours.parts), len(theirs.parts))
    if not pairs or (left and right):
        return "each has a word that the other lacks"
    if (
        max(len(ours.parts), len(theirs.parts)) >= _LEAST
        and sum(len(pair.ours) + len(pair.theirs) for pair in pairs) < 2 * _LEAST
    ):
        return "only one word in common"
    if not whole or (most == 1 and (left or right)):
        return "too little in common"
    if _has_other_initials(ours, theirs, pairs):
        return "other initials"
    if _has_own_name_first(ours, theirs, left) or _has_own_name_first(theirs, ours, right):
        return "a given name before those of the other"
    return _misplaced(ours, theirs, pairs)


def _left_over(name: Name, paired: AbstractSet[int]) -> list[Part]:
    telling = without_patronymics(name.parts)
    return [part for index, part in enumerate(name.parts) if index not in paired and part in telling]


def _is_by_initial(pair: _Pair, ours: Name, theirs: Name) -> bool:
    return ours.parts[pair.ours[0]].is_initial or theirs.parts[pair.theirs[0]].is_initial


def _has_other_initials(ours: Name, theirs: Name, pairs: Sequence[_Pair]) -> bool:
    """Tell whether both have initials, and one of them some more: George H. W. and George W."""
    counts = [sum(part.is_initial for part in name.parts) for name in (ours, theirs)]
    unpaired = any(
        part.is_initial and not any(index in which for which in found)
        for name, found in ((ours, [pair.ours for pair in pairs]), (theirs, [pair.theirs for pair in pairs]))
        for index, part in enumerate(name.parts)
    )
    return min(counts) > 0 and unpaired


def _has_own_name_first(longer: Name, shorter: Name, left_over: Sequence[Part]) -> bool:
    """Tell whether the longer of two long names begins with one more: Ahmed Ali Abdullah Saleh, the son of Ali Abdullah Saleh."""
    return len(shorter.parts) > _LEAST and longer.parts[0] in left_over and bool(longer.parts[0].given)


def _misplaced(ours: Name, theirs: Name, pairs: Sequence[_Pair]) -> str | None:
    """Return why words in another order tell two people apart: father and son, where each bears the other's name."""
    order = [pair.theirs for pair in sorted(pairs, key=lambda pair: pair.ours)]
    if order == sorted(order):
        return None
    all_given = all(part.given for part in (*ours.parts, *theirs.parts))
    if ours.has_son_of or theirs.has_son_of or all_given:
        return "given names in another order"
    return None


def _find_pairs(ours: Sequence[Part], theirs: Sequence[Part]) -> tuple[_Pair, ...]:
    """Return the pairs that cover most of both names; two words for one only where both have words left over otherwise."""
    single = tuple(_pairs_of_one(ours, theirs))
    best = _best(single)
    if len(best) == min(len(ours), len(theirs)):
        return best
    is_long = max(len(ours), len(theirs)) > _LEAST  # of shorter names, two words for one leave too little in common
    joined = _pairs_joined(ours, theirs) if is_long else ()
    return _best((*single, *joined, *_pairs_of_two(ours, theirs)))


def _pairs_of_one(ours: Sequence[Part], theirs: Sequence[Part]) -> Iterator[_Pair]:
    for (index, part), (place, other) in product(enumerate(ours), enumerate(theirs)):
        far = _far(part, other)
        if far is not None:
            yield _Pair((index,), (place,), far)


def _pairs_joined(ours: Sequence[Part], theirs: Sequence[Part]) -> Iterator[_Pair]:
    """Yield two words that together stand for one, on either side."""
    for (index, part), place in product(enumerate(ours), range(len(theirs) - 1)):
        far = _far_joined(part, theirs[place], theirs[place + 1])
        if far is not None:
            yield _Pair((index,), (place, place + 1), far)
    for (place, other), index in product(enumerate(theirs), range(len(ours) - 1)):
        far = _far_joined(other, ours[index], ours[index + 1])
        if far is not None:
            yield _Pair((index, index + 1), (place,), far)


def _pairs_of_two(ours: Sequence[Part], theirs: Sequence[Part]) -> Iterator[_Pair]:
    """Yield two short words that together stand for two: Jong Un and Чен Ын, which say little one by one."""
    for index, place in product(range(len(ours) - 1), range(len(theirs) - 1)):
        words = (*ours[index : index + 2], *theirs[place : place + 2])
        if words[0].script is not words[2].script and all(weigh(part.sounds) < _SHORT for part in words):
            one, other = words[0].sounds + words[1].sounds, words[2].sounds + words[3].sounds
            far = _within(distance(one, other, (words[0].script, words[2].script)), words[0], words[2])
            if far is not None:
                yield _Pair((index, index + 1), (place, place + 1), far)


def _far(one: Part, other: Part) -> float | None:
    """Return how far apart two words are, None where they are two names."""
    if one.word == other.word:
        return 0.0
    if one.is_initial or other.is_initial:
        return _INITIAL if _begins_alike(one, other) else None
    if one.given and other.given:
        return 0.0 if one.given & other.given else None
    if (one.given | one.long_forms) & (other.given | other.long_forms):
        return _NICKNAME
    return None if _differs_in_gender(one, other) else _near(one, other)


def _near(one: Part, other: Part) -> float | None:
    if abs(one.consonants - other.consonants) > _MOST_ODD:
        return None
    return _within(distance(one.sounds, other.sounds, (one.script, other.script)), one, other)


def _far_joined(one: Part, first: Part, second: Part) -> float | None:
    if one.is_initial or first.is_initial or second.is_initial or one.script is Script.HAN:
        return None
    joined = sounds_of(first.word + second.word)
    if abs(weigh(joined) - weigh(one.sounds)) > 0.5 * weigh(joined):
        return None
    return _within(distance(one.sounds, joined, (one.script, first.script)) / _JOINED, one, first)


def _within(far: float, one: Part, other: Part) -> float | None:
    limit = _WITHIN if one.script is other.script else _ACROSS
    return far if far <= limit else None


def _begins_alike(one: Part, other: Part) -> bool:
    short, long = sorted((one, other), key=lambda part: len(part.word))
    if not short.is_initial:
        return False
    return long.word.startswith(short.word) or (bool(short.sounds) and long.sounds[:1] == short.sounds[:1])


def _differs_in_gender(one: Part, other: Part) -> bool:
    """Tell whether one is the other with an a: Ivan and Ivana, Mario and Maria; but Lukashenko is Lukashenka."""
    short, long = sorted((one.sounds, other.sounds), key=len)
    if one.script is not other.script or one.is_unvowelled or not short:
        return False
    differs = short[:-1] == long[:-1] and {short[-1], long[-1]} == {"a", "o"}
    return long == f"{short}a" or (differs and not short[:-1].endswith("enk"))


def _best(pairs: tuple[_Pair, ...]) -> tuple[_Pair, ...]:
    """Return the pairs that together cover the most words, and are nearest, no word twice."""
    best: tuple[tuple[int, float], tuple[_Pair, ...]] = ((0, 0.0), ())

    def extend(chosen: tuple[_Pair, ...], start: int) -> None:
        nonlocal best
        covered = sum(len(pair.ours) + len(pair.theirs) for pair in chosen)
        value = (covered, -sum(pair.distance for pair in chosen))
        if value > best[0]:
            best = (value, chosen)
        for index in range(start, len(pairs)):
            pair = pairs[index]
            if not any(set(pair.ours) & set(other.ours) or set(pair.theirs) & set(other.theirs) for other in chosen):
                extend((*chosen, pair), index + 1)

    extend((), 0)
    return best[1]
