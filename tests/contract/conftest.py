"""The ledger's two databases; what asks for ``ledger`` or ``ledger_url`` runs on both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.adapters.sql_ledger import SqlLedger, open_ledger


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
