"""What extract and annotate read and write: a file or standard input, whole or as JSON lines."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from pipeline.cli import console
from pipeline.errors import NewswireError, UsageError

JsonObject = dict[str, Any]


def write_rows(file: Path | None, work: Callable[[JsonObject], JsonObject]) -> None:
    """Write one line for each line read, but blank ones, in order; a bad line gives a line with ``error``, and the rest goes on.

    Each bad line is named on standard error by its number, and the command then ends with exit code 1.
    """
    is_whole = True
    for number, line in enumerate(_read_lines(file), start=1):
        if not line.strip():
            continue
        row: JsonObject = {}
        try:
            row = _read_row(line)
            answer = work(row)
        except NewswireError as error:
            answer, is_whole = {"id": row.get("id"), "line": number, "error": str(error)}, False
            console.complain(f"{file or 'standard input'}, line {number}: {error}")
        sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        sys.stdout.buffer.flush()
    if not is_whole:
        raise typer.Exit(1)


def read_bytes(file: Path | None) -> bytes:
    """Return what the file, or standard input, holds. Raises UsageError for a file that cannot be read."""
    if file is None or str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


def _read_row(line: bytes) -> JsonObject:
    try:
        row = json.loads(line, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:  # its own words count lines anew in each line
        raise UsageError(f"the line is no JSON: {error.msg} at column {error.colno}") from error
    except (ValueError, RecursionError) as error:  # a decoding error is a ValueError as well
        raise UsageError(f"the line is no JSON: {error}") from error
    if not isinstance(row, dict):
        raise UsageError("the line is no JSON object")
    return row


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _read_lines(file: Path | None) -> Iterator[bytes]:
    if file is None or str(file) == "-":
        yield from sys.stdin.buffer
        return
    try:
        with file.open("rb") as lines:
            yield from lines
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
