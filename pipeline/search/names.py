"""Spellings of names: what is asked for by one spelling is found by all of them, through the ids of entities.

A store looks the spellings up (``spellings``), and ``expand`` puts the ids beside them. A word alone may be a whole spelling, or
the last name of people whom documents name in full: a Russian article may say Александр Лукашенко and no Лукашенко alone. Words
and phrases in quotation marks mean what is written and are left alone.
"""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.model.query import Query
from pipeline.search.expression import ENTITIES, Every, Expression, Field, Known, Match, Not, Some, Term, join
from pipeline.search.grammar import parse_text

MAX_SPELLINGS = 24  # looked up for a query: each costs the store a look
#: Entities of one spelling; a surname may have hundreds, and those that most documents name are meant.
MAX_IDS = 20

_LENGTHS = (4, 3, 2)  # words of a name that are looked up together

_FILTERS = (
    ("people", Field.PERSON),
    ("organizations", Field.ORGANIZATION),
    ("places", Field.PLACE),
    ("publishers", Field.PUBLISHER),
    ("languages", Field.LANGUAGE),
    ("sections", Field.SECTION),
    ("entities", Field.ENTITY),
)
Ids = Mapping[Term, Sequence[str]]


def read_expression(query: Query) -> Expression | None:
    """Return what the query's text and its filters by value ask. Raises UsageError as ``parse_text`` does."""
    filters = (
        join(Some, [Term(value, Match.WHOLE, field) for value in getattr(query, name)]) for name, field in _FILTERS
    )
    return join(Every, [parse_text(query.text), *filters])


def spellings(asked: Expression | None) -> tuple[Term, ...]:
    """Return what may be an entity's name: looked up as a whole, or by its words where a field such as ``person:`` says so.

    Words that stand side by side are looked up as one name as well.
    """
    return tuple(dict.fromkeys(_find_spellings(asked)))[:MAX_SPELLINGS]


def expand(asked: Expression, ids: Ids) -> Expression:
    """Return the expression with the entities beside each spelling that has any."""
    match asked:
        case Term():
            found = tuple(ids.get(_spelling(asked), ())) if _may_name(asked) else ()
            return Known(asked, found, is_speaker=asked.field is Field.SPEAKER) if found else asked
        case Not(part):
            return Not(expand(part, ids))
        case Some(parts):
            return Some(tuple(expand(part, ids) for part in parts))
        case Every(parts):
            others = [expand(part, ids) for part in parts if not _is_word(part)]
            return join(Every, [*_expand_words([part for part in parts if _is_word(part)], ids), *others]) or asked
    return asked


def expand_known(query: Query, entities: Mapping[str, Sequence[str]]) -> Expression | None:
    """Return what the query asks, with the entities that were looked up for it before, by ``name_key``."""
    asked = read_expression(query)
    return expand(asked, {term: entities.get(name_key(term), ()) for term in spellings(asked)}) if asked else None


def name_key(spelling: Term) -> str:
    """Return what the spelling's entities are kept under."""
    return f"{spelling.field}:{spelling.match}:{spelling.text}"


def _find_spellings(asked: Expression | None) -> Iterator[Term]:
    match asked:
        case Term() if _may_name(asked):
            yield _spelling(asked)
        case Not(part):
            yield from _find_spellings(part)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from _find_spellings(part)
            if isinstance(asked, Every):
                words = [part for part in parts if _is_word(part)]
                for length in _LENGTHS:
                    yield from (_joint(words[start : start + length]) for start in range(len(words) - length + 1))


def _expand_words(words: Sequence[Expression], ids: Ids) -> Iterator[Expression]:
    """Yield the words, those that are a name together as one: the longest name first."""
    start = 0
    while start < len(words):
        for length in _LENGTHS:
            together = tuple(words[start : start + length])
            found = tuple(ids.get(_joint(together), ())) if len(together) == length else ()
            if found:
                yield Known(Every(together), found)
                start += length
                break
        else:
            yield expand(words[start], ids)
            start += 1


def _may_name(term: Term) -> bool:
    return _is_word(term) or (term.field in ENTITIES | {Field.SPEAKER} and term.match is not Match.PREFIX)


def _is_word(part: Expression) -> bool:
    return isinstance(part, Term) and part.field is Field.ANYWHERE and part.match is Match.WORD


def _spelling(term: Term) -> Term:
    """Return what is looked up for a term."""
    if term.field is Field.ANYWHERE:
        return Term(term.text, Match.WHOLE, Field.ANYWHERE)
    return Term(term.text, term.match, Field.PERSON) if term.field is Field.SPEAKER else term


def _joint(words: Sequence[Expression]) -> Term:
    return Term(" ".join(word.text for word in words if isinstance(word, Term)), Match.WHOLE, Field.ANYWHERE)
