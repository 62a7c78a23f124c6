"""Direct quotations: the words between quotation marks, who said them and the verb that says so."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.enrich.words import Words
from pipeline.model.entity import Kind, Mention, Quote

#: Opening marks and those that close them; “ closes „ in German and opens in English, » opens in Danish.
_PAIRS = {
    "“": "”“",
    "„": "“”",
    "«": "»",
    "»": "«»",
    "‹": "›",
    "‘": "’",
    '"': '"',
    "「": "」",
    "『": "』",
    "”": "”",
}
_MAX_QUOTE = 3_000
_PARAGRAPH = re.compile(r"[^\n]+")
_SENTENCE_END = re.compile(
    r"(?<!\b[A-Z])(?<!\b(?:Mr|Ms|Dr|St))[.!?…]+[\"”’)\]]*\s+(?=[\"“„«‘(\[]?[^\W\d_a-z])|[。！？]"
)
_TERMINAL = (".", "!", "?", "…", "。", "！", "？")
_LEAD_IN = re.compile(r"^(?P<name>[^:.!?\n]{2,60}):\s")


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int


def find_quotes(text: str, mentions: Sequence[Mention], words: Words) -> tuple[Quote, ...]:
    """Return the quotations in order, the nearest person beside a verb of saying in the same sentence as the speaker.

    A quotation that is a sentence of its own can be announced by the sentence before it. Pronouns name nobody.
    """
    people = [mention for mention in mentions if mention.kind is Kind.PERSON]
    quotes: list[Quote] = []
    for paragraph in _PARAGRAPH.finditer(text):
        spans = list(find_quoted(text, paragraph.start(), paragraph.end()))
        inside = [person for person in people if paragraph.start() <= person.start < paragraph.end()]
        speakers = [person for person in inside if not any(span.start <= person.start < span.end for span in spans)]
        for span in spans:
            context = _Context(text, _Span(paragraph.start(), paragraph.end()), spans, speakers, words)
            speaker, cue = _attribute(context, span)
            quotes.append(
                Quote(
                    start=span.start,
                    end=span.end,
                    text=text[span.start : span.end],
                    speaker=speaker.entity if speaker else None,
                    cue=cue,
                )
            )
    return tuple(quotes)


def find_quoted(text: str, start: int, end: int) -> Iterator[_Span]:
    """Yield the spans between quotation marks in ``text[start:end]``; marks inside them belong to them."""
    position = start
    while position < end:
        mark = text[position]
        closing = _find_closing(text, position, end) if mark in _PAIRS and _opens(text, position) else None
        if closing is None:
            position += 1
            continue
        yield _Span(position + 1, closing)
        position = closing + 1


@dataclass(frozen=True, slots=True)
class _Context:
    """A paragraph with its quotations and the people named outside of them."""

    text: str
    paragraph: _Span
    quotes: list[_Span]
    people: list[Mention]
    words: Words

    def cues(self, span: _Span) -> list[re.Match[str]]:
        """Return the verbs of saying in the span, outside of quotations."""
        found = self.words.cue.finditer(self.text, span.start, span.end)
        return [cue for cue in found if not any(quote.start <= cue.start() < quote.end for quote in self.quotes)]

    def sentence(self, quote: _Span) -> _Span:
        """Return the sentence around the quotation, or what announces it when it is a sentence of its own."""
        ends = [found.end() for found in _SENTENCE_END.finditer(self.text, self.paragraph.start, self.paragraph.end)]
        outer = [end for end in ends if not any(other.start < end <= other.end for other in self.quotes)]
        start = max((end for end in outer if end <= quote.start), default=self.paragraph.start)
        stop = min((end for end in outer if end > quote.end), default=self.paragraph.end)
        return _Span(start, stop)

    def sentence_before(self, sentence: _Span) -> _Span | None:
        """Return the sentence before this one in the paragraph, or None."""
        if sentence.start <= self.paragraph.start:
            return None
        return self.sentence(_Span(sentence.start - 1, sentence.start - 1))


def _attribute(context: _Context, quote: _Span) -> tuple[Mention | None, str | None]:
    """Return the speaker and the cue: in the sentence, after "Name:", or in the sentence that announces the quotation."""
    sentence = context.sentence(quote)
    speaker, cue = _find_speaker(context, sentence, quote)
    if cue:
        return speaker, cue
    lead = _LEAD_IN.match(context.text[sentence.start : quote.start])
    if lead:
        named = [person for person in context.people if sentence.start <= person.start < sentence.start + lead.end()]
        if named:
            return named[-1], None
    before = context.sentence_before(sentence)
    is_own_sentence = context.text[quote.start : quote.end].rstrip().endswith(_TERMINAL) and (
        not context.text[sentence.start : quote.start].strip(' "“„«»‘')
    )
    return _find_speaker(context, before, quote) if before and is_own_sentence else (None, None)


def _find_speaker(context: _Context, sentence: _Span, quote: _Span) -> tuple[Mention | None, str | None]:
    """Return the person beside the cue nearest to the quotation, and the cue."""
    cues = context.cues(sentence)
    people = [person for person in context.people if sentence.start <= person.start < sentence.end]
    by_distance = sorted(cues, key=lambda cue: _distance(cue.start(), cue.end(), quote))
    for cue in by_distance:
        speaker = _subject(context.text, cue, people, quote)
        if speaker:
            return speaker, cue[0]
    return None, by_distance[0][0] if by_distance else None


def _subject(text: str, cue: re.Match[str], people: list[Mention], quote: _Span) -> Mention | None:
    """Return who does the saying: "said Raisi" after a comma or quotation, else the nearest person before the verb."""
    before = [person for person in people if person.end <= cue.start() and not _is_cut(person.end, cue.start(), quote)]
    after = [person for person in people if person.start >= cue.end() and not _is_cut(cue.end(), person.start, quote)]
    lead = text[max(0, cue.start() - 3) : cue.start()].rstrip()
    is_inverted = cue[0].lower() == "according to" or (bool(lead) and lead[-1] in ",”\"“»’」')")
    if is_inverted and after:
        return after[0]
    return before[-1] if before else None


def _is_cut(start: int, end: int, quote: _Span) -> bool:
    """Tell whether the quotation stands between the two positions."""
    return start <= quote.start and quote.end <= end


def _distance(start: int, end: int, quote: _Span) -> int:
    return quote.start - end if end <= quote.start else start - quote.end


def _opens(text: str, position: int) -> bool:
    """Tell whether the mark can open a quotation: no letter before it and no white space after it."""
    before, after = text[position - 1 : position], text[position + 1 : position + 2]
    return not before.isalnum() and not after.isspace() and after != ""


def _find_closing(text: str, opening: int, end: int) -> int | None:
    closers = _PAIRS[text[opening]]
    for position in range(opening + 2, min(end, opening + _MAX_QUOTE)):
        if (
            text[position] in closers
            and not text[position - 1].isspace()
            and not text[position + 1 : position + 2].isalnum()
        ):
            return position
    return None
