"""No address that a stranger writes makes us connect to a private network: a listener on all of loopback counts, and counts 0."""

import asyncio
import contextlib
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web

from pipeline.adapters.http_fetcher import HttpFetcher
from pipeline.adapters.http_webhooks import HttpWebhooks
from pipeline.adapters.warc_source import WarcFolder
from pipeline.backfill.sitemaps import search_sitemaps
from pipeline.discover.feeds import parse_feed
from pipeline.errors import Reject, Retry, UsageError
from pipeline.model.capture import Capture
from pipeline.model.fate import Fate, Reason
from pipeline.model.feed import Feed
from tests.fixtures.confinement import CalledHere
from tests.fixtures.documents import FixedClock
from tests.fixtures.fetching import make_fetcher

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
#: Where the hostile site is served; that address alone may be connected to.
SITE = "127.0.0.2"
ANYWHERE = ("0.0.0.0/0", "::/0")

#: What a stranger may write, with the listener's port.
FORMS = {
    "dotted": "http://127.0.0.1:{port}/",
    "another of loopback": "http://127.8.9.10:{port}/",
    "last of loopback": "http://127.255.255.254:{port}/",
    "this host": "http://0.0.0.0:{port}/",
    "this network": "http://0.1.2.3:{port}/",
    "zero": "http://0:{port}/",
    "two parts": "http://127.1:{port}/",
    "three parts": "http://127.0.1:{port}/",
    "decimal": "http://2130706433:{port}/",
    "decimal beyond 32 bits": "http://6425673729:{port}/",
    "decimal, full stop": "http://2130706433.:{port}/",
    "hexadecimal": "http://0x7f000001:{port}/",
    "hexadecimal, upper case": "http://0X7F000001:{port}/",
    "hexadecimal parts": "http://0x7f.0x0.0x0.0x1:{port}/",
    "hexadecimal, two parts": "http://0x7f.1:{port}/",
    "octal": "http://017700000001:{port}/",
    "octal parts": "http://0177.0.0.01:{port}/",
    "octal, two parts": "http://0177.1:{port}/",
    "octal with many zeros": "http://0000000000000177.0.0.1:{port}/",
    "mixed": "http://0x7f.0.0.01:{port}/",
    "leading zeros": "http://127.00.00.001:{port}/",
    "full stop": "http://127.0.0.1.:{port}/",
    "name": "http://localhost:{port}/",
    "name, upper case": "http://LOCALHOST:{port}/",
    "name, full stop": "http://localhost.:{port}/",
    "name of a subdomain": "http://news.localhost:{port}/",
    "IPv6": "http://[::1]:{port}/",
    "IPv6, unspecified": "http://[::]:{port}/",
    "IPv6, in full": "http://[0000:0000:0000:0000:0000:0000:0000:0001]:{port}/",
    "IPv6, mapped": "http://[::ffff:127.0.0.1]:{port}/",
    "IPv6, mapped in hexadecimal": "http://[::ffff:7f00:1]:{port}/",
    "IPv6, mapped in full": "http://[0:0:0:0:0:ffff:7f00:0001]:{port}/",
    "IPv6, compatible": "http://[::127.0.0.1]:{port}/",
    "IPv6, translated": "http://[::ffff:0:127.0.0.1]:{port}/",
    "IPv6, NAT64": "http://[64:ff9b::127.0.0.1]:{port}/",
    "IPv6, NAT64 in hexadecimal": "http://[64:ff9b::7f00:1]:{port}/",
    "IPv6, NAT64 of a network's own": "http://[64:ff9b:1::127.0.0.1]:{port}/",
    "IPv6, 6to4": "http://[2002:7f00:1::]:{port}/",
    "IPv6, Teredo": "http://[2001:0:7f00:1::1]:{port}/",
    "IPv6, link-local": "http://[fe80::1]:{port}/",
    "IPv6, zone": "http://[::1%25lo]:{port}/",
    "IPv6, zone unescaped": "http://[::1%lo]:{port}/",
    "IPv6, link-local with zone": "http://[fe80::1%25lo]:{port}/",
    "IPv6, zone by number": "http://[fe80::1%251]:{port}/",
    "IPv6, site-local": "http://[fec0::1]:{port}/",
    "IPv6, unique local": "http://[fd00:ec2::254]:{port}/",
    "IPv6, multicast": "http://[ff01::1]:{port}/",
    "IPv6, segment routing": "http://[5f00::1]:{port}/",
    "private, 10": "http://10.0.0.1:{port}/",
    "private, 172": "http://172.16.0.1:{port}/",
    "private, 192": "http://192.168.0.1:{port}/",
    "carrier's": "http://100.64.0.1:{port}/",
    "benchmarks": "http://198.18.0.1:{port}/",
    "clouds' metadata": "http://169.254.169.254/latest/meta-data/",
    "a cloud's metadata": "http://100.100.100.200/latest/meta-data/",
    "another cloud's metadata": "http://168.63.129.16/machine",
    "broadcast": "http://255.255.255.255:{port}/",
    "user information": "http://user:word@127.0.0.1:{port}/",
    "a host as user": "http://news.example@127.0.0.1:{port}/",
    "a host and port as user": "http://news.example:80@127.0.0.1:{port}/",
    "two at signs": "http://a@news.example@127.0.0.1:{port}/",
    "a host as fragment": "http://127.0.0.1:{port}#@news.example/",
    "a host as query": "http://127.0.0.1:{port}?@news.example/",
    "backslash before the at sign": "http://127.0.0.1:{port}\\@news.example/",
    "backslashes": "http:\\\\127.0.0.1:{port}\\",
    "three slashes": "http:///127.0.0.1:{port}/",
    "one slash": "http:/127.0.0.1:{port}/",
    "fullwidth digits": "http://１２７.０.０.１:{port}/",
    "fullwidth stops": "http://127．0．0．1:{port}/",
    "ideographic stops": "http://127。0。0。1:{port}/",
    "circled digits": "http://①②⑦.⓪.⓪.①:{port}/",
    "circled letters": "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/",
    "mathematical letters": "http://𝐥𝐨𝐜𝐚𝐥𝐡𝐨𝐬𝐭:{port}/",
    "soft hyphen": "http://local\u00adhost:{port}/",
    "percent-encoded": "http://%31%32%37%2e%30%2e%30%2e%31:{port}/",
    "percent-encoded name": "http://loc%61lhost:{port}/",
    "NUL": "http://127.0.0.1%00.news.example:{port}/",
    "tab inside": "http://127.0.\t0.1:{port}/",
    "line break inside": "http://127.0.0.1\r\n:{port}/",
    "blanks around": "  http://127.0.0.1:{port}/  ",
    "port with a sign": "http://127.0.0.1:+{port}/",
    "https": "https://127.0.0.1:{port}/",
    "another scheme": "gopher://127.0.0.1:{port}/_GET",
    "FTP": "ftp://127.0.0.1:{port}/x",
    "a file": "file:///etc/passwd",
    "WebSocket": "ws://127.0.0.1:{port}/",
    "a scheme in a scheme": "jar:http://127.0.0.1:{port}/!/",
}


