"""newswire maintain: a day's upkeep, run from the command line."""

from typing import Annotated

import typer

from pipeline.cli import console
from pipeline.maintenance.report import report_json, report_tables, unwell_feeds
from pipeline.maintenance.steps import Maintained, make_report, prune, retire_months
from pipeline.model.grant import Grant
from pipeline.settings import read_settings
from pipeline.wiring import Wiring


def maintain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    as_json: console.Json = False,
) -> None:
    """Drop months past their retention, prune the ledger, and report; exit 1 if the counts do not balance."""
    report = _run_maintenance(Wiring(read_settings(grant=Grant.ADMIN)), dry_run=dry_run)
    if as_json:
        console.print_json(report_json(report) | {"unwell": unwell_feeds(report)})
    else:
        for table in report_tables(report):
            console.show(console.make_table(table.title, table.columns, table.rows))
            console.say()
    if not report.tally.is_balanced:
        raise typer.Exit(1)


def _run_maintenance(wiring: Wiring, *, dry_run: bool) -> Maintained:
    settings, store, ledger, clock = wiring.settings, wiring.store, wiring.ledger, wiring.clock
    retired = retire_months(store=store, clock=clock, retention_months=settings.retention_months, dry_run=dry_run)
    with console.progress() as progress:
        task = progress.add_task("pruning URLs and texts", total=None)
        pruned = prune(
            ledger=ledger,
            archive=wiring.archive,
            clock=clock,
            prune_days=settings.prune_days,
            reprint_days=settings.reprint_days,
            dry_run=dry_run,
            on_progress=lambda count: progress.advance(task, count),
        )
    if not dry_run:
        wiring.catch_up_documents()
    return make_report(ledger=ledger, store=store, clock=clock, retired=retired, pruned=pruned, dry_run=dry_run)
