from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.model.query import Circle, Query, Sort
from pipeline.search import MAX_TERMS, Match, Term, make_query, parse_text

WORD, PHRASE, PREFIX = Match.WORD, Match.PHRASE, Match.PREFIX


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("iran belarus", [Term("iran"), Term("belarus")]),
        ('"state visit" iran', [Term("state visit", PHRASE), Term("iran")]),
        (
            "“state visit” «deux mots» „drei“",
            [Term("state visit", PHRASE), Term("deux mots", PHRASE), Term("drei", PHRASE)],
        ),
        (
            '-iran -"state visit" -luka*',
            [
                Term("iran", WORD, is_excluded=True),
                Term("state visit", PHRASE, is_excluded=True),
                Term("luka", PREFIX, is_excluded=True),
            ],
        ),
        ("luka*", [Term("luka", PREFIX)]),
        ("state-run", [Term("state-run")]),
        ('"never ends', [Term("never ends", PHRASE)]),
        ('one"two three"four', [Term("one"), Term("two three", PHRASE), Term("four")]),
        ("iran's o’neill", [Term("iran's"), Term("o’neill")]),
        ('- -- * -* "" "…" … 🙂', []),
        ("cats OR dogs", [Term("cats"), Term("OR"), Term("dogs")]),
    ],
)
def test_parse_text(text: str, terms: list[Term]) -> None:
    assert list(parse_text(text)) == terms


@given(st.text(max_size=100))
def test_any_text_can_be_parsed(text: str) -> None:
    assert all(any(character.isalnum() for character in term.text) for term in parse_text(text))


def test_a_pasted_text_is_no_question() -> None:
    assert len(parse_text("word " * MAX_TERMS)) == MAX_TERMS
    with pytest.raises(UsageError, match="has 65 words"):
        make_query("word " * (MAX_TERMS + 1))


def test_the_plain_query() -> None:
    assert make_query() == Query()
    assert make_query("iran", people=["Ann"], sort="newest").sort is Sort.NEWEST


@pytest.mark.parametrize("text", ["2026-11-23", "20261123"])
def test_a_day_is_meant_from_its_first_to_its_last_moment(text: str) -> None:
    query = make_query(since=text, until=text)
    assert (query.since, query.until) == (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))


def test_times_are_taken_as_given_and_are_utc_without_offset() -> None:
    query = make_query(since="2026-11-23T06:00", until="2026-11-23T18:30+01:00")
    assert query.since == datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    assert query.until == datetime(2026, 11, 23, 18, 30, tzinfo=timezone(timedelta(hours=1)))
    assert make_query(since="2026-11-23T06:00Z").since == query.since


def test_the_last_day_of_all() -> None:
    assert make_query(until="9999-12-31").until == datetime.max.replace(tzinfo=UTC)


def test_near() -> None:
    assert make_query(near="35.7, -51.4,100.5").near == Circle(latitude=35.7, longitude=-51.4, kilometres=100.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": -1}, "--limit is -1; it must be from 0 to 1000"),
        ({"limit": 1001}, "--limit is 1001"),
        ({"sort": "oldest"}, "--sort is 'oldest'; it must be one of: relevance, newest"),
        ({"since": "yesterday"}, "--since is 'yesterday'; write a day such as"),
        ({"until": "2026-13-01"}, "--until is '2026-13-01'"),
        ({"since": "2026-11-24", "until": "2026-11-23"}, "--since 2026-11-24 is not before --until 2026-11-23"),
        ({"near": "35.7,51.4"}, "--near is '35.7,51.4'; write latitude, longitude and kilometres"),
        ({"near": "a,b,c"}, "write latitude"),
        ({"near": "91,0,1"}, "latitude is from -90 to 90"),
        ({"near": "0,181,1"}, "longitude from -180 to 180"),
        ({"near": "nan,0,1"}, "latitude is from -90 to 90"),
        ({"near": "0,0,0"}, "the kilometres must be more than 0"),
        ({"near": "0,0,inf"}, "the kilometres must be more than 0"),
    ],
)
def test_what_cannot_be_understood_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make_query(**options)  # type: ignore[arg-type] - each value has its option's type
