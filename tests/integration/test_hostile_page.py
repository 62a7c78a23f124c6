"""No words of strangers become markup, links to scripts, headers, or work without end: on the page and in its feeds."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlencode, urlsplit

import feedparser
import httpx
import pytest
import uvicorn
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from examples.ports import free_port
from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.alerts.feeds import write_atom, write_json_feed
from pipeline.alerts.searches import make_search
from pipeline.errors import UsageError
from pipeline.search.request import make_query
from pipeline.web import limits
from pipeline.web.limits import MOST_PARAMETERS, HurriedProtocol
from pipeline.web.page import make_app
from tests.fixtures.alerts import a_search
from tests.fixtures.browser import Browser
from tests.fixtures.documents import NOON, FixedClock
from tests.fixtures.hostile_articles import PAYLOADS, fill_stores, hostile_alert

#: What no page of ours has, so that whatever does came from a stranger; drawings are figures, and hold shapes, titles and links.
FOREIGN = (
    "script:not([src='/static/more.js']), img, iframe, object, embed, base, template, "
    "meta[http-equiv], [srcdoc], [style], [autofocus], "
    ":not(figure) > svg, svg svg, foreignObject, animate, set, use, image"
)
ADDRESSES = ("href", "src", "action", "formaction", "poster", "data", "xlink:href")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def ledger(folder: Path) -> Iterator[SqlLedger]:
    with closing(open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}")) as opened:
        yield opened


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(folder / "search.sqlite", clock=FixedClock())) as opened:
        opened.prepare()
        yield opened


@pytest.fixture(scope="module")
def paths(store: SqliteStore, ledger: SqlLedger) -> tuple[str, ...]:
    return fill_stores(store, ledger)


@pytest.fixture(scope="module")
def browser(store: SqliteStore, ledger: SqlLedger) -> Browser:
    return Browser(make_app(store, ledger, FixedClock()))


def check_markup(page: LexborHTMLParser, path: str) -> None:
    assert page.css(FOREIGN) == [], path
    for node in page.css("*"):
        for name, value in node.attributes.items():
            assert not name.startswith("on"), (path, node.html)
            if name in ADDRESSES:
                assert urlsplit((value or "").strip()).scheme in {"", "http", "https"}, (path, node.html)
                assert not (value or "").startswith(("//", "/\\")), (path, node.html)


def test_no_words_of_strangers_become_markup_on_any_page(browser: Browser, paths: tuple[str, ...]) -> None:
    shown = ""
    for path in paths:
        response = browser.ask(path)
        assert response.status_code in {200, 400, 404}, (path, response.text)
        assert "default-src 'none'" in response.headers["content-security-policy"]
        page = LexborHTMLParser(response.text)
        check_markup(page, path)
        shown += page.html or ""
    # They were there, as text: in names, headlines, quotations, publishers, details.
    for words in ("canary()", "Publisher ", "Section ", "quote ", "person ", "deck "):
        assert words in shown
    assert "<svg" in shown  # our own drawings, whose titles and links hold names of strangers
    assert "49" not in shown.partition("{{ 7 * 7 }}")[2][:40]


PAGE = "https://news.example/searches/harvests"


def test_feeds_are_whole_and_link_to_no_script() -> None:
    search = a_search("harvests")
    alerts = [hostile_alert(at, payload) for at, payload in enumerate([*PAYLOADS, "]]><x>", "\ud800\x0b\ufffe"])]
    atom = write_atom(search, alerts, "https://news.example/searches/harvests.atom", PAGE)
    root = etree.fromstring(atom.encode(), etree.XMLParser(resolve_entities=False))
    assert len(root.findall("{*}entry")) == len(alerts)
    assert {urlsplit(link.get("href")).scheme for link in root.iter("{*}link")} == {"https"}
    assert {child.tag.partition("}")[2] for child in root.iter()} <= {
        *("feed", "title", "link", "id", "updated", "published", "author", "name", "entry", "summary", "category"),
    }
    read = feedparser.parse(atom.encode())
    assert not read.bozo
    assert read.entries[0].title_detail.type == "text/plain"
    assert "<script" not in read.entries[0].summary  # as HTML it shows the words
    feed = json.loads(write_json_feed(search, alerts, "https://news.example/searches/harvests.json", PAGE).encode())
    assert len(feed["items"]) == len(alerts)
    assert all("url" not in item and "content_html" not in item for item in feed["items"])


@pytest.mark.parametrize("end", ["\r\nX-Evil: 1", "\nSet-Cookie: a=b", "\r", "\u2028x", "/../x", "%0d%0aX: 1"])
def test_no_name_becomes_a_header(browser: Browser, end: str) -> None:
    with pytest.raises(UsageError):
        make_search(f"harvests{end}", make_query("x"), when=(), created_at=NOON)
    (hook,) = make_search(
        "harvests", make_query("x"), when=(), webhooks=[f"https://hooks.example/a{end}"], created_at=NOON
    ).webhooks
    assert hook.url.isascii()
    assert hook.url.isprintable()
    response = browser.ask(f"/?{urlencode({'q': f'harvest{end}', 'person': ''})}")
    assert response.status_code == 302
    assert set(response.headers) == {
        *("location", "content-length", "content-security-policy", "x-content-type-options", "referrer-policy"),
    }


@pytest.mark.parametrize(
    "path",
    [
        *(
            "//evil.example/",
            "//evil.example/?q=a&q=a",
            "/\\evil.example/",
            "/%2f%2fevil.example/?q=",
            "/?q=a&q=a&next=//evil.example",
        ),
        *(
            "/stories/",
            "/stories/?next=https://evil.example",
            "/searches/harvests/",
            "/story//evil.example",
            "/%5Cevil.example",
        ),
        *(
            "/article/..%2f..%2f/evil.example/",
            "/entity/https://evil.example/",
            "/?q=&q=//evil.example",
            "/.evil.example/",
        ),
    ],
)
def test_every_redirect_stays_here(browser: Browser, paths: tuple[str, ...], path: str) -> None:
    assert paths
    location = browser.ask(path).headers.get("location", "/")
    parts = urlsplit(location)
    assert (parts.scheme, parts.netloc) in {("", ""), ("http", "127.0.0.1")}
    assert not location.startswith(("//", "/\\"))


def test_an_address_has_bounds(browser: Browser, paths: tuple[str, ...]) -> None:
    assert paths
    many = "&".join(f"person={number}" for number in range(MOST_PARAMETERS))
    assert browser.ask(f"/?{many}").status_code == 400  # more values of filters than a search takes, as the page says
    refused = browser.ask(f"/?{many}&person=x")
    assert refused.status_code == 414
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert browser.ask(f"/?q={'%E4%B8%AD' * 4_000}").status_code == 400  # as many words
    assert browser.ask(f"/?q={'a' * 50_000}").status_code == 414
    assert browser.ask("/entity/" + "a" * 50_000).status_code == 414


class Server:
    """The page on a real socket, in a thread."""

    def __init__(self, browser: Browser) -> None:
        self.port = free_port()
        config = uvicorn.Config(
            browser.app,
            port=self.port,
            log_level="critical",
            http=HurriedProtocol,
            h11_max_incomplete_event_size=limits.MOST_HEAD,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)

    def __enter__(self) -> Self:
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join()

    def connect(self, sent: bytes) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(sent)
        return connection


def read_all(connection: socket.socket) -> bytes:
    with connection:
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.fixture
def server(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(limits, "PATIENCE", 0.5)
    monkeypatch.setattr("pipeline.web.forms.PATIENCE", 0.5)
    with Server(browser) as running:
        yield running


def test_slow_and_endless_requests_are_cut_off_and_others_served(server: Server) -> None:
    slow = [server.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ") for _ in range(20)]
    head = b"POST /searches HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    form = server.connect(head + b"Content-Length: 100\r\nConnection: close\r\n\r\nname=")
    again = server.connect(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert httpx.get(f"http://127.0.0.1:{server.port}/health", trust_env=False).json()["status"] == "ok"
    assert read_all(form).startswith(b"HTTP/1.1 408 ")
    assert [read_all(connection) for connection in slow] == [b""] * 20
    assert b" 200 OK" in again.recv(200)
    again.sendall(b"GET /health HTTP/1.1\r\nHo")
    assert b" 200 OK" not in read_all(again)
    with suppress(ConnectionError):  # it may be closed while this is still on its way
        endless = server.connect(b"GET /?q=" + b"a" * 1_000_000)
        assert read_all(endless).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(("path", "status"), [("/searches", 413), ("/none", 404)])
def test_an_endless_form_is_not_read_on_once_it_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    monkeypatch.setattr(limits, "PATIENCE", 60)  # so that it is not the time that ends it
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    with server.connect(head.encode()) as connection:
        connection.sendall(chunk)
        answer = connection.recv(4_000)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert (b"connection: close" in answer.lower()) is (status == 413)
        with pytest.raises(ConnectionError):
            connection.sendall(chunk * 1_000)  # 65 MB, more than any buffer on the way


def test_a_connection_serves_on_when_the_rest_of_a_refused_form_is_short(server: Server) -> None:
    connection = server.connect(b"POST /none HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\n")
    assert b" 404 " in connection.recv(4_000)
    connection.sendall(b"a" * 2000 + b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert b" 200 OK" in read_all(connection)
