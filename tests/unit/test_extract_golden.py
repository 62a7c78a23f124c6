"""Golden pages: each folder in golden/ is a case (page.html, expected.json, and given.json where the defaults don't fit)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.model.article import Article, Dateline
from pipeline.model.capture import Capture
from pipeline.model.feed import Entry, Rules

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir())
FETCHED_AT = datetime(2024, 6, 1, tzinfo=UTC)


def read_json(path: Path) -> dict[str, Any]:
    return msgspec.json.decode(path.read_bytes()) if path.exists() else {}


def show(article: Article, name: str) -> object:
    """Return what the article says under a name of expected.json."""
    times = {"published": article.published, "modified": article.modified, "published_source": article.published}
    if name in times:
        stamp = times[name]
        return stamp and (stamp.source if name.endswith("source") else stamp.value.isoformat())
    special = {
        "headline": article.headline.value,
        "headline_source": article.headline.source,
        "authors": list(article.byline.authors),
        "agency": article.byline.agency,
        "dateline": article.dateline and show_dateline(article.dateline),
        "topics": list(article.topics),
        "image": article.image and article.image.url,
        "paragraphs": article.text.split("\n\n"),
    }
    return special[name] if name in special else getattr(article, name)


def show_dateline(dateline: Dateline) -> dict[str, str | None]:
    date = dateline.date.value.date().isoformat() if dateline.date else None
    return {"place": dateline.place, "date": date, "agency": dateline.agency, "raw": dateline.raw}


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str) -> None:
    expected, given = read_json(GOLDEN / case / "expected.json"), read_json(GOLDEN / case / "given.json")
    url = given.get("url", "https://courier.example/local/lighthouse")
    capture = Capture(
        url=url,
        final_url=url,
        fetched_at=FETCHED_AT,
        status=200,
        headers=(("content-type", given.get("content_type", "text/html; charset=utf-8")),),
        body=(GOLDEN / case / "page.html").read_bytes(),
    )
    entry = msgspec.convert(given["entry"], Entry) if "entry" in given else None
    rules = msgspec.convert(given.get("rules", {}), Rules)
    if "reject" in expected:
        with pytest.raises(Reject) as caught:
            extract_article(capture, entry, rules)
        assert caught.value.reason == expected["reject"]
        assert caught.value.detail
        return
    article = extract_article(capture, entry, rules)
    assert {name: show(article, name) for name in expected} == expected
