"""The recipes of docs/search.md give the answers that stand beside them, on a real server."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.index.mapping import versions_alias
from tests.fixtures import cookbook
from tests.fixtures.documents import FixedClock

PAGE = (Path(__file__).parents[2] / "docs/search.md").read_text(encoding="utf-8")
LEAST_RECIPES = 40
_RECIPE = re.compile(
    r"^```\n(?P<method>GET|POST|DELETE) (?P<path>\S+)\n(?P<body>.*?)^```\n(?P<answers>(?:<!-- .*? -->\n)*)",
    re.MULTILINE | re.DOTALL,
)
_ANSWER = re.compile(r"<!-- (?P<path>[\w.]+): (?P<expected>.*?) -->")


@pytest.mark.elasticsearch
def test_every_recipe_gives_its_answer(
    elasticsearch_url: str, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str
) -> None:
    store = ElasticsearchStore(elasticsearch_url, clock=FixedClock(cookbook.at(20)), prefix=elasticsearch_prefix)
    store.prepare()
    cookbook.fill(store)
    store.close()
    aliases = {"articles": elasticsearch_prefix, "article-versions": versions_alias(elasticsearch_prefix)}
    recipes, point = list(_RECIPE.finditer(PAGE)), ""
    expected: dict[str, str] = {}
    given: dict[str, str] = {}
    for recipe in recipes:
        index, _, rest = recipe["path"].partition("/")
        path = f"/{aliases.get(index, index)}/{rest}".rstrip("/")
        body = json.loads(recipe["body"].replace("POINT", point)) if recipe["body"].strip() else None
        answer = elasticsearch_client.perform_request(
            recipe["method"],
            path,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            body=body,
        ).body
        point = answer["id"] if "_pit" in path and "id" in answer else point
        answers = list(_ANSWER.finditer(recipe["answers"]))
        assert answers, f"no answer stands beside {recipe[0]}"
        for each in answers:
            place = f"line {PAGE.count(chr(10), 0, recipe.start()) + 1}, {each['path']}"
            expected[place] = each["expected"]
            given[place] = ", ".join(read_values(answer, each["path"].split(".")))
    assert given == expected
    assert len(recipes) >= LEAST_RECIPES


def read_values(answer: Any, path: list[str]) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield what stands at the path, through lists: a hit by its id, a bucket as ``key=count``, any other value as it is."""
    if isinstance(answer, list):
        for each in answer:
            yield from read_values(each, path)
    elif path:
        yield from read_values(answer.get(path[0], []), path[1:])
    elif isinstance(answer, dict):
        key = answer.get("key_as_string", answer.get("key", answer.get("_id")))
        yield f"{key}={answer['doc_count']}" if "doc_count" in answer else str(key)
    else:
        yield str(answer)
