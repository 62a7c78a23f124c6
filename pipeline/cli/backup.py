"""newswire backup and restore: the ledger as one file; with the archive beside it, all that cannot be made again."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import console
from pipeline.settings import read_settings
from pipeline.wiring import Wiring


def backup(
    file: Annotated[Path, typer.Argument(help="Such as ledger.jsonl.gz; one of that name is replaced.")],
) -> None:
    """Write the ledger of this moment to one file, on SQLite and PostgreSQL alike; copy the archive after it, not before."""
    wiring = Wiring(read_settings())
    rows = wiring.ledger.dump(file, wiring.clock.now())
    console.say(f"{rows} rows in {file}; now copy the archive, {wiring.settings.archive_url}")


def restore(file: Annotated[Path, typer.Argument(help="What newswire backup wrote.")]) -> None:
    """Read a backup into an empty ledger; newswire index rebuild then makes the index from it and the archive."""
    rows = Wiring(read_settings()).ledger.load(file)
    console.say(f"{rows} rows; now make the index: newswire index rebuild, and newswire index promote GENERATION")
