"""newswire entities, as its user meets it: watch-lists in and out, who is who, decisions, and what goes wrong."""

import json
from collections import defaultdict
from itertools import permutations
from pathlib import Path

import pytest

from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.command import Newswire

LIST = """\
{"id": "Q7747", "schema": "Person", "properties": {"name": ["Vladimir Putin"], "alias": ["Владимир Путин"], "country": ["ru"]}}
broken
{"id": "Q7747", "schema": "Person", "caption": "Somebody else"}
{"id": "own-1", "kind": "organization", "name": "Rosneft", "aliases": ["Роснефть"]}
"""
TEXT = json.dumps(
    {"id": 1, "text": 'President Wladimir Putin spoke in Moscow on Monday. Putin said "We agree" to the guests.'}
)


@pytest.fixture
def watchlist(tmp_path: Path) -> str:
    file = tmp_path / "list.jsonl"
    file.write_text(LIST, encoding="utf-8")
    return str(file)


def test_a_watch_list_is_imported_listed_shown_and_exported(newswire: Newswire, watchlist: str, tmp_path: Path) -> None:
    done = newswire("entities", "import", watchlist, expect=1)
    assert "2 new entities, 0 replaced, 2 lines left out" in done.stdout
    assert "line 2: the line is no JSON" in done.stderr
    assert "line 3: the id 'Q7747' stands in an earlier line already" in done.stderr
    listed = json.loads(newswire("entities", "list", "--json").stdout)
    assert [each["id"] for each in listed] == ["Q7747", "own-1"]
    assert "2 of 2 entities, 0 decisions" in newswire("entities", "list").stdout
    shown = newswire("entities", "show", "Q7747").stdout
    assert "Владимир Путин" in shown
    assert "0 documents" in shown
    assert json.loads(newswire("entities", "show", "владимир путин", "--json").stdout)["id"] == "Q7747"
    newswire("entities", "split", "Q7747", "Владимир Путин")
    exported = tmp_path / "again.jsonl"
    exported.write_text(newswire("entities", "export").stdout, encoding="utf-8")
    elsewhere = {"NEWSWIRE_HOME": str(tmp_path / "elsewhere")}
    done = newswire("entities", "import", str(exported), environ=elsewhere).stdout
    assert "2 new entities, 0 replaced, 0 lines left out" in done
    assert "1 decision; 0 documents rewritten" in done
    assert (
        newswire("entities", "export", environ=elsewhere).stdout.splitlines()[-1]
        == exported.read_text().splitlines()[-1]
    )


def test_a_text_is_linked_to_the_watch_list(newswire: Newswire, watchlist: str) -> None:
    before = json.loads(newswire("annotate", "--jsonl", given=TEXT.encode()).stdout)
    newswire("entities", "import", watchlist, expect=1)
    after = json.loads(newswire("annotate", "--jsonl", given=TEXT.encode()).stdout)
    assert "person:vladimir-putin" in {each["id"] for each in before["entities"]}
    assert {each["id"]: each["name"] for each in after["entities"]}["Q7747"] == "Vladimir Putin"
    assert after["quotes"][0]["speaker"] == "Q7747"
    assert newswire("entities", "forget", watchlist).stdout == "2 entities of list.jsonl forgotten\n"
    assert json.loads(newswire("annotate", "--jsonl", given=TEXT.encode()).stdout) == before


def test_a_merge_reaches_indexed_documents_and_survives_a_replay(newswire: Newswire, ingested_home: Path) -> None:
    newswire.environ["NEWSWIRE_HOME"] = str(ingested_home)
    wiring = Wiring(read_settings({"NEWSWIRE_HOME": str(ingested_home)}))
    naming = defaultdict[str, set[str]](set)
    for form in wiring.store.documents(wiring.store.status()[0].generation):
        for person in (each for each in form["entities"] if each["kind"] == "person"):
            naming[person["id"]].add(form["id"])
    wiring.close()
    keep, merge = next(pair for pair in permutations(sorted(naming), 2) if naming[pair[1]] - naming[pair[0]])
    both = len(naming[keep] | naming[merge])
    assert count_documents(newswire, keep) < both
    assert " rewritten" in newswire("entities", "merge", keep, merge).stdout
    assert count_documents(newswire, keep) == both
    assert json.loads(newswire("entities", "show", merge, "--json").stdout)["id"] == keep
    for old in (f"--entity={merge}", f"entity:{merge}"):
        assert json.loads(newswire("search", old, "--json").stdout)["total"] == both
    newswire("replay", "--from", "2000-01-01", "--to", "2100-01-01", "--promote")
    assert count_documents(newswire, keep) == both


def count_documents(newswire: Newswire, entity_id: str) -> int:
    return int(json.loads(newswire("entities", "show", entity_id, "--json").stdout)["document_count"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "person:nobody"), "nothing is known of the entity 'person:nobody'"),
        (("merge", "person:nobody", "Q7747"), "nothing is known of the entity 'person:nobody'"),
        (("merge", "Q7747", "Q7747"), "Q7747 is Q7747 already"),
        (("merge", "own-1", "Q7747"), "own-1 is of kind organization, and Q7747 of kind person: no merge"),
        (("split", "Q7747", "Somebody Else"), "'Somebody Else' is no spelling of Q7747"),
        (("forget", "other.jsonl"), "no entity is known from 'other.jsonl'; newswire entities list tells where"),
        (("import", "missing.jsonl"), "missing.jsonl cannot be read"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(
    newswire: Newswire, watchlist: str, arguments: tuple[str, ...], message: str
) -> None:
    newswire("entities", "import", watchlist, expect=1)
    done = newswire("entities", *arguments, expect=2)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_two_names_are_compared(newswire: Newswire) -> None:
    assert json.loads(newswire("entities", "compare", "Xi Jinping", "习近平", "--json").stdout)["same"] is True
    assert "different" in newswire("entities", "compare", "Li Qiang", "Li Keqiang", expect=1).stdout
