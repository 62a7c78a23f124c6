"""The connections to the embedded index: one for each thread of each process, and its transactions."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.adapters.sqlite_schema import connect
from pipeline.errors import StoreUnavailable, StoreUnusable, TooSlow
from pipeline.search.request import SEARCH_SECONDS, TOO_SLOW

#: Steps of SQLite from one look at the clock to the next: a millisecond or less.
_STEPS = 10_000


class Connections:
    """Connections to one file: SQLite's must not cross threads, nor survive a fork."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path
        self._local = threading.local()
        self._opened: list[tuple[int, sqlite3.Connection]] = []

    def close(self) -> None:
        """Close the connections that this process's threads opened; the next use opens one anew."""
        self._local = threading.local()
        while self._opened:
            process, connection = self._opened.pop()
            # What came across a fork is the parent's: closing it would drop the parent's locks.
            if process == os.getpid():
                connection.close()

    @contextmanager
    def transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        """Commit what the block does, or none of it; SQLite's errors become ours. A block within another belongs to that."""
        try:
            connection = self._open()
            is_within = connection.in_transaction
            if is_within:
                yield connection
                return
            connection.execute(f"BEGIN {kind}")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk has rolled back already
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            message = f"the index {self._path} does not answer: {error}"
            raise StoreUnavailable(message) from error
        except sqlite3.DatabaseError as error:
            message = f"the index {self._path} cannot be read: {error}; move it away and run newswire index rebuild"
            raise StoreUnusable(message) from error
        except OSError as error:
            message = f"the index {self._path} cannot be made: {error}; check NEWSWIRE_SEARCH_URL"
            raise StoreUnusable(message) from error

    def _open(self) -> sqlite3.Connection:
        """Return the connection of this thread in this process."""
        opened: tuple[int, sqlite3.Connection] | None = getattr(self._local, "opened", None)
        if opened is None or opened[0] != os.getpid():
            opened = self._local.opened = (os.getpid(), connect(self._path))
            self._opened.append(opened)
        return opened[1]


@contextmanager
def stop_late(connection: sqlite3.Connection) -> Iterator[None]:
    """Stop what the block asks of the connection once a search has had its time. Raises TooSlow then."""
    until = time.monotonic() + SEARCH_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        raise TooSlow(TOO_SLOW) from error
    finally:
        connection.set_progress_handler(None, 0)
