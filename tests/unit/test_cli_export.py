import csv
import io
import re

import pytest

from pipeline.cli.export import COLUMNS, Format, export_documents


def test_a_cell_that_a_spreadsheet_would_run_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = {
        "headline": '=HYPERLINK("http://a.example")',
        "text": "+1\nand, more",
        "people": ["@sum(1)", "B"],
        "deck": "- so",
    }
    export_documents([hostile], Format.CSV)
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["headline"] == '\'=HYPERLINK("http://a.example")'
    assert (row["text"], row["people"], row["deck"]) == ("'+1\nand, more", "'@sum(1); B", "'- so")
    assert set(row) == set(COLUMNS)


@pytest.mark.parametrize("text", [" =1", "\u00a0@x", "\ufeff+1", "＝1+1", "\u200b-1", "\x00=1", "\ttext", "\r\ntext"])
def test_nor_behind_blanks_or_in_full_width(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    export_documents([{"headline": text, "text": f"safe {text}"}], Format.CSV)
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert (row["headline"], row["text"]) == (f"'{text}", f"safe {text}")


@pytest.mark.parametrize("part", [";", "; ", "\t", "\r", "\n", "\r\n\u00a0", ';"', '; " "', '\n"'])
def test_nor_where_a_spreadsheet_parts_cells_elsewhere(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Excel reads CSV at semicolons where commas are decimal signs: quotation marks that follow a comma mean nothing then."""
    export_documents([{"headline": f"A harvest{part}=1+1{part}x-y; z", "people": ["A", "=B"]}], Format.CSV)
    written = capsys.readouterr().out
    for cell in re.split(r"[;\t\r\n]", written):
        assert not cell.strip(' "').startswith("=")
    [row] = csv.DictReader(io.StringIO(written, newline=""))
    whole = part.rstrip(' "\u00a0')
    assert row["headline"] == f"A harvest{whole}'{part.removeprefix(whole)}=1+1{part}x-y; z"
    assert row["people"] == "A;' =B"


def test_every_cell_is_quoted_and_programs_read_the_first_one_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """No byte order mark: csv.DictReader and others would read it as a part of the first column's name."""
    export_documents([{"headline": "A harvest"}], Format.CSV)
    first, second = capsys.readouterr().out.splitlines()
    assert first.split(",") == [f'"{column}"' for column in COLUMNS]
    assert second.count('"') == 2 * len(COLUMNS)
