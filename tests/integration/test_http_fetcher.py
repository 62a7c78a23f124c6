"""The fetcher against real servers on loopback."""

import asyncio
import functools
import gzip
import socket
import threading
import tracemalloc
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from aiohttp import web

from pipeline.adapters import http_names
from pipeline.adapters.host_turns import SLOW_FOR, HostTurns
from pipeline.adapters.http_fetcher import HttpFetcher
from pipeline.errors import Busy, Reject, Retry
from pipeline.fetch import politeness
from pipeline.model.capture import Capture, Redirect
from pipeline.model.fate import Reason
from pipeline.model.host import HostState, RobotsFile, Turn
from pipeline.ports import Clock, Hosts

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PAGE = "<html><title>A page</title>"


def awaited(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Let a test be written as a coroutine."""

    @functools.wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), timeout=60))

    return run


class FixedClock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


class Site:
    """A server that remembers what it was asked."""

    def __init__(self, pages: Mapping[str, Handler]) -> None:
        self.pages = pages
        self.url = ""
        self.requests: list[web.Request] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if request.path not in self.pages:
            return web.Response(status=404)
        return await self.pages[request.path](request)

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]


@asynccontextmanager
async def serve(pages: Mapping[str, Handler]) -> AsyncIterator[Site]:
    site = Site(pages)
    runner = web.ServerRunner(web.Server(site.answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield site
    finally:
        await runner.cleanup()


@asynccontextmanager
async def listen(
    host: str, talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
) -> AsyncIterator[int]:
    """Serve raw TCP on a port of its own."""
    server = await asyncio.start_server(talk, host, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def count_connections(host: str) -> AsyncIterator[tuple[int, list[object]]]:
    connections: list[object] = []

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer.get_extra_info("peername"))
        writer.close()

    async with listen(host, talk) as port:
        yield port, connections


class FakeHosts:
    """What the ledger keeps of hosts, in memory."""

    def __init__(self) -> None:
        self.states: dict[str, HostState] = {}
        self.files: dict[str, RobotsFile] = {}

    def ask_turn(self, host: str, now: datetime, *, delay: timedelta, is_past: bool = False) -> Turn:
        turn, state = politeness.ask_turn(self.states.get(host), now, delay=delay, is_past=is_past)
        self.states[host] = state
        return turn

    def close_host(self, host: str, until: datetime) -> None:
        self.states[host] = politeness.close_host(self.states.get(host), until)

    def robots_file(self, origin: str) -> RobotsFile | None:
        return self.files.get(origin)

    def keep_robots_file(self, origin: str, file: RobotsFile) -> None:
        self.files[origin] = file


def make_fetcher(
    *,
    clock: Clock | None = None,
    hosts: Hosts | None = None,
    delay: timedelta = timedelta(0),
    patience: timedelta | None = None,
    allowed: tuple[str, ...] = ("127.0.0.1/32",),
    max_bytes: int = 10 * 1024 * 1024,
    timeout: float = 30.0,
) -> HttpFetcher:
    clock, hosts = clock or FixedClock(), hosts or FakeHosts()
    return HttpFetcher(
        clock=clock,
        hosts=hosts,
        turns=HostTurns(hosts, clock=clock, delay=delay, patience=patience),
        contact="https://newsroom.example/bot",
        allowed_networks=[ip_network(network) for network in allowed],
        max_bytes=max_bytes,
        timeout=timeout,
    )


def page(text: str | bytes = PAGE, status: int = 200, **headers: str) -> Handler:
    body = text.encode() if isinstance(text, str) else text
    named = {"Content-Type": "text/html"} | {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers=named)

    return answer


def redirect(status: int, location: str) -> Handler:
    return page("", status=status, Location=location)


@awaited
async def test_a_page_is_captured_as_it_was_sent() -> None:
    async with serve({"/a": page(PAGE, X_Own="Zürich")}) as site, make_fetcher() as fetcher:
        capture = await fetcher.fetch(f"{site.url}/a#part")
    assert (capture.url, capture.final_url, capture.status) == (f"{site.url}/a", f"{site.url}/a", 200)
    assert capture.body == PAGE.encode()
    assert capture.fetched_at == NOW
    assert capture.header("X-Own") == "Zürich"
    assert capture.redirects == ()
    agent = dict(capture.request_headers)["User-Agent"]
    assert agent.startswith("Newswire/")
    assert agent.endswith("(https://newsroom.example/bot)")
    assert site.requests[-1].headers["User-Agent"] == agent


RAW_DEFLATE = zlib.compressobj(wbits=-15)
ENCODED = {
    "gzip": ("gzip", gzip.compress(PAGE.encode())),
    "gzip in two members and padding": ("x-gzip", gzip.compress(b"<html>") + gzip.compress(b"<p>") + b"\0" * 8),
    "deflate with header": ("deflate", zlib.compress(PAGE.encode())),
    "deflate without header": ("deflate", RAW_DEFLATE.compress(PAGE.encode()) + RAW_DEFLATE.flush()),
    "nothing": ("identity", PAGE.encode()),
}


@pytest.mark.parametrize(("encoding", "body"), ENCODED.values(), ids=ENCODED.keys())
@awaited
async def test_the_body_is_decompressed_and_the_headers_about_it_are_renamed(encoding: str, body: bytes) -> None:
    async with serve({"/a": page(body, Content_Encoding=encoding)}) as site, make_fetcher() as fetcher:
        capture = await fetcher.fetch(f"{site.url}/a")
    assert capture.body in {PAGE.encode(), b"<html><p>"}
    assert capture.header("Content-Encoding") is None
    assert capture.header("Content-Length") is None
    assert capture.header("X-Crawler-Content-Encoding") == encoding
    assert capture.header("X-Crawler-Content-Length") == str(len(body))


BROKEN = {
    "cut": page(gzip.compress(PAGE.encode())[:-9], Content_Encoding="gzip"),
    "no gzip at all": page(PAGE, Content_Encoding="gzip"),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
@awaited
async def test_a_body_whose_compression_is_broken_is_asked_for_later(answer: Handler) -> None:
    async with serve({"/a": answer}) as site, make_fetcher() as fetcher:
        with pytest.raises(Retry, match="broken gzip body"):
            await fetcher.fetch(f"{site.url}/a")


@awaited
async def test_an_encoding_that_was_not_asked_for_is_rejected() -> None:
    async with serve({"/a": page(b"\x8b\x00", Content_Encoding="br")}) as site, make_fetcher() as fetcher:
        with pytest.raises(Reject, match="'br'") as error:
            await fetcher.fetch(f"{site.url}/a")
    assert error.value.reason is Reason.HTTP_ERROR


@awaited
async def test_validators_are_sent_and_304_is_a_capture() -> None:
    async def answer(request: web.Request) -> web.Response:
        is_known = request.headers.get("If-None-Match") == '"v1"' and request.headers.get("If-Modified-Since") == "then"
        return web.Response(status=304 if is_known else 200, headers={"ETag": '"v1"'})

    async with serve({"/feed": answer}) as site, make_fetcher() as fetcher:
        capture = await fetcher.fetch(f"{site.url}/feed", etag='"v1"', last_modified="then", obey_robots=False)
    assert (capture.status, capture.body, capture.header("ETag")) == (304, b"", '"v1"')
    assert site.paths() == ["/feed"]


@awaited
async def test_redirects_are_followed_and_remembered() -> None:
    pages = {"/a": redirect(301, "b?x=1#part"), "/b": redirect(302, "//127.0.0.1:{port}/c"), "/c": page()}
    async with serve(pages) as site, make_fetcher() as fetcher:
        pages["/b"] = redirect(302, site.url.removeprefix("http:") + "/c")
        capture = await fetcher.fetch(f"{site.url}/a")
    assert capture.url == f"{site.url}/a"
    assert capture.final_url == f"{site.url}/c"
    assert capture.redirects == (
        Redirect(status=301, url=f"{site.url}/b?x=1"),
        Redirect(status=302, url=f"{site.url}/c"),
    )
    assert capture.body == PAGE.encode()


@awaited
async def test_ten_redirects_are_followed_and_no_more() -> None:
    pages = {f"/{number}": redirect(307, f"/{number + 1}") for number in range(11)} | {"/11": page()}
    async with serve(pages) as site, make_fetcher() as fetcher:
        assert len((await fetcher.fetch(f"{site.url}/1")).redirects) == 10
        with pytest.raises(Reject) as error:
            await fetcher.fetch(f"{site.url}/0")
    assert error.value.reason is Reason.TOO_MANY_REDIRECTS


@awaited
async def test_a_redirect_loop_ends_where_it_closes() -> None:
    async with serve({"/a": redirect(302, "/b"), "/b": redirect(302, "/a")}) as site, make_fetcher() as fetcher:
        with pytest.raises(Reject) as error:
            await fetcher.fetch(f"{site.url}/a")
    assert error.value.reason is Reason.TOO_MANY_REDIRECTS
    assert site.paths() == ["/robots.txt", "/a", "/b"]


@pytest.mark.parametrize(
    "location", ["ftp://127.0.0.1/x", "file:///etc/passwd", "http://[::1/", "http://u:p@127.0.0.1/"]
)
@awaited
async def test_a_redirect_to_something_else_than_the_web_is_rejected(location: str) -> None:
    async with serve({"/a": redirect(302, location)}) as site, make_fetcher() as fetcher:
        with pytest.raises(Reject) as error:
            await fetcher.fetch(f"{site.url}/a")
    assert error.value.reason is Reason.INVALID_URL


LOOPBACK = [
    *["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0"],
    *["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[::1]", "[::]"],
]


@pytest.mark.parametrize("host", LOOPBACK)
@pytest.mark.parametrize("obey_robots", [True, False])
@awaited
async def test_no_spelling_of_a_private_address_is_connected_to(host: str, obey_robots: bool) -> None:  # noqa: FBT001 - a parameter
    async with count_connections("127.0.0.1") as (port, connections), make_fetcher(allowed=()) as fetcher:
        with pytest.raises(Reject) as error:
            await fetcher.fetch(f"http://{host}:{port}/", obey_robots=obey_robots)
    # Some spellings are invalid already to newer versions of the HTTP library.
    assert error.value.reason in {Reason.ADDRESS_REFUSED, Reason.INVALID_URL}
    assert connections == []


def name_addresses(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name resolve to these addresses, or to none."""

    def resolve(_host: str, port: int, *_args: object, **_kwargs: object) -> list[object]:
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@awaited
async def test_a_name_that_resolves_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with count_connections("127.0.0.1") as (port, connections), make_fetcher(allowed=()) as fetcher:
        name_addresses(monkeypatch, "127.0.0.1", "10.0.0.1")
        with pytest.raises(Reject) as error:
            await fetcher.fetch(f"http://news.example:{port}/")
    assert error.value.reason is Reason.ADDRESS_REFUSED
    assert connections == []


@awaited
async def test_of_several_addresses_only_the_allowed_are_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve({"/a": page()}) as site, make_fetcher() as fetcher:
        name_addresses(monkeypatch, "10.0.0.1", "127.0.0.1")
        capture = await fetcher.fetch(site.url.replace("127.0.0.1", "news.example") + "/a")
    assert capture.status == 200


@awaited
async def test_a_name_that_does_not_resolve_is_asked_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    name_addresses(monkeypatch)
    async with make_fetcher() as fetcher:
        with pytest.raises(Retry, match="cannot connect"):
            await fetcher.fetch("http://news.example/", obey_robots=False)


@pytest.fixture
def silent_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let every name be loopback's, but have none below silent.example answered before the event."""
    answered = threading.Event()

    def resolve(host: str, port: int, *_args: object, **_kwargs: object) -> list[object]:
        if host.endswith("silent.example"):
            answered.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    yield answered
    answered.set()


@awaited
async def test_names_that_are_not_answered_hold_up_no_other_host(silent_names: threading.Event) -> None:
    async with serve({"/a": page()}) as site, make_fetcher() as fetcher:
        port = site.url.rpartition(":")[2]
        silent = [
            asyncio.create_task(fetcher.fetch(f"http://{number}.silent.example:{port}/a")) for number in range(49)
        ]
        await asyncio.sleep(0)
        assert (await fetcher.fetch(f"http://news.example:{port}/a")).status == 200
        assert not any(task.done() for task in silent)
        silent_names.set()
        assert {capture.status for capture in await asyncio.gather(*silent)} == {200}


@awaited
async def test_the_wait_for_a_name_is_no_time_of_the_page(silent_names: threading.Event) -> None:
    async with serve({"/a": page()}) as site, make_fetcher(timeout=0.3) as fetcher:
        port = site.url.rpartition(":")[2]
        addresses = [f"http://{number}.silent.example:{port}/a" for number in range(9)]
        asyncio.get_running_loop().call_later(0.5, silent_names.set)
        captures = await asyncio.gather(*(fetcher.fetch(address, obey_robots=False) for address in addresses))
    assert {capture.status for capture in captures} == {200}


@awaited
async def test_of_a_domain_whose_name_server_is_silent_few_names_are_asked_for(
    silent_names: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_names, "PATIENCE", 0.2)
    async with make_fetcher() as fetcher:
        addresses = [f"http://{number}.silent.example/" for number in range(20)]
        fetches = (fetcher.fetch(address, obey_robots=False) for address in addresses)
        ends = await asyncio.gather(*fetches, return_exceptions=True)
    asked, left = ends[: http_names.THREADS_OF_DOMAIN], ends[http_names.THREADS_OF_DOMAIN :]
    assert {type(end) for end in asked} == {Retry}
    assert all("no name server told its address within 0.2 s" in str(end) for end in asked)
    assert {(type(end), getattr(end, "after", None)) for end in left} == {(Busy, http_names.SILENT_FOR)}
    assert not silent_names.is_set()


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("news.example", "news.example"),
        ("a.b.news.example.", "news.example"),
        ("www.news.co.uk", "news.co.uk"),
        ("news.co.uk", "news.co.uk"),
        ("localhost", "localhost"),
    ],
)
def test_names_of_one_owner_are_counted_together(host: str, domain: str) -> None:
    assert http_names._domain_of(host) == domain


