from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.model.query import Circle, Query, Sort
from pipeline.search.expression import (
    During,
    Every,
    Expression,
    Field,
    Known,
    Match,
    Not,
    Some,
    Term,
    needs_words,
    wanted_terms,
)
from pipeline.search.grammar import MAX_LENGTH, MAX_TERMS, parse_text, rename_ids
from pipeline.search.names import MAX_SPELLINGS, expand, read_expression, spellings
from pipeline.search.request import make_query
from pipeline.search.suggestions import correct_text

WORD, PHRASE, PREFIX = Match.WORD, Match.PHRASE, Match.PREFIX
ENTITY = Field.ENTITY
A, B, C = Term("a"), Term("b"), Term("c")


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("", None),
        ("iran", Term("iran")),
        ("a b", Every((A, B))),
        ("a AND b", Every((A, B))),
        ("a OR b c", Some((A, Every((B, C))))),
        ("(a OR b) c", Every((Some((A, B)), C))),
        ("a NOT b", Every((A, Not(B)))),
        ("-(a b)", Not(Every((A, B)))),
        ("a and b", Every((A, Term("and"), B))),
        ('"state visit" iran', Every((Term("state visit", PHRASE), Term("iran")))),
        ("“a b” «c d» „e“", Every((Term("a b", PHRASE), Term("c d", PHRASE), Term("e", PHRASE)))),
        ('-"a b" -luka*', Every((Not(Term("a b", PHRASE)), Not(Term("luka", PREFIX))))),
        ("state-run", Term("state-run")),
        ('"never ends', Term("never ends", PHRASE)),
        ('a"b c"c', Every((A, Term("b c", PHRASE), C))),
        ("iran's o’neill", Every((Term("iran's"), Term("o’neill")))),
        ("中*", Term("中", PREFIX)),
        ("person:a", Term("a", WORD, Field.PERSON)),
        ('Person:"a b" -place:cd*', Every((Term("a b", PHRASE, Field.PERSON), Not(Term("cd", PREFIX, Field.PLACE))))),
        ("headline: a b", Every((Term("a", WORD, Field.HEADLINE), B))),
        ("-Place:  (a OR b)", Not(Some((Term("a", WORD, Field.PLACE), Term("b", WORD, Field.PLACE))))),
        ("since: 2026-11-22", During(datetime(2026, 11, 22, tzinfo=UTC))),
        ("place:(a OR b)", Some((Term("a", WORD, Field.PLACE), Term("b", WORD, Field.PLACE)))),
        ("place:(a OR person:b)", Some((Term("a", WORD, Field.PLACE), Term("b", WORD, Field.PERSON)))),
        ("entity:person:a-b", Term("person:a-b", WORD, Field.ENTITY)),
        (
            "entity:(geonames:1 OR person:a-b)",
            Some((Term("geonames:1", WORD, ENTITY), Term("person:a-b", WORD, ENTITY))),
        ),
        (
            "entity:(a place:b since:2026-11-22)",
            Every((Term("a", WORD, ENTITY), Term("place:b", WORD, ENTITY), During(datetime(2026, 11, 22, tzinfo=UTC)))),
        ),
        ("who? https://a.example/?b=c", Every((Term("who?"), Term("https://a.example/?b=c")))),
        ('"h?rv*est"', Term("h?rv*est", PHRASE)),
        ("Warning: a", Every((Term("Warning:"), A))),
        ("https://a.example/b 12:30", Every((Term("https://a.example/b"), Term("12:30")))),
        ("date:2026-11-22", During(datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))),
        ("date:2026-11-22T10:30:05+01:00", During(*(datetime(2026, 11, 22, 9, each, tzinfo=UTC) for each in (30, 31)))),
        ("date:9999-12-31T23:59", During(datetime(9999, 12, 31, 23, 59, tzinfo=UTC), datetime.max.replace(tzinfo=UTC))),
        # Odd input means what can be made of it.
        ("- -- -", None),
        ('"" "…" … 🙂', None),
        ("OR", None),
        ("a OR", A),
        ("AND a", A),
        ("a NOT", A),
        ("(a", A),
        ("a)", A),
        (") a ( ) b (", Every((A, B))),
        ("person:) a", A),
    ],
)
def test_parse_text(text: str, expression: Expression | None) -> None:
    assert parse_text(text) == expression


