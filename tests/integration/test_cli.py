"""The newswire command as its user meets it: good input, bad input, exit codes, and JSON that scripts rely on."""

import csv
import io
import json
import tomllib
from contextlib import closing
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from examples.newsroom.server import Newsroom
from pipeline.model.feed import Entry
from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.command import Newswire

NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens there


@pytest.fixture
def served(newswire: Newswire, newsroom: Newsroom, tmp_path: Path) -> Newswire:
    """Give the command with the demo newsroom as its sources."""
    newsroom.write_sources(tmp_path / "sources.toml")
    newswire.environ["NEWSWIRE_SOURCES"] = str(tmp_path / "sources.toml")
    return newswire


def test_ingest_search_and_ledger_as_json(served: Newswire) -> None:
    done = served("ingest")
    assert "feeds: 3 polled" in done.stdout
    assert "entries: 32 new" in done.stdout

    sums = json.loads(served("ledger", "--json").stdout)
    assert set(sums) == {"seen", "pending", "fates", "balanced"}
    assert sums["balanced"] is True
    assert sums["seen"] == sums["pending"] + sum(sums["fates"].values()) == 32

    page = json.loads(served("search", "tehran", "--facets", "--json", "--limit", "1").stdout)
    assert set(page) == {"total", "hits", "facets", "timeline", "named", "telling", "cells"}
    [hit] = page["hits"]
    assert set(hit) - {"reprint_of"} == {
        "id",
        "url",
        "headline",
        "published",
        "publisher",
        "language",
        "score",
        "snippets",
    }
    assert {"people", "organizations", "places", "publishers", "languages"} <= set(page["facets"])
    assert set(page["facets"]["people"][0]) == {"value", "count"}

    assert "balanced" in served("ledger").stdout
    assert "Harbour Courier" in served("search", "tehran").stdout
    assert "not modified" in served("ingest").stdout
    assert "0 dead letters" in served("dead-letters", "list").stdout
    assert all(feed["health"] == "ok" for feed in json.loads(served("feeds", "check", "--json").stdout))


def test_filters_of_the_search(served: Newswire) -> None:
    served("ingest")

    def count(*arguments: str) -> int:
        return int(json.loads(served("search", "--json", "--limit", "0", *arguments).stdout)["total"])

    everything = count()
    assert count("--language", "de") + count("--language", "en") == everything
    assert count("--person", "Alexander Lukashenko") == 4
    assert count("--publisher", "Strombote") + count("--publisher", "Harbour Courier") < everything
    assert count("--since", "2026-11-01") + count("--until", "2026-10-31") == everything
    assert count("--near", "35.7,51.4,50") >= 1
    assert count("person:lukashenko OR language:de") > count("person:lukashenko") == 4


def test_an_export_for_machines_and_for_spreadsheets(served: Newswire) -> None:
    served("ingest")
    lines = [json.loads(line) for line in served("search", "tehran", "--export", "jsonl").stdout.splitlines()]
    rows = list(csv.DictReader(io.StringIO(served("search", "tehran", "--export", "csv").stdout)))
    assert [row["id"] for row in rows] == [line["id"] for line in lines] != []
    assert rows[0]["headline"] == lines[0]["headline"]
    assert rows[0]["places"] == "; ".join(lines[0]["places"])
    assert served("search", "nothing-at-all-like-it", "--export", "jsonl").stdout == ""


def test_a_rebuilt_generation_is_promoted(served: Newswire) -> None:
    served("ingest")
    before = json.loads(served("search", "--json", "--limit", "100").stdout)
    line = served("index", "rebuild").stdout
    generation = line.split()[1]
    served("index", "promote", generation)
    status = json.loads(served("index", "status", "--json").stdout)
    assert (status[0]["generation"], status[0]["live"]) == (generation, True)
    assert json.loads(served("search", "--json", "--limit", "100").stdout)["total"] == before["total"]


