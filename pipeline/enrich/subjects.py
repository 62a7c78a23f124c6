"""Who does what a verb of saying says: the subject before or behind it, by name, pronoun or role."""

import re
from collections.abc import Sequence

from pipeline.enrich.cast import Candidate, Cast
from pipeline.enrich.sentences import is_abbreviation
from pipeline.enrich.speech import Speech

_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_BREAK = re.compile(r"[,;:.()]\s")
_REACH = 160  # characters around a verb of saying in which its subject stands
_EMBEDDED = re.compile(r"-(ils?|elles?)\b", re.IGNORECASE)


class Subjects:
    """Finds the subjects of the verbs of saying in one text."""

    def __init__(self, text: str, cast: Cast, speech: Speech) -> None:
        """Take the text and whom it names."""
        self._text, self._cast, self._speech = text, cast, speech

    def find_before(self, start: int, cue: re.Match[str]) -> str | None:
        """Return who does what the verb says, named before it: no owner, no object, nobody of a clause between commas."""
        start = max(start, cue.start() - _REACH)
        candidates = self._cast.candidates(start, cue.start())
        role = self._role_before(start, cue.start(), candidates)
        if role is not None:
            return self._cast.resolve_role(role, cue.start()) if role else None
        for position in range(len(candidates) - 1, -1, -1):
            one = candidates[position]
            if self._cast.is_possessive(one) or self._cast.is_oblique(one, start):
                continue
            if (
                position
                and self._speech.cue.search(self._text, max(start, one.start - 15), one.start)
                and self._is_object(one)
            ):
                continue
            if self._is_reached(start, one, cue.start()):
                return self._cast.identify(one)
        return None

    def find_after(self, cue: re.Match[str], end: int) -> str | None:
        """Return who does what the verb says, named after it: "said the minister", "said the head of X, Y, on Monday"."""
        begin, limit = cue.end(), min(end, cue.end() + _REACH)
        embedded = _EMBEDDED.search(cue[0])
        if embedded:
            return self._cast.resolve_pronoun(cue.start(), self._speech.pronouns.get(embedded[1].lower()))
        time = self._speech.time.match(self._text, begin + 1, limit)
        if time:  # said on Tuesday the minister
            begin = time.end()
        candidates = self._cast.candidates(begin, limit)
        for position, one in enumerate(candidates[:3]):
            if self._is_employer(one, candidates[position + 1 : position + 2]):
                begin = one.end
                continue
            between = self._text[begin : one.start]
            if self._is_apposition(between, one):
                return self._cast.identify(one)
            words = _WORD.findall(between.lower())
            if self._has_break(begin, one.start) or self._speech.prepositions.intersection(words):
                break
            if not self._cast.is_possessive(one):
                return self._cast.identify(one)
        return self._role_after(begin, limit)

    def find_first(self, start: int, end: int) -> str | None:
        """Return the subject of a sentence, by name or pronoun, which stands near its beginning."""
        candidates = self._cast.candidates(start, min(end, start + _REACH))
        for position, one in enumerate(candidates):
            if self._is_employer(one, candidates[position + 1 : position + 2]):
                continue
            if not self._cast.is_possessive(one) and not self._cast.is_oblique(one, start):
                return self._cast.identify(one)
        return None

    def find_cues(self, start: int, end: int) -> list[re.Match[str]]:
        """Return the verbs of saying between the two positions, in order, outside of quotations."""
        found = [
            *self._speech.cue.finditer(self._text, start, end),
            *self._speech.attribution.finditer(self._text, start, end),
        ]
        verbs = (cue for cue in found if not self._cast.is_quoted(cue.start()) and not self._is_noun(cue.start()))
        return sorted(verbs, key=lambda cue: cue.start())

    def first_cue(self, start: int, end: int) -> re.Match[str] | None:
        """Return the first verb of saying between the two positions."""
        return next(iter(self.find_cues(start, end)), None)

    def is_adverbs(self, start: int, end: int) -> bool:
        """Tell whether nothing but adverbs stands between the two positions."""
        return all(word in self._speech.adverbs for word in _WORD.findall(self._text[start:end].lower()))

    def ends_clause(self, cue: re.Match[str], end: int) -> bool:
        """Tell whether the verb is the last word of its clause."""
        return not self._text[cue.end() : end].strip(" \n") or self._text[cue.end()] in ".,;"

    def follows_agent(self, one: Candidate) -> bool:
        """Tell whether "by" stands before the name."""
        words = _WORD.findall(self._text[max(0, one.start - 40) : one.start].lower())[-4:]
        return bool(self._speech.agents.intersection(words))

    def _is_employer(self, one: Candidate, following: Sequence[Candidate]) -> bool:
        """Tell whether the organization only says whose the person behind it is: Norhaven Bank analyst Ida Marlow."""
        if self._cast.is_person(one) or not following or not self._cast.is_person(following[0]):
            return False
        between = self._text[one.end : following[0].start]
        words = _WORD.findall(between.lower())
        small = self._speech.prepositions | self._speech.determiners
        is_role = bool(words) and words[-1] in self._speech.roles and not small.intersection(words)
        return is_role and "," not in between

    def _has_break(self, start: int, end: int) -> bool:
        """Tell whether the clause ends between the two positions; the point of "Dr. Marlow" ends none."""
        breaks = _BREAK.finditer(self._text, start, end)
        return any(not is_abbreviation(self._text, found.start()) for found in breaks)

    def _is_noun(self, position: int) -> bool:
        """Tell whether the word is no verb there: "in the report", "en su cuenta"."""
        words = _WORD.findall(self._text[max(0, position - 25) : position].lower())[-2:]
        return len(words) > 1 and words[0] in self._speech.prepositions and words[1] in self._speech.determiners

    def _is_object(self, one: Candidate) -> bool:
        words = _WORD.findall(self._text[max(0, one.start - 15) : one.start])
        return bool(words) and bool(self._speech.cue.fullmatch(words[-1])) and not one.is_pronoun

    def _is_reached(self, start: int, one: Candidate, end: int) -> bool:
        """Tell whether the verb belongs to the name: the commas between come in pairs, or one closes an apposition."""
        commas = self._text.count(",", one.end, end)
        before = self._text[start : one.start].rstrip()
        is_apposition = before.endswith(",") and self._text[one.end : one.end + 1] == ","
        return (commas - is_apposition) % 2 == 0

    def _role_before(self, start: int, end: int, candidates: Sequence[Candidate]) -> list[str] | None:
        """Return the words of "the old minister" right before the verb, [] for somebody unnamed, None for neither."""
        begin = max([start, *(one.end for one in candidates)])
        clause = re.split(r"[,;:()]", self._text[begin:end])[-1]
        words = _WORD.findall(clause.lower())
        while words and (words[-1] in self._speech.adverbs or words[-1].endswith("ly")):
            words.pop()
        for count in range(1, min(5, len(words)) + 1):
            if words[-count] in self._speech.determiners:
                return words[len(words) - count + 1 :]
            if words[-count] in self._speech.indefinites:
                return []
            if words[-count] in self._speech.prepositions or self._speech.cue.fullmatch(words[-count]):
                return None
        return None

    def _is_apposition(self, between: str, one: Candidate) -> bool:
        """Tell whether the name follows "the head of the union, ", and something else or nothing follows it."""
        words = _WORD.findall(between.lower())
        is_role = (
            between.count(",") == 1
            and between.rstrip().endswith(",")
            and words[:1]
            and words[0] in self._speech.determiners
        )
        return bool(is_role) and self._text[one.end : one.end + 1] in {",", ".", ""}

    def _role_after(self, begin: int, limit: int) -> str | None:
        clause = re.split(r"[,;:.()\n\"“„«]", self._text[begin:limit])[0]
        words = _WORD.findall(clause.lower())
        while words and words[0] in self._speech.adverbs:
            words.pop(0)
        if words and words[0] in self._speech.determiners:
            stop = next((at for at, word in enumerate(words) if word in self._speech.prepositions), len(words))
            return self._cast.resolve_role(words[1 : min(stop, 5)], begin)
        if self._speech.drops_subject and (not words or words[0] in self._speech.prepositions):
            return self._cast.resolve_pronoun(begin, None)
        return None
