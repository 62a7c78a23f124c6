"""Each field comes from the best evidence of the page."""

from datetime import UTC, datetime

import pytest

from pipeline.extract.facts import Facts, declared_canonical, gather_facts
from pipeline.extract.metadata import (
    declared_language,
    find_deck,
    find_headline,
    find_image,
    find_publisher,
    find_section,
    find_topics,
    is_free,
)
from pipeline.extract.page import read_page
from pipeline.model.capture import Capture

LONG = "The old lighthouse of Norhaven is saved by one vote " + "after long years of talks " * 3 + "and a referendum"
URL = "https://www.courier.example/local/lighthouse"


def facts_of(html: str, publisher: str | None = None) -> Facts:
    capture = Capture(
        url=URL, final_url=URL, fetched_at=datetime(2024, 6, 1, tzinfo=UTC), status=200, body=f"<html>{html}".encode()
    )
    return gather_facts(read_page(capture), publisher)


def ld(fields: str) -> str:
    return f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "Harbour light saved", {fields}}}</script>'


@pytest.mark.parametrize(
    ("html", "publisher", "headline"),
    [
        (
            "<title>Harbour light saved - Norhaven Courier</title><meta property='og:site_name' content='Norhaven Courier'>",
            None,
            "Harbour light saved",
        ),
        ("<title>Norhaven Courier: Harbour light saved</title>", "Norhaven Courier", "Harbour light saved"),
        (
            "<title>Harbour light saved | Local | courier.example</title><h1>Harbour light saved</h1>",
            None,
            "Harbour light saved",
        ),
        ("<title>Harbour light saved - at last</title>", "Norhaven Courier", "Harbour light saved - at last"),
        ("<title>Harbour light saved | The Courier</title>", None, "Harbour light saved"),
        ("<title>Hafenlicht gerettet – Courier Online</title>", None, "Hafenlicht gerettet"),
        ("<title>港の灯台を救え_地域_courier</title><h1>港の灯台を救え</h1>", None, "港の灯台を救え"),
        ("<title>港の灯台を救え｜Courier</title>", None, "港の灯台を救え"),
        ("<title>Courier: a light saved</title>", None, "a light saved"),
        (
            "<title>The courier's light: a history of Norhaven</title>",
            None,
            "The courier's light: a history of Norhaven",
        ),
        ("<title>Harbour &amp;quot;light&amp;quot; saved</title>", None, 'Harbour "light" saved'),
        (
            f'<script type="application/ld+json">{{"@type": "Article", "headline": "{LONG[:110]}"}}</script><h1>{LONG}</h1>',
            None,
            LONG,
        ),
        (
            "<header><h1>Courier</h1></header><article><h1>Harbour <em>light</em>, saved</h1></article>",
            None,
            "Harbour light, saved",
        ),
        (
            '<meta property="og:title" content="Harbour light saved by a narrow…"><h1>Harbour light saved by a narrow vote</h1>',
            None,
            "Harbour light saved by a narrow vote",
        ),
        (
            "<a href='/'><h1>Norhaven Today</h1></a><h2>News</h2><title>Harbour light saved</title>",
            None,
            "Harbour light saved",
        ),
        (
            "<h1>Market Notes</h1><meta property='og:title' content='Harbour light saved'><title>Sea:Harbour light saved</title>",
            None,
            "Harbour light saved",
        ),
        (
            "<h1>Market Notes</h1><title>Our lighthouse: saved</title>",
            None,
            "Market Notes",
        ),
        (
            "<h1>Two words</h1><title>Harbour light saved</title><meta property='og:title' content='Harbour light saved'>",
            None,
            "Harbour light saved",
        ),
    ],
)
def test_the_headline_is_what_the_evidence_agrees_on(html: str, publisher: str | None, headline: str) -> None:
    found = find_headline(facts_of(html, publisher), None)
    assert found is not None
    assert found.value == headline


