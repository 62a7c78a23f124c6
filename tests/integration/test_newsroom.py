"""The demo newsroom answers as its README says."""

import gzip
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import feedparser
import pytest
from bs4 import BeautifulSoup
from protego import Protego

from examples.newsroom import Newsroom
from pipeline.model.fate import Fate

REPOSITORY = Path(__file__).parents[2]
README = REPOSITORY / "examples" / "newsroom" / "README.md"
ROW = re.compile(r"^\| (\w+) \| (/\S*) \| .+ \| (\d{3}) \| ([\w ]+) \|$", re.MULTILINE)
ROWS = [(outlet, path, int(status), fate) for outlet, path, status, fate in ROW.findall(README.read_text("utf-8"))]
CORRECTED = "/2026/11/09/great-lakes-shipping/"


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom() as newsroom:
        yield newsroom


def get(url: str, headers: Mapping[str, str] | None = None) -> Answer:
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(Request(url, headers=dict(headers or {})), timeout=10) as response:
            return Answer(response.status, response.headers, response.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def atom_entries(newsroom: Newsroom) -> dict[str, tuple[str, str]]:
    parsed = feedparser.parse(get(newsroom.feeds[1]).body)
    return {entry.link: (entry.title, entry.updated) for entry in parsed.entries}


def announced(newsroom: Newsroom) -> list[str]:
    rss, atom, json_feed = (get(url).body for url in newsroom.feeds)
    entries = [*feedparser.parse(rss).entries, *feedparser.parse(atom).entries]
    return [entry.link for entry in entries] + [entry["url"] for entry in json.loads(json_feed)["items"]]


def json_ld(page: str) -> Any:  # noqa: ANN401 - JSON has no narrower type
    script = BeautifulSoup(page, "lxml").find("script", type="application/ld+json")
    return json.loads(script.get_text()) if script else None


def test_the_three_feeds_are_of_three_formats(newsroom: Newsroom) -> None:
    rss, atom, json_feed = (get(url) for url in newsroom.feeds)

    parsed_rss, parsed_atom = feedparser.parse(rss.body), feedparser.parse(atom.body)
    assert (parsed_rss.version, parsed_rss.bozo) == ("rss20", False)
    assert (parsed_atom.version, parsed_atom.bozo) == ("atom10", False)
    assert json.loads(json_feed.body)["version"] == "https://jsonfeed.org/version/1.1"


def test_the_readme_lists_exactly_what_the_feeds_announce(newsroom: Newsroom) -> None:
    documented = [newsroom.origins[outlet] + path for outlet, path, _, _ in ROWS]

    assert Counter(announced(newsroom)) == Counter(documented)
    assert all(count == 1 for count in Counter(documented).values())


def test_the_readme_sums_up_its_table() -> None:
    fates = Counter(Fate(fate) for *_, fate in ROWS)

    assert fates == {
        Fate.INDEXED: 25,
        Fate.DUPLICATE: 1,
        Fate.WALL: 2,
        Fate.NOT_ARTICLE: 1,
        Fate.GONE: 2,
        Fate.REFUSED: 1,
    }
    summary = "Thirty-two URLs: 25 indexed, 1 duplicate, 2 wall, 1 not an article, 2 gone, 1 refused by robots."
    assert summary in README.read_text("utf-8")


@pytest.mark.parametrize(("outlet", "path", "status"), [row[:3] for row in ROWS])
def test_every_announced_url_answers_as_documented(newsroom: Newsroom, outlet: str, path: str, status: int) -> None:
    url = newsroom.origins[outlet] + path

    assert get(url).status == status
    assert newsroom.requests[0][:2] == ("GET", url)
    assert newsroom.requests[-1].status == status


def test_no_page_shows_a_placeholder(newsroom: Newsroom) -> None:
    for outlet, path, _, _ in ROWS:
        assert b"{origin" not in get(newsroom.origins[outlet] + path).body

    german = get(newsroom.origins["strombote"] + "/politik/lukaschenko-in-teheran.html").text
    assert f'href="{newsroom.origins["harbour"]}/world/tehran-minsk-accords"' in german


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize(("sent", "back"), [("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")])
def test_a_feed_that_did_not_change_answers_304(newsroom: Newsroom, number: int, sent: str, back: str) -> None:
    url = newsroom.feeds[number]
    first = get(url)

    again = get(url, {back: first.headers[sent]})
    assert (again.status, again.body) == (304, b"")

    newsroom.edit(url, "changed")
    assert get(url, {back: first.headers[sent]}).status == 200


def test_the_same_request_gets_the_same_answer(newsroom: Newsroom) -> None:
    for outlet, path, _, _ in ROWS:
        first, second = (get(newsroom.origins[outlet] + path) for _ in range(2))
        assert (first.status, first.headers.items(), first.body) == (second.status, second.headers.items(), second.body)


def test_the_redirect_chain_has_three_hops(newsroom: Newsroom) -> None:
    get(newsroom.origins["meridian"] + "/r/8841")

    assert [visit.status for visit in newsroom.requests] == [302, 301, 308, 200]


def test_the_gzip_page_decodes(newsroom: Newsroom) -> None:
    answer = get(newsroom.origins["harbour"] + "/business/turbine-yard-orders")

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Sian Probert" in gzip.decompress(answer.body).decode("utf-8")


def test_the_latin_page_decodes_by_its_meta_element_alone(newsroom: Newsroom) -> None:
    answer = get(newsroom.origins["strombote"] + "/region/elbfaehre-coswig.html")

    assert answer.headers["Content-Type"] == "text/html"
    assert b"charset=iso-8859-1" in answer.body
    assert "Fährmann Günther Köhler" in answer.body.decode("iso-8859-1")
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode("utf-8")


def test_the_correction_switches_the_page_and_its_entry_alone(newsroom: Newsroom) -> None:
    url = newsroom.origins["meridian"] + CORRECTED
    feed_before, page_before = atom_entries(newsroom), get(url)

    newsroom.publish_correction()

    feed_after, page_after = atom_entries(newsroom), get(url)
    assert {link for link in feed_before if feed_before[link] != feed_after[link]} == {url}
    assert feed_before[url][1] < feed_after[url][1]
    assert "strands 61 ships" in page_before.text
    assert "strands 16 ships" in page_after.text
    assert feed_after[url][1] in page_after.text
    assert page_before.headers["Last-Modified"] != page_after.headers["Last-Modified"]


def test_one_entry_carries_its_full_text(newsroom: Newsroom) -> None:
    entries = feedparser.parse(get(newsroom.feeds[0]).body).entries

    (full,) = [entry for entry in entries if "content" in entry]
    assert full.link.endswith("/science/seagrass-survey")
    assert "They moaned" in full.content[0].value


def test_the_wire_story_is_printed_twice_with_changes(newsroom: Newsroom) -> None:
    harbour = get(newsroom.origins["harbour"] + "/world/valparaiso-dockers-return").text
    meridian = get(newsroom.origins["meridian"] + "/2026/10/28/valparaiso-port-strike-ends/").text

    quotes = [{quote.strip(",.") for quote in re.findall("“(.+?)”", page)} for page in (harbour, meridian)]
    assert len(quotes[0] & quotes[1]) == 3
    assert len(quotes[0] - quotes[1]) == 2
    assert "casual labourers" in harbour
    assert "casual laborers" in meridian
    assert all("(Kestrel Wire) — " in page for page in (harbour, meridian))


def test_both_addresses_of_the_duplicate_name_one_canonical_url(newsroom: Newsroom) -> None:
    urls = [url for url in announced(newsroom) if "lisbon-fisheries-accord" in url]

    pages = [BeautifulSoup(get(url).text, "lxml") for url in urls]
    canonical = {str(link["href"]) for page in pages for link in page.select("link[rel=canonical]")}
    assert len(urls) == 2
    assert canonical == {newsroom.origins["harbour"] + "/world/lisbon-fisheries-accord"}


def test_json_ld_comes_in_three_shapes_and_on_some_pages_alone(newsroom: Newsroom) -> None:
    shapes: Counter[str] = Counter()
    for outlet, path, _, fate in ROWS:
        if fate == Fate.INDEXED:
            answer = get(newsroom.origins[outlet] + path)
            body = gzip.decompress(answer.body) if "Content-Encoding" in answer.headers else answer.body
            data = json_ld(body.decode("utf-8", errors="replace"))
            shapes["graph" if isinstance(data, dict) and "@graph" in data else type(data).__name__] += 1

    assert shapes == {"dict": 4, "graph": 3, "list": 5, "NoneType": 13}


def test_the_stub_says_that_it_is_not_free_and_the_future_page_its_year(newsroom: Newsroom) -> None:
    stub = json_ld(get(newsroom.origins["meridian"] + "/2026/11/02/central-bank-papers/").text)
    future = json_ld(get(newsroom.origins["meridian"] + "/2026/11/05/dakar-vaccine-plant/").text)

    assert stub["isAccessibleForFree"] is False
    assert future[1]["datePublished"].startswith("2099-")


def test_robots_refuse_one_announced_url(newsroom: Newsroom) -> None:
    rules = {name: Protego.parse(get(origin + "/robots.txt").text) for name, origin in newsroom.origins.items()}

    refused = [
        urlsplit(url).path
        for name, origin in newsroom.origins.items()
        for url in announced(newsroom)
        if url.startswith(origin) and not rules[name].can_fetch(url, "Newswire")
    ]
    assert refused == ["/members/briefing-arctic-route/"]


def test_a_page_can_be_edited_and_withdrawn(newsroom: Newsroom) -> None:
    url = newsroom.origins["harbour"] + "/sport/gig-rowing-final"

    newsroom.edit("/sport/gig-rowing-final", "<p>{origin}</p>")
    assert get(url).text == f"<p>{newsroom.origins['harbour']}</p>"

    newsroom.remove(url)
    assert get(url).status == 410

    newsroom.edit(url, "<p>back</p>")
    assert get(url).status == 200


@pytest.mark.parametrize("path", ["/robots.txt", "/nowhere", "http://127.0.0.1:1/x"])
def test_an_address_of_no_single_outlet_is_refused(newsroom: Newsroom, path: str) -> None:
    with pytest.raises(KeyError, match="give one of the newsroom's URLs"):
        newsroom.edit(path, "")


def test_the_sources_file_names_the_feeds_and_rules_that_fit(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.write_sources(tmp_path / "sources.toml")

    sources = tomllib.loads((tmp_path / "sources.toml").read_text("utf-8"))["sources"]
    assert tuple(source["feed"] for source in sources) == newsroom.feeds
    assert [source["language"] for source in sources] == ["en", "en", "de"]
    rules = sources[0]["rules"]
    page = BeautifulSoup(get(newsroom.origins["harbour"] + "/world/tehran-minsk-accords").text, "lxml")
    assert all(page.select(selector) for selector in rules["remove"])
    (kept,) = page.select(rules["keep"])
    assert "Svetlana Tikhanovskaya" in kept.get_text()
    assert "comment" not in kept.get_text()


def test_a_port_in_use_is_one_clear_line_and_exit_code_2(newsroom: Newsroom) -> None:
    port = str(urlsplit(newsroom.origins["meridian"]).port)

    run = subprocess.run(
        [sys.executable, "-m", "examples.newsroom", "--ports", "0", port, "0"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith(f"newsroom: cannot serve meridian on 127.0.0.1:{port}: ")
    assert run.stderr.count("\n") == 1
