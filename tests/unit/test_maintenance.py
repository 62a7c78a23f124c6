"""Which months stay, and what the report says."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from pipeline.discover.polling import Health, HealthStatus
from pipeline.maintenance.report import MOST_FEEDS, report_json, report_lines, report_tables
from pipeline.maintenance.steps import Maintained, MonthSums, Pruned, Retired, first_kept_month
from pipeline.model.fate import Fate, Reason, Tally
from pipeline.ports import StoredMonth

SILENT = Health(status=HealthStatus.SILENT, sentence="It answers, but is late.")
OK = Health(status=HealthStatus.OK, sentence="It answers.")
REPORT = Maintained(
    is_dry_run=False,
    retired=Retired(
        kept_from=date(2026, 8, 1), months=(StoredMonth(month=date(2026, 7, 1), documents=120),), versions=7
    ),
    pruned=Pruned(urls=1_000, texts=50, handovers=12, hosts=3, stories=4, alerts=5),
    tally=Tally(seen=25, pending=4, fates={Fate.INDEXED: 19, Fate.DEAD_LETTER: 2}),
    months=(
        MonthSums(month=date(2026, 7, 1), documents=0, articles=118),
        MonthSums(month=date(2026, 8, 1), documents=90, articles=100),
        MonthSums(month=date(2026, 9, 1), documents=7, articles=5),
    ),
    dead_letters={Reason.UNREACHABLE: 2},
    feeds={"https://a.example/": OK, "https://b.example/": SILENT},
)


@pytest.mark.parametrize(
    ("now", "months", "kept_from"),
    [
        (datetime(2026, 11, 23, tzinfo=UTC), 1, date(2026, 10, 1)),
        (datetime(2026, 11, 1, tzinfo=UTC), 10, date(2026, 1, 1)),
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), 11, date(2025, 12, 1)),
        (datetime(2027, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2))), 12, date(2025, 12, 1)),
        (datetime(2026, 3, 31, tzinfo=UTC), 1, date(2026, 2, 1)),
        (datetime(2026, 3, 31, tzinfo=UTC), 1200, date(1926, 3, 1)),
    ],
)
def test_the_current_month_and_the_last_ones_stay(now: datetime, months: int, kept_from: date) -> None:
    assert first_kept_month(now, months) == kept_from


def test_the_report_reads_as_tables() -> None:
    assert report_lines(report_tables(REPORT)) == [
        "Maintenance",
        "  step                      count",
        "  months dropped                1  kept from 2026-08 on",
        "  documents dropped           120",
        "  earlier versions dropped      7",
        "  URLs pruned                1000",
        "  texts forgotten              50  no copy of them is found any more",
        "  hand-overs dropped           12",
        "  hosts forgotten               3  with their robots.txt",
        "  stories closed                4  no article joined them for a week",
        "  alerts forgotten              5",
        "  URLs seen                    25  balanced",
        "  URLs pending                  4",
        "Months of first sight",
        "  month    documents  articles",
        "  2026-07          0       118  retired",
        "  2026-08         90       100  10 not in the index: newswire index rebuild brings them back",
        "  2026-09          7         5",
        "Dead letters",
        "  reason       URLs",
        "  unreachable     2",
        "Feeds",
        "  health  feeds",
        "  ok          1",
        "  silent      1",
        "Feeds to look at",
        "  health  feed                what we know",
        "  silent  https://b.example/  It answers, but is late.",
    ]


def test_a_dry_run_says_what_would_be_done() -> None:
    planned = Maintained(
        is_dry_run=True,
        retired=REPORT.retired,
        pruned=REPORT.pruned,
        tally=Tally(seen=3, pending=1, fates={Fate.INDEXED: 1}),
        months=(MonthSums(month=date(2026, 7, 1), documents=120, articles=120),),
        dead_letters={},
        feeds={},
    )
    lines = report_lines(report_tables(planned))
    assert lines[0] == "Maintenance (dry run: nothing was changed)"
    assert "  months would be dropped                1  kept from 2026-08 on" in lines
    assert "  2026-07        120       120  would be dropped" in lines
    assert any("NOT BALANCED" in line for line in lines)
    assert "Dead letters" not in lines


def test_the_numbers_for_machines() -> None:
    assert report_json(REPORT) == {
        "dry_run": False,
        "retention": {"kept_from": "2026-08-01", "months": {"2026-07": 120}, "versions": 7},
        "pruned": {"urls": 1_000, "texts": 50, "handovers": 12, "hosts": 3, "stories": 4, "alerts": 5},
        "index": {"documents": 97, "articles": 223, "missing": 10},
        "ledger": {"seen": 25, "pending": 4, "fates": {"indexed": 19, "dead letter": 2}, "balanced": True},
        "dead_letters": {"unreachable": 2},
        "feeds": {"ok": 1, "silent": 1},
    }


def test_of_thousands_of_silent_feeds_some_are_named_and_all_are_counted() -> None:
    feeds = {f"https://{number}.example/": SILENT for number in range(3_000)}
    many = Maintained(
        is_dry_run=False,
        retired=Retired(),
        pruned=Pruned(),
        tally=Tally(seen=0, pending=0),
        months=(),
        dead_letters={},
        feeds=feeds,
    )
    lines = report_lines(report_tables(many))
    assert sum("https://" in line for line in lines) == MOST_FEEDS
    assert re.search(r"and 2950 more +newswire feeds check lists them$", lines[-1])
    assert report_json(many)["feeds"] == {"silent": 3_000}