@dataclass
class Listener:
    port: int = 0
    peers: list[object] = field(default_factory=list)


@asynccontextmanager
async def count_connections(*addresses: str) -> AsyncIterator[Listener]:
    """Listen on these addresses, or on every one of this machine."""
    first_address, *others = addresses or ("0.0.0.0", "::")
    listener = Listener()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.peers.append(writer.get_extra_info("peername"))
        writer.close()

    first = await asyncio.start_server(talk, first_address, 0)
    listener.port = first.sockets[0].getsockname()[1]
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(first)
        for address in others:
            with contextlib.suppress(OSError):  # a machine without IPv6 has no such listener to reach
                await stack.enter_async_context(await asyncio.start_server(talk, address, listener.port))
        yield listener
        await asyncio.sleep(0)  # what has connected by now is counted


@asynccontextmanager
async def serve(answer: Callable[[web.Request], web.Response]) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.Response:
        return answer(request)

    runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, SITE, 0).start()
    try:
        yield f"http://{SITE}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def open_fetcher(*allowed: str) -> HttpFetcher:
    return make_fetcher(*(allowed or (f"{SITE}/32",)), timeout=5, patience=timedelta(seconds=5))


def run(test: Callable[[], object]) -> None:
    asyncio.run(asyncio.wait_for(test(), timeout=60))  # type: ignore[arg-type]