@awaited
async def test_a_redirect_to_a_private_address_is_not_followed() -> None:
    async with (
        count_connections("127.0.0.2") as (port, connections),
        serve({"/a": redirect(302, f"http://127.0.0.2:{port}/")}) as site,
        make_fetcher() as fetcher,
    ):
        with pytest.raises(Reject) as error:
            await fetcher.fetch(f"{site.url}/a")
    assert error.value.reason is Reason.ADDRESS_REFUSED
    assert connections == []


@awaited
async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with count_connections("127.0.0.1") as (port, connections):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        async with serve({"/a": page()}) as site, make_fetcher() as fetcher:
            assert (await fetcher.fetch(f"{site.url}/a")).status == 200
    assert connections == []


@awaited
async def test_cookies_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve({"/a": page(Set_Cookie="a=b")}) as site, make_fetcher() as fetcher:
        name_addresses(monkeypatch, "127.0.0.1")  # no client keeps the cookies of a bare address
        for _ in range(2):
            await fetcher.fetch(site.url.replace("127.0.0.1", "news.example") + "/a")
    assert [request.headers.get("Cookie") for request in site.requests] == [None] * 3


@pytest.mark.parametrize("headers", [{}, {"Content_Encoding": "gzip"}], ids=["plain", "gzip"])
@awaited
async def test_the_cap_counts_the_decompressed_body(headers: dict[str, str]) -> None:
    def body(size: int) -> bytes:
        return gzip.compress(b"x" * size) if headers else b"x" * size

    pages = {"/fits": page(body(1000), **headers), "/large": page(body(1001), **headers)}
    async with serve(pages) as site, make_fetcher(max_bytes=1000) as fetcher:
        assert len((await fetcher.fetch(f"{site.url}/fits")).body) == 1000
        with pytest.raises(Reject, match="1,000 bytes") as error:
            await fetcher.fetch(f"{site.url}/large")
        assert len((await fetcher.fetch(f"{site.url}/large", max_bytes=1001)).body) == 1001
        with pytest.raises(Reject, match="100 bytes"):
            await fetcher.fetch(f"{site.url}/fits", max_bytes=100)
    assert error.value.reason is Reason.TOO_LARGE


