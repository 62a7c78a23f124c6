import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.index.mapping import (
    Generation,
    alias_actions,
    check_fingerprint,
    differing_fields,
    fingerprint,
    next_rebuild,
    parse_generation,
    parse_index,
    parse_month,
    read_mapping,
    read_versions_mapping,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
README = Path(__file__).parents[2] / "mappings" / "README.md"


def field_paths(properties: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, field in properties.items():
        yield above + name
        yield from field_paths(field.get("properties", {}), f"{above}{name}.")


def test_the_readme_describes_every_field_once_and_no_other() -> None:
    described = re.findall(r"^\| `([^`]+)` \| .+ \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert described == list(field_paths(read_versions_mapping()["mappings"]["properties"]))


def test_the_mapping_is_strict_and_has_a_version() -> None:
    mappings = read_mapping()["mappings"]
    assert mappings["dynamic"] == "strict"
    assert isinstance(mappings["_meta"]["version"], int)


def test_the_fingerprint_follows_the_meaning_and_not_the_layout() -> None:
    assert fingerprint({"a": 1, "b": {"c": 2, "d": 3}}) == fingerprint({"b": {"d": 3, "c": 2}, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
    assert re.fullmatch("[0-9a-f]{8}", fingerprint(read_mapping()))


@pytest.mark.parametrize(
    "generation", [Generation("articles", "0a1b2c3d"), Generation("a-b", "0a1b2c3d", "20261123120000")]
)
def test_names_can_be_read_back(generation: Generation) -> None:
    assert parse_generation(generation.name, generation.prefix) == generation
    assert parse_index(generation.index(NOON), generation.prefix) == generation
    assert parse_month(generation.index(NOON), generation.prefix) == date(2026, 11, 1)
    assert parse_generation(generation.index(NOON), generation.prefix) is None
    assert parse_index(generation.name, generation.prefix) is None


def test_names_are_those_of_the_design() -> None:
    assert Generation("articles", "0a1b2c3d").index(NOON) == "articles-0a1b2c3d-2026.11"
    assert next_rebuild("articles", "0a1b2c3d", NOON, []).index(NOON) == "articles-0a1b2c3d-r20261123120000-2026.11"


def test_the_month_is_that_of_utc() -> None:
    new_year = datetime(2027, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert Generation("articles", "0a1b2c3d").index(new_year).endswith("-2026.12")


@pytest.mark.parametrize("name", ["articles", "articles-2026.11", "articles-xyz-2026.11", "other-0a1b2c3d-2026.11", ""])
def test_foreign_names_are_nobodys(name: str) -> None:
    assert parse_index(name, "articles") is None
    assert parse_month(name, "articles") is None
    assert parse_generation(name, "articles") is None


def test_an_index_of_no_calendar_month_is_nobodys_to_drop() -> None:
    assert parse_month("articles-0a1b2c3d-2026.13", "articles") is None


def test_two_rebuilds_of_one_second_are_refused() -> None:
    taken = next_rebuild("articles", "0a1b2c3d", NOON, []).name
    with pytest.raises(UsageError, match="this very second"):
        next_rebuild("articles", "0a1b2c3d", NOON, [taken])


def test_alias_moves() -> None:
    assert alias_actions("articles", ["old", "both"], ["both", "new"]) == [
        {"remove": {"index": "old", "alias": "articles"}},
        {"add": {"index": "new", "alias": "articles"}},
    ]
    assert alias_actions("articles", ["same"], ["same"]) == []


def test_differing_fields_are_named_by_their_path() -> None:
    ours = {
        "properties": {"a": {"type": "keyword"}, "b": {"properties": {"c": {"type": "date"}, "d": {"type": "date"}}}}
    }
    theirs = {
        "properties": {"a": {"type": "text"}, "b": {"properties": {"c": {"type": "date"}}}, "e": {"type": "long"}}
    }
    assert differing_fields(theirs, ours) == ["a", "b.d", "e"]
    assert differing_fields(ours, ours) == []


def test_another_fingerprint_says_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"11111111.*22222222.*index rebuild.*index promote"):
        check_fingerprint(Generation("articles", "11111111"), "22222222")
