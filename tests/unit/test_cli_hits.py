import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipeline.cli import console
from pipeline.cli.console import DisarmedFormatter
from pipeline.cli.hits import page_json, print_page
from pipeline.model.query import Cell, Facet, Hit, Named, Part, Query, Reason, SearchPage, Span, Summary
from pipeline.search.prints import Prints

HIT = Hit(
    id="a" * 32,
    url="https://news.example/one",
    headline="Wheat [sic]",
    publisher="The Example",
    language="en",
    score=4.61,
    reasons=(
        Reason(part=Part.TEXT, value=0.86, detail="“wheat”: headline"),
        Reason(part=Part.PROMINENCE, value=2.0, detail="“raisi”: salience 0.50"),
        Reason(part=Part.FRESHNESS, value=1.5, detail="3 hours old"),
    ),
)
SUMMARY = Summary(
    facets={"people": (Facet(value="Ann", count=2),), "places": ()},
    timeline=(
        Span(start=datetime(2026, 11, 22, tzinfo=UTC), count=1),
        Span(start=datetime(2026, 11, 23, tzinfo=UTC), count=4),
    ),
    named=(Named(id="person:ben", kind="person", name="Ben", count=3),),
    telling=(Facet(value="Mill", count=2),),
    cells=(Cell(tile="5/20/12", latitude=36.6, longitude=50.6, count=2),),
)


def printed(page: SearchPage, query: Query, capsys: pytest.CaptureFixture[str]) -> list[str]:
    echo = replace(HIT, id="echo", publisher="The Echo", reprint_of=HIT.id)
    print_page(page, query, {hit.id: Prints(others=(echo,), more=1) for hit in page.hits if hit.folded})
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_a_hit_says_how_its_score_came_about(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(SearchPage(total=1, hits=(HIT,)), Query(explains=True), capsys)
    assert lines[-4:] == [
        "  score 4.61 = (text 0.86 + prominence 2.00) × freshness 1.50",
        "    text         0.86  “wheat”: headline",
        "    prominence   2.00  “raisi”: salience 0.50",
        "    freshness    1.50  3 hours old",
    ]


def test_the_head_says_what_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    hit = replace(HIT, reasons=(), folded=2)
    page = SearchPage(total=30, hits=(hit,), folded_total=11)
    lines = printed(page, Query(page=2, limit=10, folds_reprints=True), capsys)
    assert lines[0] == "30 documents, 11 of them with a text of their own; hits 11 to 11"
    assert "also printed by The Echo, 1 more" in lines


def test_times_are_utc_and_a_withdrawal_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    dresden = timezone(timedelta(hours=1))
    gone = replace(
        HIT,
        published=datetime(2026, 10, 27, 18, 40, tzinfo=dresden),
        withdrawn_at=datetime(2026, 11, 1, 0, 30, tzinfo=dresden),
    )
    lines = printed(SearchPage(total=1, hits=(gone,)), Query(), capsys)
    assert lines[0] == "1 document; times in UTC"
    assert "The Example · 2026-10-27 17:40 · en · https://news.example/one" in lines
    assert "withdrawn: the page is gone since 2026-10-31 23:30" in lines
    assert page_json(SearchPage(total=1, hits=(gone,)))["hits"][0]["withdrawn_at"] == "2026-11-01T00:30:00+01:00"


def test_a_page_beyond_the_last_hit_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(SearchPage(total=25), Query(page=3, limit=20), capsys)
    assert lines == ["25 documents; nothing on page 3 of 20 hits: all are on earlier ones"]


def test_what_a_page_says_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hit = replace(HIT, headline="a\u202eb\x1b[31mc\u2066d", snippets=("e\u202ef\x9bg",))
    lines = printed(SearchPage(total=1, hits=(hit,)), Query(), capsys)
    assert "ab[31mcd" in lines
    assert "  … efg" in lines
    assert page_json(SearchPage(total=1, hits=(hit,)))["hits"][0]["headline"] == hit.headline


def test_what_looks_like_markup_is_text_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    odd = r"World\[/b] [red]x\[/x] :fire: [/] \\["
    hit = replace(HIT, headline=odd, publisher=odd, reasons=(), snippets=(odd,))
    page = SearchPage(total=1, hits=(hit,), summary=Summary(facets={odd: (Facet(value=odd, count=2),)}))
    lines = printed(page, Query(), capsys)
    assert lines[2] == odd
    assert f"  … {odd}" in lines
    assert lines[-2:] == [f"{odd}  documents", f"{odd}          2"]
    console.show(console.make_table(odd, ("a",), [(odd,), (None,)]))
    assert odd in capsys.readouterr().out.splitlines()[0]


def test_what_looks_like_markup_is_text_in_what_goes_on_and_steers_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    with console.progress() as progress:
        progress.add_task("lines of \u202ea\\[/b]:fire:.csv", total=1)
    assert "lines of a\\[/b]:fire:.csv" in capsys.readouterr().err


def test_nor_does_a_line_of_the_log_or_its_trace() -> None:
    trace = (ValueError, ValueError("d\x9be"), None)
    record = logging.makeLogRecord({"msg": "feed %s", "args": ("a\u202eb\x1b[31mc",), "exc_info": trace})
    lines = DisarmedFormatter("newswire: %(message)s").format(record).splitlines()
    assert (lines[0], lines[-1]) == ("newswire: feed ab[31mc", "ValueError: de")


def test_a_suggestion_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(SearchPage(total=0, suggestion="harvest"), Query(), capsys) == [
        "0 documents",
        "did you mean: harvest",
    ]


def test_a_summary_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(SearchPage(total=5, summary=SUMMARY), Query(), capsys)
    assert f"2026-11-22 {'█' * 10} 1" in lines
    assert f"2026-11-23 {'█' * 40} 4" in lines
    assert any(line.split() == ["Ben", "3"] for line in lines)
    assert any(line.split() == ["Mill", "2"] for line in lines)


def test_json_has_what_was_asked_for() -> None:
    assert page_json(SearchPage(total=0)) == {"total": 0, "hits": [], "facets": {}}
    page = page_json(SearchPage(total=5, hits=(HIT,), summary=SUMMARY, folded_total=4, suggestion="harvest"))
    assert page.keys() == {
        *("total", "folded_total", "hits", "facets", "timeline", "named", "telling", "cells", "suggestion")
    }
    assert page["timeline"][0] == {"start": "2026-11-22T00:00:00+00:00", "count": 1}
    assert page["hits"][0]["reasons"][0] == {"part": "text", "value": 0.86, "detail": "“wheat”: headline"}
