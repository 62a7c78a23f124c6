"""newswire replay: archived captures into a rebuilt generation, compared with the live one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from pipeline.cli import console
from pipeline.cli.interval import read_interval
from pipeline.errors import UsageError
from pipeline.model import codec
from pipeline.model.grant import Grant
from pipeline.model.rebuild import Comparison, Interval, Replayed
from pipeline.replay.captures import has_captures
from pipeline.replay.promotion import Promotion, promote_rebuild
from pipeline.replay.rebuild import Progress, begin_rebuild, check_rebuilt, compare_rebuild, rebuild_generation
from pipeline.settings import read_settings
from pipeline.wiring import Wiring


def replay(
    since: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day of the captures.")],
    until: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day, inclusive.")],
    into: Annotated[
        str | None, typer.Option(metavar="GENERATION", help="A rebuilt generation; default: a new one.")
    ] = None,
    promote: Annotated[bool, typer.Option(help="Make it the generation that readers see.")] = False,
    as_json: console.Json = False,
) -> None:
    """Extract, annotate and index archived captures again, without the network, beside what readers see; then compare."""
    begin, end = read_interval(since, until)
    interval = Interval(since=begin, until=end)
    wiring = Wiring(read_settings(grant=Grant.ADMIN))
    if into is not None:
        check_rebuilt(into, wiring)
    if not has_captures(interval, wiring):
        raise UsageError(
            f"the archive {wiring.settings.archive_url} holds no captures from {since} to {until}: "
            "there is nothing to replay"
        )
    generation = into or begin_rebuild(wiring)
    report = run_rebuild(wiring, generation, interval)
    comparison = run_comparison(wiring, generation)
    promotion = run_promotion(wiring, generation, is_forced=False) if promote else None
    if as_json:
        console.print_json({"is_live": promote, "replayed": codec.to_json(report), **codec.to_json(comparison)})
        return
    print_replayed(report)
    print_comparison(comparison)
    if promotion:
        print_promotion(generation, promotion)
    else:
        console.say(f"to make it live: newswire index promote {generation}")


def run_rebuild(wiring: Wiring, generation: str, interval: Interval) -> Replayed:
    """Replay the interval into the generation and show the progress."""
    with _progress() as on_progress:
        return rebuild_generation(generation, interval, parts=wiring, on_progress=on_progress)


def run_promotion(wiring: Wiring, generation: str, *, is_forced: bool) -> Promotion:
    """Promote the generation and show the progress."""
    with _progress() as on_progress:
        return promote_rebuild(generation, parts=wiring, is_forced=is_forced, on_progress=on_progress)


def run_comparison(wiring: Wiring, generation: str) -> Comparison:
    """Compare the generation with the live one and show the progress."""
    with _progress() as on_progress:
        return compare_rebuild(generation, parts=wiring, on_progress=on_progress)


def print_replayed(report: Replayed) -> None:
    """Say what a replay did."""
    console.say(
        f"captures: {report.captures} read\n"
        f"documents: {report.written} made anew, {report.copied} copied as they are, {report.kept.total()} kept"
    )
    for reason, count in report.kept.most_common():
        console.say(f"kept as they are: {count}, {reason}")
    for reason, count in report.left_out.most_common():
        console.say(f"left out: {count} {reason}")
    if report.refused:
        console.say(f"refused by the search store: {report.refused}")


def print_promotion(generation: str, promotion: Promotion) -> None:
    """Say what a promotion did."""
    if promotion.report.taken:
        console.say(f"{promotion.report.taken} documents were written meanwhile and brought over")
    console.say(f"{generation} is live")
    if promotion.before:
        console.say(f"when it is no longer wanted: newswire index drop {promotion.before}")


def print_comparison(comparison: Comparison) -> None:
    """Show how a generation differs from the live one."""
    found = comparison.differences
    console.say(
        f"{comparison.generation} beside {comparison.live or 'nothing'}: {found.rebuilt_documents} and "
        f"{found.live_documents} documents, {found.changed} changed"
    )
    for name, side in (("live", found.only_live), ("rebuilt", found.only_rebuilt)):
        if side.documents:
            console.say(f"only {name}: {side.documents}, such as {' '.join(side.samples)}")
    if found.fields:
        rows = list[tuple[object, ...]]()
        for each in found.fields:
            shown = [(sample.before, sample.after) for sample in each.samples] or [("", "")]
            rows += [(each.field, each.documents, *shown[0]), *(("", "", *values) for values in shown[1:])]
        console.show(console.make_table("Changed fields", ("field", "documents#", "before", "after"), rows))


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a line for each thing that is counted."""
    with console.progress() as progress:
        lines = dict[str, Any]()

        def advance(what: str, count: int) -> None:
            if what not in lines:
                lines[what] = progress.add_task(what, total=None)
            progress.advance(lines[what], count)

        yield advance
