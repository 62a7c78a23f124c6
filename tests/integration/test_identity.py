"""Which article a page is, from its address to what is searched: over loopback HTTP, through the real flow, on both stores."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from examples.press import Story
from pipeline import archive
from pipeline.cli.ingest import drain_inbox
from pipeline.flow import LEASE, SOON
from pipeline.index.hits import Hit
from pipeline.model.fate import Fate, Reason
from pipeline.model.feed import Entry
from pipeline.model.query import Query
from pipeline.replay.rebuild import ALWAYS, begin_rebuild, compare_rebuild, rebuild_generation
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


@pytest.fixture
def wiring(search_settings: dict[str, str], tmp_path: Path) -> Iterator[Wiring]:
    wiring = open_home(tmp_path, **search_settings)
    wiring.clock = FixedClock(NOON)
    wiring.store.prepare()
    yield wiring
    wiring.close()


def page(number: int, *, canonical: str = "", headline: str = "") -> str:
    """Return a story's page; two of them share no passage."""
    html = Story(number=number, published_at=NOON).html
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    html = html.replace("</head>", f"{link}</head>")
    return html.replace(Story(number=number, published_at=NOON).headline, headline) if headline else html


def announce(
    wiring: Wiring, site: Site, *targets: str, title: str | None = None, content_html: str | None = None
) -> None:
    told = Entry(
        url="", feed_url=f"{site.origin}/feed", publisher="The Example", title=title, content_html=content_html
    )
    wiring.ledger.record_entries([replace(told, url=site.origin + each) for each in targets], wiring.clock.now())


def move_clock(wiring: Wiring, after: timedelta) -> None:
    assert isinstance(wiring.clock, FixedClock)
    wiring.clock.time = NOON + after


def visit(wiring: Wiring, *, after: timedelta = timedelta()) -> Counter[Reason]:
    """Take what is due so long after noon through the whole flow; return how it ended."""
    move_clock(wiring, after)

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


@pytest.mark.parametrize(
    ("targets", "canonical"),
    [
        (("/en/story-1", "/en/story-2", "/en/story-3"), "/en/"),
        (("/article.php?id=1", "/article.php?id=2", "/article.php?id=3"), "/article.php"),
    ],
)
def test_a_canonical_url_that_all_pages_share_is_no_articles(
    wiring: Wiring, site: Site, targets: tuple[str, ...], canonical: str
) -> None:
    site.pages |= {target: page(number, canonical=canonical) for number, target in enumerate(targets, 1)}
    first, second, third = targets
    announce(wiring, site, first, second)
    assert visit(wiring) == {Reason.NEW: 2}
    announce(wiring, site, third)  # the others are in the store by now, as another process would find them
    assert visit(wiring) == {Reason.NEW: 1}
    shown = {canonical: article_id(site.origin + canonical)}
    shown |= {target: article_id(site.origin + target) for target in (second, third)}
    assert {path: hit.id for path, hit in hits(wiring).items()} == shown
    assert visit(wiring, after=HOUR) == {Reason.SAME_CONTENT: 3}
    first_headline = Story(number=1, published_at=NOON).headline
    site.pages[second] = page(2, canonical=canonical, headline=first_headline)
    assert visit(wiring, after=25 * HOUR) == {Reason.SAME_CONTENT: 2, Reason.NEW_VERSION: 1}
    assert {path: hit.id for path, hit in hits(wiring).items()} == shown
    assert wiring.ledger.tally().fates == {Fate.INDEXED: 1, Fate.UNCHANGED: 2}
    generation = begin_rebuild(wiring)
    rebuild_generation(generation, ALWAYS, parts=wiring)
    differences = compare_rebuild(generation, parts=wiring).differences
    assert (differences.rebuilt_documents, differences.changed) == (3, 0)


def test_other_addresses_of_an_article_stay_its_duplicates(wiring: Wiring, site: Site) -> None:
    known = Story(number=4, published_at=NOON).headline
    site.pages["/story"] = page(4, canonical="/story")
    site.pages["/story?ref=rss"] = page(4, canonical="/story")
    announce(wiring, site, "/story", "/story?ref=rss")
    assert visit(wiring) == {Reason.NEW: 1, Reason.SAME_ARTICLE: 1}
    site.pages["/amp/story"] = page(4, canonical="/story", headline=f"{known} - AMP")
    site.pages["/story?print"] = page(4, canonical="/story", headline="Meanwhile it has another headline")
    site.pages["/story?print"] = site.pages["/story?print"].replace("visitors", "guests").replace("autumn", "winter")
    site.pages["/story?page=2"] = page(5, canonical="/story", headline=known.upper())
    site.pages["/to-story"] = "/story"
    announce(wiring, site, "/amp/story", "/story?print", "/story?page=2", "/to-story")
    assert visit(wiring) == {Reason.SAME_ARTICLE: 4}
    assert list(hits(wiring)) == ["/story"]