@awaited
async def test_a_bomb_of_a_gigabyte_takes_little_more_memory_than_the_cap() -> None:
    squeeze = zlib.compressobj(9, wbits=31)
    beginning = squeeze.compress(b"\0" * 2**20) + squeeze.flush(zlib.Z_FULL_FLUSH)
    megabyte = squeeze.compress(b"\0" * 2**20) + squeeze.flush(zlib.Z_FULL_FLUSH)
    bomb = beginning + megabyte * 1023
    assert len(bomb) < 2 * 2**20

    async with serve({"/bomb": page(bomb, Content_Encoding="gzip")}) as site, make_fetcher() as fetcher:
        tracemalloc.start()
        try:
            with pytest.raises(Reject) as error:
                await fetcher.fetch(f"{site.url}/bomb")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert error.value.reason is Reason.TOO_LARGE
    assert peak < 30 * 2**20


@awaited
async def test_a_body_that_does_not_end_runs_into_the_time_cap() -> None:
    hurt = asyncio.Event()

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        await response.write(b"<html>")
        await hurt.wait()
        return response

    async with serve({"/slow": drip}) as site, make_fetcher(timeout=0.3) as fetcher:
        with pytest.raises(Retry, match=r"0\.3 s"):
            await fetcher.fetch(f"{site.url}/slow", obey_robots=False)
        hurt.set()


