"""The connections to the embedded index: one for each thread of each process, and its transactions."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
        #: By process too: what came across a fork is the parent's, and even letting go of it would close it.
        self._opened: dict[tuple[int, threading.Thread], sqlite3.Connection] = {}

    def close(self) -> None:
        """Close the connections that this process's threads opened; the next use opens one anew."""
        self._close([key for key in list(self._opened) if key[0] == os.getpid()])

    @contextmanager
    def transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        """Commit what the block does, or none of it; SQLite's errors become ours. A block within another belongs to that."""
        with self._own_errors():
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

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Show one state of the file until the block ends, by a connection of its own: this thread's may write meanwhile."""
        with self._own_errors(), closing(connect(self._path)) as connection:
            connection.execute("BEGIN DEFERRED")
            yield connection

    @contextmanager
    def _own_errors(self) -> Iterator[None]:
        try:
            yield
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
        """Return the connection of this thread in this process; a new one takes the place of those of ended threads."""
        key = (os.getpid(), threading.current_thread())
        if key not in self._opened:
            # A web server's threads come and go, and each one's connection would stay open.
            self._close([each for each in list(self._opened) if each[0] == key[0] and not each[1].is_alive()])
            self._opened[key] = connect(self._path)
        return self._opened[key]

    def _close(self, keys: list[tuple[int, threading.Thread]]) -> None:
        """Close these, unless another thread is about to."""
        for key in keys:
            if connection := self._opened.pop(key, None):
                connection.close()


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
