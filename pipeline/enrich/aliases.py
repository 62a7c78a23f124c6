"""Which mentions name the same: surnames and full names, spellings, initials; and of what kind it is, by all of them."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.enrich.mentions import has_title
from pipeline.enrich.places import Gazetteer
from pipeline.enrich.spelling import fold_name, is_same_spelling
from pipeline.enrich.words import Words, load_known_names
from pipeline.model.entity import Kind, Mention

_TITLE_WEIGHT = 2  # "President X" says more than the tagger's guess
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})

_GIVEN_IN_BRACKETS = re.compile(r"\)\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All mentions of one thing, what it is and its fullest name in the text."""

    kind: Kind
    name: str
    mentions: tuple[Mention, ...]


def group_mentions(text: str, mentions: Sequence[Mention], words: Words, gazetteer: Gazetteer) -> list[Group]:
    """Return the mentions in groups that name the same, in order of their first mention."""
    names = _full_forms(text, mentions)
    kinds = _decide_kinds(text, mentions, names, words, gazetteer)
    names, kinds = _link_people(mentions, names, kinds, gazetteer)
    names = _link_organizations(mentions, names, kinds)
    grouped: dict[tuple[Kind, str], list[Mention]] = {}
    for mention, name, kind in zip(mentions, names, kinds, strict=True):
        if name:
            grouped.setdefault((kind, name), []).append(mention)
    return [Group(kind=kind, name=name, mentions=tuple(found)) for (kind, name), found in grouped.items()]


def _full_forms(text: str, mentions: Sequence[Mention]) -> list[str]:
    """Return each mention's name as it stands; "(President Vladimir) Putin" gives the full name to the surname.

    The given name inside the brackets then names nothing by itself: its name is empty.
    """
    names = [mention.text for mention in mentions]
    for index, (first, second) in enumerate(pairwise(mentions)):
        is_person = Kind.PERSON in {first.kind, second.kind} and " " not in first.text + second.text
        opened = text.rfind("(", 0, first.start) > text.rfind(")", 0, first.start)
        if is_person and opened and _GIVEN_IN_BRACKETS.fullmatch(text[first.end : second.start]):
            names[index], names[index + 1] = "", f"{first.text} {second.text}"
    return names


def _decide_kinds(
    text: str, mentions: Sequence[Mention], names: Sequence[str], words: Words, gazetteer: Gazetteer
) -> list[Kind]:
    """Return the kind of each mention: what most mentions of the same words say, titles and well-known names weighing in."""
    known = load_known_names().organizations
    votes: dict[str, Counter[Kind]] = {}
    for mention in mentions:
        counter = votes.setdefault(fold_name(mention.text), Counter())
        counter[mention.kind] += 1
        if has_title(text, mention, words):
            counter[Kind.PERSON] += _TITLE_WEIGHT
    kinds = []
    for mention, name in zip(mentions, names, strict=True):
        if mention.text in known:
            kinds.append(Kind.ORGANIZATION)
        elif (
            gazetteer.is_country(mention.text)
            and votes[fold_name(mention.text)].most_common(1)[0][0] is not Kind.PERSON
        ):
            kinds.append(Kind.PLACE)
        elif name != mention.text and name:  # a full name put together from two is a person's
            kinds.append(Kind.PERSON)
        else:
            kinds.append(votes[fold_name(mention.text)].most_common(1)[0][0])
    return kinds


def _link_people(
    mentions: Sequence[Mention], names: Sequence[str], kinds: Sequence[Kind], gazetteer: Gazetteer
) -> tuple[list[str], list[Kind]]:
    """Give single names the full name that they belong to, wherever it stands in the text."""
    full = [
        (mention.start, name)
        for mention, name, kind in zip(mentions, names, kinds, strict=True)
        if kind is Kind.PERSON and " " in name
    ]
    canonical = _merge_variants([name for _, name in full])
    linked, new_kinds = list(names), list(kinds)
    for index, (mention, name, kind) in enumerate(zip(mentions, names, kinds, strict=True)):
        if " " in name or not name:
            linked[index] = canonical.get(name, name) if kind is Kind.PERSON else name
        elif kind is Kind.PERSON or not gazetteer.find(name):
            owner = _find_owner(mention, full)
            if owner:
                linked[index], new_kinds[index] = canonical[owner], Kind.PERSON
    singles = [
        name for name, kind in zip(linked, new_kinds, strict=True) if kind is Kind.PERSON and name and " " not in name
    ]
    spelled = _first_spellings(singles)
    return [spelled.get(name, name) for name in linked], new_kinds


