"""Whoever we connect to proves who it is: Elasticsearch, PostgreSQL, sites and webhooks, under certificates nobody knows."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from sqlalchemy import make_url

from examples.ports import free_port
from examples.servers import ServerMissing, open_postgresql, server_user
from pipeline.adapters import sql_database
from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.adapters.http_webhooks import HttpWebhooks
from pipeline.adapters.sql_ledger import open_ledger
from pipeline.errors import Retry, StoreUnavailable, UsageError
from tests.fixtures.command import Newswire
from tests.fixtures.documents import FixedClock
from tests.fixtures.tls import Authority, make_authority, tls_front

# Elasticsearch


@pytest.fixture
def secure_url(elasticsearch_url: str, authority: Authority) -> Iterator[str]:
    """Return the https address of the real Elasticsearch."""
    plain = urlsplit(elasticsearch_url)
    assert plain.hostname
    assert plain.port
    with tls_front(authority, (plain.hostname, plain.port)) as port:
        yield f"https://127.0.0.1:{port}"


def prepare(url: str, prefix: str, ca: Path | None) -> None:
    with closing(ElasticsearchStore(url, clock=FixedClock(), prefix=prefix, ca=ca)) as store:
        store.prepare()


@pytest.mark.elasticsearch
def test_elasticsearch_is_believed_only_under_a_certificate_of_the_authority_that_is_named(
    secure_url: str, elasticsearch_prefix: str, authority: Authority, other_authority: Authority
) -> None:
    for ca in (None, other_authority.ca):
        with pytest.raises(UsageError, match=r"does not prove who it is \(.*\); name the file.*NEWSWIRE_SEARCH_CA"):
            prepare(secure_url, elasticsearch_prefix, ca)
    prepare(secure_url, elasticsearch_prefix, authority.ca)


@pytest.mark.elasticsearch
def test_elasticsearch_is_not_believed_under_anothers_name(
    elasticsearch_url: str, elasticsearch_prefix: str, tmp_path: Path
) -> None:
    elsewhere, plain = make_authority(tmp_path, "elsewhere.example"), urlsplit(elasticsearch_url)
    with (
        tls_front(elsewhere, (str(plain.hostname), int(plain.port or 0))) as port,
        pytest.raises(UsageError, match="does not prove who it is"),
    ):
        prepare(f"https://127.0.0.1:{port}", elasticsearch_prefix, elsewhere.ca)


@pytest.mark.elasticsearch
def test_the_command_takes_the_authority_from_its_setting(
    secure_url: str, elasticsearch_prefix: str, authority: Authority, newswire: Newswire
) -> None:
    environ = {"NEWSWIRE_SEARCH_URL": secure_url, "NEWSWIRE_SEARCH_ALIAS": elasticsearch_prefix}
    assert "does not prove who it is" in newswire("index", "status", environ=environ, expect=2).stderr
    newswire("index", "status", environ=environ | {"NEWSWIRE_SEARCH_CA": str(authority.ca)})


# PostgreSQL


@pytest.fixture(scope="module")
def secure_postgresql(authority: Authority) -> Iterator[int]:
    """Start a server that speaks TLS on two addresses of loopback, of which one counts as this machine; yield the port."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="newswire-tls-", dir="/tmp"))
    files = {"ssl_cert_file": authority.certificate, "ssl_key_file": authority.key}
    user = server_user()
    for file in files.values():
        own = Path(shutil.copy(file, folder))
        own.chmod(0o600)
        if user:
            shutil.chown(own, user)
    folder.chmod(0o755)
    options = [f"-c {name}={folder / file.name}" for name, file in files.items()]
    options += ["-c ssl=on", "-c listen_addresses=127.0.0.1,127.0.0.2", f"-c port={port}"]
    try:
        with open_postgresql(" ".join(options)):
            yield port
    except ServerMissing as error:
        pytest.skip(str(error))
    finally:
        shutil.rmtree(folder)


@pytest.mark.postgresql
def test_postgresql_is_believed_only_under_a_certificate_of_the_authority_that_is_named(
    secure_postgresql: int, authority: Authority, other_authority: Authority
) -> None:
    port = secure_postgresql
    url = f"postgresql://newswire:hush@127.0.0.2:{port}/postgres"
    for query in ("", f"?sslrootcert={other_authority.ca}"):
        with pytest.raises(StoreUnavailable, match=r"certificate verify failed.*sslmode and sslrootcert in") as caught:
            open_ledger(url + query)
        assert "hush" not in str(caught.value)
    with closing(open_ledger(f"{url}?sslrootcert={authority.ca}")) as ledger:
        assert ledger.tally().seen == 0


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql://n@db.example/ledger", "verify-full"),
        ("postgresql://n@10.1.2.3/ledger?sslrootcert=/ca.pem", "verify-full"),
        ("postgresql://n@/ledger?host=db.example", "verify-full"),
        ("postgresql://n@db.example/ledger?sslmode=disable", None),
        ("postgresql://n@localhost/ledger", None),
        ("postgresql://n@/ledger?host=/run/postgresql", None),
        ("postgresql://n@/ledger", None),
    ],
)
def test_a_ledger_on_another_machine_has_to_prove_itself_unless_its_address_says_otherwise(
    url: str, mode: str | None
) -> None:
    assert sql_database._proof(make_url(url)).get("sslmode") == mode


# Sites and webhooks

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>A paper</title><link>https://a.example/</link>
<description>News</description></channel></rss>"""


@pytest.fixture
def secure_site(authority: Authority) -> Iterator[tuple[str, list[str]]]:
    """Serve a feed over https; yield its address, and what was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(FEED)))
            self.end_headers()
            self.wfile.write(FEED)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            with tls_front(authority, ("127.0.0.1", server.server_address[1])) as port:
                yield f"https://localhost:{port}/feed.xml", asked
        finally:
            server.shutdown()


def test_a_webhook_that_does_not_prove_itself_is_told_nothing(secure_site: tuple[str, list[str]]) -> None:
    url, asked = secure_site

    async def send() -> None:
        async with HttpWebhooks(clock=FixedClock(), allowed_networks=[ip_network("127.0.0.0/8")]) as webhooks:
            await webhooks.send(url, b"{}", {})

    with pytest.raises(Retry, match=r"does not prove who it is: .*certificate verify failed"):
        asyncio.run(send())
    assert asked == []


def test_a_site_is_read_only_under_a_known_certificate(
    secure_site: tuple[str, list[str]], authority: Authority, newswire: Newswire
) -> None:
    url, asked = secure_site
    newswire("feeds", "add", url, "--publisher", "A paper")
    assert "1 failed" in newswire("ingest", expect=1).stdout
    assert asked == []
    newswire("ingest", environ={"SSL_CERT_FILE": str(authority.ca)})
    assert "/feed.xml" in asked
