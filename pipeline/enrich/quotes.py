"""Direct quotations: the words between quotation marks, who said them, the verb that says so and where it was said."""

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.enrich.attribution import Reader, Said
from pipeline.enrich.quotations import Quotation, find_quotations
from pipeline.enrich.speech import load_speech
from pipeline.model.entity import Mention, Quote

_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_NAME_WORDS = 4
_STOPS = re.compile(r"[.!?…,:;]")  # stand in no name
_GOES_ON = re.compile(r"[ \u00a0][^\W\d_]")  # a sentence after a name; after speech there is a comma or a dash
_SHINGLE = 3  # words by which a quotation that is repeated without its speaker is known again


def find_quotes(text: str, mentions: Sequence[Mention], language: str) -> tuple[Quote, ...]:
    """Return the quotations in order. Each is the words between two marks of one paragraph, with its own speaker.

    So a quotation that its verb breaks is two, and one that goes on over paragraphs is one in each. The speaker is named
    beside the quotation, or meant by a pronoun or a role there, or spoke the words before it; else it has none.
    """
    speech = load_speech(language)
    quotations = find_quotations(text)
    if speech.marks_names:
        quotations = [one for one in quotations if not _is_name(text, one)]
    if not quotations:
        return ()
    reader = Reader(text, mentions, quotations, speech)
    said = [reader.attribute(index) for index in range(len(quotations))]
    said = _share_over_paragraphs(quotations, said)
    said = _share_repeated(text, quotations, said)
    return tuple(
        Quote(
            start=quotation.start,
            end=quotation.end,
            text=text[quotation.start : quotation.end],
            speaker=one.speaker,
            cue=one.cue,
            is_partial=reader.is_partial(index),
            venue=reader.find_venue(one),
        )
        for index, (quotation, one) in enumerate(zip(quotations, said, strict=True))
    )


def _is_name(text: str, quotation: Quotation) -> bool:
    """Tell whether the marks set off a company's or a work's name within a sentence: Компания «Север» закрылась."""
    words = text[quotation.start : quotation.end]
    before = text[quotation.paragraph[0] : quotation.opened_at].rstrip(" \u00a0")[-1:]
    is_within = before.isalnum() or (not before and bool(_GOES_ON.match(text, quotation.closed_at)))
    return is_within and words[:1].isupper() and len(words.split()) <= _NAME_WORDS and not _STOPS.search(words)


def _share_over_paragraphs(quotations: Sequence[Quotation], said: list[Said]) -> list[Said]:
    """Return the same with a speaker named after the last paragraph of a quotation given to its first ones, too."""
    shared = list(said)
    for index in range(len(quotations) - 1, 0, -1):
        if quotations[index].goes_on and shared[index].speaker and not shared[index - 1].speaker:
            shared[index - 1] = replace(shared[index], cue=None, at=None)
    return shared


def _share_repeated(text: str, quotations: Sequence[Quotation], said: list[Said]) -> list[Said]:
    """Return the same with the speaker known for words that a headline takes from a quotation of the text."""
    known: dict[tuple[str, ...], str] = {}
    for quotation, one in zip(quotations, said, strict=True):
        words = _WORD.findall(text[quotation.start : quotation.end].lower())
        if one.speaker:
            for at in range(len(words) - _SHINGLE + 1):
                known.setdefault(tuple(words[at : at + _SHINGLE]), one.speaker)
    shared = []
    for quotation, one in zip(quotations, said, strict=True):
        words = _WORD.findall(text[quotation.start : quotation.end].lower())
        speaker = known.get(tuple(words[:_SHINGLE])) if not one.speaker and one.cue is None else None
        shared.append(replace(one, speaker=speaker) if speaker else one)
    return shared