async def why_refused(work: object) -> Reason:
    """Return the reason that the work is rejected for, which says so in words."""
    with pytest.raises(Reject) as error:
        await work  # type: ignore[misc]
    assert error.value.reason.fate is Fate.DEAD_LETTER
    assert error.value.detail
    if error.value.reason is Reason.ADDRESS_REFUSED:
        assert "not a public address" in error.value.detail
    return error.value.reason


def as_location(address: str) -> str:
    """Return the address as a header can carry it."""
    return address.strip().replace("\r", "").replace("\n", "").replace("\t", "")


REFUSALS = {Reason.ADDRESS_REFUSED, Reason.INVALID_URL}


@pytest.fixture(autouse=True)
def resolve_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every name of localhost's be loopback, as on most systems; on some, only its plain name is."""
    resolve = socket.getaddrinfo

    def resolve_names(host: str, *arguments: object, **named: object) -> object:
        is_local = isinstance(host, str) and host.rstrip(".").lower().endswith("localhost")
        return resolve("127.0.0.1" if is_local else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_names)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_no_form_of_a_private_address_is_connected_to_whoever_names_it(form: str) -> None:
    async def test() -> None:
        async with count_connections() as listener, open_fetcher() as fetcher:
            address = form.format(port=listener.port)
            # An article, whose robots.txt is asked for first, and a feed.
            assert await why_refused(fetcher.fetch(address)) in REFUSALS
            assert await why_refused(fetcher.fetch(address, obey_robots=False)) in REFUSALS
            # A webhook.
            async with HttpWebhooks(clock=FixedClock()) as webhooks:
                assert await why_refused(webhooks.send(address, b"{}", {})) in REFUSALS
            # The link of a feed's entry, and its hub, which nobody asks.
            escaped = address.replace("&", "&amp;").replace("<", "&lt;")
            body = (
                f'<rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom"><channel><a:link rel="hub" href="{escaped}"/>'
                f"<item><title>A</title><link>{escaped}</link></item></channel></rss>"
            ).encode()
            capture = Capture(
                url="http://n.example/", final_url="http://n.example/", fetched_at=NOW, status=200, body=body
            )
            for entry in parse_feed(capture, Feed(url="http://n.example/", publisher="N")).entries:
                if entry.url.startswith("http://n.example/"):  # read as a path of the feed's own site
                    continue
                assert await why_refused(fetcher.fetch(entry.url)) in REFUSALS
        assert listener.peers == []

    run(test)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_no_site_leads_there(form: str) -> None:
    """By a redirect of an article or a feed, by robots.txt's sitemap, by a sitemap of a sitemap."""

    async def test() -> None:
        async with count_connections() as listener:
            address = form.format(port=listener.port)
            location = as_location(address)

            def answer(request: web.Request) -> web.Response:
                if request.path == "/sitemap.xml":
                    return web.Response(text=f"<sitemapindex><sitemap><loc>{address}</loc></sitemap></sitemapindex>")
                if request.path == "/robots.txt":
                    return web.Response(text=f"Sitemap: {location}\nSitemap: {site}/sitemap.xml\n")
                return web.Response(status=302, headers={"Location": location})

            async with serve(answer) as site, open_fetcher() as fetcher:
                for is_article in (True, False):
                    with pytest.raises(Reject) as error:
                        await fetcher.fetch(f"{site}/a", obey_robots=is_article)
                    # What is no address of the web may be read as a path of the site's, which leads round in circles.
                    assert error.value.reason in REFUSALS | {Reason.TOO_MANY_REDIRECTS}
                feed = Feed(url=f"{site}/feed.xml", publisher="N")
                found = await search_sitemaps(
                    [feed], NOW, NOW + timedelta(days=1), fetcher=fetcher, confined=CalledHere(), keep=lambda _: None
                )
                assert found["sitemaps"] >= 1
        assert listener.peers == []

    run(test)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_robots_txt_leads_nobody_there(form: str) -> None:
    async def test() -> None:
        async with count_connections() as listener:
            location = as_location(form.format(port=listener.port))

            def answer(request: web.Request) -> web.Response:
                if request.path == "/a":
                    return web.Response(text="<html>")
                return web.Response(status=301, headers={"Location": location})

            async with serve(answer) as site, open_fetcher() as fetcher:
                [outcome] = await asyncio.gather(fetcher.fetch(f"{site}/a"), return_exceptions=True)
            if isinstance(outcome, Reject):
                assert outcome.reason is Reason.ADDRESS_REFUSED
            else:  # what is no address of the web leads to no robots.txt, so all is allowed
                assert isinstance(outcome, Capture), outcome
                assert outcome.body == b"<html>"
        assert listener.peers == []

    run(test)


