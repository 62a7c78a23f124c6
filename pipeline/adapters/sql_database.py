"""The ledger's database: its address, its transactions, its migrations. One writer at a time, on SQLite and PostgreSQL.

A writer first takes the database's one write lock. So every method may read, decide and write without another coming in
between, and no two can wait for each other; a write takes milliseconds.
"""

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import certifi
from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Row,
    column,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    table,
)
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)

from pipeline.adapters.sql_among import among
from pipeline.adapters.sqlite_wal import enable_wal
from pipeline.errors import StoreUnavailable, StoreUnusable, UsageError
from pipeline.private_file import make_private

if TYPE_CHECKING:
    from sqlite3 import Connection as SqliteConnection

    from sqlalchemy.pool import ConnectionPoolEntry

#: The newest of migrations/versions/, so that opening a ledger need not import alembic to learn it.
HEAD = "0018"
VERSION_TABLE = "newswire_version"

#: Seconds that a writer waits for another.
_PATIENCE = 30
#: Any number that other programs on the same PostgreSQL database do not lock.
_LOCK_KEY = 0x6E657773776972
_ALONE_KEY = _LOCK_KEY + 1
#: Hosts that a connection to stays on this machine.
_LOCAL = ("localhost", "127.0.0.1", "::1", "")
#: What PostgreSQL counts among internal errors, and time mends: a server that became a standby, and a transaction that was idle
#: for longer than we allow (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_NOT_NOW = {"25006", "25P03"}
#: Parameters of one statement; old SQLite takes 999.
PARAMETERS = 500


