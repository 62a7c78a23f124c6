"""Where the text of an article comes from when the page shows none of it."""

import json
from datetime import UTC, datetime

import pytest

from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.model.article import TextSource
from pipeline.model.capture import Capture
from pipeline.model.feed import Rules

LINES = [
    f"The council of Norhaven voted on Tuesday to rebuild lighthouse number {n} after years of talks." for n in range(6)
]
FRAME = "<div id=app></div><p>© 2024 Harbour Courier. All rights reserved.</p>"
LINKED = {"@type": "NewsArticle", "headline": "Light saved", "articleBody": "\n".join(LINES)}
STATE = {"title": "Light saved", "body": LINES}


def capture_of(body: str) -> Capture:
    return Capture(
        url="https://courier.example/a",
        final_url="https://courier.example/a",
        fetched_at=datetime(2024, 6, 1, tzinfo=UTC),
        status=200,
        headers=(("Content-Type", "text/html; charset=utf-8"),),
        body=f"<html><head><title>Light saved</title></head><body>{body}</body></html>".encode(),
    )


@pytest.mark.parametrize(
    ("script", "source"),
    [
        (f'<script type="application/ld+json">{json.dumps(LINKED)}</script>', TextSource.JSON_LD),
        (f'<script type="application/json">{json.dumps(STATE)}</script>', TextSource.SCRIPT),
    ],
)
@pytest.mark.parametrize("shown", ["", FRAME])
def test_a_line_of_the_frame_is_no_text_that_the_declared_one_contradicts(
    script: str, source: TextSource, shown: str
) -> None:
    article = extract_article(capture_of(script + shown), None, Rules())
    assert article.text.split("\n\n") == LINES
    assert article.text_source is source


def test_a_declared_text_that_is_another_one_is_not_taken() -> None:
    other = "".join(f"<p>Ferries will run again from Monday, said harbour master number {n}.</p>" for n in range(3))
    script = f'<script type="application/ld+json">{json.dumps(LINKED)}</script>'
    article = extract_article(capture_of(f"{script}<article><h1>Light saved</h1>{other}</article>"), None, Rules())
    assert article.text_source is TextSource.PAGE


def test_a_frame_alone_is_refused() -> None:
    with pytest.raises(Reject):
        extract_article(capture_of(FRAME), None, Rules())


def test_a_row_of_data_is_one_line_and_a_table_that_lays_out_the_page_is_none() -> None:
    rows = "".join(
        f"<tr><td>Ferry {n}</td><td>{n} crossings a day</td><td><b>{n}00</b> guests</td></tr>" for n in (4, 5, 6)
    )
    paragraphs = [f"<p>{line}</p>" for line in LINES]
    article = extract_article(
        capture_of(f"<article>{''.join(paragraphs[:3])}<table>{rows}</table>{''.join(paragraphs[3:])}</article>"),
        None,
        Rules(),
    )
    data = [f"Ferry {n} | {n} crossings a day | {n}00 guests" for n in (4, 5, 6)]
    assert article.text.split("\n\n") == [*LINES[:3], *data, *LINES[3:]]
    columns = f"<table><tr><td>{LINES[0]} {LINES[1]}</td><td>{LINES[2]} {LINES[3]}</td></tr></table>"
    article = extract_article(capture_of(f"<article>{columns}</article>"), None, Rules())
    assert article.text.split("\n\n") == [f"{LINES[0]} {LINES[1]}", f"{LINES[2]} {LINES[3]}"]
