"""Which mentions name the same, and of what kind it is by all of them: surnames, spellings, initials, acronyms, metonyms."""

import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.enrich.mentions import has_title
from pipeline.enrich.people import Paragraphs, Surnames, is_bare, merge_variants
from pipeline.enrich.places import Gazetteer
from pipeline.enrich.speech import Gender, load_given_names
from pipeline.enrich.spelling import fold_name, spelling_key
from pipeline.enrich.words import Words, load_known_names
from pipeline.model.entity import Kind, Mention

_TITLE_WEIGHT = 2  # "President X" says more than the tagger's guess
_BRACKET_REACH = 80  # characters before "Putin" in "(Russian President Vladimir) Putin"
_GIVEN_IN_BRACKETS = re.compile(r"\)\s")
_LAST_WORD = re.compile(r"(?<![^\W\d_])([^\W\d_]++)\.?\s*+$")
_SPELT_OUT = re.compile(r"\s*\(\s*")


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
    names, kinds = _link_people(text, mentions, names, kinds, words, gazetteer)
    names, kinds = _link_organizations(text, mentions, names, kinds)
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
        before = text[max(0, first.start - _BRACKET_REACH) : first.start]
        opened = before.rfind("(") > before.rfind(")")
        if is_person and opened and _GIVEN_IN_BRACKETS.fullmatch(text[first.end : second.start]):
            names[index], names[index + 1] = "", f"{first.text} {second.text}"
    return names


def _decide_kinds(
    text: str, mentions: Sequence[Mention], names: Sequence[str], words: Words, gazetteer: Gazetteer
) -> list[Kind]:
    """Return the kind of each mention: what most mentions of the same words say, titles and well-known names weighing in."""
    known = load_known_names()
    votes: dict[str, Counter[Kind]] = {}
    for mention in mentions:
        counter = votes.setdefault(fold_name(mention.text), Counter())
        counter[mention.kind] += 1
        if has_title(text, mention, words):
            counter[Kind.PERSON] += _TITLE_WEIGHT
    surnames = {name for name, counter in votes.items() if counter.most_common(1)[0][0] is Kind.PERSON}
    kinds = []
    for mention, name in zip(mentions, names, strict=True):
        voted = votes[fold_name(mention.text)].most_common(1)[0][0]
        if {voted, mention.kind} == {Kind.PLACE, Kind.ORGANIZATION} and gazetteer.find(mention.text):
            voted = mention.kind  # a city and its club stand side by side in a table of results
        if _is_said_person(mention.text, surnames):
            voted = Kind.PERSON
        if mention.text in known.organizations or mention.text in known.bodies:
            kinds.append(Kind.ORGANIZATION)
        elif gazetteer.is_country(mention.text) and voted is not Kind.PERSON:
            kinds.append(Kind.PLACE)
        elif name != mention.text and name:  # a full name put together from two is a person's
            kinds.append(Kind.PERSON)
        else:
            kinds.append(voted)
    return kinds


def _is_said_person(name: str, surnames: Container[str]) -> bool:
    """Tell whether a given name and a surname that is a person's elsewhere in the text make the name."""
    first, _, last = name.partition(" ")
    return bool(last) and first.lower() in load_given_names() and fold_name(last) in surnames


def _link_people(
    text: str,
    mentions: Sequence[Mention],
    names: Sequence[str],
    kinds: Sequence[Kind],
    words: Words,
    gazetteer: Gazetteer,
) -> tuple[list[str], list[Kind]]:
    """Give surnames the full name that they belong to, wherever it stands in the text."""
    full = [
        (mention.start, name)
        for mention, name, kind in zip(mentions, names, kinds, strict=True)
        if kind is Kind.PERSON and name and not is_bare(name)
    ]
    canonical = merge_variants([name for _, name in full])
    surnames = Surnames(full, canonical, Paragraphs(text))
    linked, new_kinds = list(names), list(kinds)
    spelled: dict[str, str] = {}  # the first spelling of a name whose owner is not named in full
    for index, (mention, name, kind) in enumerate(zip(mentions, names, kinds, strict=True)):
        if name and not is_bare(name):
            linked[index] = canonical.get(name, name) if kind is Kind.PERSON else name
        elif name and (kind is Kind.PERSON or not gazetteer.find(name)):
            owner = surnames.find_owner(name, mention.start, _gender_of_title(text, mention, words))
            if owner:
                linked[index], new_kinds[index] = owner, Kind.PERSON
            elif kind is Kind.PERSON:
                linked[index] = spelled.setdefault(spelling_key(name), name)
    return linked, new_kinds


def _gender_of_title(text: str, mention: Mention, words: Words) -> Gender | None:
    before = _LAST_WORD.search(text[max(0, mention.start - 20) : mention.start])
    return words.genders.get(before[1].lower()) if before else None


def _link_organizations(
    text: str, mentions: Sequence[Mention], names: Sequence[str], kinds: Sequence[Kind]
) -> tuple[list[str], list[Kind]]:
    """Give initials the name that they stand for, and a company its name without the legal form."""
    known = load_known_names().organizations
    organizations = dict.fromkeys(name for name, kind in zip(names, kinds, strict=True) if kind is Kind.ORGANIZATION)
    initials = _unique_initials(organizations) | _spelt_out(text, mentions, kinds)
    linked, new_kinds = list(names), list(kinds)
    for index, (mention, name, kind) in enumerate(zip(mentions, names, kinds, strict=True)):
        if kind is not Kind.ORGANIZATION and not (name in initials and kind is not Kind.PERSON):
            continue
        full = known.get(mention.text) or initials.get(name) or name
        bare = _without_legal_form(full)
        linked[index], new_kinds[index] = bare if bare in organizations else full, Kind.ORGANIZATION
    return linked, new_kinds


def _unique_initials(organizations: Sequence[str] | dict[str, None]) -> dict[str, str]:
    """Return the names by their initials; initials that two names share stand for neither."""
    found: dict[str, set[str]] = {}
    for name in organizations:
        for short in _initials(name):
            found.setdefault(short, set()).add(name)
    return {short: next(iter(names)) for short, names in found.items() if len(names) == 1}


def _spelt_out(text: str, mentions: Sequence[Mention], kinds: Sequence[Kind]) -> dict[str, str]:
    """Return what the text itself puts in brackets: "Norhaven Harbour Authority (NHA)"."""
    pairs = zip(pairwise(mentions), kinds, strict=False)
    return {
        second.text: first.text
        for (first, second), kind in pairs
        if kind is Kind.ORGANIZATION
        and second.text.isupper()
        and text[second.end : second.end + 1] == ")"
        and _SPELT_OUT.fullmatch(text[first.end : second.start])
        and second.text[0].casefold() in {part[0].casefold() for part in first.text.split()}
    }


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
