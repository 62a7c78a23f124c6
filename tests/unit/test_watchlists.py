"""Watch-lists as they come: FollowTheMoney, plain JSON lines, CSV; and lines that are broken."""

import json

import pytest
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


def test_only_codes_are_countries_and_others_are_reported() -> None:
    entity, problem = read('\n{"id": "a", "name": "Ada Vell", "country": ["gb-sct", "Sweden", "no", "zzz"]}')
    assert isinstance(entity, KnownEntity)
    assert entity.countries == ("GB", "NO")
    assert problem == "2: no ISO 3166 alpha-2 code of a country: Sweden, zzz; the rest of the line is read"


def test_what_is_neither_a_text_nor_a_list_of_texts_is_refused() -> None:
    for aliases in ({"a": 1}, [{"a": 1}], True):
        [problem] = read(json.dumps({"id": "a", "name": "Ada Vell", "aliases": aliases}))
        assert str(problem).startswith('1: "aliases" is ')


def test_a_column_that_stands_twice_is_refused() -> None:
    assert read("id,Name,name\n1,Ada Vell,Bo Ek\n", "list.csv") == [
        "1: the header names a column twice: name; nothing of the file is read"
    ]


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


@pytest.mark.parametrize(
    ("content", "file", "problems"),
    [
        (
            b'{"id": "a", "name": "\\ud800x"}\n{"id": "b", "name": "Ada Vell"}\n',
            "list.jsonl",
            ["1: '\\ud800x' has bytes"],
        ),
        (
            b'{"id": "a\\u0000", "name": "x"}\n{"id": "b", "name": "Ada Vell"}\n',
            "list.jsonl",
            ["1: 'a\\x00' has bytes"],
        ),
        (
            "id,name\na,Jürgen Vell\n".encode("latin-1") + b"b,Ada Vell\n",
            "list.csv",
            ["2: 'J\\udcfcrgen Vell' has bytes"],
        ),
        (b"id,name\n" + b"a" * 3_000 + b",x\nb,Ada Vell\n", "list.csv", ["2: the id is 3000 characters long"]),
        (b'\xef\xbb\xbf{"id": "b", "name": "Ada Vell"}\n', "list.jsonl", []),
        (b"\xef\xbb\xbfID,Name\nb,Ada Vell\n", "list.csv", []),
    ],
)
def test_what_is_no_text_is_left_out(content: bytes, file: str, problems: list[str]) -> None:
    found = list(read_watchlist(content.splitlines(keepends=True), file))
    reported = [f"{each.line}: {each.detail}" for each in found if isinstance(each, Problem)]
    assert [one.startswith(other) for one, other in zip(reported, problems, strict=True)] == [True] * len(problems)
    assert [each[1].name for each in found if not isinstance(each, Problem)] == ["Ada Vell"]


@pytest.mark.parametrize("file", ["list.jsonl", "list.csv"])
def test_a_file_in_utf_16_is_refused_once(file: str) -> None:
    lines = "id,name\na,Ada Vell\nb,Ida Brekke\n".encode("utf-16").splitlines(keepends=True)
    [problem] = read_watchlist(lines, file)
    assert isinstance(problem, Problem)
    assert "UTF-16" in problem.detail


@pytest.mark.parametrize("others", [3, 3_000])  # to the end of the file, and more than a cell may hold
def test_a_mark_that_is_never_closed_costs_its_own_line(others: int) -> None:
    rows = [f"b{number},{'x' * 90}" for number in range(others)]
    broken, *found = read("\n".join(["id,name", 'a,"Ada', *rows]), "list.csv")
    assert str(broken).startswith("2: the line is left out: a quotation mark that opens here is not closed")
    assert [each.id for each in found if isinstance(each, KnownEntity)] == [f"b{number}" for number in range(others)]


def test_a_mark_that_is_never_closed_leaves_cells_in_marks_after_it_whole() -> None:
    found = read('id,name\na,"Ada\nb,Bo Ek\nc,"Cy ""C"" \nDahl"\nd,"Di Foss\n', "list.csv")
    assert [each.partition(":")[0] if isinstance(each, str) else each.names for each in found] == [
        "2",
        ("Bo Ek",),
        ('Cy "C" Dahl',),
        "6",
    ]


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
