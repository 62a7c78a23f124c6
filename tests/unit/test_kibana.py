"""The saved objects for Kibana name fields that the mapping has, and one another."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.index.mapping import read_mapping, read_versions_mapping

OBJECTS = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "deploy/kibana.ndjson").read_text(encoding="utf-8").splitlines()
]
MAPPINGS = {"articles": read_mapping(), "article-versions": read_versions_mapping()}
_NESTED = re.compile(r"(\w+): \{ (.*?) \}")
_FIELD = re.compile(r"([\w.]+) ?(?::|[<>]=?)")


def fields_of(properties: dict[str, Any], above: str = "") -> dict[str, str]:
    """Return the type of each field, subfields such as ``people.folded`` among them."""
    found = {}
    for name, field in properties.items():
        found[above + name] = field.get("type", "object")
        for inner in ("properties", "fields"):
            found |= fields_of(field.get(inner, {}), f"{above}{name}.")
    return found


FIELDS = {title: fields_of(mapping["mappings"]["properties"]) for title, mapping in MAPPINGS.items()}
VIEWS = {each["id"]: each["attributes"] for each in OBJECTS if each["type"] == "index-pattern"}
SEARCHES = [each for each in OBJECTS if each["type"] == "search"]


def query_fields(query: str) -> Iterator[str]:
    """Yield the fields that a query in Kibana's language names."""
    for path, inner in _NESTED.findall(query):
        yield from (f"{path}.{name}" for name in _FIELD.findall(inner))
    yield from _FIELD.findall(_NESTED.sub("", query))


def test_there_is_a_view_of_each_alias_by_its_time() -> None:
    assert {view["title"] for view in VIEWS.values()} == set(MAPPINGS)
    for view in VIEWS.values():
        assert FIELDS[view["title"]][view["timeFieldName"]] == "date"
        assert set(json.loads(view["fieldFormatMap"])) <= set(FIELDS[view["title"]])


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: str(search["id"]))
def test_a_saved_search_names_fields_that_there_are(search: dict[str, Any]) -> None:
    [reference] = search["references"]
    source = json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert reference["name"] == source["indexRefName"]
    known = FIELDS[VIEWS[reference["id"]]["title"]]
    named = [*search["attributes"]["columns"], *(field for field, _ in search["attributes"]["sort"])]
    assert [field for field in [*named, *query_fields(source["query"]["query"])] if field not in known] == []


def test_fields_of_a_query_are_read() -> None:
    assert list(query_fields("not reprint_of: * and quotes: { speaker: a and text: b } and size >= 3")) == [
        *("quotes.speaker", "quotes.text", "reprint_of", "size")
    ]
