import csv
import io

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
