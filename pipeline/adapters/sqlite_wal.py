"""Write-ahead logging for the embedded databases: readers and one writer do not wait for each other."""

import sqlite3
import time

_PATIENCE = 30.0  # seconds
_PAUSE = 0.01


def enable_wal(connection: sqlite3.Connection) -> None:
    """Switch the database to write-ahead logging, which it then keeps. Raises sqlite3.OperationalError after 30 s.

    SQLite answers "database is locked" at once, whatever the busy timeout, while another process does the same switch
    (https://www.sqlite.org/wal.html, section 9): so it is asked again.
    """
    enough_at = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > enough_at:
                raise
            time.sleep(_PAUSE)
        else:
            return
