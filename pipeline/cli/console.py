"""What the commands print: text and tables for people, JSON for machines, progress and complaints on standard error."""

import json
import logging
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

#: The option of every command that prints for machines too.
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

#: What steers a terminal, or turns the order of what stands after it: a headline of a page may hold it.
_STEERING = dict.fromkeys(
    [*(set(range(0x20)) - {*map(ord, "\t\n")}), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def disarm(text: str) -> str:
    """Return the text without control characters and directional embeddings, overrides and isolates."""
    return text.translate(_STEERING)


class DisarmedFormatter(logging.Formatter):
    """Formats log records without what steers a terminal: what strangers sent is named in many of them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text, its trace with it."""
        return disarm(super().format(record))


def complain(message: str) -> None:
    """Print one line on standard error."""
    line = disarm(" ".join(message.split()))
    print(f"newswire: {line}", file=sys.stderr)  # noqa: T201 - no markup, no wrapping: a log line for people and scripts


def count(number: int, one: str, several: str) -> str:
    """Return the number with its word: 1 document, 2 documents."""
    return f"{number} {one if number == 1 else several}"


def say(text: str = "", *, style: str | None = None) -> None:
    """Print a line for people."""
    _screen().print(disarm(text), style=style, soft_wrap=True)


def show(block: Table | Text) -> None:
    """Print a table or a styled text."""
    _screen().print(block)


def print_json(value: object) -> None:
    """Print one JSON value, for machines."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def make_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a plain table; columns whose name ends in ``#`` hold numbers."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.rstrip("#"), justify="right" if column.endswith("#") else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else disarm(str(cell)) for cell in row))
    return table


class _Description(ProgressColumn):
    """What is done, such as the reading of a file, as it is named: a TextColumn would read markup in it."""

    def render(self, task: Task) -> Text:
        """Return it as text."""
        return Text(disarm(task.description))


def progress() -> Progress:
    """Return a progress display on standard error; it stays silent where that is no terminal."""
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        _Description(),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def _screen() -> Console:
    """Return standard output; a pipe or a file gets wide lines, for nothing there can be read at 80 columns.

    All is printed as it stands: what is said is mostly others' words, and markup or the name of an emoji in them is text.
    """
    screen = Console(markup=False, emoji=False, highlight=False)
    if not screen.is_terminal and "COLUMNS" not in os.environ:
        screen.width = 160
    return screen
