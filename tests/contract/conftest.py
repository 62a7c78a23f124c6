"""The ledger's two databases and the two search stores; what asks for ``ledger``, ``ledger_url`` or ``store`` runs on both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.ports import SearchStore
from tests.fixtures.documents import FixedClock


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(ledger_url)
    yield ledger
    ledger.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[SearchStore]:
    opened = (
        SqliteStore(tmp_path / "search.sqlite", clock=clock)
        if request.param == "sqlite"
        else ElasticsearchStore(
            request.getfixturevalue("elasticsearch_url"),
            clock=clock,
            prefix=request.getfixturevalue("elasticsearch_prefix"),
        )
    )
    opened.prepare()
    yield opened
    opened.close()
