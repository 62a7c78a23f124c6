"""Paragraphs: repeats dropped, stubs told, feed HTML and a source's own rules cleaned."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.errors import UsageError
from pipeline.extract.blocks import read_layout
from pipeline.extract.body import declared_paragraphs, drop_repeats, is_stub_of
from pipeline.extract.groups import bits_of
from pipeline.extract.rules import apply_remove, clean_html, kept_paragraphs
from pipeline.extract.scene import Titles, set_scene
from pipeline.extract.signs import is_advert
from pipeline.extract.text import clean_line, fold, weigh
from pipeline.model.feed import Rules

LEDE = "The council voted to rebuild the old lighthouse of Norhaven after eleven long years."


@pytest.mark.parametrize(
    ("paragraphs", "expected"),
    [
        (["Light saved", LEDE], [LEDE]),
        (["LIGHT SAVED!", LEDE, "Light saved", "End."], [LEDE, "End."]),
        (["The council voted to rebuild", LEDE, "End."], [LEDE, "End."]),
        ([LEDE, LEDE, "End."], [LEDE, "End."]),
        (
            [LEDE, "End.", "More of it.", "And more.", "Still.", LEDE],
            [LEDE, "End.", "More of it.", "And more.", "Still."],
        ),
        ([LEDE, "A", "B", "C", "No.", "D", "No."], [LEDE, "A", "B", "C", "No.", "D", "No."]),
        ([], []),
    ],
)
def test_headline_and_lede_are_said_once(paragraphs: list[str], expected: list[str]) -> None:
    assert drop_repeats(paragraphs, "Light saved") == expected


def test_a_stub_is_much_shorter_and_the_same() -> None:
    long = [LEDE * 3, LEDE * 5]
    assert is_stub_of([LEDE], long)
    assert is_stub_of([], long)
    assert not is_stub_of(["Something else."], long)
    assert not is_stub_of([LEDE * 4], long)
    assert not is_stub_of([], [])


@pytest.mark.parametrize("text", ["advertisement", "— anzeige —", "[publicité]", "広告"])
def test_the_label_of_an_advertisement_is_told(text: str) -> None:
    assert is_advert(text)


@pytest.mark.parametrize("text", ["advertisements for himself", "the ad", ""])
def test_what_says_more_is_no_label_of_an_advertisement(text: str) -> None:
    assert not is_advert(text)


def test_declared_bodies_are_text_or_html() -> None:
    assert declared_paragraphs("One.\n\nTwo &amp;.") == ["One.", "Two &amp;."]
    assert declared_paragraphs("<p>One.</p><p>Two &amp;.</p>") == ["One.", "Two &."]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One <b>bold</b>\n word.</p><p>Two.</p>", ["One bold word.", "Two."]),
        ("Plain text", ["Plain text"]),
        ("One.<br><br>Two.<script>x()</script><!-- no -->", ["One.", "Two."]),
        ("<h2>Head</h2><ul><li>a</li><li>b</li></ul>tail", ["Head", "a", "b", "tail"]),
        ("<div>a<p>b</p>c</div>", ["a", "b", "c"]),
        ("<p>One.</p><figure><figcaption>no</figcaption></figure><p><a>Read more</a></p>", ["One."]),
        ("", []),
    ],
)
def test_feed_html_gives_paragraphs(html: str, expected: list[str]) -> None:
    assert clean_html(html) == expected


def test_rules_remove_and_keep() -> None:
    html = "<div class=a><p>One.</p><div class=a><p>Two.</p></div><p class=ad>Buy!</p></div><p>Three.</p>"
    assert kept_paragraphs(html, Rules(keep=(".a",), remove=(".ad",))) == ["One.", "Two."]
    assert "Buy" not in apply_remove(html, Rules(remove=(".ad", "nav")))


def test_thousands_of_kept_elements_end_soon() -> None:
    html = "<div>" * 100 + "<p>One <b>word</b>.</p>" * 3_000
    assert kept_paragraphs(html, Rules(keep=("p", "b"))) == ["One word."] * 3_000


def test_a_bad_selector_is_named() -> None:
    with pytest.raises(UsageError, match=r"p:nope"):
        apply_remove("<p>x</p>", Rules(remove=("p:nope(",)))


def test_lines_are_normal() -> None:
    assert clean_line("e\u0301\u00ad \u200b\n\x00b\ud800") == "é b"
    assert fold("“Light” saved!") == fold("LIGHT SAVED")
    assert weigh("灯台ab") == 8


def test_names_on_the_parts_of_an_article_say_nothing_against_it() -> None:
    part = f'<div class="grid-item"><p>{LEDE * 2}</p><p class="paywall">{LEDE * 3}</p></div>'
    teasers = '<div class="card"><a href="/a">Thirty tools that every home should have</a></div>'
    html = f"<h1>Light saved</h1><div>{part}{teasers}{part}{teasers}{part}</div>"
    scene = set_scene(read_layout(LexborHTMLParser(html)), Titles(frozenset({"light saved"})))
    named = [(block.owner.mask | block.owner.above) & bits_of("list", "offer") for block in scene.blocks]
    assert [bool(mask) for mask in named] == [False, *[False, False, True] * 2, False, False]
