"""Bytes become text as in a browser, and what is no HTML is refused."""

import codecs
from datetime import UTC, datetime

import pytest

from pipeline.errors import Reject
from pipeline.extract.blocks import MANY_BLOCKS, read_layout
from pipeline.extract.page import decode, find_codec, read_page
from pipeline.extract.screen import read_screen
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason

CYRILLIC = "Маяк вновь светит над гаванью, сообщили в совете города. Рыбаки ждали этого одиннадцать лет."


def make_capture(body: bytes, content_type: str = "text/html") -> Capture:
    return Capture(
        url="https://courier.example/a",
        final_url="https://courier.example/a",
        fetched_at=datetime(2024, 6, 1, tzinfo=UTC),
        status=200,
        headers=(("Content-Type", content_type),) if content_type else (),
        body=body,
    )


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (codecs.BOM_UTF8 + "é".encode(), "text/html; charset=iso-8859-1", "é"),
        (codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), "", "é"),
        ("é".encode("latin-1"), "text/html; charset=ISO-8859-1", "é"),
        (b"\x93a\x94", "text/html; charset=iso-8859-1", "“a”"),
        ("ж".encode("cp1251"), 'text/html; charset="windows-1251"', "ж"),
        (b'<meta charset="koi8-r">' + "ж".encode("koi8-r"), "text/html", '<meta charset="koi8-r">ж'),
        (
            b'<meta http-equiv=Content-Type content="text/html; charset=shift_jis">' + "灯台".encode("cp932"),
            "",
            '<meta http-equiv=Content-Type content="text/html; charset=shift_jis">灯台',
        ),
        ("é".encode(), "text/html; charset=nonsense", "é"),
        ("é".encode(), "text/html; charset=ascii-but-not", "é"),
        ("灯台".encode(), "text/html; charset=gb18030x", "灯台"),
        (CYRILLIC.encode("cp1251") * 5, "", CYRILLIC * 5),
        (b"<meta charset=utf-16>\xc3\xa9", "", "<meta charset=utf-16>é"),
        (b"abc\xff", "text/html; charset=utf-8", "abc\ufffd"),
        (b"", "", ""),
    ],
)
def test_decodes_as_browsers_do(body: bytes, content_type: str, expected: str) -> None:
    assert decode(body, content_type)[0] == expected


def test_labels_mean_what_browsers_mean() -> None:
    assert find_codec("latin1") == "cp1252"
    assert find_codec("us-ascii") == "cp1252"
    assert find_codec("gb2312") == "gb18030"
    assert find_codec("hex") is None
    assert find_codec("no-such") is None


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"%PDF-1.7 <html>", "application/pdf"),
        (b'{"a": "<p>b</p>"}', "application/json"),
        (b"plain words", "text/html"),
        (b"", "text/html"),
        (b'<?xml version="1.0"?><rss><channel><title>x</title></channel></rss>', "application/xml"),
    ],
)
def test_refuses_what_is_no_page(body: bytes, content_type: str) -> None:
    with pytest.raises(Reject) as caught:
        read_page(make_capture(body, content_type))
    assert caught.value.reason is Reason.NOT_HTML


@pytest.mark.parametrize("body", [b"<div>" * 500_000, b"<div>" * 4_000 + b"<p>A text.</p>" * 50_000])
def test_refuses_pages_that_nest_without_end(body: bytes) -> None:
    with pytest.raises(Reject) as caught:
        read_page(make_capture(b"<html>" + body))
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("attributes", [" ".join(f"a{n}" for n in range(70_000)), "a=b " * 110_000])
def test_refuses_elements_with_attributes_without_end(attributes: str) -> None:
    with pytest.raises(Reject) as caught:
        read_page(make_capture(f"<html><p {attributes}>A text.</p>".encode()))
    assert caught.value.reason is Reason.TOO_LARGE


def test_an_attribute_may_be_long() -> None:
    script = "a > b && c " * 40_000
    page = read_page(make_capture(f"""<html><p data-a="{script}" data-b='{script}'>A text.</p>""".encode()))
    assert page.tree.css("p")[0].text() == "A text."


def test_no_page_is_looked_at_without_end() -> None:
    page = read_page(make_capture(b"<html><body>" + b"<p>A word.</p>" * (MANY_BLOCKS + 9)))
    layout = read_layout(page.tree)
    assert len(layout.blocks) == MANY_BLOCKS
    assert len(layout.elements) == MANY_BLOCKS + 1
    assert len(read_screen(page)) < MANY_BLOCKS


def test_metas_are_found_by_any_of_their_names() -> None:
    page = read_page(
        make_capture(
            b'<html lang="en-GB"><meta property="og:Title" content=" A  b "><meta name=empty content="">'
            b"<meta itemprop=datePublished content=x><meta name=tag content=1><meta name=tag content=2>"
        )
    )
    assert page.meta("none", "og:title") == ("og:title", "A b")
    assert page.meta("empty") is None
    assert page.metas["tag"] == ("1", "2")
    assert page.metas["datepublished"] == ("x",)
    assert page.language == "en-GB"
