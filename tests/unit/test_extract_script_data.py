"""Text in script data is found by its headline, and nothing else is taken for it."""

import json

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.page import make_page
from pipeline.extract.script_data import script_paragraphs

LINES = [
    f"The council of Norhaven voted on Tuesday to rebuild lighthouse number {n} after years of talks." for n in range(5)
]
OTHER = [
    f"Ferries will run on time again from Monday, said harbour master number {n} after the storms." for n in range(9)
]
MARKED = "".join(f"<p>{line}</p>" for line in LINES)
ARTICLE = {"title": "Light saved", "summary": "A summary is no part of it, however long it may be.", "body": LINES}


def read(script: str, headline: str = "Light saved") -> list[str]:
    html = f"<html><body>{script}</body></html>"
    return script_paragraphs(make_page("https://courier.example/a", html, LexborHTMLParser(html)), headline)


@pytest.mark.parametrize(
    "script",
    [
        f'<script id="__NEXT_DATA__" type="application/json">{json.dumps({"props": ARTICLE})}</script>',
        f"<script>window.__STATE__ = {json.dumps({'page': ARTICLE, 'more': {'title': 'Ferries', 'body': OTHER}})};</script>",
        f'<script type="application/json">{json.dumps([{"headline": "LIGHT SAVED!", "html": MARKED}])}</script>',
    ],
)
def test_finds_the_object_with_the_headline(script: str) -> None:
    assert read(script) == LINES


@pytest.mark.parametrize(
    "script",
    [
        f'<script type="application/json">{json.dumps({"title": "Ferries", "body": OTHER})}</script>',
        f'<script type="application/json">{json.dumps({"title": "Light saved", "body": LINES[:2]})}</script>',
        f'<script type="application/json">{json.dumps(ARTICLE)[:-40]}</script>',
        f'<script type="application/json">{"[" * 100_000}</script>',
        "<script>var a = {b: c}; " + "x" * 500 + "</script>",
        '<script src="/a.js"></script>',
    ],
)
def test_takes_nothing_else(script: str) -> None:
    assert read(script) == []
    assert read(script, "") == []
