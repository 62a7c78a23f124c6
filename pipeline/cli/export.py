"""Documents as lines for other programs: JSON lines, or CSV for a spreadsheet."""

import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from pipeline.cli import console

#: The columns of the CSV; names of a list are joined by a semicolon.
COLUMNS = (
    *("id", "canonical_url", "published", "publisher", "language", "section", "headline", "deck", "authors", "agency"),
    *("people", "organizations", "places", "topics", "withdrawn_at", "text"),
)
#: A spreadsheet takes a cell that begins so, perhaps behind blanks, for a formula, which a page could have written.
#: Where commas are decimal signs it parts cells at semicolons, and then inside of quotation marks as well; a quotation mark
#: behind one begins a cell there, and is none of it.
_FORMULA = re.compile(
    r"""
    (?: ^ | (?<=[;\t\r\n]) ) (?= (?: [^\S\t\r\n] | ["\x00-\x08\x0e-\x20\ufeff\u200b] )*+ [=+\-@＝＋－＠] )
    | ^ (?=[\t\r\n])
    """,
    re.VERBOSE,
)


class Format(StrEnum):
    """How documents are written."""

    JSONL = "jsonl"
    CSV = "csv"


def export_documents(documents: Iterable[Mapping[str, Any]], form: Format) -> None:
    """Write the documents to standard output as they come; progress goes to standard error."""
    with console.progress() as progress:
        task = progress.add_task("documents", total=None)
        if form is Format.CSV:
            writer = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL)
            writer.writerow(COLUMNS)
        for document in documents:
            if form is Format.CSV:
                writer.writerow([_cell(document.get(column)) for column in COLUMNS])
            else:
                sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
            progress.advance(task)


def _cell(value: object) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return _FORMULA.sub("'", text)
