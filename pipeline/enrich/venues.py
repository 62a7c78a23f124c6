"""Where something was said: a medium, a platform, an audience, a form."""

import re

from pipeline.enrich.cast import Cast
from pipeline.enrich.sentences import Sentences
from pipeline.enrich.speech import Speech

_REACH = 160  # characters around a verb of saying that say where
_BEFORE = 30  # characters before a place in which a person's name begins that it is a part of
_QUOTED = re.compile(r"[\"“„«][^\"”“»\n]*(?:[\"”“»]|$)")


def find_venue(text: str, position: int, sentences: Sentences, cast: Cast, speech: Speech) -> str | None:
    """Return where it was said, as the sentence of the verb at that position names it outside of quotations; no person."""
    start, end = sentences.span(sentences.index(position))
    start, end = max(start, position - _REACH), min(end, position + _REACH)
    outside = _QUOTED.sub(lambda found: " " * len(found[0]), text[start:end])
    for pattern in speech.venues:
        for found in pattern.finditer(outside):
            at = start + found.start(1)
            people = [one for one in cast.candidates(at - _BEFORE, at + len(found[1])) if one.end > at]
            if not any(cast.is_person(one) for one in people):
                return text[at : at + len(found[1])]
    return None