#: What the names' server answers, time after time; the last answer stays.
NAMES = {
    "a private address": [["127.0.0.1"]],
    "several, all private": [["127.0.0.1", "10.0.0.1", "::1"]],
    "a mapped address": [["::ffff:127.0.0.1"]],
    "an address with a zone": [["fe80::1%lo"]],
    "the metadata of a cloud": [["169.254.169.254"]],
    "a public one that does not answer, and a private one": [["127.0.0.2", "127.0.0.1"]],
    "a private one, and a public one that does not answer": [["127.0.0.1", "127.0.0.2"]],
    "a public one, then a private one": [["127.0.0.2"], ["127.0.0.1"]],
    "another one each time": [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2"], ["::1"]],
}


def name_addresses(monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]) -> list[str]:
    asked: list[str] = []

    def resolve(host: str, port: int, *_args: object, **_kwargs: object) -> list[object]:
        addresses = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("answers", NAMES.values(), ids=NAMES.keys())
def test_no_name_leads_there_whatever_it_resolves_to_and_when(
    monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]
) -> None:
    async def test() -> None:
        async with count_connections("127.0.0.1", "::1") as listener, open_fetcher("127.0.0.2/32") as fetcher:
            asked = name_addresses(monkeypatch, answers)
            for number in range(4):
                with pytest.raises((Reject, Retry), match=r"not a public address|cannot connect"):
                    await fetcher.fetch(f"http://news{number}.example:{listener.port}/", obey_robots=False)
            with pytest.raises((Reject, Retry), match=r"not a public address|robots\.txt"):
                await fetcher.fetch(f"http://news.example:{listener.port}/")
            async with HttpWebhooks(clock=FixedClock()) as webhooks:
                with pytest.raises(Reject, match="not a public address"):
                    await webhooks.send(f"http://hooks.example:{listener.port}/", b"{}", {})
            assert len(asked) >= 6
        assert listener.peers == []

    run(test)


PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def test() -> None:
        async with count_connections() as listener:
            for name in PROXIES:
                monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
            (tmp_path / "netrc").write_text("default login a password b")
            monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
            seen: list[web.Request] = []

            def answer(request: web.Request) -> web.Response:
                seen.append(request)
                return web.Response(text="<html>")

            async with serve(answer) as site, open_fetcher() as fetcher:
                assert (await fetcher.fetch(f"{site}/a")).status == 200
                async with HttpWebhooks(clock=FixedClock(), allowed_networks=[ip_network(f"{SITE}/32")]) as webhooks:
                    assert (await webhooks.send(f"{site}/hook", b"{}", {})).status == 200
            assert all("Authorization" not in request.headers for request in seen)
        assert listener.peers == []

    run(test)


@pytest.mark.parametrize(
    "line", ["http://127.0.0.1:{port}/a.warc.gz", "simplecache::http://127.0.0.1:{port}/a.warc.gz"]
)
def test_a_listing_of_warc_files_leads_nobody_there(tmp_path: Path, line: str) -> None:
    async def test() -> None:
        async with count_connections() as listener:
            address = line.format(port=listener.port)
            (tmp_path / "warc.paths.gz").write_bytes(gzip.compress(address.encode()))
            folder = WarcFolder(str(tmp_path / "warc.paths.gz"))
            found = await asyncio.to_thread(
                folder.files, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
            )
            assert found.addresses == ()
            [problem] = found.problems
            assert "its own store" in problem
            with pytest.raises(UsageError, match="NEWSWIRE_WARCS"):
                WarcFolder(address)
        assert listener.peers == []

    run(test)


#: Of the forms above, those that an unguarded client connects by.
REACHING = ("dotted", "hexadecimal", "name", "IPv6", "fullwidth digits", "circled letters")


@pytest.mark.parametrize("name", REACHING)
def test_without_the_guard_the_listener_does_count(name: str) -> None:
    async def test() -> None:
        async with count_connections() as listener, open_fetcher(*ANYWHERE) as fetcher:
            with pytest.raises(Retry):  # the listener hangs up
                await fetcher.fetch(FORMS[name].format(port=listener.port), obey_robots=False)
        assert listener.peers

    run(test)
