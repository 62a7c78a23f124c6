"""Who said a quotation: by the words behind it, before it in its sentence, or before its sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.enrich.cast import Candidate, Cast
from pipeline.enrich.quotations import Quotation
from pipeline.enrich.sentences import Sentences
from pipeline.enrich.speech import Speech
from pipeline.enrich.subjects import Subjects
from pipeline.enrich.venues import find_venue
from pipeline.model.entity import Mention

_LEAD = re.compile(r"[\s,;—–-]*")
_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_REACH = 160  # characters around a verb of saying that say who
_TERMINAL = (".", "!", "?", "…", "。", "！", "？")
_NEXT = 12  # characters behind "was quoted" in which "as saying" makes its subject the speaker
_TITLE_WORDS = 8
_MOST_CUES = 5  # verbs before a quotation in its sentence that are tried
_SMALL = 3  # letters of the words that titles write small
_EMBEDDED = re.compile(r"-(ils?|elles?)\b", re.IGNORECASE)
_JOINS = re.compile(r"[\s,]*+(?:\w++[\s,]*+){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who said a quotation, with which verb, and where that verb stands."""

    speaker: str | None = None
    cue: str | None = None
    at: int | None = None


NOBODY = Said()


class Reader:
    """Reads a text from its start and remembers who has spoken."""

    def __init__(self, text: str, mentions: Sequence[Mention], quotations: Sequence[Quotation], speech: Speech) -> None:
        self._text, self._speech, self._quotations = text, speech, quotations
        self._sentences = Sentences(text, quotations, speech)
        self._cast = Cast(text, mentions, quotations, self._sentences, speech)
        self._subjects = Subjects(text, self._cast, speech)
        self._said: list[Said] = []
        self._partial: list[bool] = []

    def attribute(self, index: int) -> Said:
        """Return who said the quotation; those before it are known."""
        quotation = self._quotations[index]
        if quotation.goes_on and self._said[index - 1].speaker:
            said = replace(self._said[index - 1], cue=None)
        else:
            said = self._after(index) or self._before(index) or self._alone(index) or NOBODY
        self._said.append(said)
        if said.speaker:
            self._cast.note_speaker(quotation.start if said.at is None else said.at, said.speaker)
        return said

    def is_partial(self, index: int) -> bool:
        """Tell whether the quotation is some words in a sentence of somebody else; asked in order."""
        quotation, (start, end) = self._quotations[index], self._left(index)
        before, words = self._text[start:end].rstrip(), self._text[quotation.start : quotation.end]
        if index and start == self._quotations[index - 1].closed_at and before.endswith(","):
            partial = self._partial[index - 1]
        else:
            is_inside = bool(before.strip("—–- ")) and not before.endswith((":", ",", "—", "–"))
            partial = is_inside and not words.endswith(_TERMINAL)
        self._partial.append(partial)
        return partial

    def find_venue(self, said: Said) -> str | None:
        """Return where it was said, as the sentence of the verb names it."""
        if said.at is None:
            return None
        return find_venue(self._text, said.at, self._sentences, self._cast, self._speech)

    def _left(self, index: int) -> tuple[int, int]:
        """Return where the words before the quotation begin in its sentence, after the quotation before it, and end."""
        quotation = self._quotations[index]
        start = self._sentences.span(self._sentences.index(quotation.opened_at))[0]
        if index:
            start = max(start, self._quotations[index - 1].closed_at)
        return min(start, quotation.opened_at), quotation.opened_at

    def _right(self, index: int) -> tuple[int, int]:
        quotation = self._quotations[index]
        end = self._sentences.span(self._sentences.index(quotation.closed_at - 1))[1]
        if index + 1 < len(self._quotations):
            end = min(end, self._quotations[index + 1].opened_at)
        return quotation.closed_at, max(end, quotation.closed_at)

    def _after(self, index: int) -> Said | None:
        """Return who the words after the quotation say said it: "…," said X; "…", X told Y; «…, explique X, …»."""
        quotation, (start, end) = self._quotations[index], self._right(index)
        inside = self._inside(quotation)
        if inside:
            return inside
        lead = _LEAD.match(self._text, start, end)
        begin = lead.end() if lead else start
        last, joint = self._text[quotation.end - 1], self._text[start:begin]
        is_joined = last in ",?!…—" or any(mark in joint for mark in ",—–") or self._text[begin : begin + 1].islower()
        if begin >= end or not is_joined or (last == "." and "," not in joint and "—" not in joint):
            return None
        has_comma = last in ",?!…—" or any(mark in joint for mark in ",—–")
        is_own = has_comma or not self._text[slice(*self._left(index))].strip()
        left = self._text[slice(*self._left(index))]
        cue = self._subjects.first_cue(begin, min(end, begin + _REACH))
        is_other = not is_own and self._is_no_speech(index, left)
        if is_other or (cue and left.strip() and self._is_said_before(index, begin)):
            return None
        if cue and is_own and self._subjects.is_adverbs(begin, cue.start()):
            return self._said_by(self._subjects.find_after(cue, end), cue)
        if cue:
            is_told = self._is_passive(begin, cue) and not self._speech.cue.search(
                self._text, cue.end(), cue.end() + _NEXT
            )
            subject = self._find_agent(cue, end) if is_told else self._subjects.find_before(begin, cue)
            if is_own or (
                subject and self._text[: cue.start()].rstrip()[-1:] != "" and self._subjects.ends_clause(cue, end)
            ):
                return self._said_by(subject, cue) if is_own or subject else None
        return self._unknown_verb(begin, end) if last == "," or ("," in joint and cue is None) else None

    def _is_said_before(self, index: int, begin: int) -> bool:
        """Tell whether the verb stands before: He spoke of "betrayal", a charge that she called "absurd"."""
        cue = self._subjects.first_cue(begin, begin + _REACH)
        subject = next(iter(self._cast.candidates(begin, begin + _REACH)), None)
        stands = min([one.start() for one in (cue,) if one] + [one.start for one in (subject,) if one], default=begin)
        is_near = all(word[0].isupper() for word in _WORD.findall(self._text[begin:stands]))
        return not is_near and bool(self._subjects.find_cues(*self._left(index)))

    def _inside(self, quotation: Quotation) -> Said | None:
        """Return who speaks where the verb stands inside the marks, as in French and Russian."""
        if not self._speech.inverts:
            return None
        for cue in self._speech.cue.finditer(self._text, quotation.start, quotation.end):
            before, after = self._text[quotation.start : cue.start()].rstrip(), self._text[cue.end() : quotation.end]
            closing = re.match(r"[^,.!?—–]{0,80}(?:[,.]|\s[—–])", after)
            if before.endswith((",", "—", "–")) and closing:
                words = Candidate(start=cue.end(), end=cue.end() + closing.end())
                named = self._cast.named_inside(words.start, words.end)
                pronoun = _EMBEDDED.search(cue[0]) or self._speech.pronoun.search(closing[0])
                gender = (
                    self._speech.pronouns.get(pronoun[1 if pronoun.re is _EMBEDDED else 0].lower()) if pronoun else None
                )
                if named or pronoun:
                    return self._said_by(named or self._cast.resolve_pronoun(quotation.start, gender), cue)
        return None

    def _before(self, index: int) -> Said | None:
        """Return who the words before the quotation in its sentence say said it."""
        start, end = self._left(index)
        left = self._text[start:end]
        if not left.strip(" \t\u00a0—–-"):
            return None
        if self._is_no_speech(index, left):
            return NOBODY
        for cue in reversed(self._subjects.find_cues(start, end)[-_MOST_CUES:]):
            said = self._with_cue(cue, start, end)
            if said:
                return said
        headed = next(iter(self._cast.candidates(start, min(end, start + _REACH))), None)
        if left.rstrip().endswith(":") or (headed and self._text[headed.end] == ":"):  # Marlow: the lamp is "ours"
            return Said(speaker=self._subjects.find_first(start, end), at=start)
        previous = self._said[index - 1] if index else NOBODY
        if index and start == self._quotations[index - 1].closed_at and _JOINS.fullmatch(left):
            return previous
        return None

    def _with_cue(self, cue: re.Match[str], start: int, end: int) -> Said | None:
        """Return who does the saying of a verb before the quotation; None where it is passive and tells no agent."""
        if self._speech.attribution.fullmatch(cue[0]):
            return self._said_by(self._subjects.find_after(cue, end), cue)
        if self._is_passive(start, cue):
            agent = self._find_agent(cue, end)
            return self._said_by(agent, cue) if agent else None
        embedded = _EMBEDDED.search(cue[0])
        if embedded:
            return self._said_by(
                self._cast.resolve_pronoun(cue.start(), self._speech.pronouns.get(embedded[1].lower())), cue
            )
        if not self._is_text(start, cue.start()):  # "…," said X, "…"
            return self._said_by(self._subjects.find_after(cue, end), cue)
        subject = self._subjects.find_before(start, cue)
        if subject is None and self._speech.inverts:
            following = self._cast.candidates(cue.end(), min(end, cue.end() + 3))
            subject = self._cast.identify(following[0]) if following else None
        return self._said_by(subject, cue)

    def _is_passive(self, start: int, cue: re.Match[str]) -> bool:
        """Tell whether the subject of the verb is spoken to or about: was told, was widely quoted."""
        words = _WORD.findall(self._text[max(start, cue.start() - _REACH) : cue.start()].lower())[-2:]
        is_parted = words[:-1] and words[-2] in self._speech.passives and words[-1].endswith("ly")
        return bool(self._speech.passives.intersection(words[-1:]) or is_parted)

    def _find_agent(self, cue: re.Match[str], end: int) -> str | None:
        """Return who is named after "by"."""
        following = self._cast.candidates(cue.end(), end)
        return next((one.entity for one in following if self._subjects.follows_agent(one)), None)

    def _alone(self, index: int) -> Said | None:
        """Return who spoke the words before, or is announced there, where the quotation is a sentence of its own."""
        quotation = self._quotations[index]
        start = self._sentences.span(self._sentences.index(quotation.opened_at))[0]
        right = self._text[slice(*self._right(index))].strip()
        is_whole = self._text[quotation.end - 1] in "".join((*_TERMINAL, ",")) or right in {"", ".", ","}
        if self._text[start : quotation.opened_at].strip(" \t\u00a0—–-") or not is_whole:
            return None
        previous = self._quotations[index - 1] if index else None
        paragraph = quotation.paragraph[0]
        if self._is_text(paragraph, start):
            if previous and previous.opened_at >= self._sentences.span(self._sentences.index(start - 1))[0]:
                return replace(self._said[index - 1]) if self._said[index - 1].speaker else None
            return self._announced(start)
        return self._resumed(index) if self._text[quotation.end - 1] in "".join(_TERMINAL) else None

    def _announced(self, start: int) -> Said | None:
        """Return the one whose speech the sentence before reports, or who acts in it."""
        begin, end = self._sentences.span(self._sentences.index(start - 1))
        for cue in reversed(self._subjects.find_cues(begin, end)):
            said = self._with_cue(cue, begin, end) or NOBODY
            if not said.speaker and self._text[begin : cue.start()].rstrip().endswith((",", "—", "–")):
                said = self._said_by(self._subjects.find_after(cue, end), cue)
            return said if said.speaker else None
        return Said(speaker=self._subjects.find_first(begin, end), at=begin)

    def _resumed(self, index: int) -> Said | None:
        """Return who speaks in a paragraph that begins with a quotation: who did before, or, after a question, the other."""
        quotation = self._quotations[index]
        right = self._text[quotation.closed_at : quotation.paragraph[1]]
        if right.strip() and not self._quotations[index + 1 : index + 2]:
            return None
        following = self._sentences.index(quotation.closed_at - 1) + 1
        if right.strip() and following < len(self._sentences.starts):
            begin, end = self._sentences.span(following)
            if begin < quotation.paragraph[1] and not self._subjects.find_cues(begin, end):
                subject = self._subjects.find_first(begin, end)
                if subject:
                    return Said(speaker=subject, at=begin)
        if quotation.paragraph[0] == 0 or right.strip():
            return None
        spoken = self._said[index - 1] if index else NOBODY
        last = self._sentences.index(self._last_letter(quotation.paragraph[0]))
        begin, _ = self._sentences.span(last)
        if index and self._quotations[index - 1].closed_at >= self._paragraph_start(begin):
            other = self._other_speaker(spoken)
            return Said(speaker=other or spoken.speaker)
        return self._announced(quotation.paragraph[0])

    def _other_speaker(self, spoken: Said) -> str | None:
        """Return the one who spoke before in a talk of two."""
        earlier = next(
            (one.speaker for one in self._said[-4:][::-1] if one.speaker and one.speaker != spoken.speaker), None
        )
        is_turn = spoken.cue is not None and spoken.cue.lower() in self._speech.turns
        return earlier if earlier and (is_turn or (spoken.cue is None and spoken.at is None)) else None

    def _is_text(self, start: int, end: int) -> bool:
        """Tell whether anything but white space and marks stands between the two positions."""
        lead = _LEAD.match(self._text, start, end)
        return lead is not None and lead.end() < end

    def _last_letter(self, position: int) -> int:
        return max(0, len(self._text[:position].rstrip()) - 1) if position < _REACH else self._before_blank(position)

    def _before_blank(self, position: int) -> int:
        while position > 0 and self._text[position - 1].isspace():
            position -= 1
        return max(0, position - 1)

    def _paragraph_start(self, position: int) -> int:
        return self._text.rfind("\n", 0, position) + 1

    def _said_by(self, speaker: str | None, cue: re.Match[str]) -> Said:
        return Said(speaker=speaker, cue=cue[0], at=cue.start())

    def _unknown_verb(self, begin: int, end: int) -> Said | None:
        """Return who spoke by any verb beside the words: "…," she laughed."""
        candidates = self._cast.candidates(begin, min(end, begin + 60))
        if not candidates:
            return None
        one = candidates[0]
        between, following = self._text[begin : one.start], _WORD.match(self._text, min(one.end + 1, end), end)
        if not between.strip() or all(word[0].isupper() for word in _WORD.findall(between)):
            return Said(speaker=self._cast.identify(one), cue=following[0], at=one.start) if following else None
        words = _WORD.findall(between)
        return Said(speaker=self._cast.identify(one), cue=words[0], at=begin) if len(words) == 1 else None

    def _is_no_speech(self, index: int, left: str) -> bool:
        """Tell whether the marks set off a title or a doubtful word: "The Salt Road", so-called "experts"."""
        if self._speech.scare.search(left[-40:]):
            return True
        quotation = self._quotations[index]
        words = _WORD.findall(self._text[quotation.start : quotation.end])
        is_headed = left.rstrip().endswith((":", ","))
        is_long = len(words) > _TITLE_WORDS or self._text[quotation.end - 1] in ".!?,…"
        capitals = [word for word in words if len(word) > _SMALL or word is words[0]]
        return not is_headed and not is_long and len(words) > 1 and all(word[0].isupper() for word in capitals)
