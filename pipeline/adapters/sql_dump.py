"""The whole ledger as one file that either database reads: gzip-compressed JSON lines, a row each, tables one after another.

{"ledger": "0012", "at": "2026-11-26T03:30:00Z"}        the form of the tables, and when
{"table": "feeds", "columns": ["url", …]}               then its rows, as arrays in that order
["https://example.org/rss.xml", …]
{"rows": 12345}                                         a file without this line is no whole backup
"""

import gzip
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any
from zlib import error as ZlibError  # noqa: N812 - a class, whatever zlib calls it

import msgspec
from sqlalchemy import Column, Connection, LargeBinary, Table, select
from sqlalchemy.exc import IntegrityError

from pipeline.adapters.sql_database import HEAD, Database
from pipeline.adapters.sql_schema import metadata, story_changes
from pipeline.adapters.sql_types import UtcTime
from pipeline.errors import UsageError
from pipeline.private_file import write_private

#: Rows in memory at once.
_ROWS = 500


def dump_ledger(database: Database, path: Path, now: datetime) -> int:
    """Write all rows of one moment to the file, whole or not at all, readable by its owner alone; return how many.

    Others go on reading and writing meanwhile. Raises UsageError where the file cannot be written.
    """
    count = 0
    try:
        with (
            write_private(path) as file,  # webhooks' secrets are in it
            gzip.open(file, "wb", compresslevel=6) as lines,
            database.snapshot() as connection,
        ):
            for line in _lines(connection, now):
                count += line.startswith(b"[")
                lines.write(line + b"\n")
            lines.write(msgspec.json.encode({"rows": count}) + b"\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    return count


def load_ledger(database: Database, path: Path) -> int:
    """Read such a file into an empty ledger, in one transaction; return how many rows.

    Raises UsageError where the ledger is not empty, or the file is none of ours, is of another version, or is not whole.
    """
    with database.write() as connection:
        own = [table for table in metadata.sorted_tables if table is not story_changes]
        full = [table.name for table in own if connection.execute(select(table).limit(1)).first()]
        if full:
            raise UsageError(
                f"the ledger {database.name} is not empty ({', '.join(full[:3])}); a backup is restored into a new one"
            )
        connection.execute(story_changes.delete())  # the one row that a new ledger has
        try:
            with gzip.open(path, "rb") as lines:
                return _load(connection, iter(lines), path)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
        except (EOFError, ZlibError, msgspec.DecodeError, msgspec.ValidationError) as error:
            raise UsageError(f"{path} is no whole backup of a ledger: {error}") from error
        except IntegrityError as error:
            raise UsageError(f"{path} is no whole backup of a ledger: {error.orig}") from error


def _lines(connection: Connection, now: datetime) -> Iterator[bytes]:
    yield msgspec.json.encode({"ledger": HEAD, "at": now})
    for table in metadata.sorted_tables:
        yield msgspec.json.encode({"table": str(table.name), "columns": [str(column.name) for column in table.columns]})
        query = select(table).order_by(*table.primary_key)
        for row in connection.execution_options(yield_per=_ROWS).execute(query):
            yield msgspec.json.encode(tuple(row))


def _load(connection: Connection, lines: Iterator[bytes], path: Path) -> int:
    head = msgspec.json.decode(next(lines, b"{}"))
    made_by = head.get("ledger") if isinstance(head, dict) else None
    if made_by != HEAD:
        raise UsageError(
            f"{path} is a backup of ledger version {made_by}, this newswire writes {HEAD}: restore it with the newswire that "
            "made it, then let this one open that ledger"
            if made_by
            else f"{path} is no backup of a ledger"
        )
    count = 0
    for mark, rows in _parts(lines):
        if "rows" in mark:
            if mark["rows"] != count:
                raise UsageError(f"{path} is no whole backup of a ledger: {count} rows of {mark['rows']}")
            return count
        table, columns = metadata.tables.get(mark.get("table", "")), mark.get("columns")
        if table is None or columns != [column.name for column in table.columns]:
            raise UsageError(
                f"{path} is no whole backup of a ledger: no table of it is {msgspec.json.encode(mark).decode()}"
            )
        decoder = msgspec.json.Decoder(_row_type(table))
        while group := [decoder.decode(line) for line in islice(rows, _ROWS)]:
            connection.execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in group])
            count += len(group)
    raise UsageError(f"{path} is no whole backup of a ledger: its last line is missing")


def _parts(lines: Iterable[bytes]) -> Iterator[tuple[dict[str, Any], Iterator[bytes]]]:
    """Yield each line that is no row, with the rows that follow it."""
    mark: dict[str, Any] | None = None
    for is_row, group in groupby(lines, key=lambda line: line.startswith(b"[")):
        if is_row and mark:
            yield mark, group
            mark = None
            continue
        for line in group:
            if mark:
                yield mark, iter(())
            mark = msgspec.json.decode(line, type=dict[str, Any])
    if mark:
        yield mark, iter(())


def _row_type(table: Table) -> object:
    """Return the type that a row's JSON is decoded as, so that times are times and bytes are bytes again."""
    return tuple.__class_getitem__(tuple(_value_type(column) for column in table.columns))


def _value_type(column: Column[Any]) -> object:
    kind = {UtcTime: datetime, LargeBinary: bytes}.get(type(column.type)) or column.type.python_type
    return kind | None if column.nullable else kind