def test_a_rebuild_without_its_archive_keeps_what_is_live(served: Newswire, tmp_path: Path) -> None:
    served("ingest")
    served.environ["NEWSWIRE_ARCHIVE_URL"] = str(tmp_path / "elsewhere")
    done = served("index", "rebuild")
    assert "captures: 0 read" in done.stdout
    assert "kept as they are: 25, capture is not in the archive" in done.stdout
    served("index", "promote", done.stdout.split()[1])
    assert json.loads(served("search", "--json", "--limit", "0").stdout)["total"] == 25


def test_feeds_go_out_and_come_in(served: Newswire, tmp_path: Path) -> None:
    served("ingest")
    for name in ("feeds.opml", "feeds.toml"):
        served("feeds", "export", str(tmp_path / name))
        other = Newswire(served.environ | {"NEWSWIRE_HOME": str(tmp_path / name.replace(".", "-"))})
        assert "3 feeds" in other("feeds", "import", str(tmp_path / name)).stdout
        known, copied = (json.loads(each("feeds", "list", "--json").stdout) for each in (served, other))
        assert [feed["url"] for feed in known] == [feed["url"] for feed in copied]
        assert [feed["publisher"] for feed in known] == [feed["publisher"] for feed in copied]


def test_an_outline_that_is_refused_is_named_and_the_others_come_in(newswire: Newswire, tmp_path: Path) -> None:
    outlines = '<outline text="A" xmlUrl="ftp://a.example/feed"/><outline text="B" xmlUrl="https://b.example/feed"/>'
    (tmp_path / "feeds.opml").write_text(f"<opml><body>{outlines}</body></opml>")
    done = newswire("feeds", "import", str(tmp_path / "feeds.opml"), expect=1)
    assert "line 1" in done.stderr
    assert "1 feeds of" in done.stdout


