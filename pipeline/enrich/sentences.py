"""Sentences of a text, cut outside of its quotations alone."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from pipeline.enrich.quotations import Quotation
from pipeline.enrich.speech import Speech

#: A run of marks is tried from its first alone: dots without end would take the square of their number.
_END = re.compile(r"[.!?…](?<![.!?…]{2})[.!?…]*+[\"“”’»'«)\]]*+[ \t\u00a0]++|[。！？]+[」』”]?|\n+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“„«‘'-])(?:[^\W\d_]|Mr|Mrs|Ms|Mme|Dr|St|Jr|Sr|Prof|Gen|Gov|Sen|Rep|Lt|Col|Sgt|Capt|Rev|Hon|No|vs|Sra?|г|ул)$"
)
_CHAINED = re.compile(r"\.[^\W\d_]$")  # the last of the initials J.K.
_OPENING = " \t\u00a0\"“„«‘'([—–-"
_BEFORE_CUE = 5  # words between a question and its verb of saying
_REACH = 90  # characters after a question in which its verb of saying stands


class Sentences:
    """Where each sentence begins and ends; asking costs the same in a long text as in a short one."""

    def __init__(self, text: str, quotations: Sequence[Quotation], speech: Speech) -> None:
        """Cut the text."""
        self._length = len(text)
        self.starts = [0, *_cuts(text, quotations, speech)]

    def index(self, position: int) -> int:
        """Return the number of the sentence that holds the position."""
        return bisect_right(self.starts, position) - 1

    def span(self, index: int) -> tuple[int, int]:
        """Return start and end of a sentence, with the white space behind it."""
        following = self.starts[index + 1] if index + 1 < len(self.starts) else self._length
        return self.starts[index], following


def _cuts(text: str, quotations: Sequence[Quotation], speech: Speech) -> Iterator[int]:
    opened = [quotation.opened_at for quotation in quotations]
    for found in _END.finditer(text):
        end = found.end()
        inside = bisect_right(opened, found.start()) - 1
        around = quotations[inside] if inside >= 0 and found.start() < quotations[inside].closed_at else None
        if found[0].isspace():  # a line's end
            yield end
        elif (around and end < around.closed_at) or (
            around and text[around.end - 1] in "?!…" and _is_said_after(text, end, speech)
        ):
            continue
        elif (
            _starts_sentence(text, end)
            and not is_abbreviation(text, found.start())
            and not _is_initial(text, found.start(), end, speech)
        ):
            yield end


def is_abbreviation(text: str, position: int) -> bool:
    """Tell whether the point there belongs to the word before it, such as Mr. or an initial."""
    return text[position] == "." and bool(_ABBREVIATION.search(text[max(0, position - 6) : position]))


def _is_initial(text: str, position: int, following: int, speech: Speech) -> bool:
    """Tell whether the point ends the initials of a name, as in J.K. Rowling; "in the U.S. The rest" ends a sentence."""
    word = re.match(r"\w+", text[following : following + _REACH])
    if text[position] != "." or not word or not _CHAINED.search(text[max(0, position - 2) : position]):
        return False
    small = speech.determiners | speech.prepositions | speech.adverbs | speech.subordinators | speech.pronouns.keys()
    return word[0].lower() not in small


def _starts_sentence(text: str, position: int) -> bool:
    """Tell whether what follows begins with a capital, a figure or a script without capitals."""
    for character in text[position : position + 6].lstrip(_OPENING)[:1]:
        return not character.islower()
    return False


def _is_said_after(text: str, position: int, speech: Speech) -> bool:
    """Tell whether "Why?" is followed by who asked: "Marlow asked.", but not "Marlow said that …", which says more."""
    following = re.split(r"[.;:\n\"“„«]", text[position : position + _REACH])[0]
    cue = speech.cue.search(following)
    if cue is None or len(following[: cue.start()].split()) > _BEFORE_CUE:
        return False
    rest = following[cue.end() :].lower().split()
    return not rest or rest[0] not in speech.subordinators or cue.start() == 0
