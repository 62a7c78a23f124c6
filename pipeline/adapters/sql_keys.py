"""Tables of two whole numbers, a key and what is found by it: many rows at a time."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, Table, bindparam, delete

Pair = tuple[int, int]


def read_keys(keys: bytes) -> list[int]:
    """Return keys of four bytes each as the database takes them: with a sign."""
    numbers: list[int] = np.frombuffer(keys, np.int32).tolist()
    return numbers


def insert_pairs(connection: Connection, table: Table, pairs: Sequence[Pair]) -> None:
    """Insert the rows, given in order, so that each page of the table is met once."""
    # Past SQLAlchemy, which takes longer to prepare a thousand rows than the database to insert them.
    if not pairs:
        return
    into = f"INSERT INTO {table.name} ({', '.join(table.columns.keys())}) "
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(into + "VALUES (?, ?)", [*pairs])
    else:
        keys, found = map(list, zip(*pairs, strict=True))
        both = "SELECT * FROM unnest(%s::integer[], %s::integer[])"
        connection.exec_driver_sql(into + both, (keys, found))


def delete_pairs(connection: Connection, table: Table, pairs: Sequence[Pair]) -> None:
    """Delete the rows, in order."""
    if pairs:
        key, found = table.columns
        statement = delete(table).where(key == bindparam("at"), found == bindparam("of"))
        connection.execute(statement, [{"at": at, "of": of} for at, of in sorted(pairs)])