def test_the_feed_names_a_page_without_a_title() -> None:
    found = find_headline(facts_of("<p>x</p>"), " A  title ")
    assert found is not None
    assert (found.value, found.source) == ("A title", "feed")
    assert find_headline(facts_of("<p>x</p>"), None) is None


def test_the_deck_is_never_the_headline_again() -> None:
    description = '<meta name="description" content="Seven &amp;amp; two">'
    assert find_deck(facts_of(description), "Harbour light saved") == "Seven & two"
    assert (
        find_deck(facts_of('<meta name="description" content="Harbour light saved.">'), "Harbour light saved") is None
    )


@pytest.mark.parametrize(
    ("html", "canonical"),
    [
        ('<link rel="canonical" href="/local/other">', "https://www.courier.example/local/other"),
        ('<meta property="og:url" content="https://courier.example/x">', "https://courier.example/x"),
        ('<link rel="canonical" href="javascript:void(0)">', None),
        ('<link rel="canonical" href="http://[broken">', None),
        ("<p>x</p>", None),
    ],
)
def test_the_declared_address_is_made_absolute(html: str, canonical: str | None) -> None:
    assert declared_canonical(facts_of(html).page) == canonical


def test_language_section_topics_publisher() -> None:
    facts = facts_of(
        ld(
            '"articleSection": ["Local", "Sea"], "keywords": "light, Harbour,light", '
            '"publisher": {"name": "Courier"}, "inLanguage": "en-GB"'
        )
        + '<meta property="article:tag" content="harbour">'
    )
    assert declared_language(facts, "de") == "en-GB"
    assert find_section(facts) == "Local"
    assert find_topics(facts) == ("light", "Harbour")
    assert find_publisher(facts) == "Courier"
    assert declared_language(facts_of("<p>x</p>"), "de") == "de"
    assert declared_language(facts_of("<meta property='og:locale' content='pt_BR'>"), None) == "pt_BR"


@pytest.mark.parametrize(
    ("html", "topics"),
    [
        (ld('"keywords": ["Doe, Jane", "Sea", "type:video", "#Light"]'), ("Doe, Jane", "Sea", "Light")),
        (ld('"keywords": "灯台、港，海"'), ("灯台", "港", "海")),
        (ld('"keywords": ["Sea", "–", "Light"]'), ("Sea", "Light")),
        ('<meta name="news_keywords" content="a; b"><meta name="keywords" content="site, words">', ("a", "b")),
        ('<meta name="keywords" content="R&amp;amp;D, Sea">', ("R&D", "Sea")),
        ('<meta property="article:tag" content="a"><meta property="article:tag" content="b">', ("a", "b")),
        (
            '<a rel="category tag">Local</a><a rel="tag">Sea</a><a rel="tag">Light</a><meta name="keywords" content="x">',
            ("Sea", "Light"),
        ),
        ("".join(f'<a rel="tag">{number}</a>' for number in range(40)), ()),
        ("<p>x</p>", ()),
    ],
)
def test_topics_come_from_the_best_source(html: str, topics: tuple[str, ...]) -> None:
    assert find_topics(facts_of(html)) == topics


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (ld('"isAccessibleForFree": false'), False),
        (ld('"isAccessibleForFree": "True"'), True),
        (ld('"isAccessibleForFree": "http://schema.org/False"'), False),
        ('<meta property="article:content_tier" content="locked">', False),
        ("<p>x</p>", None),
    ],
)
def test_free_as_declared(html: str, *, expected: bool | None) -> None:
    assert is_free(facts_of(html)) is expected


def test_the_image_is_absolute_and_keeps_its_caption() -> None:
    image = find_image(facts_of(ld('"image": [{"url": "/light.jpg", "caption": "The light"}]')))
    assert image is not None
    assert (image.url, image.caption) == ("https://www.courier.example/light.jpg", "The light")
    assert find_image(facts_of('<meta property="og:image" content="data:image/gif;base64,xx">')) is None
