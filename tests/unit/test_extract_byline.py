"""Bylines give names in order, agencies apart, and nothing else."""

from datetime import UTC, datetime

import pytest

from pipeline.extract.byline import find_byline
from pipeline.extract.facts import gather_facts
from pipeline.extract.names import parse_byline
from pipeline.extract.page import read_page
from pipeline.model.capture import Capture


@pytest.mark.parametrize(
    ("raw", "language", "authors", "agency"),
    [
        ("By Ida Brekke", "en", ("Ida Brekke",), None),
        ("By Ida Brekke and Tom Aske", "en", ("Ida Brekke", "Tom Aske"), None),
        ("IDA BREKKE, STAFF WRITER", "en", ("Ida Brekke",), None),
        ("Ida Brekke, Political correspondent in Norhaven", "en", ("Ida Brekke",), None),
        ("Ida Brekke ida@courier.example", "en", ("Ida Brekke",), None),
        ("By Ida Brekke | Published 3 March 2024", "en", ("Ida Brekke",), None),
        ("Tom Aske (Reuters)", "en", ("Tom Aske",), "Reuters"),
        ("Tom Aske for the Associated Press", "en", ("Tom Aske",), "AP"),
        ("Associated Press", "en", (), "AP"),
        ("Von Jörg Wüst und Anne Klöver, dpa", "de", ("Jörg Wüst", "Anne Klöver"), "dpa"),
        ("Par Zoé Lagrange avec AFP", "fr", ("Zoé Lagrange",), "AFP"),
        ("Por María Ruiz y Juan Soto", "es", ("María Ruiz", "Juan Soto"), None),
        ("Daniele de Rossi", "en", ("Daniele de Rossi",), None),
        ("Redaktion", "de", (), None),
        ("https://courier.example/staff/ida", "en", (), None),
        ("Ида Брекке и Том Аске", "ru", ("Ида Брекке", "Том Аске"), None),
        ("Автор: Ида Брекке", "ru", ("Ида Брекке",), None),
        ("Ida Brekke 3 March 2024", "en", ("Ida Brekke",), None),
        ("Ida Brekke Monday, 3 March", "en", ("Ida Brekke",), None),
        ("Ida Brekke (Norhaven)", "en", ("Ida Brekke",), None),
        ("Ida Brekke, Norhaven", "en", ("Ida Brekke",), None),
        ("Ida Brekke, MD", "en", ("Ida Brekke",), None),
        ("Madonna", "en", ("Madonna",), None),
        ("Print this article", "en", (), None),
        ("Redakteurin Anne Klöver", "de", ("Anne Klöver",), None),
        ("Von Anne Klöver aus Berlin", "de", ("Anne Klöver",), None),
        ("Di Marco Russo e Anna De Luca", "it", ("Marco Russo", "Anna De Luca"), None),
        ("A cura di Redazione Cronaca", "it", (), None),
        ("Por Ana Lima, da redação", "pt", ("Ana Lima",), None),
        ("Door Jan van den Berg en Els Smit", "nl", ("Jan van den Berg", "Els Smit"), None),
        ("Napisała Anna Nowak", "pl", ("Anna Nowak",), None),
        ("José Ortega y Gasset", "en", ("José Ortega y Gasset",), None),
        ("本报记者 王小明 李华", "zh", ("王小明", "李华"), None),
        ("記者王小明／台北報導", "zh-TW", ("王小明",), None),
        ("文/张三", "zh", ("张三",), None),
        ("山田太郎、佐藤花子", "ja", ("山田太郎", "佐藤花子"), None),
        ("홍길동 기자 hong@courier.example", "ko", ("홍길동",), None),
        ("김철수·홍길동 기자", "ko", ("김철수", "홍길동"), None),
        ("新华社", "zh", (), "Xinhua"),
        ("بقلم: سارة حداد", "ar", ("سارة حداد",), None),
        ("courier.example", "en", (), None),
        ("", "en", (), None),
    ],
)
def test_reads_names_and_agencies(raw: str, language: str, authors: tuple[str, ...], agency: str | None) -> None:
    byline = parse_byline(raw, language)
    assert (byline.authors, byline.agency) == (authors, agency)


LD = '<script type="application/ld+json">{"@type": "Article", "headline": "H", "publisher": "Courier", "author": %s}</script>'


@pytest.mark.parametrize(
    ("html", "fed", "authors", "source"),
    [
        (LD % '[{"name": "Ida Brekke"}, "Tom Aske"]', (), ("Ida Brekke", "Tom Aske"), "json-ld:author"),
        (LD % '{"name": "Courier"}' + '<meta name="author" content="Ida Brekke">', (), ("Ida Brekke",), "meta:author"),
        (
            LD % '"Ida Brekke"' + '<p class="byline">By Ida Brekke and Tom Aske</p>',
            (),
            ("Ida Brekke", "Tom Aske"),
            "page:p",
        ),
        (
            LD % '{"@type": "Person", "name": "Courier Sports"}' + '<a rel="author">Ida Brekke</a>',
            (),
            ("Ida Brekke",),
            "page:a",
        ),
        (
            (
                '<h1>H</h1><p>By <a rel="author" href="/i">Ida Brekke</a>, <a rel="author" href="/t">Tom Aske</a></p>'
                '<ul><li><a rel="author">Other Writer</a></li></ul>'
            ),
            (),
            ("Ida Brekke", "Tom Aske"),
            "page:a",
        ),
        (
            (
                '<h1>H</h1><div class="article-byline"><span>Ida Brekke</span><div class="x">Staff writer</div>'
                '<div class="y">Print Friendly</div></div>'
            ),
            (),
            ("Ida Brekke",),
            "page:div",
        ),
        (
            '<h1>H</h1><ul class="authors"><li class="author">Ida Brekke</li><li class="author">Tom Aske</li></ul>',
            (),
            ("Ida Brekke", "Tom Aske"),
            "page:ul",
        ),
        (
            '<h1>H</h1><p>x</p><div class="comments"><p class="comment-author">Troll Trollson</p></div>',
            (),
            (),
            None,
        ),
        (
            '<meta name="twitter:label1" content="Verfasst von"><meta name="twitter:data1" content="Ida Brekke">',
            (),
            ("Ida Brekke",),
            "meta:twitter:data1",
        ),
        (
            (
                '<span itemprop="author"><span itemprop="name">Ida Brekke</span></span>'
                '<span itemprop="author"><span itemprop="name">Tom Aske</span></span>'
            ),
            (),
            ("Ida Brekke", "Tom Aske"),
            "page:span",
        ),
        (
            '<meta property="article:author" content="https://social.example/ida">',
            ("Ida Brekke",),
            ("Ida Brekke",),
            "feed",
        ),
    ],
)
def test_the_best_source_is_taken(
    html: str, fed: tuple[str, ...], authors: tuple[str, ...], source: str | None
) -> None:
    url = "https://courier.example/a"
    capture = Capture(
        url=url, final_url=url, fetched_at=datetime(2024, 6, 1, tzinfo=UTC), status=200, body=f"<html>{html}".encode()
    )
    byline = find_byline(gather_facts(read_page(capture), None), fed, "en")
    assert (byline.authors, byline.source) == (authors, source)
