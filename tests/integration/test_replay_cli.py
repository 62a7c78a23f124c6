"""newswire replay and newswire index as their user meets them, without a network where it says so."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from examples.newsroom.server import Newsroom
from tests.fixtures.command import Newswire

DOCUMENTS = 25  # that the newsroom makes
TODAY = ("--from", f"{datetime.now(UTC):%Y-%m-%d}", "--to", f"{datetime.now(UTC):%Y-%m-%d}")
if datetime.now(UTC).hour == 0:  # a pass may have begun the day before
    TODAY = ("--from", "2026-01-01", *TODAY[2:])


@pytest.fixture
def ingested(newswire: Newswire, ingested_home: Path) -> Newswire:
    """Give the command after one pass over the demo newsroom."""
    assert newswire.environ["NEWSWIRE_HOME"] == str(ingested_home)
    return newswire


def total(newswire: Newswire) -> int:
    return int(json.loads(newswire("search", "--json", "--limit", "0").stdout)["total"])


def generations(newswire: Newswire) -> list[tuple[str, bool, int]]:
    status = json.loads(newswire("index", "status", "--json").stdout)
    return [(each["generation"], each["live"], each["documents"]) for each in status]


def test_a_replay_stands_beside_what_is_live_until_it_is_promoted(ingested: Newswire) -> None:
    live = generations(ingested)[0][0]
    done = ingested("replay", *TODAY)
    rebuilt = generations(ingested)[1][0]
    lines = done.stdout.splitlines()
    assert f"documents: {DOCUMENTS} made anew, 0 copied as they are, 0 kept" in lines
    assert f"{rebuilt} beside {live}: {DOCUMENTS} and {DOCUMENTS} documents, 0 changed" in lines
    assert lines[-1] == f"to make it live: newswire index promote {rebuilt}"
    assert generations(ingested)[0] == (live, True, DOCUMENTS)
    assert f"newswire index drop {live}" in ingested("index", "promote", rebuilt).stdout
    assert generations(ingested) == [(rebuilt, True, DOCUMENTS), (live, False, DOCUMENTS)]
    assert ingested("index", "drop", live).stdout == f"{live} is gone\n"
    assert generations(ingested) == [(rebuilt, True, DOCUMENTS)]


def test_the_comparison_shows_what_a_rule_changes(ingested: Newswire, first_pass: Path, tmp_path: Path) -> None:
    sources, text = tmp_path / "changed.toml", (first_pass / "sources.toml").read_text()
    sources.write_text(text.replace("remove = [", 'remove = ["p:first-of-type", '))
    ingested("feeds", "import", str(sources))
    done = ingested("replay", *TODAY, "--json")
    found = json.loads(done.stdout)
    changed = {each["field"]: each for each in found["differences"]["fields"]}
    assert found["differences"]["changed"] >= changed["text"]["documents"] > 0
    sample = changed["text"]["samples"][0]
    assert sample["before"] != sample["after"]
    assert found["replayed"]["written"] == DOCUMENTS - sum(found["left_out"].values())
    assert found["is_live"] is False
    shown = ingested("index", "compare", found["generation"])
    assert "Changed fields" in shown.stdout
    assert "text" in shown.stdout
    again = json.loads(ingested("index", "compare", found["generation"], "--json").stdout)
    assert again["differences"] == found["differences"]
    kept = Path(ingested.environ["NEWSWIRE_HOME"]) / "archive/reports" / f"comparison-{found['generation']}.json"
    assert json.loads(kept.read_text())["differences"] == found["differences"]


def test_a_replay_needs_no_network(ingested: Newswire, newsroom: Newsroom, without_network: tuple[str, ...]) -> None:
    reach = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"
    port = newsroom.origins["harbour"].rpartition(":")[2]
    apart = subprocess.run([*without_network, sys.executable, "-c", reach, port], capture_output=True, check=False)
    assert b"Network is unreachable" in apart.stderr or b"refused" in apart.stderr
    program = Path(sys.executable).with_name("newswire")
    done = subprocess.run(
        [*without_network, program, "replay", *TODAY, "--promote", "--json"],
        env=ingested.environ,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    assert (found["replayed"]["written"], found["differences"]["changed"], found["is_live"]) == (DOCUMENTS, 0, True)
    assert not newsroom.requests
    assert generations(ingested)[0] == (found["generation"], True, DOCUMENTS)


def test_a_replay_goes_into_the_generation_that_is_named(ingested: Newswire) -> None:
    found = json.loads(ingested("replay", *TODAY, "--json").stdout)
    again = json.loads(ingested("replay", *TODAY, "--into", found["generation"], "--json").stdout)
    assert again["generation"] == found["generation"]
    assert len(again["intervals"]) == len(found["intervals"]) == 1
    assert len(generations(ingested)) == 2
    live = generations(ingested)[0][0]
    assert "is live" in ingested("replay", *TODAY, "--into", live, expect=2).stderr
    assert "there is no generation 'none'" in ingested("replay", *TODAY, "--into", "none", expect=2).stderr


def test_an_empty_interval_begins_nothing(ingested: Newswire) -> None:
    before = generations(ingested)
    done = ingested("replay", "--from", "2001-01-01", "--to", "2001-01-31", expect=2)
    [line] = done.stderr.splitlines()
    assert "holds no captures from 2001-01-01 to 2001-01-31: there is nothing to replay" in line
    assert generations(ingested) == before


def test_a_truncated_file_of_the_archive_is_said_and_costs_no_document(ingested: Newswire) -> None:
    [path] = (Path(ingested.environ["NEWSWIRE_HOME"]) / "archive").rglob("*.warc.gz")
    path.write_bytes(path.read_bytes()[:-20_000])
    done = ingested("replay", *TODAY, "--promote")
    assert f"{path.name} is cut off after byte" in done.stderr
    assert "capture is not in the archive" in done.stdout
    assert total(ingested) == DOCUMENTS


@pytest.mark.parametrize("act", ["promote", "drop", "compare"])
def test_an_unknown_generation_is_one_clear_line(newswire: Newswire, act: str) -> None:
    [line] = newswire("index", act, "none", expect=2).stderr.splitlines()
    assert "there is no generation 'none'; newswire index status lists them" in line


def test_the_live_generation_is_not_dropped(ingested: Newswire) -> None:
    live = generations(ingested)[0][0]
    assert "is live: promote another" in ingested("index", "drop", live, expect=2).stderr