def test_past_articles_are_found_in_sitemaps(served: Newswire, newsroom: Newsroom, tmp_path: Path) -> None:
    origin = newsroom.origins["meridian"]
    sources = f"""
[[sources]]
feed = "{origin}/feed.atom"
publisher = "The Meridian Review"
sitemaps = ["{origin}/sitemap.xml"]
"""
    (tmp_path / "sources.toml").write_text(sources)
    done = served("backfill", "--from", "2026-11-01", "--to", "2026-11-01", expect=1)
    # The newsroom has no sitemap: said, counted apart from the feed, which works well, and nothing breaks.
    assert "1 sitemaps failed" in done.stdout
    assert "sitemap.xml answered 404" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ingest"], "there are no feeds; add one"),
        (["feeds", "add", "not-an-address"], "is not an http or https address"),
        (
            ["feeds", "remove", "https://e.org/feed"],
            "there is no feed https://e.org/feed; newswire feeds list shows all",
        ),
        (["feeds", "import", "none.opml"], "none.opml cannot be read: No such file"),
        (["search", "--since", "yesterday"], "--since is 'yesterday'; write a day such as"),
        (["search", "--near", "1,2"], "--near is '1,2'; write latitude, longitude and kilometres"),
        (["search", "--limit", "100000"], "--limit is 100000; it must be from 0 to 1000"),
        (["search", "--sort", "best"], "--sort is 'best'; it must be one of"),
        (["search", "--page", "-1"], "--page is -1; the first is 1"),
        (["search", "--like", "none"], "--like: no article in the index has the id 'none'"),
        (["search", "--dsl", "none.json"], "raw Elasticsearch queries need Elasticsearch"),
        (["search", "--dsl", "x", "strike"], "--dsl and a query do not go together"),
        (["search", "--dsl", "x", "--limit", "3", "--facets"], "--dsl and --limit do not go together"),
        (["search", "--dsl", "x", "--reprints-of", "y"], "--dsl and --reprints-of do not go together"),
        (["search", "--export", "csv", "--sort", "oldest"], "--export and --sort do not go together: documents come"),
        (["search", "a", "--sort", "newest", "--explain"], "--sort newest goes by date alone and gives none"),
        (["search", "--story", "nope"], "there is no story 'nope'; newswire stories lists them"),
        (
            ["searches", "add", "a", "harvest", "--story", "nope"],
            "there is no story 'nope'; newswire stories lists them",
        ),
        (["backfill", "--from", "2026-13-01", "--to", "2026-11-01"], "--from is '2026-13-01'; write a day"),
        (["backfill", "--from", "2026-11-05", "--to", "2026-11-01"], "--from 2026-11-05 is later than --to"),
        (["replay", "--from", "2999-01-01", "--to", "2999-01-02"], "--from 2999-01-01 is in the future"),
        (["extract", "none.html"], "none.html cannot be read: No such file"),
        (["extract", "--url", "http://10.0.0.1/"], "10.0.0.1 is not a public address"),
        (["annotate", "none.txt"], "none.txt cannot be read: No such file"),
        (["dead-letters", "show", "http://e.org/"], "no dead letter has the URL http://e.org/"),
        (["dead-letters", "replay", "http://e.org/"], "1 of these URLs are no dead letters"),
        (["index", "promote", "none"], "there is no generation 'none'"),
        (["serve", "--host", "0.0.0.0"], "--host is '0.0.0.0'"),
        (["feeds", "add", "https://e.org/feed", "--language", "klingon"], "language is 'klingon'"),
        (["feeds", "add", "http://exa mple.com/feed"], "is not an http or https address"),
        (["feeds", "add", "https://e.org/feed", "--publisher", "a\x1b[31m"], "--publisher holds control characters"),
        (["stories", "show", "\udcff"], "'\\udcff' is no text in UTF-8"),
        (["entities", "list", "--after", "\udcff"], "'\\udcff' is no text in UTF-8"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(newswire: Newswire, arguments: list[str], message: str) -> None:
    done = newswire(*arguments, expect=2)
    [line] = done.stderr.splitlines()
    assert line.startswith("newswire: ")
    assert message in line


@pytest.mark.parametrize("arguments", ["stories --limit", "stories --least", "entities list --limit"])
def test_a_number_that_no_database_takes_is_refused(newswire: Newswire, arguments: str) -> None:
    assert "less than or equal to 1000000" in newswire(*arguments.split(), "9" * 20, expect=2).stderr


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("NEWSWIRE_SEARCH_URL", "htp://newswire:hush@search.example", "NEWSWIRE_SEARCH_URL must be"),
        ("NEWSWIRE_SEARCH_URL", "http://search.example:notaport", "NEWSWIRE_SEARCH_URL must be"),
        ("NEWSWIRE_ARCHIVE_URL", "bogus://bucket/archive", "NEWSWIRE_ARCHIVE_URL is 'bogus://bucket/archive'"),
    ],
)
def test_a_bad_setting_is_one_clear_line_and_exit_2(served: Newswire, variable: str, value: str, message: str) -> None:
    done = served("ingest", expect=2, environ={variable: value})
    [line] = done.stderr.splitlines()
    assert message in line
    assert "hush" not in line


