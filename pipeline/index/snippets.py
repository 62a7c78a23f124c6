"""Excerpts of a text with the found words marked, safe to put into a page."""

import html
from collections.abc import Sequence

SNIPPETS = 2  # excerpts of one text
SNIPPET_LENGTH = 160  # characters, roughly: two lines on a page
_LEAD = 40  # characters shown before the first mark, so that it does not stand at the edge

#: What stands for the marks until the text is escaped: noncharacters, which no text meant for interchange contains.
MARK_START, MARK_END = "\ufdd0", "\ufdd1"


def escape_snippet(marked: str) -> str:
    """Return the excerpt as HTML: everything escaped, ``<mark>`` where the signs stand; an odd sign is no mark."""
    escaped = html.escape(marked)
    if escaped.count(MARK_START) != escaped.count(MARK_END):
        return escaped.replace(MARK_START, "").replace(MARK_END, "")
    return escaped.replace(MARK_START, "<mark>").replace(MARK_END, "</mark>")


def cut_snippets(text: str, marks: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return the excerpts around the marks (start and end in characters, in order); the beginning where there are none."""
    windows: list[tuple[int, int]] = []
    for start, _ in marks or [(0, 0)]:
        reached = windows[-1][1] if windows else 0
        if len(windows) < SNIPPETS and start >= reached:
            begin = _next_word(text, max(reached, start - _LEAD), start)
            windows.append((begin, _last_word(text, start, begin + SNIPPET_LENGTH)))
    return tuple(_mark(text, window, marks) for window in windows if text)


def _mark(text: str, window: tuple[int, int], marks: Sequence[tuple[int, int]]) -> str:
    begin, end = window
    pieces, reached = [], begin
    for start, stop in marks:
        if reached <= start < end:
            stop = min(stop, end)  # noqa: PLW2901 - a long phrase is marked as far as the excerpt goes
            pieces += [text[reached:start], MARK_START, text[start:stop], MARK_END]
            reached = stop
    pieces.append(text[reached:end])
    return escape_snippet(" ".join("".join(pieces).split()))


def _next_word(text: str, position: int, latest: int) -> int:
    """Return where a word begins between the two positions; scripts without spaces are cut anywhere."""
    if position == 0:
        return 0
    space = text.find(" ", position - 1, latest)
    return position if space < 0 else space + 1


def _last_word(text: str, earliest: int, position: int) -> int:
    """Return where a word ends between the two positions."""
    if position >= len(text):
        return len(text)
    space = text.rfind(" ", earliest, position + 1)
    return position if space <= earliest else space