@given(
    st.text(max_size=100)
    | st.lists(st.sampled_from(["a", "(", ")", "-", "OR", "AND", "NOT", '"', "person:", "b*"])).map(" ".join)
)
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        expression = parse_text(text)
    except UsageError:
        return
    assert all(any(character.isalnum() for character in term.text) for term in wanted_terms(expression))


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("entity:Q1 Q1", "entity:Q2 Q1"),
        ('-Entity: "Q1" "entity:Q1"', '-Entity: "Q2" "entity:Q1"'),
        ("entity:(Q3 OR (NOT Q1 OR person:a-b)", "entity:(Q3 OR (NOT Q2 OR Q4)"),
        ("entity:person:a-b person:a-b", "entity:Q4 person:a-b"),
        ("entity:Q1* entity:Q11", "entity:Q1* entity:Q11"),
        ("entity:Q1 persn:a", "entity:Q1 persn:a"),
    ],
)
def test_ids_are_renamed_where_they_are_asked_for_and_nowhere_else(text: str, renamed: str) -> None:
    assert rename_ids(text, {"Q1": "Q2", "person:a-b": "Q4"}) == renamed


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("topic topic:foo", "topics topic:foo"),
        ("topic Topic:topic", "topics Topic:topic"),
        ("-topic (headline:topic OR person:(topic))", "-topics (headline:topics OR person:(topics))"),
        ("topic 'topic' a-topic", "topics 'topic' a-topic"),
        ('topic "topic" topic* topic?', 'topics "topic" topic* topic?'),
        ("topic entity:topic entity:(topic:topic)", "topics entity:topic entity:(topic:topic)"),
        ("topical topic", "topical topics"),
    ],
)
def test_words_alone_are_corrected(text: str, corrected: str) -> None:
    assert correct_text(text, {"topic": "topics"}) == corrected


def test_a_text_that_the_corrections_make_too_long_to_be_asked_stays() -> None:
    text = "topic " + "a" * (MAX_LENGTH - 6)
    assert correct_text(text, {"topic": "topics"}) == text


def test_what_is_excluded_ranks_nothing() -> None:
    assert list(wanted_terms(parse_text("a -b (c OR place:d)"))) == [A, C]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a", True),
        ("a OR b", True),
        ("a OR place:b", False),
        ("a -b", True),
        ("-a", False),
        ("place:a b", True),
        ("ـ", False),
        ("ـ OR a", False),
        ("ـ a", True),
    ],
)
def test_whether_words_are_needed(text: str, *, holds: bool) -> None:
    assert needs_words(parse_text(text)) is holds


def test_a_pasted_text_is_no_question() -> None:
    assert len(list(wanted_terms(parse_text("word " * MAX_TERMS)))) == MAX_TERMS
    with pytest.raises(UsageError, match="has 65 words, phrases and operators; at most 64"):
        make_query("word " * (MAX_TERMS + 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'"{"a b " * 64}"', None),
        (f'"{"a b " * 64}" c', "has 129 words, counting those within phrases and between signs; at most 128"),
        ("a-" * 129, "has 129 words"),
        ("中" * 129, "has 129 words"),
        ('"a b" ' * 64, None),
        ("ab* " * 8, None),
        ("ab* " * 9, r"has 9 words that end with a \*; at most 8"),
        ('"ab*" ' * 9, None),
    ],
)
def test_words_and_beginnings_of_words_are_counted(text: str, message: str | None) -> None:
    if message is None:
        assert parse_text(text)
        return
    with pytest.raises(UsageError, match=message):
        parse_text(text)


def test_the_plain_query() -> None:
    assert make_query() == Query()
    assert make_query("iran", people=["Ann"], sort="newest").sort is Sort.NEWEST


@pytest.mark.parametrize("text", ["2026-11-23", "20261123"])
def test_a_day_is_meant_from_its_first_to_its_last_moment(text: str) -> None:
    query = make_query(since=text, until=text)
    assert (query.since, query.until) == (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    ["date:2026-11-23 OR date:2026-11-25", "a since:2026-11-23 until:2026-11-23", "date:2026-11-23 -date:2026-11-25"],
)
def test_times_that_can_hold_are_asked(text: str) -> None:
    assert make_query(text, since="2026-11-01", until="2026-11-30").text == text


def test_times_are_taken_as_given_and_are_utc_without_offset() -> None:
    query = make_query(since="2026-11-23T06:00", until="2026-11-23T18:30+01:00")
    assert query.since == datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    assert query.until == datetime(2026, 11, 23, 18, 30, tzinfo=timezone(timedelta(hours=1)))
    assert make_query(since="2026-11-23T06:00Z").since == query.since


def test_the_last_day_of_all() -> None:
    assert make_query(until="9999-12-31").until == datetime.max.replace(tzinfo=UTC)


