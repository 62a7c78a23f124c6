"""Watch-lists as they come: FollowTheMoney, plain JSON lines, CSV; and lines that are broken."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pipeline.knowledge.watchlists import Problem, read_watchlist
from pipeline.model.entity import Kind
from pipeline.model.known import Decision, KnownEntity


def read(text: str, file: str = "list.jsonl") -> list[KnownEntity | Decision | str]:
    found = read_watchlist(text.encode().splitlines(keepends=True), file)
    return [f"{each.line}: {each.detail}" if isinstance(each, Problem) else each[1] for each in found]


def test_follow_the_money() -> None:
    row = {
        "id": "Q1",
        "schema": "Person",
        "caption": "Ada Vell",
        "properties": {
            "name": ["Ada Vell", "Ада Велль"],
            "alias": ["A. Vell"],
            "nationality": ["no"],
            "wikidataId": ["Q1"],
        },
    }
    [entity] = read(json.dumps(row))
    assert entity == KnownEntity(
        id="Q1",
        kind=Kind.PERSON,
        name="Ada Vell",
        aliases=("Ада Велль", "A. Vell"),
        countries=("NO",),
        identifiers=("wikidata:Q1",),
        source="list.jsonl",
    )


def test_plain_json_lines_and_csv_say_the_same() -> None:
    [plain] = read(
        '{"id": "own-7", "kind": "organization", "name": "Nordwerk", "aliases": ["NW", "Северверк"], "country": "de"}'
    )
    [table] = read("id;kind;name;aliases;country\nown-7;organization;Nordwerk;NW|Северверк;de\n", "list.csv")
    assert isinstance(plain, KnownEntity)
    assert isinstance(table, KnownEntity)
    assert (plain.id, plain.kind, plain.names, plain.countries) == (table.id, table.kind, table.names, table.countries)
    assert plain.names == ("Nordwerk", "NW", "Северверк")


def test_a_wikidata_id_serves_where_there_is_no_own() -> None:
    [entity] = read('{"name": "Ada Vell", "wikidata": "Q9"}')
    assert isinstance(entity, KnownEntity)
    assert entity.id == "Q9"


def test_only_codes_are_countries() -> None:
    [entity] = read('{"id": "a", "name": "Ada Vell", "country": ["gb-sct", "Germany", "no"]}')
    assert isinstance(entity, KnownEntity)
    assert entity.countries == ("GB", "NO")


def test_a_broken_decision_is_reported() -> None:
    assert str(read('{"action": "merge", "subject": 1}')[0]).startswith("1: the line is no decision")


def test_broken_lines_are_reported_and_the_rest_read() -> None:
    found = read(
        '{"id": 1, "name": "A B"}\nbroken\n[]\n{"id": "x"}\n{"name": "C D"}\n{"id": "y", "name": "E", "kind": "dog"}\n\n'
    )
    assert isinstance(found[0], KnownEntity)
    problems = [each for each in found[1:] if isinstance(each, str)]
    assert [problem.partition(":")[0] for problem in problems] == ["2", "3", "4", "5", "6"]
    for problem, word in zip(problems, ("no JSON", "no JSON object", "no name", "no id", "dog"), strict=True):
        assert word in problem


def test_broken_csv_is_reported_by_line() -> None:
    found = read("id,name\n1,Ada Vell\n2,Bo,Ek,too many\n3,Cy Dahl\n", "list.csv")
    assert [each if isinstance(each, str) else each.id for each in found] == [
        "1",
        "3: the line has 4 cells, the header 2",
        "3",
    ]
    assert read("a,b\n1,2\n", "list.csv") == ["1: the header names no column name"]
    assert read("", "list.csv") == ["1: the header names no column name"]


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(data: bytes) -> None:
    for file in ("list.jsonl", "list.csv"):
        assert list(read_watchlist(data.splitlines(keepends=True), file)) is not None