def _find_owner(mention: Mention, full: Sequence[tuple[int, str]]) -> str | None:
    """Return the full name that a single name stands for: the last one before it, else the first after it.

    A surname counts before a given name, which comes last where families are named first.
    """
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: fold_name(_surname(name)) == fold_name(mention.text),
        lambda name: is_same_spelling(_surname(name), mention.text),
        lambda name: fold_name(name.split()[0]) == fold_name(mention.text),
    )
    for test in tests:
        owners = [(start, name) for start, name in full if test(name)]
        if owners:
            before = [name for start, name in owners if start < mention.start]
            return before[-1] if before else owners[0][1]
    return None


def _merge_variants(names: Sequence[str]) -> dict[str, str]:
    """Return for each full name the one that stands for it: the same first and last name, however spelled or abbreviated."""
    counts = Counter(names)
    ordered = sorted(counts, key=lambda name: (_is_abbreviated(name), -counts[name], names.index(name)))
    canonical: dict[str, str] = {}
    for name in ordered:
        canonical[name] = next((other for other in canonical.values() if _is_same_person(name, other)), name)
    return canonical


def _is_same_person(one: str, other: str) -> bool:
    first, second = one.split(maxsplit=1)[0].rstrip("."), other.split(maxsplit=1)[0].rstrip(".")
    is_initial = 1 in {len(first), len(second)} and first[0] == second[0]
    return is_same_spelling(_surname(one), _surname(other)) and (is_initial or is_same_spelling(first, second))


def _is_abbreviated(name: str) -> bool:
    return any(len(part.rstrip(".")) == 1 for part in name.split())


def _surname(name: str) -> str:
    parts = [part for part in name.split() if fold_name(part) not in _SUFFIXES] or name.split()
    return parts[-1]


def _first_spellings(names: Iterable[str]) -> dict[str, str]:
    """Return for each single name the first spelling of it in the text."""
    spelled: dict[str, str] = {}
    for name in names:
        spelled.setdefault(name, next((other for other in spelled.values() if is_same_spelling(name, other)), name))
    return spelled


def _link_organizations(mentions: Sequence[Mention], names: Sequence[str], kinds: Sequence[Kind]) -> list[str]:
    """Give initials the name that they stand for, and a company its name without the legal form."""
    known = load_known_names().organizations
    organizations = {name for name, kind in zip(names, kinds, strict=True) if kind is Kind.ORGANIZATION}
    initials = {short: name for name in sorted(organizations) for short in _initials(name)}
    linked = []
    for mention, name, kind in zip(mentions, names, kinds, strict=True):
        if kind is not Kind.ORGANIZATION:
            linked.append(name)
            continue
        full = known.get(mention.text) or initials.get(name) or name
        bare = _without_legal_form(full)
        linked.append(bare if bare in organizations else full)
    return linked


def _initials(name: str) -> set[str]:
    """Return the initials of a name of several words, with and without its small words."""
    parts = re.findall(r"[^\W\d_]+", name)
    capitals = [part for part in parts if part[0].isupper()]
    short = {"".join(part[0].upper() for part in some) for some in (parts, capitals)}
    return {initials for initials in short if len(initials) > 1} if len(capitals) > 1 else set()


def _without_legal_form(name: str) -> str:
    parts = name.split()
    while len(parts) > 1 and fold_name(parts[-1]) in load_known_names().legal_forms:
        parts.pop()
    return " ".join(parts).rstrip(",")
