"""newswire annotate on the shared article: every entity once, with all its mentions, and all quotations."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.command import Newswire


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    folder = shared / "articles"
    if not folder.is_dir():
        missing = f"no article at {folder}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return folder


@pytest.fixture
def found(newswire: Newswire, folder: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(newswire("annotate", str(folder / "tehran.txt"), "--json").stdout)
    return answer


def spans(rows: list[dict[str, Any]]) -> set[tuple[int, int, str]]:
    return {(row["start"], row["end"], row["text"]) for row in rows}


def test_the_article_is_annotated_as_expected(found: dict[str, Any], folder: Path) -> None:
    expected = json.loads((folder / "tehran.expected.json").read_text(encoding="utf-8"))
    assert found["language"] == expected["language"]
    mentions: dict[str, list[dict[str, Any]]] = {entity["id"]: [] for entity in found["entities"]}
    for mention in found["mentions"]:
        mentions[mention["entity"]].append(mention)
    described = [
        (entity["kind"], entity["name"], spans(mentions[entity["id"]]), spans(entity.get("via", [])))
        for entity in found["entities"]
    ]
    wanted = [
        (entity["kind"], entity["name"], spans(entity["mentions"]), spans(entity.get("via", [])))
        for entity in expected["entities"]
    ]
    assert [entity for entity in described if entity not in wanted] == []
    assert [entity for entity in wanted if entity not in described] == []

    names = {entity["id"]: entity["name"] for entity in found["entities"]}
    keys = ("start", "end", "text", "cue", "partial")
    assert [
        {key: quote[key] for key in keys} | {"speaker": names.get(quote["speaker"])} for quote in found["quotes"]
    ] == [{key: quote[key] for key in (*keys, "speaker")} for quote in expected["quotes"]]
    assert [quote["venue"] for quote in found["quotes"] if quote["venue"]] == ["Deutschlandfunk"]

    countries = {entity["name"]: entity["country"] for entity in expected["entities"] if "country" in entity}
    places = {entity["name"]: entity for entity in found["entities"] if entity["kind"] == "place"}
    assert {name: places[name]["country"] for name in countries} == countries
    assert all({"latitude", "longitude", "geonames"} <= place.keys() for place in places.values())


def test_the_first_names_are_what_the_article_is_about(found: dict[str, Any]) -> None:
    assert {entity["name"] for entity in found["entities"][:3]} == {"Alexander Lukashenko", "Belarus", "Iran"}
    saliences = [entity["salience"] for entity in found["entities"]]
    assert saliences == sorted(saliences, reverse=True)
    assert all(0 < salience <= 1 for salience in saliences)


def test_a_text_is_read_in_the_encoding_that_its_mark_says(newswire: Newswire) -> None:
    text = "NATO met in Brussels on Monday to speak about the war in Ukraine."
    for encoding in ("utf-8-sig", "utf-16"):
        found = json.loads(newswire("annotate", "-", "--json", given=text.encode(encoding)).stdout)
        assert found["mentions"][0] == {
            "start": 0,
            "end": 4,
            "text": "NATO",
            "kind": "organization",
            "entity": found["mentions"][0]["entity"],
        }


def test_a_language_that_is_no_code_is_refused_and_blank_lines_are_skipped(newswire: Newswire) -> None:
    assert (
        "the language is 'klingon'; it must be an ISO 639-1 code"
        in newswire("annotate", "-", "--language", "klingon", given=b"x", expect=2).stderr
    )
    given = b'\n{"id": 1, "text": "x", "language": "english"}\n \nbroken\n'
    done = newswire("annotate", "--jsonl", given=given, expect=1)
    assert [json.loads(line)["line"] for line in done.stdout.splitlines()] == [2, 4]
    assert "line 2: the language is 'english'" in done.stderr
    assert "line 4: the line is no JSON: Expecting value at column 1" in done.stderr
