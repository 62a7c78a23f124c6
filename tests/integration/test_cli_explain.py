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


def test_dates_tell_how_they_were_read(newswire: Newswire) -> None:
    shown = json.loads(newswire("extract", "--json", str(PAGE)).stdout)
    assert shown["dates"]["published"].keys() == {"raw", "source", "precision", "has_offset"}
    assert shown["dates"]["published"]["source"].startswith("json-ld")
    bare = PAGE.read_text(encoding="utf-8").replace(shown["dates"]["published"]["raw"], "2023-03-13")
    told = json.loads(newswire("extract", "--json", "-", given=bare.encode()).stdout)["dates"]["published"]
    assert (told["raw"], told["precision"], told["has_offset"]) == ("2023-03-13", "day", False)


def test_the_rules_of_a_source_are_tried_on_one_page(newswire: Newswire, tmp_path: Path) -> None:
    paragraph = "The harbour was closed for two days after the storm, and the ferries stayed where they were, it said."
    page = (
        "<html><title>Harbour closed</title><body><article><h1>Harbour closed</h1>"
        f"<p>{paragraph} First.</p><p class='second'>{paragraph} Second.</p><p>{paragraph} Last.</p></article></body></html>"
    ).encode()
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[[sources]]\nfeed = "https://www.harbour.example/feed"\npublisher = "Harbour"\n'
        '[sources.rules]\nremove = [".second"]\n',
        encoding="utf-8",
    )
    given = ("extract", "-", "--url", "https://harbour.example/a")
    assert "Second." in newswire(*given, given=page).stdout
    ruled = newswire(*given, "--sources", str(sources), given=page).stdout
    assert "Second." not in ruled
    assert "Last." in ruled
    explained = newswire(*given, "--sources", str(sources), "--explain", given=page).stdout
    assert "the source's own rules remove: .second" in explained
    row = json.dumps({"id": 1, "url": "https://harbour.example/a", "html": page.decode()}).encode()
    [line] = newswire("extract", "--jsonl", "--sources", str(sources), given=row).stdout.splitlines()
    assert "Second." not in json.loads(line)["text"]
    refused = newswire("extract", "-", "--sources", str(sources), given=page, expect=2)
    assert "has no source of the site of https://page.invalid/; name the page's address by --url" in refused.stderr