def test_an_address_that_now_leads_to_another_article_is_its_duplicate(wiring: Wiring, site: Site) -> None:
    site.pages |= {"/one": page(1), "/two": page(2)}
    announce(wiring, site, "/one", "/two")
    assert visit(wiring) == {Reason.NEW: 2}
    site.pages["/one"] = "/two"
    assert visit(wiring, after=HOUR) == {Reason.SAME_ARTICLE: 1, Reason.SAME_CONTENT: 1}
    assert {hit.headline for hit in hits(wiring).values()} == {
        Story(number=number, published_at=NOON).headline for number in (1, 2)
    }


def test_a_page_waits_for_the_article_whose_address_it_declares(wiring: Wiring, site: Site) -> None:
    """Another process has taken the address and not indexed the article yet: there is nothing to compare with."""
    site.pages |= {f"/en/story-{number}": page(number, canonical="/en/") for number in (5, 6)}
    announce(wiring, site, "/en/story-6")
    wiring.ledger.own_articles({article_id(f"{site.origin}/en/"): f"{site.origin}/en/story-5"}, NOON, lease=LEASE)
    assert visit(wiring) == visit(wiring, after=SOON) == {}
    assert wiring.ledger.tally().pending == 1
    assert visit(wiring, after=SOON + LEASE) == {Reason.NEW: 1}
    announce(wiring, site, "/en/story-5")
    assert visit(wiring, after=SOON + LEASE) == {Reason.NEW: 1}
    assert set(hits(wiring)) == {"/en/", "/en/story-5"}


def test_where_the_holder_was_dropped_a_page_is_an_article_of_its_own(wiring: Wiring, site: Site) -> None:
    site.pages |= {f"/en/story-{number}": page(number, canonical="/en/") for number in (7, 8)}
    announce(wiring, site, "/en/story-7")
    assert visit(wiring) == {Reason.NEW: 1}
    later = timedelta(days=60)
    move_clock(wiring, later)
    wiring.store.drop_months(date(2027, 1, 1))
    announce(wiring, site, "/en/story-8")
    assert visit(wiring, after=later) == {Reason.NEW: 1, Reason.SAME_CONTENT: 1}
    assert list(hits(wiring)) == ["/en/story-8"]


def test_an_article_whose_first_address_came_to_nothing_is_taken_in_under_its_own(wiring: Wiring, site: Site) -> None:
    """The batch that had the AMP page was lost after it took the article's id, and the page is gone by its next visit."""
    site.pages["/story"] = page(9, canonical="/story")
    wiring.ledger.own_articles({article_id(f"{site.origin}/story"): f"{site.origin}/amp/story"}, NOON, lease=LEASE)
    announce(wiring, site, "/amp/story", "/story")
    assert visit(wiring) == {Reason.NOT_FOUND: 1}
    assert wiring.ledger.tally().pending == 1
    assert visit(wiring, after=LEASE) == {Reason.NEW: 1}
    assert list(hits(wiring)) == ["/story"]


def test_a_page_that_a_feed_changes_while_it_is_visited_stays_one_document(wiring: Wiring, site: Site) -> None:
    site.pages["/live"] = page(1, canonical="/old-slug")
    announce(wiring, site, "/live", title="One")
    batch = archive.open_batch(wiring.clock.now())

    async def fetch() -> None:
        async with wiring.fetcher() as fetcher:
            await wiring.fetch_batch(batch, fetcher)

    asyncio.run(fetch())
    announce(wiring, site, "/live", title="Two")
    wiring.extract_batch(batch)
    wiring.index_batch(batch)
    site.pages["/live"] = page(1, canonical="/new-slug", headline="The harbour opens again")
    assert visit(wiring, after=HOUR) == {Reason.NEW_VERSION: 1}
    assert list(hits(wiring)) == ["/new-slug"]
