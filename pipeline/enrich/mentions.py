"""Clean spans: a mention holds the name and nothing else, and no two overlap."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipeline.enrich.spelling import fold_name
from pipeline.enrich.words import Words
from pipeline.model.entity import Kind, Mention

_EDGE = " \t\r\f\v\u00a0\"'“”‘’„«»‹›()[]{}<>,;:!?…–—-*•|/·"
_POSSESSIVE = re.compile(r"(?:['’]s|(?<=s)['’])$", re.IGNORECASE)
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n][\"'”’)\]]{0,4}\s{0,4}|[\"“„«‘(]\s{0,4})$")  # in five characters
_WORD = re.compile(r"\w+")
_LEAST_REPEAT = 4  # characters; shorter words are too often something else


def clean_mentions(text: str, mentions: Iterable[Mention], words: Words) -> tuple[Mention, ...]:
    """Return the mentions without articles, titles, possessives and marks around them, in order, none overlapping."""
    cleaned = (_clean(text, mention, words) for mention in mentions)
    return drop_overlaps(mention for mention in cleaned if mention)


def drop_overlaps(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """Return the mentions in order of start; of two that overlap, the earlier and longer one stays."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda mention: (mention.start, -mention.end)):
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return tuple(kept)


def add_repeats(text: str, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """Return the mentions and every other place where one of their names stands again, unless it is also a common word.

    A person's surname counts as well: taggers miss it at the start of sentences. Each word of the text is looked up once, so
    that a text of a megabyte takes no longer by the word than a short one.
    """
    kinds = _vote_kinds(text, mentions)
    by_first: dict[str, list[str]] = {}
    for name in sorted(kinds, key=len, reverse=True):
        by_first.setdefault(_WORD.findall(name)[0], []).append(name)
    ends = [mention.end for mention in mentions]
    repeats: list[Mention] = []
    for word in _WORD.finditer(text):
        start = word.start()
        name = next((name for name in by_first.get(word[0], ()) if _stands_at(name, text, start)), "")
        if not name or (repeats and start < repeats[-1].end):
            continue
        end = start + len(name)
        following = bisect_right(ends, start)
        is_taken = following < len(mentions) and mentions[following].start < end
        if not is_taken and not _is_inside_name(text, start, end):
            repeats.append(Mention(start=start, end=end, text=name, kind=kinds[name]))
    return drop_overlaps([*mentions, *repeats])


def _vote_kinds(text: str, mentions: Sequence[Mention]) -> dict[str, Kind]:
    """Return the names to look for, each with the kind that most of its mentions have."""
    votes: dict[str, Counter[Kind]] = {}
    for mention in mentions:
        surname = mention.text.rpartition(" ")[2] if mention.kind is Kind.PERSON else mention.text
        for name in {mention.text, surname}:
            if len(name) >= _LEAST_REPEAT and name[0].isupper() and name[-1].isalpha():
                votes.setdefault(name, Counter())[mention.kind] += 1
    common = {word for word in _WORD.findall(text) if word.islower()}
    return {name: vote.most_common(1)[0][0] for name, vote in votes.items() if name.lower() not in common}


def _stands_at(name: str, text: str, start: int) -> bool:
    """Tell whether the name stands there and ends with a word."""
    return text.startswith(name, start) and not _WORD.match(text, start + len(name))


def has_title(text: str, mention: Mention, words: Words) -> bool:
    """Tell whether a person's title stands right before the mention."""
    before = re.findall(r"[\w.'’-]+", text[max(0, mention.start - 40) : mention.start])[-3:]
    candidates = (" ".join(before[index:]).lower().rstrip(".") for index in range(len(before)))
    return any(candidate in words.titles for candidate in candidates)


def _clean(text: str, mention: Mention, words: Words) -> Mention | None:
    start, end = _trim(text, mention.start, mention.end)
    possessive = _POSSESSIVE.search(text[start:end])
    if possessive and (mention.kind is not Kind.ORGANIZATION or possessive[0].lower() != "’"):
        end = start + possessive.start()
    start = _skip_leading(text, start, end, mention.kind, words)
    start, end = _trim(text, start, end)
    name = text[start:end]
    folded = fold_name(name)
    # Of names in lower case, as forums and social media write them, places alone are found well enough to keep.
    is_name = any(character.isalpha() for character in name) and (mention.kind is Kind.PLACE or not name.islower())
    if not is_name or folded in words.generic or folded in words.titles or is_demonym(name, words):
        return None
    return replace(mention, start=start, end=end, text=name)


def is_demonym(name: str, words: Words) -> bool:
    """Tell whether the name is a nationality or a people, which is neither a place nor an organization."""
    usual = name.capitalize() if name.isupper() else name  # "GERMAN PLANE LANDS SAFELY"
    return usual in words.demonyms or (usual.endswith("s") and usual[:-1] in words.demonyms)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span up to its first line break, without marks at its edges."""
    span = text[start:end]
    stripped = span.lstrip(_EDGE + "\n")
    start += len(span) - len(stripped)
    return start, start + len(stripped.partition("\n")[0].rstrip(_EDGE))


def _skip_leading(text: str, start: int, end: int, kind: Kind, words: Words) -> int:
    """Return where the name begins after articles, and for people after titles and nationalities too."""
    while True:
        tokens = list(re.finditer(r"\S+", text[start:end]))
        first = tokens[0][0] if tokens else ""
        if first.lower() in words.articles:
            # "in The Hague": a capital inside a sentence belongs to the name.
            if (
                first[0].isupper()
                and kind is not Kind.PERSON
                and not _SENTENCE_START.search(text[max(0, start - 5) : start])
            ):
                return start
            skipped = 1
        elif kind is Kind.PERSON:
            skipped = _leading_words(tokens, words)
        else:
            return start
        if not skipped:
            return start
        start = start + tokens[skipped].start() if skipped < len(tokens) else end


def _leading_words(tokens: list[re.Match[str]], words: Words) -> int:
    """Return how many of the first words are a title or a nationality."""
    for count in range(min(3, len(tokens)), 0, -1):
        phrase = " ".join(token[0] for token in tokens[:count])
        if phrase.lower().rstrip(".,") in words.titles or phrase in words.demonyms:
            return count
    return 0


def _is_inside_name(text: str, start: int, end: int) -> bool:
    """Tell whether the word is part of a longer capitalised run or a compound: then it names something else."""
    after = text[end : end + 2]
    before = text[max(0, start - 1) : start]
    return before in {"-", "@", "#", "."} or (len(after) > 1 and after[0] in " -" and after[1].isupper())