def test_a_sources_file_that_is_no_text_is_refused(newswire: Newswire, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_bytes(b"\xff\xfe\x00")
    done = newswire("ingest", expect=2, environ={"NEWSWIRE_SOURCES": str(tmp_path / "sources.toml")})
    assert "sources.toml is no UTF-8 text" in done.stderr


def test_an_archive_without_credentials_loses_nothing(served: Newswire) -> None:
    nobody = {"NEWSWIRE_ARCHIVE_URL": "s3://newswire-nobody/archive", "AWS_EC2_METADATA_DISABLED": "true"}
    done = served("ingest", expect=1, environ=nobody | {"AWS_ENDPOINT_URL": NOBODY, "AWS_MAX_ATTEMPTS": "1"})
    assert "the archive s3://newswire-nobody/archive cannot be used" in done.stderr.splitlines()[-1]
    served("ingest")
    assert json.loads(served("ledger", "--json").stdout)["pending"] == 0


def test_an_unknown_publisher_is_named(served: Newswire) -> None:
    done = served("ingest", "--publisher", "Nobody", expect=2)
    assert "the feeds have: Harbour Courier, Strombote, The Meridian Review" in done.stderr


def test_half_a_character_in_a_feed_costs_nothing(newswire: Newswire, newsroom: Newsroom) -> None:
    address = newsroom.feeds[2]
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Strombote",
        "items": [
            {"id": "1", "url": f"{newsroom.origins['strombote']}/kultur/theater-dresden.html", "title": "Halb \ud83d"}
        ],
    }
    newsroom.edit(address, json.dumps(body))
    newswire("feeds", "add", address)
    assert "entries: 1 new" in newswire("ingest").stdout


def test_an_error_page_is_no_article(newswire: Newswire, newsroom: Newsroom) -> None:
    address = f"{newsroom.origins['harbour']}/opinion/letter-from-the-quay"
    assert "no article: not found" in newswire("extract", "--url", address, expect=1).stdout


def test_a_port_in_use_is_said(newswire: Newswire, newsroom: Newsroom) -> None:
    port = newsroom.origins["harbour"].rpartition(":")[2]
    assert f"port {port} cannot be listened on" in newswire("serve", "--port", port, expect=2).stderr


def test_adding_a_feed_again_keeps_what_is_not_said_anew(newswire: Newswire, tmp_path: Path) -> None:
    address, file = "https://e.org/feed", tmp_path / "feeds.toml"
    file.write_text(f'[[sources]]\nfeed = "{address}"\npublisher = "E"\nlanguage = "de"\npoll_every = 5\n')
    newswire("feeds", "import", str(file))
    assert "was known already" in newswire("feeds", "add", address, "--language", "en").stdout
    newswire("feeds", "export", str(file))
    assert tomllib.loads(file.read_text())["sources"] == [
        {"feed": address, "publisher": "E", "language": "en", "poll_every": 5.0}
    ]


def test_a_feed_is_removed_and_what_it_announced_is_fetched_all_the_same(
    newswire: Newswire, newsroom: Newsroom
) -> None:
    harbour, strombote = newsroom.feeds[0], newsroom.feeds[2]
    for address in (harbour, strombote):
        newswire("feeds", "add", address, "--publisher", address)
    newswire("ingest", "--publisher", strombote)
    newswire("feeds", "remove", harbour, "https://e.org/feed", expect=2)  # nothing is removed: one is none
    assert newswire("feeds", "remove", harbour).stdout == "1 feed removed; what was announced stays\n"
    assert [feed["url"] for feed in json.loads(newswire("feeds", "list", "--json").stdout)] == [strombote]

    newswire("feeds", "remove", strombote)
    pending = json.loads(newswire("ledger", "--json").stdout)["pending"]
    assert pending
    done = newswire("ingest", "--publisher", harbour)
    assert "feeds:" not in done.stdout
    sums = json.loads(newswire("ledger", "--json").stdout)
    assert (sums["pending"], sums["balanced"]) == (0, True)
    assert "articles: none" in newswire("ingest").stdout  # nor is it a mistake to have no feed any more


def test_past_entries_of_a_removed_feed_are_fetched_all_the_same(newswire: Newswire, newsroom: Newsroom) -> None:
    page = f"{newsroom.origins['harbour']}/world/tehran-minsk-accords"
    with closing(Wiring(read_settings(newswire.environ))) as wiring:
        past = Entry(url=page, feed_url="https://removed.example/feed", publisher="Removed")
        wiring.ledger.record_entries([past], wiring.clock.now(), past=True)
    newswire("backfill", "--from", "2026-11-01", "--to", "2026-11-01")
    assert json.loads(newswire("ledger", "--json").stdout)["fates"]["indexed"] == 1


