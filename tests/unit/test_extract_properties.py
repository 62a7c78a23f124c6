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
