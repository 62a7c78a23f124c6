"""The grammar of a query's text, and its reader: from a text to an ``expression``.

    query   = any
    any     = all { "OR" all }
    all     = one { ["AND"] one }
    one     = ("NOT" | "-") one | [ field ":" ] ( "(" any ")" | phrase | word | prefix "*" )

Blanks may stand behind the colon of a field that there is: ``headline: strike``; ``Warning: strike`` are two words.
Operators are written in capitals. What is not understood is taken as words: a bracket that is not closed ends with the text,
one that was not opened means nothing, nor does an operator with nothing beside it. Refused is only what would mislead or
cost too much.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from pipeline.errors import UsageError
from pipeline.index.folding import fold_words
from pipeline.search.expression import During, Every, Expression, Field, Match, Not, Some, Term, join, required_time
from pipeline.search.times import read_date, read_since, read_until

MAX_TERMS = 64  # more is a pasted text, not a question, and costs the stores a clause a word
MAX_WORDS = 128  # of all terms: each word of a phrase, or of what signs part, such as a-b, is looked for
MAX_PREFIXES = 8  # each is all words of the index that begin so
MAX_LENGTH = 4_000  # characters
MAX_DEPTH = 8  # brackets in brackets: each may be three levels of a store's query, and Elasticsearch takes 30 of them
LEAST_PREFIX = 2  # letters before a *; fewer begin most words of an index

_TIMES = ("since", "until", "date")
_NAMES = (*Field, *_TIMES)

#: Quotation marks as keyboards, word processors and languages write them.
_QUOTES = '"“”„‟«»'
_TOKEN = re.compile(
    rf"""
      (?P<open>\()
    | (?P<close>\))
    | (?P<minus>(?<![^\s({_QUOTES}:])-(?=[^\s-]))
    | (?P<field>(?<![^\s(-])(?:[A-Za-z]{{2,20}}(?=:[^\s/:])|(?i:{"|".join(_NAMES)})(?=:(?:\s|\Z)))):
    | [{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]?
    | (?P<word>[^\s(){_QUOTES}]+)
    """,
    re.VERBOSE,
)
#: A ? between letters: not at the end of a question, nor in an address.
_PATTERN = re.compile(r"\w+\?[\w?]*\w")


def parse_text(text: str) -> Expression | None:
    """Return what the text asks; None where it asks nothing, such as signs alone.

    Raises UsageError for an unknown field or one with nothing behind it, a bad date, times that exclude each other, a ``*``
    after less than two letters or before one, control characters alone, and texts over the bounds above.
    """
    if len(text) > MAX_LENGTH:
        message = f"the query has {len(text)} characters; at most {MAX_LENGTH} can be asked at once"
        raise UsageError(message)
    tokens = _read_tokens(text)
    _check_cost([(kind, term) for kind, term in tokens if kind in {"word", "phrase"}])
    expression = _Parser(tokens).parse()
    required_time(expression)
    if expression is None and any(unicodedata.category(each) in {"Cc", "Cs"} and not each.isspace() for each in text):
        raise UsageError(f"the query is {text!r}; it holds characters that are no text, and nothing else")
    if expression is None and "*" in text:
        message = f"{text.strip()!r} has no letters before the *; leave the query empty to find everything"
        raise UsageError(message)
    return expression


def quote_phrase(text: str) -> str:
    """Return what asks for the words of the text, side by side."""
    return f'"{text.translate(dict.fromkeys(map(ord, _QUOTES), " "))}"'


def rename_ids(text: str, ids: Mapping[str, str]) -> str:
    """Return the query's text with other ids in its field ``entity``, by the old ones; one that is refused stays as it is."""
    if not any(old in text for old in ids):  # most texts of most saved searches
        return text
    try:
        return replace_terms(text, lambda term: ids.get(term.text) if term.field is Field.ENTITY else None)
    except UsageError:  # said where it is asked
        return text


def replace_terms(text: str, other: Callable[[Term], str | None]) -> str:
    """Return the query's text with others in place of the terms that have one. Raises UsageError as ``parse_text`` does."""
    parser = _Parser(_read_tokens(text))
    parser.parse()
    spans = [match.span(str(match.lastgroup)) for match in _TOKEN.finditer(text)]
    for first, last, term in reversed(parser.terms):
        start, end = spans[first][0], spans[last][1]
        if term.match is not Match.PREFIX:
            text = text[:start] + (other(term) or text[start:end]) + text[end:]
    return text


def _read_tokens(text: str) -> list[tuple[str, str]]:
    return [(str(match.lastgroup), match[str(match.lastgroup)]) for match in _TOKEN.finditer(text)]


def _check_cost(terms: list[tuple[str, str]]) -> None:
    """Raise UsageError where the stores would have more to look for than a question needs."""
    words = sum(len(fold_words(text)) for _, text in terms)
    prefixes = sum(kind == "word" and text.endswith("*") for kind, text in terms)
    for count, most, what in (
        (len(terms), MAX_TERMS, "words, phrases and operators"),
        (words, MAX_WORDS, "words, counting those within phrases and between signs"),
        (prefixes, MAX_PREFIXES, "words that end with a *"),
    ):
        if count > most:
            raise UsageError(f"the query has {count} {what}; at most {most} can be asked at once")


class _Parser:
    """Recursive descent over the tokens, as the grammar above is written."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0
        #: Each term with its first and its last token.
        self.terms: list[tuple[int, int, Term]] = []

    def parse(self) -> Expression | None:
        parts = []
        while self._position < len(self._tokens):
            parts.append(self._any(Field.ANYWHERE))
            self._take("close")  # one that was not opened
        return join(Every, parts)

    def _any(self, field: Field) -> Expression | None:
        parts = [self._all(field)]
        while self._take("word", "OR"):
            parts.append(self._all(field))
        return join(Some, parts)

    def _all(self, field: Field) -> Expression | None:
        parts = []
        while self._position < len(self._tokens) and not self._is_next("close") and not self._is_next("word", "OR"):
            if not self._take("word", "AND"):
                parts.append(self._one(field))
        return join(Every, parts)

    def _one(self, field: Field) -> Expression | None:
        if self._position == len(self._tokens) or self._is_next("close"):
            return None
        kind, text = self._tokens[self._position]
        self._position += 1
        if kind == "minus" or (kind, text) == ("word", "NOT"):
            return self._not(field)
        if kind == "field":
            return self._of_id(text) if self._is_id(text, field) else self._of_field(text)
        if kind == "open":
            return self._group(field)
        return self._note(self._position - 1, _read_term(kind, text, field))

    def _not(self, field: Field) -> Expression | None:
        self._go_deeper()
        part = self._one(field)
        self._depth -= 1
        return Not(part) if part else None

    def _group(self, field: Field) -> Expression | None:
        self._go_deeper()
        group = self._any(field)
        self._take("close")
        self._depth -= 1
        return group

    def _is_id(self, name: str, field: Field) -> bool:
        """Tell whether what looks like a field is the beginning of an id: ``entity:(person:raisi OR geonames:1)``."""
        return field is Field.ENTITY and name.lower() not in _TIMES and self._is_next("word")

    def _of_id(self, name: str) -> Term | None:
        _, text = self._tokens[self._position]
        self._position += 1
        return self._note(self._position - 2, _read_term("word", f"{name}:{text}", Field.ENTITY))

    def _note(self, first: int, term: Term | None) -> Term | None:
        if term:
            self.terms.append((first, self._position - 1, term))
        return term

    def _of_field(self, name: str) -> Expression | None:
        kind, text = self._tokens[self._position] if self._position < len(self._tokens) else ("end", "")
        if name.lower() in _TIMES:
            if kind not in {"word", "phrase"}:
                example = f"{name.lower()}:2026-11-23"
                raise UsageError(f"{name.lower()}: needs a day or a time behind it, such as {example}")
            self._position += 1
            return _read_during(name.lower(), text)
        if name.lower() not in set(Field):
            message = (
                f"there is no field {name!r}; there are: {', '.join(sorted([*Field, *_TIMES]))}. "
                'To look for the words themselves, put them in quotation marks: "a:b"'
            )
            raise UsageError(message)
        if kind == "end":
            raise UsageError(f'{name}: has nothing behind it; to look for the word itself, write "{name}"')
        self._go_deeper()
        found = self._one(Field(name.lower()))
        self._depth -= 1
        return found

    def _go_deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            message = f"the query is nested more than {MAX_DEPTH} deep; write fewer brackets and NOTs in each other"
            raise UsageError(message)

    def _is_next(self, kind: str, text: str | None = None) -> bool:
        return (
            self._position < len(self._tokens)
            and self._tokens[self._position][0] == kind
            and (text is None or self._tokens[self._position][1] == text)
        )

    def _take(self, kind: str, text: str | None = None) -> bool:
        is_next = self._is_next(kind, text)
        self._position += is_next
        return is_next


def _read_term(kind: str, text: str, field: Field) -> Term | None:
    letters = sum(character.isalnum() for character in text)
    if not letters:
        return None
    if kind == "phrase":
        return Term(text, Match.PHRASE, field)
    _check_signs(text)
    is_prefix = text.endswith("*")
    if is_prefix and letters < LEAST_PREFIX and text.isascii():  # one character of Chinese is a word
        message = f"{text!r} would find nearly everything; write at least {LEAST_PREFIX} letters before the *"
        raise UsageError(message)
    return Term(text.rstrip("*"), Match.PREFIX if is_prefix else Match.WORD, field)


def _check_signs(word: str) -> None:
    """Raise UsageError where the word has signs that look like wildcards and are none: it would find something else."""
    if "*" in word.rstrip("*"):
        message = f"{word!r}: a * can end a word, as in harv*, and stand nowhere else"
    elif _PATTERN.fullmatch(word):
        message = f"{word!r}: a ? stands for no letter; a * at the end of a word stands for any, as in harv*"
    else:
        return
    raise UsageError(f"{message}. To look for what stands there itself, put it in quotation marks")


def _read_during(name: str, text: str) -> During:
    match name:
        case "since":
            return During(since=read_since(text, "since:"))
        case "until":
            return During(until=read_until(text, "until:"))
    return During(*read_date(text, "date:"))
