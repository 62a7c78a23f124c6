"""One production stack for all tests here, in the order of their files: its start takes longer than most of them.

Each test begins where the one before ended; after each, everything must be accounted for.
"""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from examples.press import Press
from examples.servers import make_database
from examples.stack import Stack
from pipeline.model.fate import Fate


@pytest.fixture(scope="session")
def stack(
    postgresql_socket: Path, redis_socket: Path, elasticsearch_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    alias = f"test-{uuid4().hex[:12]}"
    with Press() as press:
        stack = Stack(
            tmp_path_factory.mktemp("stack") / "stack",
            database=lambda name: make_database(postgresql_socket, f"{name}_{uuid4().hex[:12]}"),
            redis=redis_socket,
            search_url=elasticsearch_url,
            alias=alias,
            press=press,
        )
        with stack:
            try:
                yield stack
            finally:
                for index in stack.elasticsearch.indices.get(index=f"{alias}*"):
                    stack.elasticsearch.indices.delete(index=index)


@pytest.fixture(autouse=True)
def _all_is_accounted_for(stack: Stack) -> Iterator[None]:
    yield
    stack.wait_until(lambda: not stack.ledger().pending, "nothing is pending")
    sums = stack.ledger()
    assert sums.is_balanced
    assert sums.fates.keys() <= {Fate.INDEXED, Fate.UNCHANGED, Fate.DEAD_LETTER}
    in_index = sum(count for fate, count in sums.fates.items() if fate is not Fate.DEAD_LETTER)
    assert in_index == len(stack.urls())
