"""No code of ours opens a connection to strangers but through the one guard; what else speaks HTTP speaks to stores of ours."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUARD, NAMES = "pipeline/adapters/http_guard.py", "pipeline/adapters/http_names.py"
#: What can open connections, by module, and who may import it, for what.
CLIENTS = {
    "aiohttp": {
        GUARD,
        NAMES,
        "pipeline/adapters/http_body.py",
        "pipeline/adapters/http_fetcher.py",
    },  # the others for its types
    "elasticsearch": set((ROOT / "pipeline/adapters").glob("elasticsearch_*.py")),  # the search store, as configured
    "fsspec": {"pipeline/adapters/storage.py"},  # the archive's store, never a web address
    "socket": {GUARD, NAMES, "pipeline/web/serve.py"},  # the page listens
    **{name: set() for name in ("asyncio.streams", "ftplib", "http.client", "httpx", "pycurl", "requests", "smtplib")},
    **{
        name: set()
        for name in ("telnetlib", "urllib.request", "urllib3", "websockets", "xmlrpc", "botocore.httpsession")
    },
}
#: What makes clients and connections of them; aiohttp's types alone may be named elsewhere.
OPENERS = {"ClientSession", "TCPConnector", "request", "open_connection", "create_connection", "urlopen", "getaddrinfo"}
OPENING_MODULES = {"aiohttp", "asyncio", "socket", "loop"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("pipeline", "dags"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    names = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def opened(tree: ast.Module) -> set[str]:
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id in OPENING_MODULES and node.attr in OPENERS
    }


@pytest.mark.parametrize("client", CLIENTS)
def test_what_opens_connections_is_imported_by_few(client: str) -> None:
    allowed = {str(path.relative_to(ROOT)) if isinstance(path, Path) else path for path in CLIENTS[client]}
    found = {
        path
        for path, tree in sources()
        if any(name == client or name.startswith(f"{client}.") for name in imported(tree))
    }
    assert found <= allowed
    assert found or not allowed


def test_the_guard_alone_makes_a_client() -> None:
    assert {path: opened(tree) for path, tree in sources() if opened(tree)} == {
        GUARD: {"aiohttp.ClientSession", "aiohttp.TCPConnector"},
        NAMES: {"socket.getaddrinfo"},
    }


def test_no_feed_parser_is_given_an_address() -> None:
    """feedparser, lxml and others fetch what they are given as an address; whatever we give is bytes or a stream of them."""
    parsers = {
        ("feedparser", "parse"),
        ("etree", "parse"),
        ("etree", "iterparse"),
        ("html", "parse"),
        ("pandas", "read_html"),
    }
    calls = [
        (path, ast.unparse(node.args[0]))
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in parsers
    ]
    assert calls
    assert all(given.startswith("io.BytesIO(") for _, given in calls), calls
