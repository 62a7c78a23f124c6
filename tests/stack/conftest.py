"""One production stack for all tests here, in the order of their files: its start takes longer than most of them.

Each test begins where the one before ended; after each, everything must be accounted for.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from examples.press import Press
from examples.servers import (
    LocalElasticsearch,
    Postgresql,
    Redis,
    ServerMissing,
    open_elasticsearch,
    open_postgresql,
    open_redis,
)
from examples.stack import Stack
from pipeline.model.fate import Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What can be killed beside Airflow's parts; the names are those that it is killed by."""

    postgresql: Postgresql
    redis: Redis
    elasticsearch: LocalElasticsearch


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put chaos last: nobody could tell what came after it from what it left."""
    items.sort(key=lambda item: item.path.name == "test_chaos.py")


@pytest.fixture(scope="session")
def servers(elasticsearch_url: str) -> Iterator[Servers]:
    """Start servers of the stack's own, which may be killed."""
    pytest.importorskip("psycopg", reason="no psycopg; bring it: make setup")
    with ExitStack() as opened:
        try:
            yield Servers(
                postgresql=opened.enter_context(open_postgresql()),
                redis=opened.enter_context(open_redis()),
                elasticsearch=opened.enter_context(open_elasticsearch(elasticsearch_url)),
            )
        except ServerMissing as error:
            if any(os.environ.get(f"REQUIRE_{name}") == "1" for name in ("POSTGRESQL", "REDIS", "ELASTICSEARCH")):
                pytest.fail(str(error), pytrace=False)
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def stack(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with (
        Press() as press,
        Stack(
            tmp_path_factory.mktemp("stack") / "stack",
            database=servers.postgresql.make_database,
            redis=servers.redis.socket,
            search_url=servers.elasticsearch.url,
            alias="test",
            press=press,
            servers={name: getattr(servers, name) for name in ("postgresql", "redis", "elasticsearch")},
            settings={"NEWSWIRE_RETRIES": "1s,2s,4s,8s", "NEWSWIRE_FETCH_SECONDS": "8"},
        ) as stack,
    ):
        yield stack


@pytest.fixture(autouse=True)
def _all_is_accounted_for(stack: Stack) -> Iterator[None]:
    yield
    stack.wait_until(lambda: not stack.ledger().pending, "nothing is pending")
    sums = stack.ledger()
    assert sums.is_balanced
    assert sums.fates.get(Fate.INDEXED, 0) + sums.fates.get(Fate.UNCHANGED, 0) == len(stack.urls())
