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


@pytest.mark.parametrize(
    "text", ["\t=1", "\r=1", "\n=1", " =1", "\u00a0@x", "\ufeff+1", "＝1+1", "\u200b-1", "\x00=1", "\ttext"]
)
def test_nor_behind_blanks_or_in_full_width(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    export_documents([{"headline": text, "text": f"safe {text}"}], Format.CSV)
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert (row["headline"], row["text"]) == (f"'{text}", f"safe {text}")
