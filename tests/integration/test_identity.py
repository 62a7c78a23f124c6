"""Which article a page is, from its address to what is searched: over loopback HTTP, through the real flow, on both stores."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from examples.press import Story
from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.cli.ingest import drain_inbox
from pipeline.index.hits import Hit
from pipeline.model.fate import Fate, Reason
from pipeline.model.feed import Entry
from pipeline.model.query import Query
from pipeline.urls import article_id
from pipeline.wiring import Wiring
from tests.fixtures.documents import NOON, FixedClock
from tests.fixtures.ingested import open_home

HOUR = timedelta(hours=1)
WALL = "<html><title>Before you continue</title><body><p>Accept cookies to continue.</p></body></html>"


@dataclass
class Site:
    """Answers each target with its page; one that is a path alone leads there."""

    origin: str = ""
    pages: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = site.pages.get(self.path, "")
            moved = page.startswith("/")
            self.send_response_only(301 if moved else 200 if page else 404)
            self.send_header("Location" if moved else "Content-Type", page if moved else "text/html; charset=utf-8")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def wiring(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wiring]:
    wiring = open_home(tmp_path)
    wiring.clock = FixedClock(NOON)
    if request.param == "elasticsearch":
        url, prefix = request.getfixturevalue("elasticsearch_url"), request.getfixturevalue("elasticsearch_prefix")
        wiring.store = ElasticsearchStore(url, clock=wiring.clock, prefix=prefix)
    wiring.store.prepare()
    yield wiring
    wiring.close()


def page(number: int, *, canonical: str = "", headline: str = "", more: str = "") -> str:
    """Return a story's page; two of them share no passage."""
    html = Story(number=number, published_at=NOON).html
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    html = html.replace("</head>", f"{link}</head>").replace("</article>", f"<p>{more}</p></article>")
    return html.replace(Story(number=number, published_at=NOON).headline, headline) if headline else html


def announce(wiring: Wiring, site: Site, *targets: str, **more: str) -> None:
    entries = [
        Entry(url=site.origin + target, feed_url=f"{site.origin}/feed", publisher="The Example", **more)
        for target in targets
    ]
    wiring.ledger.record_entries(entries, wiring.clock.now())


def visit(wiring: Wiring, *, after: timedelta = timedelta()) -> Counter[Reason]:
    """Take what is due so long after noon through the whole flow; return how it ended."""
    wiring.clock = FixedClock(NOON + after)

    async def drain() -> Counter[Reason]:
        async with wiring.fetcher() as fetcher:
            return (await drain_inbox(wiring, fetcher, publisher=None, limit=100)).settled

    return asyncio.run(drain())


def hits(wiring: Wiring) -> Mapping[str, Hit]:
    """Return what is indexed, by the path that it is shown with."""
    return {"/" + hit.url.split("/", 3)[3]: hit for hit in wiring.store.search(Query(limit=100)).hits}


def test_an_article_whose_slug_changes_stays_one_document(wiring: Wiring, site: Site) -> None:
    site.pages["/old-slug"] = page(1)
    announce(wiring, site, "/old-slug")
    assert visit(wiring) == {Reason.NEW: 1}
    site.pages |= {"/old-slug": "/new-slug", "/new-slug": page(1, headline="The harbour opens again")}
    assert visit(wiring, after=HOUR) == {Reason.NEW_VERSION: 1}
    [(path, hit)] = hits(wiring).items()
    assert (path, hit.id, hit.reprint_of) == ("/new-slug", article_id(f"{site.origin}/old-slug"), None)
    [before] = wiring.store.versions(hit.id)
    assert before.form["headline"] == Story(number=1, published_at=NOON).headline
    assert wiring.ledger.holdings([f"{site.origin}/old-slug"])[f"{site.origin}/old-slug"].article.version == 2
    assert visit(wiring, after=25 * HOUR) == {Reason.SAME_CONTENT: 1}
    site.pages.clear()
    assert visit(wiring, after=200 * HOUR) == {Reason.NOT_FOUND: 1}
    assert hits(wiring)["/new-slug"].withdrawn_at == NOON + 200 * HOUR


def test_a_page_that_was_a_wall_stays_one_document(wiring: Wiring, site: Site) -> None:
    told = "".join(f"<p>{text}</p>" for text in Story(number=2, published_at=NOON).paragraphs)
    site.pages["/walled?from=feed"] = WALL
    announce(wiring, site, "/walled?from=feed", title="What the feed says", content_html=told)
    assert visit(wiring) == {Reason.NEW: 1}
    site.pages["/walled?from=feed"] = page(2, canonical="/story")
    assert visit(wiring, after=HOUR) == {Reason.NEW_VERSION: 1}
    [hit] = hits(wiring).values()
    assert hit.headline == Story(number=2, published_at=NOON).headline
    [before] = wiring.store.versions(hit.id)
    assert before.form["text_source"] == "feed"
    assert wiring.ledger.tally().fates == {Fate.INDEXED: 1}
