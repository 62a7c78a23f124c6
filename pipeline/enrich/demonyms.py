"""Nationality adjectives and peoples: they name no place, and still count toward one."""

import re
from collections.abc import Mapping, Sequence

from pipeline.model.entity import Demonym, Mention

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def find_demonyms(text: str, mentions: Sequence[Mention], demonyms: Mapping[str, str]) -> list[tuple[str, Demonym]]:
    """Return country codes and the words that tell them, in order; words of a longer name are part of that name."""
    found: list[tuple[str, Demonym]] = []
    firsts = {name.split()[0].lower() for name in demonyms}
    taken = iter(mentions)
    mention = next(taken, None)
    skipped = 0
    for word in _WORD.finditer(text) if demonyms else ():
        start, end = word.span()
        if start < skipped or word[0].lower() not in firsts:
            continue
        while mention and mention.end <= start:
            mention = next(taken, None)
        if mention and mention.start < end:
            continue
        following = _WORD.match(text, end + 1)
        for stop in (following.end(), end) if following else (end,):  # "South Korean" before "Korean"
            code = _look_up(text[start:stop], demonyms)
            if code is not None:
                skipped = stop
                if code:
                    found.append((code, Demonym(start=start, end=stop, text=text[start:stop])))
                break
    return found


def _look_up(words: str, demonyms: Mapping[str, str]) -> str | None:
    """Return the code of the words as they stand, or as they stand inside a sentence."""
    code = demonyms.get(words)
    return demonyms.get(words[:1].lower() + words[1:]) if code is None else code