def test_a_feed_of_the_sources_file_is_taken_out_of_that_first(served: Newswire, newsroom: Newsroom) -> None:
    served("ingest")
    address, file = newsroom.feeds[0], Path(served.environ["NEWSWIRE_SOURCES"])
    done = served("feeds", "remove", address, expect=2)
    [line] = done.stderr.splitlines()
    assert f"the sources file {file} (NEWSWIRE_SOURCES) has {address}" in line
    assert "take it out of that file first" in line
    sources = file.read_text().split("[[sources]]")
    file.write_text("[[sources]]".join(each for each in sources if f'"{address}"' not in each))
    served("feeds", "remove", address)
    assert "feeds: 2" in served("ingest").stdout


def test_feeds_that_fail_are_named_and_lose_nothing(newswire: Newswire, newsroom: Newsroom) -> None:
    newsroom.edit("/feed.xml", "")
    harbour, empty = newsroom.origins["harbour"], newsroom.feeds[0]
    page, hostile = f"{harbour}/world/", f"{harbour}/hostile"
    newsroom.edit(hostile, "<html><title>Sign \x1b]0;owned\x07in\u202e\x9b31m</title>")
    for address in (f"{NOBODY}/feed", page, hostile, empty):
        newswire("feeds", "add", address)
    done = newswire("ingest", expect=1)
    assert "feeds: 4 failed" in done.stdout
    assert f"{hostile} is not a feed: the server sent an HTML page titled “Sign ]0;ownedin31m”" in done.stderr
    assert not any(sign in done.stdout + done.stderr for sign in "\x1b\x07\x9b\u202e")
    assert f"{page} is not a feed: the server sent an HTML page titled" in done.stderr
    assert f"{empty} is not a feed: the server sent an empty body" in done.stderr
    assert "Connection refused" in done.stderr
    health = json.loads(newswire("feeds", "check", "--json").stdout)
    assert [feed["health"] for feed in health] == ["failing"] * 4
    assert json.loads(newswire("ledger", "--json").stdout)["balanced"] is True


def test_a_search_store_that_is_down_is_said_and_nothing_is_fetched(served: Newswire, newsroom: Newsroom) -> None:
    done = served("ingest", expect=1, environ={"NEWSWIRE_SEARCH_URL": NOBODY})
    [line] = done.stderr.splitlines()
    assert f"Elasticsearch at {NOBODY} does not answer" in line
    assert not newsroom.requests
    served("ingest")
    assert json.loads(served("ledger", "--json").stdout)["pending"] == 0


def test_a_ledger_that_is_down_is_said_without_its_password(newswire: Newswire) -> None:
    address = "postgresql+psycopg://newswire:hush@127.0.0.1:9/newswire"
    done = newswire("ledger", expect=1, environ={"NEWSWIRE_LEDGER_URL": address})
    [line] = done.stderr.splitlines()
    assert "cannot be used" in line
    assert "hush" not in done.stderr


def test_an_index_with_another_mapping_is_refused_and_nothing_is_lost(
    served: Newswire, elasticsearch_client: Elasticsearch, elasticsearch_url: str
) -> None:
    name = "articles-00000000-2026.11"
    if elasticsearch_client.indices.exists_alias(name="articles"):
        pytest.skip("this Elasticsearch holds an index of a user: it is left alone")
    elasticsearch_client.indices.create(index=name, aliases={"articles": {}})
    try:
        done = served("ingest", expect=2, environ={"NEWSWIRE_SEARCH_URL": elasticsearch_url})
    finally:
        elasticsearch_client.indices.delete(index=name)
    assert "newswire index rebuild" in done.stderr
    assert json.loads(served("ledger", "--json").stdout)["balanced"] is True


