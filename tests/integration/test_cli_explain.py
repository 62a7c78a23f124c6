"""newswire extract --explain: the reasons on the screen and as JSON."""

import json
from pathlib import Path

import pytest

from examples.newsroom.server import Newsroom
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


def test_what_is_no_article_ends_as_without_explanation(newswire: Newswire) -> None:
    missing = b"<html><title>Page not found</title><body><h1>Page not found</h1><p>It may have moved.</p></body></html>"
    for given, verdict in ((missing, "not found: answered with a page titled"), (b"", "not HTML: there is no HTML")):
        newswire("extract", "-", given=given, expect=1)
        assert f"verdict: {verdict}" in newswire("extract", "-", "--explain", given=given, expect=1).stdout
        explained = newswire("extract", "-", "--explain", "--json", given=given, expect=1)
        assert json.loads(explained.stdout)["verdict"].startswith(verdict)


def test_an_error_page_is_explained_as_it_is_judged(newswire: Newswire, newsroom: Newsroom) -> None:
    address = f"{newsroom.origins['harbour']}/opinion/letter-from-the-quay"
    assert "verdict: not found" in newswire("extract", "--explain", address, expect=1).stdout


@pytest.mark.parametrize("option", [("--explain",), ("--url", "https://e.org/a")])
def test_lines_are_not_explained_and_bring_their_own_addresses(newswire: Newswire, option: tuple[str, ...]) -> None:
    refused = newswire("extract", "--jsonl", "-", *option, given=b"{}", expect=2)
    assert f"--jsonl and {option[0]} do not go together" in refused.stderr