@pytest.mark.parametrize("obey_robots", [True, False])
@awaited
async def test_the_other_pages_and_feeds_of_a_slow_host_wait_but_its_sitemaps_and_other_hosts_do_not(
    *, obey_robots: bool
) -> None:
    hurt, clock = asyncio.Event(), FixedClock()

    async def hang(_: web.Request) -> web.Response:
        await hurt.wait()
        return web.Response()

    slow = {f"/{number}": hang for number in range(20)} | {"/feed": page(), "/page": page(), "/sitemap": page()}
    async with (
        serve(slow) as site,
        serve({"/good": page()}) as other,
        make_fetcher(clock=clock, timeout=0.9) as fetcher,
    ):
        addresses = [f"{site.url}/{number}" for number in range(20)] + [f"{other.url}/good"]
        fetches = (fetcher.fetch(address, obey_robots=obey_robots) for address in addresses)
        ends = await asyncio.gather(*fetches, return_exceptions=True)
        assert Counter(type(end) for end in ends) == {Retry: 2, Busy: 18, Capture: 1}
        assert len(set(site.paths()) - {"/robots.txt"}) == 2
        assert (await fetcher.fetch(f"{site.url}/sitemap", obey_robots=False, even_if_slow=True)).status == 200
        for path, is_page in {"page": True, "feed": False}.items():
            with pytest.raises(Busy, match="slowly") as busy:
                await fetcher.fetch(f"{site.url}/{path}", obey_robots=is_page)
            assert busy.value.after == SLOW_FOR
        clock.time += SLOW_FOR
        assert (await fetcher.fetch(f"{site.url}/page")).status == 200
        hurt.set()


