"""Files for their owner's eyes: secrets, and what holds some."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def write_private(path: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the path's place whole or not at all, at no moment readable by others. Raises OSError."""
    draft = path.with_name(f"{path.name}.part")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
