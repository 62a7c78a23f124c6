"""newswire stories as its user meets it, over the demo newsroom."""

import json
import re
from pathlib import Path

import pytest

from tests.fixtures.command import Newswire


@pytest.fixture
def ingested(newswire: Newswire, ingested_home: Path) -> Newswire:
    assert newswire.environ["NEWSWIRE_HOME"] == str(ingested_home)
    return newswire


def test_stories_are_listed_shown_and_searched(ingested: Newswire) -> None:
    stories = json.loads(ingested("stories", "--json").stdout)
    [visit] = [story for story in stories if {"Harbour Courier", "Strombote"} <= set(story["publishers"])]
    assert set(visit) == {
        *("id", "label", "first_at", "last_at", "articles", "publishers", "languages", "entities", "continues")
    }
    assert sorted(visit["languages"]) == ["de", "en"]
    assert all(story["articles"] >= 2 for story in stories)

    listed = ingested("stories", "--since", "2026-10-01", "--sort", "newest").stdout
    assert visit["id"] in listed
    shown = ingested("stories", "show", visit["id"]).stdout
    assert visit["label"] in shown
    assert "/politik/lukaschenko-in-teheran.html" in shown

    # In one order, so in one time: Strombote writes 18:40 in Dresden.
    assert re.findall(r"^2026-10-27 (\d\d:\d\d)", shown, re.MULTILINE) == ["16:30", "17:20", "17:40", "20:40"]

    whole = json.loads(ingested("stories", "show", visit["id"], "--json").stdout)
    assert len(whole["timeline"]) == visit["articles"]
    hits = json.loads(ingested("search", "--story", visit["id"], "--json").stdout)["hits"]
    assert {hit["id"] for hit in hits} == {member["article_id"] for member in whole["timeline"]}


def test_a_single_article_is_a_story_too(ingested: Newswire) -> None:
    every = json.loads(ingested("stories", "--least", "1", "--limit", "100", "--json").stdout)
    found = json.loads(ingested("search", "--json", "--limit", "0").stdout)["total"]
    assert sum(story["articles"] for story in every) == found


def test_nothing_after_the_last_article(ingested: Newswire) -> None:
    assert "0 stories" in ingested("stories", "--since", "2100-01-01").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stories", "show", "none"], "there is no story 'none'; newswire stories lists them"),
        (["search", "--story", "none"], "there is no story 'none'; newswire stories lists them"),
        (["search", "--story", ""], "there is no story ''"),
        (["search", "--reprints-of", "https://news.example/none"], "no article is indexed under 'https://news"),
        (["search", "--fold", "--export", "csv"], "--export and --fold do not go together"),
        (["search", "--export", "csv", "--limit", "10"], "--export and --limit do not go together"),
        (["search", "--export", "csv", "--json"], "--export and --json do not go together"),
        (["search", "--like", ""], "--like is empty"),
        (["stories", "--since", ""], "--since is ''"),
        (["searches", "add", "a", "x", "--secret", "whsec_x"], "--secret signs what --webhook sends"),
        (["history", ""], "no article is indexed under ''"),
        (["stories", "--sort", "best"], "it must be one of: size, newest"),
        (["stories", "--since", "yesterday"], "write a day such as"),
    ],
)
def test_what_cannot_be_shown_is_one_clear_line(newswire: Newswire, arguments: list[str], message: str) -> None:
    assert message in newswire(*arguments, expect=2).stderr