@awaited
async def test_a_slow_sitemap_keeps_nothing_waiting() -> None:
    hurt = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await hurt.wait()
        return web.Response()

    async with serve({"/sitemap": hang, "/page": page()}) as site, make_fetcher(timeout=0.9) as fetcher:
        with pytest.raises(Retry, match=r"0\.9 s"):
            await fetcher.fetch(f"{site.url}/sitemap", obey_robots=False, even_if_slow=True)
        assert (await fetcher.fetch(f"{site.url}/page")).status == 200
        hurt.set()


@awaited
async def test_robots_files_on_the_way_count_as_time_of_the_page() -> None:
    async def answer_slowly(_: web.Request) -> web.Response:
        await asyncio.sleep(0.15)
        return web.Response(text="User-agent: *")

    sites, asked = list[Site](), 9
    async with AsyncExitStack() as stack:
        target = "/end"
        for _ in range(asked):
            pages = {"/robots.txt": answer_slowly, "/a": redirect(302, target), "/end": page()}
            sites.append(await stack.enter_async_context(serve(pages)))
            target = f"{sites[-1].url}/a"
        fetcher = await stack.enter_async_context(make_fetcher(timeout=0.6))
        with pytest.raises(Retry):
            await fetcher.fetch(target)
    assert len([site for site in sites if site.requests]) < asked


