"""Quotation marks: the spans of text between them, in every style that news prints."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

#: Opening marks and those that close them; “ closes „ in German and opens in English, » opens in Danish.
_PAIRS = {
    "“": "”“",
    "„": "“”",
    "‟": "”",
    "«": "»",
    "»": "«»",
    "‹": "›",
    "›": "‹",
    "‚": "‘’",
    "‘": "’",
    '"': '"',
    "'": "'",
    "＂": "＂",
    "״": "״",  # Hebrew's, which also stands inside initials
    "「": "」",
    "『": "』",
    "〝": "〞〟",
    "”": "”",
}
_SINGLE = frozenset("‘‚'")  # an apostrophe can look like their closing mark
_MAX_QUOTE = 6_000
_LEAST_SINGLE = 3  # rock 'n' roll
_PARAGRAPH = re.compile(r"[^\n]+")
_MARK = re.compile("[" + re.escape("".join({*_PAIRS, *"".join(_PAIRS.values())})) + "]")
_SPACES = " \t\u00a0\u202f\u2009"
_FRENCH = frozenset("«»‹›")  # have a space inside
#: Letters of the scripts that put no blank between words: Thai to Khmer, Chinese, Japanese.
_UNPARTED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """The words between two marks, and where the marks stand; without a closing one where the next paragraph goes on."""

    start: int
    end: int
    opened_at: int
    #: After the closing mark.
    closed_at: int
    #: The paragraph that it stands in.
    paragraph: tuple[int, int]
    #: Whether it goes on from the paragraph before, whose mark was never closed.
    goes_on: bool = False


def find_quotations(text: str) -> list[Quotation]:
    """Return the quotations in order; marks inside one belong to it. One never crosses a paragraph.

    A paragraph whose mark never closes is a quotation to its end when the next one opens with the same mark.
    """
    found: list[Quotation] = []
    paragraphs = [(match.start(), match.end()) for match in _PARAGRAPH.finditer(text) if not match[0].isspace()]
    unclosed = False
    for index, (start, end) in enumerate(paragraphs):
        following = text[paragraphs[index + 1][0]] if index + 1 < len(paragraphs) else ""
        goes_on = unclosed
        unclosed = False
        for span in _find_in(text, start, end, following):
            opened_at, inner_end, closed_at = span
            first, last = _trim(text, opened_at + 1, inner_end)
            is_first = not text[start:opened_at].strip()
            if first < last:
                quotation = Quotation(
                    start=first,
                    end=last,
                    opened_at=opened_at,
                    closed_at=closed_at,
                    paragraph=(start, end),
                    goes_on=goes_on and is_first,
                )
                found.append(quotation)
            unclosed = closed_at == inner_end
    return found


def _find_in(text: str, start: int, end: int, following: str) -> Iterator[tuple[int, int, int]]:
    """Yield opening mark, end of the words and end of the closing mark of each quotation in the paragraph."""
    marks = [match.start() for match in _MARK.finditer(text, start, end)]
    closers = {
        mark: [at for at in marks if text[at] in _PAIRS[mark] and _closes(text, at)]
        for mark in {text[at] for at in marks} & _PAIRS.keys()
    }
    position = start
    for at in marks:
        mark = text[at]
        if at < position or mark not in _PAIRS or not _opens(text, at):
            continue
        closing = _find_closing(text, at, closers[mark])
        if closing is not None:
            yield at, closing, closing + 1
            position = closing + 1
        elif mark == following and mark not in "'”":
            yield at, end, end
            return


def _find_closing(text: str, opening: int, closers: Sequence[int]) -> int | None:
    """Return where the quotation ends. ‘the boys’ boat,’ ends at its last mark: the first is a plural's apostrophe."""
    first = bisect_right(closers, opening + (_LEAST_SINGLE if text[opening] == "'" else 1))
    if first == len(closers) or closers[first] - opening > _MAX_QUOTE:
        return None
    at = closers[first]
    if text[opening] in _SINGLE and text[at - 1] == "s" and text[at + 1 : at + 2] == " ":
        later = next((other for other in closers[first + 1 : first + 4] if text[other - 1] in ",.!?…"), at)
        if later - opening < _MAX_QUOTE and not any(
            map(partial(_opens, text), _stands(text, text[opening], at, later))
        ):
            return later
    return at


def _stands(text: str, mark: str, after: int, before: int) -> Iterator[int]:
    return (at for at in range(after + 1, before) if text[at] == mark)


def _opens(text: str, position: int) -> bool:
    """Tell whether the mark can open a quotation: no letter before it and no white space after it, but in French."""
    before, after = text[position - 1 : position] if position else "", text[position + 1 : position + 2]
    if text[position] in _FRENCH and after and after in _SPACES:
        after = text[position + 2 : position + 3]
        return bool(after) and not after.isspace() and (not before or not _joins(before))
    if text[position] == "”" and before.isalnum():  # closes in every script that can have a letter before it
        return False
    is_elided = before in {"'", "’"} and text[position] in _FRENCH  # d’« une »
    return (is_elided or not _joins(before)) and bool(after) and not after.isspace() and after not in ",.;:!?)"


def _closes(text: str, position: int) -> bool:
    before, after = text[position - 1 : position], text[position + 1 : position + 2]
    if text[position] in _FRENCH:
        return not _joins(after)
    return not before.isspace() and not _joins(after)


def _joins(letter: str) -> bool:
    """Tell whether a mark beside the letter stands inside a word; where words are not parted, it never tells."""
    return letter.isalnum() and not _UNPARTED.match(letter)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    span = text[start:end]
    return start + len(span) - len(span.lstrip()), start + len(span.rstrip())
