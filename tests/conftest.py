"""Fixture policy: unit tests see no socket at all; contract and integration tests see loopback only.

Servers (Elasticsearch, PostgreSQL) are started once a session in tests/fixtures/, by real programs, and a test asks for
them by fixture. Where a server, or a network namespace, is not to be had, its tests are skipped with one line that says
how to bring it; with REQUIRE_ELASTICSEARCH=1, REQUIRE_POSTGRESQL=1 or REQUIRE_NETWORK_NAMESPACE=1 a skip is a failure.
A test that needs pages asks for ``newsroom``.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket
from hypothesis import settings

pytest_plugins = [
    "tests.fixtures.chromium",
    "tests.fixtures.command",
    "tests.fixtures.disk",
    "tests.fixtures.elasticsearch",
    "tests.fixtures.elasticsearch_proxy",
    "tests.fixtures.ingested",
    "tests.fixtures.network",
    "tests.fixtures.newsroom",
    "tests.fixtures.object_store",
    "tests.fixtures.postgresql",
    "tests.fixtures.receiver",
    "tests.fixtures.redis",
    "tests.fixtures.secured",
    "tests.fixtures.tls",
]

#: The same examples in each run, so that a run says something of the code alone; ``--hypothesis-profile long`` looks for others.
settings.register_profile("fixed", derandomize=True, database=None)
settings.register_profile("long", max_examples=20_000)
settings.load_profile("fixed")

UNIT = Path(__file__).parent / "unit"


@pytest.fixture(autouse=True)
def _sockets(request: pytest.FixtureRequest) -> Iterator[None]:
    """Block sockets in unit tests, and everything but loopback elsewhere."""
    if request.path.is_relative_to(UNIT):
        pytest_socket.disable_socket(allow_unix_socket=True)
    else:
        pytest_socket.socket_allow_hosts(["127.0.0.1", "127.0.0.2", "::1", "localhost"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared data beside the repository; a test that reads it is skipped where it is absent."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("no ../shared folder with labelled data beside the repository")
    return folder