@awaited
async def test_a_body_shorter_than_announced_is_asked_for_later() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<html>")
        writer.close()

    async with listen("127.0.0.1", talk) as port, make_fetcher() as fetcher:
        with pytest.raises(Retry):
            await fetcher.fetch(f"http://127.0.0.1:{port}/", obey_robots=False)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", b"SSH-2.0-nonsense\r\n\r\n"]
)
@awaited
async def test_an_answer_that_is_no_sound_http_is_asked_for_later(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with listen("127.0.0.1", talk) as port, make_fetcher() as fetcher:
        with pytest.raises(Retry):
            await fetcher.fetch(f"http://127.0.0.1:{port}/", obey_robots=False)


@awaited
async def test_a_host_that_does_not_listen_is_asked_later() -> None:
    async with count_connections("127.0.0.1") as (port, _):
        pass
    async with make_fetcher() as fetcher:
        with pytest.raises(Retry, match="cannot connect"):
            await fetcher.fetch(f"http://127.0.0.1:{port}/", obey_robots=False)


@awaited
async def test_a_kept_connection_that_was_dropped_meanwhile_is_opened_again() -> None:
    connections: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await reader.readuntil(b"\r\n\r\n")  # the next request on this connection gets no answer
        writer.close()

    async with listen("127.0.0.1", talk) as port, make_fetcher() as fetcher:
        bodies = [(await fetcher.fetch(f"http://127.0.0.1:{port}/", obey_robots=False)).body for _ in range(2)]
        assert bodies == [b"ok", b"ok"]
        assert len(connections) == 2


@awaited
async def test_robots_are_asked_once_a_host_and_obeyed() -> None:
    pages = {"/robots.txt": page("User-agent: newswire\nDisallow: /private"), "/a": page(), "/private/b": page()}
    async with serve(pages) as site, make_fetcher() as fetcher:
        await asyncio.gather(*(fetcher.fetch(f"{site.url}/a") for _ in range(5)))
        with pytest.raises(Reject) as error:
            await fetcher.fetch(f"{site.url}/private/b")
        assert (await fetcher.fetch(f"{site.url}/private/b", obey_robots=False)).status == 200
    assert error.value.reason is Reason.ROBOTS
    assert site.paths().count("/robots.txt") == 1


@awaited
async def test_robots_hold_for_where_a_redirect_leads() -> None:
    pages = {"/robots.txt": page("User-agent: *\nDisallow: /private"), "/a": redirect(302, "/private/b")}
    async with serve(pages) as site, make_fetcher() as fetcher:
        with pytest.raises(Reject) as error:
            await fetcher.fetch(f"{site.url}/a")
    assert error.value.reason is Reason.ROBOTS
    assert "/private/b" not in site.paths()


@awaited
async def test_robots_themselves_are_not_asked_for_first() -> None:
    async with serve({"/robots.txt": page("User-agent: *\nDisallow: /")}) as site, make_fetcher() as fetcher:
        assert (await fetcher.fetch(f"{site.url}/robots.txt")).status == 200
    assert site.paths() == ["/robots.txt"]


@awaited
async def test_a_crawl_delay_holds_the_next_request_back() -> None:
    pages = {"/robots.txt": page("User-agent: *\nCrawl-delay: 10"), "/a": page()}
    async with serve(pages) as site, make_fetcher() as fetcher:
        await fetcher.fetch(f"{site.url}/a")
        with pytest.raises(TimeoutError):  # nothing but the crawl delay keeps it from ending at once
            await asyncio.wait_for(fetcher.fetch(f"{site.url}/a"), timeout=0.2)
    assert site.paths() == ["/robots.txt", "/a"]


@awaited
async def test_robots_that_another_process_read_are_not_asked_for_again() -> None:
    hosts = FakeHosts()
    pages = {"/robots.txt": page("User-agent: *\nDisallow: /private"), "/a": page(), "/private": page()}
    async with serve(pages) as site:
        for _ in range(2):
            async with make_fetcher(hosts=hosts) as fetcher:
                assert (await fetcher.fetch(f"{site.url}/a")).status == 200
                with pytest.raises(Reject):
                    await fetcher.fetch(f"{site.url}/private")
    assert site.paths().count("/robots.txt") == 1


@awaited
async def test_whoever_does_not_want_to_wait_for_a_turn_is_told_when_it_comes() -> None:
    hosts = FakeHosts()
    async with (
        serve({"/a": page(), "/b": page()}) as site,
        make_fetcher(hosts=hosts, delay=timedelta(seconds=60)) as other,
        make_fetcher(hosts=hosts, delay=timedelta(seconds=60), patience=timedelta(seconds=5)) as fetcher,
    ):
        await other.fetch(f"{site.url}/a", obey_robots=False)
        with pytest.raises(Busy) as error:
            await fetcher.fetch(f"{site.url}/b", obey_robots=False)
    assert error.value.after == timedelta(seconds=60)
    assert site.paths() == ["/a"]


OPEN = {
    "no robots.txt": page(status=404),
    "forbidden": page(status=403),
    "a redirect loop": redirect(302, "/robots.txt"),
}


@pytest.mark.parametrize("answer", OPEN.values(), ids=OPEN.keys())
@awaited
async def test_a_host_without_robots_allows_everything(answer: Handler) -> None:
    async with serve({"/robots.txt": answer, "/a": page()}) as site, make_fetcher() as fetcher:
        assert (await fetcher.fetch(f"{site.url}/a")).status == 200


@awaited
async def test_a_host_whose_robots_fail_is_left_alone_for_a_while() -> None:
    clock = FixedClock()
    pages = {"/robots.txt": page(status=503), "/a": page()}
    async with serve(pages) as site, make_fetcher(clock=clock) as fetcher:
        for _ in range(2):
            with pytest.raises(Retry, match=r"robots\.txt") as error:
                await fetcher.fetch(f"{site.url}/a")
            assert error.value.after == timedelta(minutes=10)
        assert site.paths() == ["/robots.txt"]
        clock.time += timedelta(minutes=11)
        pages["/robots.txt"] = page("User-agent: *\nAllow: /")
        assert (await fetcher.fetch(f"{site.url}/a")).status == 200


@awaited
async def test_of_a_huge_robots_file_the_beginning_counts() -> None:
    text = "User-agent: *\nDisallow: /private\n" + "# nothing\n" * 100_000 + "Disallow: /\n"
    async with serve({"/robots.txt": page(text), "/a": page(), "/private": page()}) as site, make_fetcher() as fetcher:
        assert (await fetcher.fetch(f"{site.url}/a")).status == 200
        with pytest.raises(Reject):
            await fetcher.fetch(f"{site.url}/private")


@awaited
async def test_two_requests_at_once_go_to_one_host() -> None:
    pair, others = asyncio.Barrier(2), asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await pair.wait()  # for ever, if fewer than two came at once
        await others.wait()
        return web.Response(text=PAGE)

    pages = {f"/{number}": answer for number in range(8)} | {"/else": page()}
    async with serve(pages) as site, make_fetcher() as fetcher, make_fetcher() as other:
        fetches = asyncio.gather(*(fetcher.fetch(f"{site.url}/{number}", obey_robots=False) for number in range(8)))
        # Whatever else the fetcher had sent would have arrived by the time that these are answered.
        for _ in range(5):
            await other.fetch(f"{site.url}/else", obey_robots=False)
        assert site.paths().count("/else") == len(site.requests) - 2
        others.set()
        assert len(await fetches) == 8


@awaited
async def test_a_host_that_says_when_to_come_back_is_left_alone_until_then() -> None:
    async with serve({"/a": page(status=429, Retry_After="120"), "/b": page()}) as site, make_fetcher() as fetcher:
        with pytest.raises(Retry) as error:
            await fetcher.fetch(f"{site.url}/a")
        assert error.value.after == timedelta(seconds=120)
        with pytest.raises(Busy, match="left alone") as busy:  # nothing was sent: no visit of this page has failed
            await fetcher.fetch(f"{site.url}/b")
        assert busy.value.after == timedelta(seconds=120)
    assert "/b" not in site.paths()


@awaited
async def test_one_broken_page_does_not_close_the_host() -> None:
    async with serve({"/a": page(status=500), "/b": page()}) as site, make_fetcher() as fetcher:
        with pytest.raises(Retry, match="500") as error:
            await fetcher.fetch(f"{site.url}/a")
        assert error.value.after is None
        assert (await fetcher.fetch(f"{site.url}/b")).status == 200


@pytest.mark.parametrize("status", [204, 401, 403, 404, 410, 451])
@awaited
async def test_any_other_status_is_a_capture(status: int) -> None:
    async with serve({"/a": page("", status=status)}) as site, make_fetcher() as fetcher:
        assert (await fetcher.fetch(f"{site.url}/a")).status == status


@awaited
async def test_a_body_that_goes_on_after_its_length_is_a_failed_visit_and_the_page_is_not_in_the_reason() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 7\r\n\r\n<p>One\n<p>Two")
        await writer.drain()
        writer.close()

    async with listen("127.0.0.1", talk) as port, make_fetcher() as fetcher:
        with pytest.raises(Retry, match="Data after") as error:
            await fetcher.fetch(f"http://127.0.0.1:{port}/a", obey_robots=False)
    assert "\n" not in str(error.value)
    assert "<p>" not in str(error.value)
