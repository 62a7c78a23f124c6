"""newswire ledger: the sums, and whether they balance."""

import typer

from pipeline.cli import console
from pipeline.settings import read_settings
from pipeline.wiring import Wiring


def ledger(as_json: console.Json = False) -> None:
    """Show how every URL ever seen ended; exit 1 if the counts do not balance."""
    ledger = Wiring(read_settings()).ledger
    tally = ledger.tally()
    if as_json:
        fates = {str(fate): count for fate, count in tally.fates.items()}
        sums = {"seen": tally.seen, "pending": tally.pending, "fates": fates, "balanced": tally.is_balanced}
        console.print_json(sums)
    else:
        rows: list[tuple[object, ...]] = [("pending", "", tally.pending)]
        rows += [(reason.fate, reason, count) for reason, count in ledger.reasons().items()]
        rows += [("seen", "", tally.seen)]
        console.show(console.make_table("Fates", ("fate", "reason", "URLs#"), rows))
        verdict = (
            "balanced: seen = pending + fates" if tally.is_balanced else "NOT BALANCED: seen is not pending + fates"
        )
        console.say(verdict)
    if not tally.is_balanced:
        raise typer.Exit(1)
