"""The report of a maintenance: as tables for people, and as numbers for machines. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.discover.polling import HealthStatus
from pipeline.maintenance.steps import Maintained, MonthSums, is_retired

#: Feeds that the report names; the rest it counts, and newswire feeds check lists them all.
MOST_FEEDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A title, the columns' names (those that end in ``#`` hold numbers), and the rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def report_tables(report: Maintained) -> tuple[Table, ...]:
    """Return the report in tables, the empty ones left out."""
    tables = (
        Table(title=_title(report), columns=("step", "count#", ""), rows=tuple(_steps(report))),
        Table(
            title="Months of first sight",
            columns=("month", "documents#", "articles#", ""),
            rows=tuple(
                (f"{each.month:%Y-%m}", each.documents, each.articles, _verdict(each, report)) for each in report.months
            ),
        ),
        Table(title="Dead letters", columns=("reason", "URLs#"), rows=tuple(report.dead_letters.items())),
        Table(title="Feeds", columns=("health", "feeds#"), rows=tuple(report.feeds_by_health.items())),
        Table(title="Feeds to look at", columns=("health", "feed", "what we know"), rows=tuple(_unwell(report))),
    )
    return tuple(table for table in tables if table.rows)


def report_lines(tables: Iterable[Table]) -> list[str]:
    """Return the tables as lines of text in columns, for a log."""
    lines = list[str]()
    for table in tables:
        cells = [tuple(name.rstrip("#") for name in table.columns)] + [tuple(map(str, row)) for row in table.rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines += [table.title, *(_line(row, table.columns, widths) for row in cells)]
    return lines


def report_json(report: Maintained) -> dict[str, Any]:
    """Return the report's numbers, as the asset event carries them; feeds are counted, not named."""
    retired, pruned, tally = report.retired, report.pruned, report.tally
    return {
        "dry_run": report.is_dry_run,
        "retention": {
            "kept_from": retired.kept_from.isoformat() if retired.kept_from else None,
            "months": {f"{each.month:%Y-%m}": each.documents for each in retired.months},
            "versions": retired.versions,
        },
        "pruned": {
            "urls": pruned.urls,
            "texts": pruned.texts,
            "handovers": pruned.handovers,
            "hosts": pruned.hosts,
            "stories": pruned.stories,
            "alerts": pruned.alerts,
        },
        "index": {
            "documents": sum(each.documents for each in report.months),
            "articles": sum(each.articles for each in report.months),
            "missing": report.missing,
        },
        "ledger": {
            "seen": tally.seen,
            "pending": tally.pending,
            "fates": {str(fate): count for fate, count in tally.fates.items()},
            "balanced": tally.is_balanced,
        },
        "dead_letters": {str(reason): count for reason, count in report.dead_letters.items()},
        "feeds": {str(health): count for health, count in report.feeds_by_health.items()},
    }


def unwell_feeds(report: Maintained) -> list[dict[str, str]]:
    """Return the feeds that are not well, as ``newswire maintain --json`` names them."""
    return [
        {"url": url, "health": str(health.status), "detail": health.sentence}
        for url, health in report.feeds.items()
        if health.status is not HealthStatus.OK
    ]


def _title(report: Maintained) -> str:
    return "Maintenance (dry run: nothing was changed)" if report.is_dry_run else "Maintenance"


def _steps(report: Maintained) -> Iterable[tuple[object, ...]]:
    retired, pruned, tally = report.retired, report.pruned, report.tally
    would = "would be " if report.is_dry_run else ""
    kept = f"kept from {retired.kept_from:%Y-%m} on" if retired.kept_from else "all months are kept"
    yield f"months {would}dropped", len(retired.months), kept
    yield f"documents {would}dropped", sum(each.documents for each in retired.months), ""
    yield f"earlier versions {would}dropped", retired.versions, ""
    yield f"URLs {would}pruned", pruned.urls, ""
    yield f"texts {would}forgotten", pruned.texts, "no copy of them is found any more"
    yield f"hand-overs {would}dropped", pruned.handovers, ""
    yield f"hosts {would}forgotten", pruned.hosts, "with their robots.txt"
    yield f"stories {would}closed", pruned.stories, "no article joined them for a week"
    yield f"alerts {would}forgotten", pruned.alerts, ""
    yield "URLs seen", tally.seen, "balanced" if tally.is_balanced else "NOT BALANCED: seen is not pending + fates"
    yield "URLs pending", tally.pending, ""


def _verdict(sums: MonthSums, report: Maintained) -> str:
    if is_retired(sums.month, report.retired):
        return "would be dropped" if report.is_dry_run and sums.documents else "retired"
    missing = sums.articles - sums.documents
    return f"{missing} not in the index: newswire index rebuild brings them back" if missing > 0 else ""


def _unwell(report: Maintained) -> Iterable[tuple[object, ...]]:
    unwell = unwell_feeds(report)
    yield from ((each["health"], each["url"], each["detail"]) for each in unwell[:MOST_FEEDS])
    if len(unwell) > MOST_FEEDS:
        yield "", f"and {len(unwell) - MOST_FEEDS} more", "newswire feeds check lists them"


def _line(row: Sequence[str], columns: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if name.endswith("#") else cell.ljust(width)
        for cell, name, width in zip(row, columns, widths, strict=True)
    ]
    return ("  " + "  ".join(cells)).rstrip()