class Database:
    """One database and its connections; nothing is opened before the first transaction."""

    def __init__(self, url: str) -> None:
        """Take the address. Raises UsageError where it is none of ours."""
        address = _parse_url(url)
        #: The address without anything secret.
        self.name = address.set(query={}).render_as_string(hide_password=True)
        is_sqlite = address.drivername == "sqlite"
        self._file = urlsplit(address.database or "").path if is_sqlite else None
        self._lock = "BEGIN IMMEDIATE" if is_sqlite else f"SELECT pg_advisory_xact_lock({_LOCK_KEY})"
        self._one_moment = "BEGIN" if is_sqlite else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        self._engine = _sqlite_engine(address) if is_sqlite else _postgresql_engine(address)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        with self._clear_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a transaction that reads one moment throughout, however long it takes."""
        with self._clear_errors(), self._engine.begin() as connection:
            connection.exec_driver_sql(self._one_moment)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that may write, once no other such transaction is open."""
        with self._clear_errors(), self._engine.begin() as connection:
            connection.exec_driver_sql(self._lock)
            yield connection

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep out everyone who asks for the same, while transactions go on; a process that ends, however, lets others in."""
        if self._file:
            with open(f"{self._file}.alone", "w", encoding="ascii") as file:  # noqa: PTH123 - a name that is longer by a suffix
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
            return
        with self._clear_errors(), self._engine.connect() as connection:
            connection.execution_options(
                isolation_level="AUTOCOMMIT"
            )  # no transaction that would be ended as an idle one
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_ALONE_KEY})")
            try:
                yield
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_ALONE_KEY})")

    def close(self) -> None:
        """Close the connections; the next transaction opens a new one."""
        self._engine.dispose()

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError, InternalError) as error:
            if isinstance(error, InternalError) and getattr(error.orig, "sqlstate", None) not in _NOT_NOW:
                raise
            raise StoreUnavailable(
                f"the ledger {self.name} cannot be used: {_one_line(error)}{_hint(error)}"
            ) from error
        except DatabaseError as error:
            # Nothing was asked yet: the driver refuses the address.
            if isinstance(error, ProgrammingError) and error.statement is None:
                message = f"the ledger {self.name} cannot be opened: {_one_line(error)}; check NEWSWIRE_LEDGER_URL"
                raise UsageError(message) from error
            if type(error) is not DatabaseError:  # its kinds (integrity, programming …) are bugs of ours
                raise
            raise StoreUnusable(f"{self.name} is no ledger, or is damaged: {_one_line(error)}") from error


def migrate(database: Database) -> None:
    """Bring the tables to this version's form; of several processes that open an empty database, one makes them.

    Raises UsageError where a newer version has been here.
    """
    with database.read() as connection:
        if _revision(connection) == HEAD:
            return
    # Alembic takes a third of a second to import, and is needed once in a database's life.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", "pipeline.adapters:migrations")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with database.write() as connection:
        revision = _revision(connection)
        if revision not in {None, *known}:
            raise StoreUnusable(
                f"the ledger {database.name} was made by a newer newswire (its tables are at {revision}, this version "
                f"knows them to {HEAD}): install that version, or name another ledger in NEWSWIRE_LEDGER_URL"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def rows_by_key(
    connection: Connection, key: Column[str], values: Iterable[str], *columns: Column[Any]
) -> dict[str, Row[Any]]:
    """Return these columns of the rows whose key is among the values, however many, by key."""
    query = select(key.label("key"), *columns).where(among(key))
    return {row.key: row for row in connection.execute(query, {"values": list(values)})}


def time_in_utc(connection: Connection, time: Column[Any]) -> ColumnElement[Any]:
    """Return the time as its UTC year, month and day can be taken from it, whatever zone the session is in."""
    if connection.dialect.name == "sqlite":  # whose times have no zone
        return time
    return func.timezone("UTC", time)


def _parse_url(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):  # whose text quotes what it could not read, which can be the password
        example = "sqlite:////folder/ledger.sqlite or postgresql://user:password@host/database"
        raise UsageError(f"NEWSWIRE_LEDGER_URL is no database URL; write {example}") from None
    if address.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:  # Airflow writes postgres
        login, at, rest = url.partition("@")
        # What is taken for the host is part of a password then, and would be printed.
        if "@" in rest or (at and "?" in login):
            raise UsageError("NEWSWIRE_LEDGER_URL: write each @ and ? within a user or password as %40 and %3F")
        return address.set(drivername="postgresql+psycopg")
    if address.drivername != "sqlite":
        raise UsageError(
            f"NEWSWIRE_LEDGER_URL begins with {address.drivername}: a ledger is sqlite:/// or postgresql://"
        )
    if address.database in {None, "", ":memory:"}:
        raise UsageError("NEWSWIRE_LEDGER_URL names no file; a ledger in memory would forget what it has seen")
    return address


def _sqlite_engine(address: URL) -> Engine:
    # Without an isolation level the driver begins no transactions of its own: BEGIN IMMEDIATE is ours to say.
    engine = create_engine(address, connect_args={"timeout": _PATIENCE, "isolation_level": None})

    @event.listens_for(engine, "do_connect")
    def _close_to_others(*_: object) -> None:
        if address.database and not address.database.startswith("file:"):
            make_private(Path(address.database), "-wal", "-shm")  # webhooks' secrets are in it

    @event.listens_for(engine, "connect")
    def _prepare(connection: "SqliteConnection", _: "ConnectionPoolEntry") -> None:
        enable_wal(connection)
        # The log is flushed to the disk when it is copied into the database, not after each transaction. A killed process loses
        # nothing; a machine without power may lose its last transactions, and is then as if it had been killed before them.
        connection.execute("PRAGMA synchronous = NORMAL")
        # Keys of passages lie all over their table: with the default of 2 MB, most pages are read again for each batch.
        connection.execute("PRAGMA cache_size = -65536")  # KiB, taken as needed
        # Pages: a batch of texts changes about a thousand, which the default copies into the database after each batch.
        connection.execute("PRAGMA wal_autocheckpoint = 8000")

    return engine


def _postgresql_engine(address: URL) -> Engine:
    # A worker that froze inside a transaction must not keep the others out for long.
    options = f"-c lock_timeout={_PATIENCE}s -c idle_in_transaction_session_timeout={2 * _PATIENCE}s"
    try:
        # Read committed: what a writer reads after it has the lock must not be older than the lock.
        return create_engine(
            address,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            connect_args={"options": options, "connect_timeout": 10, "application_name": "newswire", **_proof(address)},
        )
    except ModuleNotFoundError as error:
        raise UsageError(
            "a ledger on PostgreSQL needs psycopg: pip install '.[postgres]' in Newswire's checkout"
        ) from error


def _proof(address: URL) -> dict[str, str]:
    """Return how the server has to prove who it is, unless the address says how, or it is on this machine.

    PostgreSQL's own default takes any certificate, and none.
    """
    host = address.host or address.normalized_query.get("host", ("",))[0]
    if "sslmode" in address.query or host in _LOCAL or host.startswith("/"):
        return {}
    return {"sslmode": "verify-full"} | ({} if "sslrootcert" in address.query else {"sslrootcert": certifi.where()})


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(select(column("version_num")).select_from(table(VERSION_TABLE))).scalar()


def _one_line(error: DatabaseError | InterfaceError) -> str:
    return " ".join(str(error.orig).split())


def _hint(error: DatabaseError | InterfaceError) -> str:
    """Return what to do where a connection failed over who the server is."""
    if "SSL" not in str(error.orig) and "certificate" not in str(error.orig):
        return ""
    return (
        "; sslmode and sslrootcert in NEWSWIRE_LEDGER_URL say how the server is checked (sslmode=disable: not at all)"
    )
