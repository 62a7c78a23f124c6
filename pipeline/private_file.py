"""Files for their owner's eyes: secrets, and what holds some."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def write_private(path: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the path's place whole or not at all, at no moment readable by others. Raises OSError."""
    if path.is_dir():  # and for "." and "..", which are no names
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():  # of root, /dev/stdout would be gone for all
        raise FileExistsError(errno.EEXIST, "a device or a pipe stands there; name a file", str(path))
    path = path.resolve()  # where a link leads
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")  # its own: two may write to one name at once
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def make_private(path: Path, *beside: str) -> None:
    """Make the file, where there is none, and close it to all but its owner, as those whose names end so ``beside`` it.

    It is not opened where it is there: SQLite would lose its locks (https://www.sqlite.org/howtocorrupt.html, section 2.2). What
    cannot be made or closed, such as another's file, is left to whoever opens it next.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    for each in (path, *(path.with_name(f"{path.name}{ending}") for ending in beside)):
        with suppress(OSError):
            each.chmod(each.stat().st_mode & 0o700)
