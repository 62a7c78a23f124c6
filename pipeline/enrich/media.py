"""Media that the tagger missed: what the place of a quotation names, as in "…," she said on Radio Norhaven."""

from collections.abc import Iterator, Sequence
from functools import cache

from babel import Locale, UnknownLocaleError

from pipeline.enrich.mentions import drop_overlaps
from pipeline.enrich.places import Gazetteer
from pipeline.enrich.quotations import find_quotations
from pipeline.enrich.speech import load_speech
from pipeline.enrich.words import Words
from pipeline.model.entity import Kind, Mention

_REACH = 100  # characters behind a quotation


def add_media(
    text: str, mentions: Sequence[Mention], language: str, words: Words, gazetteer: Gazetteer
) -> tuple[Mention, ...]:
    """Return the mentions and the organizations that only the words behind a quotation tell, where no mention stands."""
    return drop_overlaps([*mentions, *_find_media(text, mentions, language, words, gazetteer)])


def _find_media(
    text: str, mentions: Sequence[Mention], language: str, words: Words, gazetteer: Gazetteer
) -> Iterator[Mention]:
    speech = load_speech(language)
    if not speech.media:
        return
    taken = {position for mention in mentions for position in range(mention.start, mention.end)}
    no_name = words.titles | words.generic | speech.roles | speech.bodies | _calendar(language)
    for quotation in find_quotations(text):
        stop = min(quotation.closed_at + _REACH, quotation.paragraph[1])
        for pattern in speech.media:
            found = pattern.search(text, quotation.closed_at, stop)
            if found is None or not taken.isdisjoint(range(*found.span(1))):
                continue
            name = found[1]
            if no_name.isdisjoint(name.lower().split()) and name not in words.demonyms and not gazetteer.find(name):
                yield Mention(start=found.start(1), end=found.end(1), text=name, kind=Kind.ORGANIZATION)


@cache
def _calendar(language: str) -> frozenset[str]:
    """Return the names of days and months, as Unicode's CLDR has them: "said on Monday"."""
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return frozenset()
    tables = [table["format"][width] for table in (locale.days, locale.months) for width in ("wide", "abbreviated")]
    return frozenset(name.lower() for table in tables for name in table.values())
