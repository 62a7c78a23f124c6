"""Whatever the bytes are, there is an article or a Reject, and an article's text keeps its promises."""

import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.model.article import Article
from pipeline.model.capture import Capture
from pipeline.model.feed import Entry, Rules

GOLDEN = Path(__file__).parent / "golden"
PAGES = [path.read_bytes() for path in sorted(GOLDEN.glob("*/page.html"))]
TYPES = [
    "text/html",
    "text/html; charset=utf-16",
    "text/html; charset=\x00",
    "application/xhtml+xml; charset=iso-8859-1",
    "",
]
RULES = [Rules(), Rules(remove=("p b",)), Rules(keep=("article", "body"))]
ENTRY = Entry(
    url="https://a.example/1", feed_url="https://a.example/f", publisher="A", title="T", content_html="<p>x<br>" * 9
)


def extract(body: bytes, content_type: str = "text/html", rules: Rules = RULES[0]) -> Article | None:
    url = "https://a.example/1"
    now = datetime(2024, 6, 1, tzinfo=UTC)
    capture = Capture(
        url=url, final_url=url, fetched_at=now, status=200, headers=(("Content-Type", content_type),), body=body
    )
    try:
        return extract_article(capture, ENTRY, rules)
    except Reject:
        return None


def check(article: Article | None) -> None:
    if article is None:
        return
    assert article.text
    assert article.headline.value
    assert unicodedata.is_normalized("NFC", article.text)
    assert all(line and line == " ".join(line.split()) for line in article.text.split("\n\n"))
    article.text.encode()


@given(st.binary(max_size=400), st.sampled_from(TYPES))
@example(b"<html>" + b"<b>" * 3000 + b"text " * 100, "text/html")
@example(b"<p>" + b"\x00\x0b\xff" * 200, "text/html")
@example(b"<html>&#0;&#xD800;<p>" + b"some text. " * 60, "text/html")
@settings(deadline=None)
def test_random_bytes(body: bytes, content_type: str) -> None:
    check(extract(b"<html><body><p>" + body, content_type))
    check(extract(body, content_type))


@st.composite
def mutated_pages(draw: st.DrawFn) -> bytes:
    page = bytearray(draw(st.sampled_from(PAGES)))
    for _ in range(draw(st.integers(1, 12))):
        at = draw(st.integers(0, len(page)))
        cut = draw(st.integers(0, 80))
        page[at : at + cut] = draw(
            st.sampled_from([b"", b"<", b">", b'"', b"\\ud800", b"\xed\xa0\x80", b"{", b"<script>", b"</p>"])
        )
    return bytes(page)


@given(mutated_pages(), st.sampled_from(TYPES), st.sampled_from(RULES))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_pages(body: bytes, content_type: str, rules: Rules) -> None:
    check(extract(body, content_type, rules))


def test_one_article_exactly(shared: Path) -> None:
    folder = shared / "articles"
    if not folder.is_dir():
        pytest.skip("no ../shared/articles beside the repository")
    article = extract((folder / "tehran.html").read_bytes())
    assert article is not None
    assert article.text == (folder / "tehran.txt").read_text(encoding="utf-8").rstrip("\n")
    assert article.headline.value == "Visit to Tehran: Iran and Belarus want to develop relations"
    assert article.published is not None
    assert article.published.value.isoformat() == "2023-03-13T14:05:00+01:00"


BODY = "".join(
    f"<p>The council of Norhaven voted on Monday to rebuild the lighthouse, for the {n}th time.</p>" for n in range(9)
)
PAGE = f"<html><head><title>Light saved</title></head><body><article><h1>Light saved</h1>{BODY}</article></body></html>".encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj" * 100, id="PDF"),
        pytest.param(b'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title></channel></rss>', id="feed"),
        pytest.param(b'<html><frameset cols="20%,80%"><frame src="a"><frame src="b"></frameset></html>', id="frames"),
        *(
            pytest.param(b"<html>" + tag * 100_000 + b"text", id=f"nested {tag.decode()}")
            for tag in (b"<div>", b"<b>", b"<g>", b"<x-y>", b"<select><option>", b"<ul><li>", b"<p><font>", b"<h1>")
        ),
        pytest.param(b"<html>" + b"<" * 2_000_000, id="open tags"),
        pytest.param(b"<!-- a -->\n" * 10_000 + PAGE, id="comments before the page"),
        pytest.param(b"<!--" * 20_000 + PAGE, id="open comments before the page"),
        pytest.param(b"<html><p " + b"a=1 " * 500_000 + b">x", id="attributes"),
        pytest.param(b"<html>" + b'<meta name="author" content="Ida Brekke">' * 20_000 + PAGE, id="metas"),
        pytest.param(
            b"<html>" + b"<i itemprop=name>" * 3_000 + b'<i itemprop="name">x</i>' * 20_000 + PAGE, id="microdata"
        ),
    ],
)
def test_bad_pages_end_in_a_verdict(body: bytes) -> None:
    check(extract(body))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(b"[" * 1_000_000, id="open lists"),
        pytest.param(b'{"a":' + b"," * 1_000_000, id="commas"),
        pytest.param(b"{} " * 300_000, id="many values"),
        pytest.param(
            b'[{"@type":"Thing","name":"x"}' + b',{"@type":"Thing","name":"x"}' * 1_700_000 + b"]", id="50 MB"
        ),
        pytest.param(b'{"@type":"Article","headline":"x","k":[' + b'{"@type":"Thing"},' * 60_000, id="cut off"),
        pytest.param(
            b'{"@type":"Article","headline":"Light saved","articleBody":"' + b"<p>Half\\ud83d</p>" * 1_000 + b'"}',
            id="half a character",
        ),
    ],
)
def test_broken_linked_data_costs_nothing_but_itself(script: bytes) -> None:
    article = extract(b'<html><script type="application/ld+json">' + script + b"</script>" + PAGE)
    assert article is not None
    assert article.headline.value == "Light saved"


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "text/html; charset=iso-8859-9"),
        ("utf-16", "text/html; charset=utf-8"),
        ("utf-16-le", "text/html; charset=utf-16le"),
        ("cp1254", "text/html; charset=iso-8859-9"),
        ("cp1252", "text/html; charset=utf-8"),
        ("utf-8", "text/html; charset=klingon"),
    ],
)
def test_encodings_declared_or_lied_about(encoding: str, content_type: str) -> None:
    article = extract(PAGE.decode().replace("Light", "Größe").encode(encoding), content_type)
    assert article is not None
    assert article.headline.value == "Größe saved"
