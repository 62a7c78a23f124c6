"""What the tasks of the DAG replay do: the functions of pipeline/replay over this process's wiring."""

import logging
import os
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

from airflow.sdk.exceptions import AirflowSkipException

from pipeline.archive import check_first_day
from pipeline.errors import UsageError
from pipeline.model.grant import Grant
from pipeline.model.rebuild import Comparison, Interval, Replayed
from pipeline.orchestration.runs import airflow_errors, process_wiring
from pipeline.replay.captures import has_captures
from pipeline.replay.promotion import promote_rebuild
from pipeline.replay.rebuild import Progress, begin_rebuild, compare_rebuild, open_rebuild, rebuild_generation

#: How far a replay steps back behind everything else on its machine.
NICENESS = 10
#: Progress in the task's log, a line for so many captures or documents.
LOGGED_EVERY = 1000

log = logging.getLogger(__name__)


def begin(first_day: str, last_day: str, *, joins: bool) -> str:
    """Begin a rebuilt generation and return its name; ``joins``: take the one that waits to be promoted, if there is one.

    Raises AirflowSkipException where the archive has nothing of these days, and fails where they lie in the future.
    """
    with airflow_errors():
        wiring = process_wiring(Grant.ADMIN)
        interval = read_days(first_day, last_day)
        if interval.since > wiring.clock.now():
            raise UsageError(f"{first_day} is in the future: there is nothing yet")
        if not has_captures(interval, wiring):
            raise AirflowSkipException(f"the archive holds no captures from {first_day} to {last_day}")
        generation = (open_rebuild(wiring) if joins else None) or begin_rebuild(wiring)
    log.info("replaying %s to %s into %s", first_day, last_day, generation)
    return generation


def replay(generation: str, first_day: str, last_day: str) -> dict[str, int]:
    """Replay the days into the generation, behind everything else on this machine; return how many documents came how."""
    os.nice(NICENESS)
    with airflow_errors():
        interval = read_days(first_day, last_day)
        report = rebuild_generation(
            generation, interval, parts=process_wiring(Grant.ADMIN), on_progress=_log_progress()
        )
    numbers = _numbers(report)
    log.info("replay into %s: %s", generation, ", ".join(f"{count} {name}" for name, count in numbers.items()))
    return numbers


def compare(generation: str) -> dict[str, int]:
    """Compare the generation with the live one, log it, and return how many documents differ."""
    os.nice(NICENESS)
    with airflow_errors():
        comparison = compare_rebuild(generation, parts=process_wiring(Grant.ADMIN), on_progress=_log_progress())
    for line in describe_comparison(comparison):
        log.info("%s", line)
    found = comparison.differences
    return {
        "live": found.live_documents,
        "rebuilt": found.rebuilt_documents,
        "only live": found.only_live.documents,
        "only rebuilt": found.only_rebuilt.documents,
        "changed": found.changed,
    }


def promote(generation: str, *, is_wanted: bool) -> dict[str, int]:
    """Make the generation live, with what live runs wrote meanwhile; skipped where the run does not want it."""
    if not is_wanted:
        raise AirflowSkipException(f"not asked for; make it live: newswire index promote {generation}")
    with airflow_errors():
        promotion = promote_rebuild(generation, parts=process_wiring(Grant.ADMIN))
    log.info("%s is live instead of %s", generation, promotion.before)
    return {"brought over": promotion.report.taken}


def read_days(first_day: str, last_day: str) -> Interval:
    """Return the time from the begin of the first day to the end of the last, in UTC. Raises UsageError for no days."""
    try:
        first, last = date.fromisoformat(first_day), date.fromisoformat(last_day)
    except ValueError as error:
        raise UsageError(f"{first_day} to {last_day}: write days as 2026-11-24 ({error})") from error
    if last < first:
        raise UsageError(f"the first day {first_day} is later than the last, {last_day}")
    begin, end = datetime.combine(first, time(), UTC), datetime.combine(last, time(), UTC)
    check_first_day(begin, f"the first day {first_day}")
    return Interval(since=begin, until=end + timedelta(days=1))


def describe_comparison(comparison: Comparison) -> list[str]:
    """Return the lines that a log shows of a comparison."""
    found = comparison.differences
    head = (
        f"{comparison.generation} holds {found.rebuilt_documents} documents, the live {comparison.live} "
        f"{found.live_documents}; {found.changed} differ"
    )
    return [
        head,
        *(f"left out: {count} {reason}" for reason, count in comparison.left_out.items()),
        *(f"only live: {url}" for url in found.only_live.samples),
        *(f"only rebuilt: {url}" for url in found.only_rebuilt.samples),
        *(
            f"{each.field}: {each.documents} changed, such as {sample.url}: {sample.before!r} became {sample.after!r}"
            for each in found.fields
            for sample in each.samples[:1]
        ),
    ]


def _numbers(report: Replayed) -> dict[str, int]:
    named = {
        "captures": report.captures,
        "written": report.written,
        "copied": report.copied,
        "kept": report.kept.total(),
        "refused": report.refused,
    }
    return named | {f"left out: {reason}": count for reason, count in report.left_out.items()}


def _log_progress() -> Progress:
    """Return what logs every so often how far a thing is."""
    counts = Counter[str]()

    def advance(what: str, count: int) -> None:
        before = counts[what]
        counts[what] += count
        if counts[what] // LOGGED_EVERY > before // LOGGED_EVERY:
            log.info("%d %s", counts[what], what)

    return advance
