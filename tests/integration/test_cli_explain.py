"""newswire extract --explain: the reasons on the screen and as JSON."""

import json
from pathlib import Path

from tests.fixtures.command import Newswire

PAGE = Path(__file__).parents[1] / "unit" / "golden" / "json-ld-graph" / "page.html"


def test_explains_fields_and_blocks(newswire: Newswire) -> None:
    shown = newswire("extract", "--explain", str(PAGE)).stdout
    assert "verdict: article" in shown
    assert "headline: " in shown
    assert "✓ json-ld" in shown
    assert "blocks: container body > " in shown
    read = json.loads(newswire("extract", "--explain", "--json", str(PAGE)).stdout)
    assert {field["name"] for field in read["fields"]} >= {"headline", "authors", "published", "topics", "deck"}
    assert {block["became"] for block in read["blocks"]} >= {"text", "dropped"}


def test_an_address_may_stand_for_the_file(newswire: Newswire) -> None:
    refused = newswire("extract", "--explain", "http://10.0.0.1/", expect=2)
    assert "10.0.0.1 is not a public address" in refused.stderr
