"""Whom a name, a pronoun or a role can mean at a point of the text."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.enrich.quotations import Quotation
from pipeline.enrich.sentences import Sentences
from pipeline.enrich.speech import Gender, Speech, load_given_names
from pipeline.model.entity import Kind, Mention

_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_LOOK_BACK = 10  # sentences in which a pronoun finds whom it means
_ROLE_WORDS = 6
_INDEFINITE_WORDS = 4  # "a senior police officer"
_MOST_NAMED = 24  # names of one sentence that a pronoun is tried with
_ROLE_REACH = 70  # characters beside a name
_LEAST_ROLE = 3  # letters
_POSSESSIVE = re.compile(r"['’]s?\b|['’](?=\s)")
_AGE = re.compile(r"\d+[-‑ ]?(?:year-old|jähriger?|летн)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A name or a pronoun outside of quotations that can be a subject."""

    start: int
    end: int
    entity: str | None = None
    #: Of a pronoun.
    gender: Gender | None = None
    is_pronoun: bool = False


class Cast:
    """The persons and organizations that the text names outside of its quotations, in order."""

    def __init__(
        self,
        text: str,
        mentions: Iterable[Mention],
        quotations: Sequence[Quotation],
        sentences: Sentences,
        speech: Speech,
    ) -> None:
        """Take the mentions; those inside quotations say nothing about who speaks."""
        self._text, self._sentences, self._speech = text, sentences, speech
        self._quotations, self._opened = quotations, [quotation.opened_at for quotation in quotations]
        named = [one for one in mentions if one.kind in {Kind.PERSON, Kind.ORGANIZATION} and one.entity]
        self._kinds = {one.entity: one.kind for one in named}
        self._genders = self._find_genders(named)
        outside = [one for one in named if not self.is_quoted(one.start)]
        self._quoted = [one for one in named if self.is_quoted(one.start)]
        self._quoted_starts = [one.start for one in self._quoted]
        self._roles = self._find_roles(outside)
        found = [Candidate(start=one.start, end=one.end, entity=one.entity) for one in outside]
        found += [
            Candidate(start=match.start(), end=match.end(), gender=speech.pronouns[match[0].lower()], is_pronoun=True)
            for match in speech.pronoun.finditer(text)
            if not self.is_quoted(match.start())
        ]
        self._candidates = sorted(found, key=lambda one: one.start)
        self._starts = [one.start for one in self._candidates]
        self._spoken: dict[int, str] = {}

    def candidates(self, start: int, end: int) -> list[Candidate]:
        """Return those that begin between the two positions."""
        return self._candidates[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def is_quoted(self, position: int) -> bool:
        """Tell whether the position is inside a quotation."""
        index = bisect_right(self._opened, position) - 1
        return index >= 0 and position < self._quotations[index].closed_at

    def named_inside(self, start: int, end: int) -> str | None:
        """Return whom a name inside a quotation names, or None."""
        index = bisect_left(self._quoted_starts, start)
        return self._quoted[index].entity if index < len(self._quoted) and self._quoted[index].start < end else None

    def is_person(self, candidate: Candidate) -> bool:
        """Tell whether the name is a person's, or a pronoun stands there."""
        return candidate.is_pronoun or (candidate.entity is not None and self._kinds[candidate.entity] is Kind.PERSON)

    def note_speaker(self, position: int, entity: str) -> None:
        """Remember who spoke in the sentence there: a pronoun in a later one means them first."""
        self._spoken[self._sentences.index(position)] = entity

    def identify(self, candidate: Candidate) -> str | None:
        """Return the entity of a name, or whom the pronoun means."""
        return self.resolve_pronoun(candidate.start, candidate.gender) if candidate.is_pronoun else candidate.entity

    def is_possessive(self, candidate: Candidate) -> bool:
        """Tell whether the name only owns what follows."""
        return bool(_POSSESSIVE.match(self._text, candidate.end))

    def is_oblique(self, candidate: Candidate, start: int) -> bool:
        """Tell whether a preposition stands before the name, its title and its article."""
        clause = re.split(r"[,;:()]", self._text[max(start, candidate.start - _ROLE_REACH) : candidate.start])[-1]
        if any(not clause[time.end() :].strip() for time in self._speech.time.finditer(clause)):
            return False  # In Norhaven on Monday Marlow said …
        for word in reversed(_WORD.findall(clause)[-_ROLE_WORDS:]):
            lower = word.lower()
            if lower in self._speech.prepositions:
                return True
            is_title = word[0].isupper() or lower in self._speech.roles or lower in self._speech.determiners
            if not is_title and lower not in self._speech.genders:
                return False
        return False

    def resolve_pronoun(self, position: int, gender: Gender | None) -> str | None:
        """Return the last subject before the position that the pronoun can mean; "they" is an organization, or nobody."""
        wanted = Kind.ORGANIZATION if gender is Gender.PLURAL else Kind.PERSON
        here = self._sentences.index(position)
        for index in range(here, max(-1, here - _LOOK_BACK), -1):
            start, end = self._sentences.span(index)
            people = self._people(index, start, min(end, position))
            if gender is Gender.PLURAL and people:
                return people[0] if self._kinds[people[0]] is wanted else None
            for entity in people:
                if self._kinds[entity] is wanted and self._suits(entity, gender):
                    return None if self._is_unnamed(start, min(end, position), gender, entity) else entity
            if self._is_unnamed(start, min(end, position), gender, None):
                return None
        return None

    def resolve_role(self, words: Sequence[str], position: int) -> str | None:
        """Return who was called so, such as ["finance", "minister"]; else the last one whom such a word can mean."""
        for word in reversed(words):
            held = self._roles.get(word, [])
            index = bisect_left(held, (position, ""))
            if index or held:
                return held[index - 1][1] if index else held[0][1]
        for word in reversed(words):
            if word in self._speech.roles or _AGE.match(word):
                return self.resolve_pronoun(position, self._speech.genders.get(word))
            if word in self._speech.bodies:
                return self._last_organization(position)
        return None

    def _people(self, index: int, start: int, end: int) -> list[str]:
        """Return the entities of a sentence: who spoke, then the subject, then the others from the last to the first."""
        found = self.candidates(start, end)
        near = found if len(found) <= _MOST_NAMED else [found[0], *found[-_MOST_NAMED:]]
        named = [one for one in near if one.entity]
        subjects = [one for one in named if not self.is_possessive(one) and not self.is_oblique(one, start)]
        others = [one for one in reversed(named) if one not in subjects[:1]]
        spoken = [self._spoken[index]] if index in self._spoken else []
        return spoken + [one.entity for one in (*subjects[:1], *others) if one.entity]

    def _is_unnamed(self, start: int, end: int, gender: Gender | None, entity: str | None) -> bool:
        """Tell whether a sentence is about "a spokesman" whom the pronoun means, and the named one is no subject of it."""
        words = _WORD.findall(self._text[start : min(end, start + _ROLE_REACH)].lower())[:_INDEFINITE_WORDS]
        if gender is Gender.PLURAL or not words or words[0] not in self._speech.indefinites:
            return False
        role = next((word for word in words if word in self._speech.roles), None)
        if role is None or self._speech.genders.get(role, gender) is not gender:
            return False
        named = [one for one in self.candidates(start, end) if one.entity == entity]
        return all(self.is_possessive(one) or self.is_oblique(one, start) for one in named)

    def _last_organization(self, position: int) -> str | None:
        before = bisect_left(self._starts, position)
        for one in reversed(self._candidates[max(0, before - 40) : before]):
            if one.entity and self._kinds[one.entity] is Kind.ORGANIZATION:
                return one.entity
        return None

    def _suits(self, entity: str, gender: Gender | None) -> bool:
        known = self._genders.get(entity)
        return gender is None or known is None or known is gender

    def _find_genders(self, named: Iterable[Mention]) -> dict[str, Gender]:
        """Return the gender of people by their titles, else their given names, else their surnames' endings."""
        votes: dict[str, Counter[Gender]] = {}
        given = load_given_names()
        for one in named:
            if one.kind is not Kind.PERSON:
                continue
            votes.setdefault(one.entity, Counter())
            before = _WORD.findall(self._text[max(0, one.start - 30) : one.start])[-1:]
            title = self._speech.genders.get(before[0].lower()) if before else None
            first, last = one.text.split()[0].lower(), one.text.split()[-1].lower()
            by_name = given.get(first) if " " in one.text else None
            for gender, weight in ((title, 4), (by_name, 3), (self._by_ending(last), 1)):
                if gender:
                    votes[one.entity][gender] += weight
        return {entity: counter.most_common(1)[0][0] for entity, counter in votes.items() if counter}

    def _by_ending(self, word: str) -> Gender | None:
        return next((gender for ending, gender in self._speech.endings if word.endswith(ending)), None)

    def _find_roles(self, outside: Iterable[Mention]) -> dict[str, list[tuple[int, str]]]:
        """Return what people are called beside their names, and the words of organizations' own names, with where."""
        roles: dict[str, list[tuple[int, str]]] = {}
        small, previous = self._speech.determiners | self._speech.prepositions, 0
        for one in outside:
            own = _WORD.findall(one.text.lower())
            if one.kind is Kind.PERSON:
                own = [*self._before(one, previous), *self._after(one)]
            for word in dict.fromkeys(own):
                if len(word) >= _LEAST_ROLE and word not in small:
                    roles.setdefault(word, []).append((one.start, one.entity))
            previous = one.end
        return roles

    def _before(self, one: Mention, previous: int) -> list[str]:
        """Return the title before a name; all of "the head of the museum, " where a comma parts the two."""
        reach = self._text[max(previous, one.start - _ROLE_REACH) : one.start]
        clause = re.split(r"[.;:!?\n\"“”„«»()]|,(?=[^\S\n]*+\S)", reach)[-1]
        words = _WORD.findall(clause.lower())[-_ROLE_WORDS - 2 :]
        if clause.rstrip().endswith(","):
            return words
        kept: list[str] = []
        for word in reversed(words[-_ROLE_WORDS:]):
            if word in self._speech.prepositions or self._speech.cue.fullmatch(word):
                break
            kept.append(word)
            if word in self._speech.determiners:
                break
        return kept

    def _after(self, one: Mention) -> list[str]:
        """Return the words of ", the mayor of …" after a name, as far as a preposition."""
        following = re.match(r",\s+([^,.;:!?\n\"“”„«»()]{3,60})", self._text[one.end : one.end + _ROLE_REACH])
        words = _WORD.findall(following[1].lower())[:_ROLE_WORDS] if following else []
        stop = next((index for index, word in enumerate(words) if word in self._speech.prepositions), len(words))
        return (
            words[:stop] if words and words[0] not in {"who", "die", "der", "qui", "que", "который", "которая"} else []
        )