def test_near() -> None:
    assert make_query(area=" 05/20/12").area == "5/20/12"
    assert make_query(near="35.7, -51.4,100.5").near == Circle(latitude=35.7, longitude=-51.4, kilometres=100.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": -1}, "--limit is -1; it must be from 0 to 1000"),
        ({"limit": 1001}, "--limit is 1001"),
        ({"sort": "best"}, "--sort is 'best'; it must be one of: relevance, newest, oldest"),
        ({"page": 0}, "--page is 0; the first is 1"),
        ({"page": -3}, "--page is -3; the first is 1"),
        ({"page": 101, "limit": 100}, "--page 101 of 100 hits reaches beyond the first 10,000; narrow"),
        ({"people": ["a" * 1001]}, "--person has 1001 characters; at most 1000"),
        ({"places": ["a"] * 40, "people": ["b"] * 25}, "the filters have 65 values in all; at most 64"),
        ({"sections": [" "]}, "--section is empty"),
        ({"publishers": ["a\x00b"]}, r"--publisher is 'a\\x00b'; it holds characters that are no text"),
        ({"entities": ["\ud800"]}, "--entity is .*; it holds characters that are no text"),
        ({"like": "\x1b[31m"}, "--like is .*; it holds characters that are no text"),
        ({"like": ""}, "--like is empty"),
        ({"since": ""}, "--since is ''; write a day"),
        ({"until": ""}, "--until is ''; write a day"),
        ({"near": ""}, "--near is ''; write latitude"),
        ({"since": "yesterday"}, "--since is 'yesterday'; write a day such as"),
        ({"until": "2026-13-01"}, "--until is '2026-13-01'"),
        ({"since": "0001-01-01T00:00+14:00"}, "--since is .*; in UTC that lies outside the years"),
        ({"until": "9999-12-31T23:59-14:00"}, "--until is '9999-12-31T23:59-14:00'; in UTC that lies outside"),
        ({"since": "2026-11-24", "until": "2026-11-23"}, "--since 2026-11-24 is not before --until 2026-11-23"),
        (
            {"text": "a since:2026-11-24 until:2026-11-23"},
            "no article can be both from 2026-11-24 00:00 on and before 2026-",
        ),
        ({"text": "x OR (a (date:2026-11-24) date:2026-11-26)"}, "or two dates exclude each other"),
        ({"text": "until:2026-11-22", "since": "2026-11-23"}, "from 2026-11-23 00:00 on and before 2026-11-23 00:00"),
        ({"near": "35.7,51.4"}, "--near is '35.7,51.4'; write latitude, longitude and kilometres"),
        ({"near": "a,b,c"}, "write latitude"),
        ({"near": "91,0,1"}, "latitude is from -90 to 90"),
        ({"near": "0,181,1"}, "longitude from -180 to 180"),
        ({"near": "nan,0,1"}, "latitude is from -90 to 90"),
        ({"near": "0,0,0"}, "the kilometres must be from 0.001 to 20038"),
        ({"near": "57.7,11.97,1e-9"}, "the kilometres must be from 0.001"),
        ({"near": "0,0,inf"}, "the kilometres must be from 0.001"),
    ],
)
def test_what_cannot_be_understood_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make_query(**options)  # type: ignore[arg-type] - each value has its option's type


# Spellings


def whole(text: str) -> Term:
    return Term(text, Match.WHOLE)


@pytest.mark.parametrize(
    ("text", "looked_up"),
    [
        ("a", [whole("a")]),
        ("a b c", [whole("a"), whole("b"), whole("c"), whole("a b c"), whole("a b"), whole("b c")]),
        ("a OR b", [whole("a"), whole("b")]),
        ('person:a -place:"b c"', [Term("a", WORD, Field.PERSON), Term("b c", PHRASE, Field.PLACE)]),
        ("speaker:a", [Term("a", WORD, Field.PERSON)]),
        ('"a b" aa* headline:c person:bb* publisher:d', []),
    ],
)
def test_what_may_be_a_name_is_looked_up(text: str, looked_up: list[Term]) -> None:
    assert list(spellings(parse_text(text))) == looked_up


def test_a_pasted_text_is_not_looked_up_word_by_word() -> None:
    assert len(spellings(parse_text(" ".join(f"word{number}" for number in range(60))))) == MAX_SPELLINGS


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("a x", Every((Known(A, ("1",)), Term("x")))),
        ("x b c", Every((Term("x"), Known(Every((B, C)), ("2",))))),
        ("a b c", Every((Known(A, ("1",)), Known(Every((B, C)), ("2",))))),
        ("-a", Not(Known(A, ("1",)))),
        ("x OR a", Some((Term("x"), Known(A, ("1",))))),
        ('"a"', Term("a", PHRASE)),
        ("speaker:d", Known(Term("d", WORD, Field.SPEAKER), ("3",), is_speaker=True)),
    ],
)
def test_entities_stand_beside_the_spellings_that_they_have(text: str, expression: Expression) -> None:
    asked = parse_text(text)
    assert asked is not None
    assert expand(asked, {whole("a"): ["1"], whole("b c"): ["2"], Term("d", WORD, Field.PERSON): ["3"]}) == expression


def test_filters_are_alternatives_that_all_must_hold() -> None:
    query = make_query("a", people=["b", "c"], entities=["geonames:1"])
    assert read_expression(query) == Every(
        (
            A,
            Some((Term("b", Match.WHOLE, Field.PERSON), Term("c", Match.WHOLE, Field.PERSON))),
            Term("geonames:1", Match.WHOLE, Field.ENTITY),
        )
    )
