"""Bylines give names in order, agencies apart, and nothing else."""

from datetime import UTC, datetime

import pytest

from pipeline.extract.byline import find_byline, parse_byline
from pipeline.extract.facts import gather_facts
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
            '<meta property="article:author" content="https://social.example/ida">',
            ("Ida Brekke",),
            ("Ida Brekke",),
            "feed",
        ),
    ],
)
def test_the_best_source_is_taken(html: str, fed: tuple[str, ...], authors: tuple[str, ...], source: str) -> None:
    url = "https://courier.example/a"
    capture = Capture(
        url=url, final_url=url, fetched_at=datetime(2024, 6, 1, tzinfo=UTC), status=200, body=f"<html>{html}".encode()
    )
    byline = find_byline(gather_facts(read_page(capture), None), fed, "en")
    assert (byline.authors, byline.source) == (authors, source)
