"""A condition on many values must not cost SQLite the column's index: a ledger of a million texts would stand still."""

import sqlite3

from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from pipeline.adapters.sql_among import among
from pipeline.adapters.sql_schema import printing_keys


def test_sqlite_finds_each_of_many_values_by_the_index() -> None:
    query = str(select(printing_keys.c.printing).where(among(printing_keys.c.key)).compile(dialect=sqlite.dialect()))
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE printing_keys (key INTEGER, printing INTEGER, PRIMARY KEY (key, printing)) WITHOUT ROWID"
    )
    connection.executemany("INSERT INTO printing_keys VALUES (?, ?)", [(1, 10), (2, 20), (3, 30)])
    plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", ("[]",))]
    assert any(step.startswith("SEARCH printing_keys") for step in plan), plan
    assert connection.execute(query, ("[1, 3]",)).fetchall() == [(10,), (30,)]
    connection.close()
