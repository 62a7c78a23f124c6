"""Whatever closes a page, its text goes nowhere: the feed's own content takes its place, or nothing does."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.extract.page import read_page
from pipeline.extract.screen import read_screen
from pipeline.model.article import TextSource
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason
from pipeline.model.feed import Entry, Rules

PAGES = Path(__file__).parents[1] / "walls"
SENTENCE = "The council of Norhaven voted on Tuesday to rebuild the old lighthouse, after eleven long years of talks."
#: A page of each kind of wall.
WALLS = {
    "consent/fr-accepter-ou-abonner.html": Reason.CONSENT,
    "paywall/en-declared-css-selector.html": Reason.PAYWALL,
    "paywall/en-metered-limit.html": Reason.PAYWALL,
    "bot-check/de-sicherheitspruefung.html": Reason.BOT_CHECK,
    "script-shell/fr-nuxt-squelette.html": Reason.SCRIPT_SHELL,
    "not-found/de-depubliziert.html": Reason.NOT_FOUND,
    "index-page/en-topic-with-intro.html": Reason.INDEX_PAGE,
    "too-short/it-in-aggiornamento.html": Reason.TOO_SHORT,
}


def capture_of(html: bytes, url: str = "https://courier.example/news/lighthouse") -> Capture:
    return Capture(
        url=url,
        final_url=url,
        fetched_at=datetime(2024, 6, 1, tzinfo=UTC),
        status=200,
        headers=(("Content-Type", "text/html; charset=utf-8"),),
        body=html,
    )


def read_wall(name: str) -> Capture:
    with (PAGES / "pages.tsv").open(encoding="utf-8", newline="") as lines:
        urls = {row["page"]: row["url"] for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}
    return capture_of((PAGES / name).read_bytes(), urls[name])


def entry_of(capture: Capture, content: str) -> Entry:
    return Entry(
        url=capture.url,
        feed_url="https://courier.example/feed",
        publisher="Courier",
        title="Lighthouse to be rebuilt",
        content_html=content,
    )


@pytest.mark.parametrize("name", WALLS)
def test_a_wall_is_refused_with_its_evidence(name: str) -> None:
    with pytest.raises(Reject) as caught:
        extract_article(read_wall(name), None, Rules())
    assert caught.value.reason is WALLS[name]
    assert caught.value.detail


@pytest.mark.parametrize("name", WALLS)
def test_the_feeds_own_text_takes_the_place_of_a_wall(name: str) -> None:
    capture = read_wall(name)
    content = "".join(f"<p>{SENTENCE} ({number})</p>" for number in range(6))
    article = extract_article(capture, entry_of(capture, content), Rules())
    assert article.text_source is TextSource.FEED
    assert article.text.split("\n\n") == [f"{SENTENCE} ({number})" for number in range(6)]


@pytest.mark.parametrize("name", WALLS)
def test_a_feeds_summary_does_not(name: str) -> None:
    capture = read_wall(name)
    with pytest.raises(Reject) as caught:
        extract_article(capture, entry_of(capture, f"<p>{SENTENCE}</p>"), Rules())
    assert caught.value.reason is WALLS[name]


@pytest.mark.parametrize("selector", ["", "p:has(", "..", 7, None, ["p"]])
def test_a_locked_part_that_no_one_can_find_is_no_evidence(selector: object) -> None:
    declared = f'{{"@type":"NewsArticle","hasPart":{{"isAccessibleForFree":false,"cssSelector":{json_of(selector)}}}}}'
    page = (
        f'<script type="application/ld+json">{declared}</script><h1>Light</h1><p>{SENTENCE}</p><p>{SENTENCE} Again.</p>'
    )
    assert SENTENCE in extract_article(capture_of(f"<html><body>{page}".encode()), None, Rules()).text


def test_lines_say_where_they_stand() -> None:
    html = (
        "<html><body><header><p>Courier</p></header><div role=dialog><p>We <b>use</b> cookies<br>here</p>"
        "<input type=submit value=Fine><button>No</button></div><p style='display: none'>Hidden</p><noscript>Scripts</noscript>"
        "<p><a href=/a>All of it</a></p><p>Some of <a href=/b>it</a> only</p>"
    )
    lines = read_screen(read_page(capture_of(html.encode())))
    assert [(line.text, line.is_prose, line.is_boxed, line.is_control) for line in lines] == [
        ("courier", False, False, False),
        ("we use cookies", True, True, False),
        ("here", True, True, False),
        ("fine", False, True, True),
        ("no", False, True, True),
        ("all of it", False, False, False),
        ("some of it only", True, False, False),
    ]


def json_of(value: object) -> str:
    return msgspec.json.encode(value).decode()