def test_extract_reads_lines_and_one_bad_line_costs_one_line(newswire: Newswire) -> None:
    paragraphs = "".join(
        f"<p>The harbour of the town was closed on day {n} after the storm, said the mayor.</p>" for n in range(9)
    )
    page = (
        f"<html><title>Harbour closed</title><body><article><h1>Harbour closed</h1>{paragraphs}</article></body></html>"
    )
    bad = [
        b"no JSON",
        b'{"id": 3}',
        b"[]",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"id": NaN}',
        b'{"id": ' + b"9" * 6000 + b"}",
    ]
    good = json.dumps({"id": 1, "url": "https://e.org/a", "html": page}).encode()
    lines = b"\n".join([good, *bad, b'{"id": "\\ud83d", "html": ""}', good])
    done = newswire("extract", "--jsonl", given=lines, expect=1)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 3 + len(bad)
    names = {"id", "url", "title", "authors", "published", "modified", "topics", "language", "deck", "text", "verdict"}
    assert set(rows[0]) == {*names, "deck_is_shown", "dates"}
    told = [line for line in done.stderr.splitlines() if line.startswith("newswire: standard input, line ")]
    assert [int(line.split("line ")[1].split(":")[0]) for line in told] == [*range(2, 2 + len(bad))]
    assert [row["line"] for row in rows if "error" in row] == [*range(2, 2 + len(bad))]
    assert (rows[0]["id"], rows[0]["title"], rows[0]["verdict"]) == (1, "Harbour closed", "article")
    assert ["error" in row for row in rows] == [False, *[True] * len(bad), False, False]
    assert rows[2]["id"] == 3
    assert rows[-1] == rows[0]


def test_annotate_reads_lines(newswire: Newswire) -> None:
    text = "“We agreed,” said Angela Merkel in Paris. Merkel then met Emmanuel Macron of France on Tuesday."
    rows = [{"id": "a", "text": text, "language": "en"}, {"id": "b"}, {"id": "c", "text": ""}]
    done = newswire("annotate", "--jsonl", given="\n".join(map(json.dumps, rows)).encode(), expect=1)
    assert 'newswire: standard input, line 2: "text" is missing' in done.stderr
    first, second, third = (json.loads(line) for line in done.stdout.splitlines())
    assert {"id", "language", "mentions", "entities", "quotes"} <= set(first)
    assert all(text[m["start"] : m["end"]] == m["text"] for m in first["mentions"])
    people = {entity["name"]: entity["count"] for entity in first["entities"] if entity["kind"] == "person"}
    assert people == {"Angela Merkel": 2, "Emmanuel Macron": 1}
    assert [quote["text"] for quote in first["quotes"]] == ["We agreed,"]
    assert "error" in second
    assert third["mentions"] == []


def test_the_shared_page_and_text(newswire: Newswire, shared: Path) -> None:
    page = newswire("extract", str(shared / "articles/tehran.html"), "--json")
    assert json.loads(page.stdout)["text"] == (shared / "articles/tehran.txt").read_text().strip()
    found = json.loads(newswire("annotate", str(shared / "articles/tehran.txt"), "--json").stdout)
    names = {kind: {e["name"] for e in found["entities"] if e["kind"] == kind} for kind in ("person", "place")}
    people = {"Ebrahim Raisi", "Alexander Lukashenko", "Vladimir Putin", "Svetlana Tikhanovskaya"}
    assert people <= names["person"]
    assert {"Iran", "Belarus", "Tehran", "Ukraine", "Russia", "China", "Lithuania"} <= names["place"]
    counts = {entity["name"]: entity["count"] for entity in found["entities"]}
    assert counts["Alexander Lukashenko"] == 10


def test_help_names_every_command(newswire: Newswire) -> None:
    names = [
        "ingest",
        "backfill",
        "replay",
        "search",
        "extract",
        "annotate",
        "feeds",
        "ledger",
        "dead-letters",
        "index",
        "serve",
    ]
    shown = newswire("--help").stdout
    assert all(name in shown for name in names)
